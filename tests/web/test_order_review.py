"""T-090 at the desk: an order in doubt in the lists, on its page and at 売上確定 – and nothing of it on the buyer's side."""

import pytest
import requests
from flask import Flask

from shop.orders.models import OrderReview
from shop.payments.guard_models import CardGuard
from tests.domain.cards import JCB
from tests.support.buying import Buyer, buy
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA, Desk, box, change, count, number_of

WORD = "要確認（不正利用の疑い）"
LIST, DOUBTFUL, ATTENTION, GUARD = (
    "/admin/orders", "/admin/orders?todo=in_doubt", "/admin/payments/attention", "/admin/settings/card-guard",
)  # fmt: skip


@pytest.fixture
def numbers(shopper: Buyer, demo_app: Flask) -> tuple[str, str]:
    """An order, and one to the same place with another card, that is in doubt."""
    change(demo_app, CardGuard.review_cards, 2)
    first = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    ended = buy(shopper.shop_url, TEA, card=JCB, buyer=shopper)
    assert "不正" not in ended.page.text
    return first, number_of(ended)


def clear(desk: Desk, shown: Page, number: str, note: str) -> requests.Response:
    """「問題なし」 on a page opened before."""
    form = shown.form(f"/admin/orders/{number}/review").fields | {"review_note": note}
    return desk.session.post(f"{desk.shop_url}/admin/orders/{number}/review", data=form)


def marked(page: Page) -> int:
    """Chips of the word in a list, the filter above it apart."""
    return page.text.count(WORD)


@pytest.mark.req("T-090")
def test_the_lists_show_it_until_a_person_has_looked(desk: Desk, demo_app: Flask, numbers: tuple[str, str]) -> None:
    fine, doubtful = numbers
    assert marked(desk.page(LIST)) == 1 + 1
    assert doubtful in desk.page(DOUBTFUL).text
    assert fine not in desk.page(DOUBTFUL).text
    for where in (ATTENTION, "/admin"):
        text = desk.page(where).text
        assert WORD in text
        assert "同じお届け先に、30日のあいだに2枚の異なるカードで注文がありました。" in text
    assert WORD not in desk.order(fine).text

    shown = desk.order(doubtful)
    assert "会社や施設など、何人もが受け取る場所かもしれません。" in shown.text
    assert any(link["href"] == f"/admin/orders/{fine}" for link in shown.find("a"))
    assert any(link["href"] == f"/admin/orders/{doubtful}/payment/cancel" for link in shown.find("a"))
    assert clear(desk, shown, doubtful, "4111 1111 1111 1111").status_code == 400, "no card number is kept"
    done = Page(clear(desk, shown, doubtful, "電話で確認").text)
    assert "審査済みにしました。" in done.text
    assert "不正利用の疑いを審査済みにしました（電話で確認）" in done.text
    assert not [form for form in done.forms if form.action.endswith("/review")]
    assert "この受注は、すでに審査済みです。" in clear(desk, shown, doubtful, "もう一度").text
    assert marked(desk.page(LIST)) == 1
    assert "確認を待っている受注はありません。" in desk.page(DOUBTFUL).text
    assert WORD not in desk.page(ATTENTION).text
    assert count(demo_app, OrderReview, state="cleared", decided_by="staff:owner") == 1


@pytest.mark.req("T-090")
def test_capture_asks_once_more(desk: Desk, simulator: Simulator, numbers: tuple[str, str]) -> None:
    fine, doubtful = numbers
    path = f"/admin/orders/{doubtful}/payment/capture"
    (tick,) = desk.page(path).find("input", name="despite_doubt")
    assert (tick["type"], "required" in tick, "checked" in tick) == ("checkbox", True, False)
    refused = desk.press(doubtful, "capture")
    assert "不正利用の疑いで要確認の受注です。売上は確定していません。" in refused.text
    assert box(refused) == "yellow-1"
    assert "022" not in simulator.ledger()["telegrams"]

    taken = Page(desk.submit(path, path, despite_doubt="1").text)
    assert box(taken) == "yellow-2"
    assert "不正利用の疑いを承知のうえで、売上確定を指示" in taken.text
    other = desk.page(f"/admin/orders/{fine}/payment/capture")
    assert not list(other.find("input", name="despite_doubt"))


@pytest.mark.req("T-090")
def test_a_cancelled_order_asks_for_nobody(desk: Desk, numbers: tuple[str, str]) -> None:
    path = f"/admin/orders/{numbers[1]}/move/cancelled"
    desk.submit(path, path)
    assert numbers[1] not in desk.page(ATTENTION).text
    assert numbers[1] not in desk.page(DOUBTFUL).text


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_the_buyer_sees_nothing_and_the_shop_s_mail_says_it(shopper: Buyer, demo_app: Flask, numbers: tuple[str, str]) -> None:
    run_jobs(demo_app, "outbox")
    by_receiver: dict[bool, list[str]] = {True: [], False: []}
    for mail in mails(demo_app):
        by_receiver[mail["To"] == "hanako@example.jp"].append(mail.get_content())
    assert sum(WORD in body for body in by_receiver[False]) == 1
    assert not any("不正" in body for body in by_receiver[True])


@pytest.mark.one_database
@pytest.mark.req("T-090")
def test_the_rules_are_set_with_the_card_guard(desk: Desk, shopper: Buyer, demo_app: Flask) -> None:
    asked = Page(desk.confirm(GUARD, ["review_new_address"], review_cards="4", review_people="５").text)
    assert "会員が、これまでにないお届け先に注文したとき いいえ" in asked.text
    desk.set_up(GUARD, ["review_new_address"], review_cards="4", review_people="５", review_days="14")
    rules = {"review": True, "review_new_address": False, "review_cards": 4, "review_people": 5, "review_days": 14}
    assert count(demo_app, CardGuard, **rules) == 1
    assert "カード不正利用対策を設定（会員が、これまでにないお届け先に注文したとき、同じお届け先に使われた異なるカード（枚）" in desk.page("/admin/log").text
    assert "2から50までの数字で入力してください。" in Page(desk.confirm(GUARD, review_cards="1").text).text

    desk.set_up(GUARD, ["review"], review_cards="2")
    for card in (VISA, JCB):
        number_of(buy(shopper.shop_url, TEA, card=card, buyer=shopper))
    assert count(demo_app, OrderReview) == 0
