"""The desk leads: numbers to their lists, an order to its next step, a button to what it will do, an empty list to how it fills."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from shop.catalogue.models import Variant
from shop.core.clock import jst
from shop.core.db import write
from shop.core.runtime import now
from shop.orders.models import Order
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import NUMBER, TEA, Desk, change, number_of
from tests.web.test_order_edit import SHIPPING, Editor

CARD_TOTAL, CASH_TOTAL = 1_572, 1_902


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order, authorised."""
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


def listed(page: Page) -> list[str]:
    """The numbers in a list, as its rows lead to them."""
    return [link["href"].rpartition("/")[2] for link in page.find("a", class_="row-link")]


def next_step(page: Page) -> tuple[str, str]:
    """What the order's bar says comes next, and where that leads; both empty when nothing does."""
    links = [a["href"] for a in page.find("a", class_="btn btn-main")]
    said = re.findall(r"次は：(\S+)", page.text)
    assert len(links) == len(said) < 2
    return (said[0], links[0].rpartition("/admin/")[2]) if said else ("", "")


def place_days_ago(app: Flask, number: str, days: int) -> None:
    with app.app_context(), write() as session:
        session.execute(update(Order).where(Order.number == number).values(placed_at=now() - timedelta(days=days)))


@pytest.mark.req("U-080")
def test_the_numbers_of_the_top_page_lead_to_what_they_count(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    waiting = {number_of(buy(shopper.shop_url, TEA)) for _ in range(2)}
    captured = number_of(buy(shopper.shop_url, TEA))
    desk.press(captured, "capture")
    moved, cash = waiting.pop(), number_of(buy(shopper.shop_url, TEA, method=CASH))
    desk.submit(f"/admin/orders/{moved}/move/completed", f"/admin/orders/{moved}/move/completed")
    top = desk.page("/admin")
    assert "売上未確定の受注 2件" in top.text
    (link,) = (a["href"] for a in top.find("a") if "todo=uncaptured" in a["href"])
    shown = desk.page(link)
    assert set(listed(shown)) == {moved, *waiting}, "whatever list they are filed in"
    assert "売上未確定の受注 2件" in shown.text
    for gone in (captured, cash):
        assert gone not in listed(shown)


@pytest.mark.req("U-080")
def test_the_sales_name_their_average_the_weeks_before_and_each_day(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    old, today, cash = (number_of(buy(shopper.shop_url, TEA, method=m)) for m in ("card", "card", CASH))
    place_days_ago(demo_app, old, 14)
    change(demo_app, Order.practice, False)
    top = desk.page("/admin")
    total = CARD_TOTAL + CASH_TOTAL
    assert f"売上（14日間） {total:,}円 2件 平均{total // 2:,}円 前の14日間は{CARD_TOTAL:,}円" in top.text
    links = [a["href"] for a in top.find("a") if "since=" in a["href"]]
    with demo_app.app_context():
        day = jst(now()).date().isoformat()
    assert set(listed(desk.page(links[0]))) == {today, cash}
    assert f"/admin/orders?since={day}&until={day}" in links
    assert set(listed(desk.page(f"/admin/orders?since={day}&until={day}"))) == {today, cash}
    assert listed(desk.page(f"/admin/orders?until={day}&name=山田&since=x")) == [cash, today, old]
    for odd in ("0001-01-01", "9999-12-31", "x", "2026-02-30"):
        assert listed(desk.page(f"/admin/orders?until={odd}")) == [cash, today, old], odd


@pytest.mark.req("U-082", "U-084")
def test_an_order_shows_how_it_stands_and_what_comes_next(number: str, desk: Desk, demo_app: Flask) -> None:
    where = f"orders/{number}"
    page = desk.order(number)
    assert "受注処理中 オーソリOK" in page.text
    assert next_step(page) == ("売上確定", f"{where}/payment/capture")
    with demo_app.app_context():
        end = jst(now() + timedelta(days=60)).strftime("%Y-%m-%d")
    assert f"売上確定は {end}" in page.text

    Editor(desk, number).save(SHIPPING, yen=700)
    frame = desk.order(number).having("srcdoc")
    assert "支払総額 税込 1,572円" in Page(frame["srcdoc"]).text, "as it was agreed to, beside the edit"
    assert frame["sandbox"] == ""
    assert next_step(desk.order(number)) == ("取引更新", f"{where}/payment/update")
    assert next_step(desk.press(number, "update")) == ("売上確定", f"{where}/payment/capture")
    assert next_step(desk.press(number, "capture")) == ("受注完了処理", f"{where}/move/completed")
    moved = Page(desk.submit(f"/admin/{where}/move/completed", f"/admin/{where}/move/completed").text)
    assert "受注完了 消込済" in desk.order(number).text
    assert next_step(moved) == next_step(desk.order(number)) == ("", "")
    desk.submit(f"/admin/{where}/move/cancelled", f"/admin/{where}/move/cancelled")
    assert next_step(desk.order(number)) == ("決済のキャンセル", f"{where}/payment/cancel")


@pytest.mark.one_database
@pytest.mark.req("U-084")
def test_nothing_comes_next_while_an_answer_is_out(shopper: Buyer, number: str, desk: Desk, simulator: Simulator) -> None:
    assert next_step(desk.press(number, "capture"))[0] == "受注完了処理"
    simulator.fault("reset", "023", "after")
    page = desk.press(number, "cancel")
    assert "前の操作の結果を確認中です" in page.text
    assert next_step(page) == ("", "")


@pytest.mark.one_database
@pytest.mark.req("U-085")
def test_a_money_page_says_what_it_does_besides(number: str, desk: Desk, demo_app: Flask) -> None:
    assert "在庫は動かず、購入者へのメールも送りません。" in desk.page(f"/admin/orders/{number}/payment/capture").text
    before = desk.page("/admin/mails").text.count(f"お支払いを取り消しました（{number}）")
    asked = desk.page(f"/admin/orders/{number}/payment/cancel").text
    told = "購入者にメールで知らせる 取り消しが済んだことを確かめてから、金額と、返金の時期の目安を送ります。"
    for said in ("与信1,572円を取り消します", "受注は今の一覧に残ります。", "在庫は動きません。", told, "hanako@example.jp"):
        assert said in asked, said
    held = stock_of(demo_app)
    desk.press(number, "cancel")
    run_jobs(demo_app)
    assert desk.page("/admin/mails").text.count(f"お支払いを取り消しました（{number}）") == before + 1
    assert "決済の取り消しをメールで購入者にお知らせ" in desk.order(number).text
    assert stock_of(demo_app) == held
    assert "購入者へのメールは送りません。" in desk.page(f"/admin/orders/{number}/move/cancelled").text


@pytest.mark.one_database
@pytest.mark.req("U-085")
def test_who_does_not_want_the_mail_sends_none(number: str, desk: Desk) -> None:
    path = f"/admin/orders/{number}/payment/cancel"
    form = desk.page(path).form(path).fields
    assert form.pop("tell_buyer") == "1"
    done = Page(desk.session.post(desk.shop_url + path, data=form).text).text
    assert "与信1,572円を取り消しました。" in done
    assert "お知らせ" not in done
    assert "お支払いを取り消しました" not in desk.page("/admin/mails").text


def stock_of(app: Flask) -> tuple[int, int]:
    with app.app_context(), write() as session:
        row = session.query(Variant.on_hand, Variant.allocated).filter(Variant.code == TEA).one()
        return row.on_hand, row.allocated


@pytest.mark.one_database
@pytest.mark.req("U-092")
def test_a_refusal_is_told_as_a_reason_with_the_provider_s_code(shopper: Buyer, desk: Desk) -> None:
    buy(shopper.shop_url, TEA, card="4980000000038261", buyer=shopper)
    words = desk.page("/admin/payments/attempts").text
    assert re.search(r"オーソリ 拒否 \S*カード\S* 2001", words), words


@pytest.mark.one_database
@pytest.mark.req("U-095")
def test_an_empty_list_says_how_it_fills(desk: Desk) -> None:
    for path, said in {
        "/admin": "注文が入ると、新しいものから順にここへ並びます。",
        "/admin/orders": "注文が入ると、新しいものから順にここへ並びます。",
        "/admin/orders?list=completed": "受注明細の「受注処理」で移すと、ここに並びます。",
        "/admin/orders?todo=uncaptured": "売上確定を待っている受注はありません。",
        "/admin/mails": "購入者と店に1通ずつ作られ、ここに並びます。",
        "/admin/mails?state=failed": "この状態のメールはありません。",
        "/admin/payments/attention": "結果の分からない操作、行き先のない通知、送れないメール、金額の差異を並べます。",
        "/admin/payments/attempts": "支払いの途中か、支払いが成立しなかった手続きです。",
        "/admin/holds": "支払いの途中の注文のために取り置いている数です。",
        "/admin/log": "だれがいつ何を変えたかが、ここに残ります。",
    }.items():
        page = desk.page(path)
        assert not NUMBER.search(page.text), path
        assert said in page.text, path
