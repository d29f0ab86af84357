"""What staff do on the provider's own console, and what time does: 受注明細 tells each as what it was, with its way out."""

import json

import pytest
from flask import Flask

from shop.orders.models import Order
from shop.payments.models import PaymentMethod
from tests.support.buying import Buyer, buy
from tests.support.issuer import FRICTIONLESS, through
from tests.support.pages import Page
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, at_console, box, buttons, change, heard, number_of, words_in_box

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

TOTAL, LESS = 972 + 600, 1_472
DAY = 86_400


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order, authorised."""
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


def history(page: Page) -> str:
    return page.text[page.text.index("変更履歴") :]


def told(page: Page) -> str:
    """What the box says was done on the console."""
    return page.text.partition("に、決済会社側での")[2].partition("を確認しました。")[0]


def shipping(desk: Desk, number: str, yen: int, *, aware: bool = False) -> Page:
    """編集モード: 送料."""
    path = f"/admin/orders/{number}/edit"
    typed = {"aware": "1"} if aware else {}
    assert desk.submit(path, path, row="shipping_yen", **{"shipping_yen-yen": str(yen)}, **typed).status_code == 200
    return desk.order(number)


#: What is pressed here, then there; how the box ends and what it says; the lines of 変更履歴 – the provider itself cancels
#: the old payment when an amount is changed.
DEEDS = [
    ("", "amount", "red-2", "金額変更", ["与信取消 1,572円", "金額変更 1,572円 → 1,472円"]),
    ("", "void", "yellow-3", "キャンセル", ["与信取消 1,572円"]),
    ("", "capture", "yellow-2", "売上確定", ["売上確定 1,572円"]),
    ("capture", "refund", "yellow-3", "取消返金", ["返金 1,572円"]),
    ("capture", "amount", "red-4", "売上確定後の金額変更", ["返金 1,572円", "金額変更 1,572円 → 1,472円", "売上確定 1,472円"]),
]  # fmt: skip


@pytest.mark.req("R-184", "R-185")
def test_each_deed_is_told_with_its_kind(shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    for here, there, ends, kind, lines in DEEDS:
        number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
        if here:
            desk.press(number, here)
        assert told(desk.refresh(number)) == ""
        at_console(simulator, there, **({"amount": str(LESS)} if there == "amount" else {}))
        page = heard(desk, demo_app, number)
        assert (box(page), told(page)) == (ends, kind)
        for line in lines:
            what, _space, amounts = line.partition(" ")
            assert f"{what}（決済代行会社側の操作） {amounts} 完了 決済会社" in history(page)
        assert history(page).count("（決済代行会社側の操作）") == len(lines)


def test_a_capture_after_a_change_of_the_amount_is_a_capture(
    number: str, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    at_console(simulator, "amount", amount=str(LESS))
    at_console(simulator, "capture")
    assert told(heard(desk, demo_app, number)) == "売上確定"


@pytest.mark.req("R-184", "R-185")
def test_the_nightly_look_finds_it_without_a_notice(
    shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    """What is clear is followed; what is not is listed."""
    captured = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    at_console(simulator, "capture")
    changed = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    at_console(simulator, "amount", amount=str(LESS))
    assert (told(desk.order(captured)), told(desk.order(changed))) == ("", "")
    run_jobs(demo_app, "sync")
    page = desk.order(captured)
    assert (box(page), told(page)) == ("yellow-2", "売上確定")
    assert "売上確定（決済代行会社側の操作） 1,572円 完了 決済会社" in history(page)
    assert box(desk.order(changed)) == "red-1"
    listed = desk.page("/admin/payments/attention").text
    assert "決済状況が取得できない受注" in listed
    assert "ひとつの取引IDに決済が二つ以上あります（コード 13002）。" in listed
    assert (changed in listed, captured in listed) == (True, False)


@pytest.mark.req("P-36", "R-066", "R-060")
def test_an_edited_3d_secure_order_finds_back_and_says_who_bears_the_loss(
    shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    options = {"use_3ds": "1", "attempt_control": "low"}
    change(demo_app, PaymentMethod.options, json.dumps(options), kind="card")
    number = number_of(through(buy(shopper.shop_url, TEA, buyer=shopper, card=FRICTIONLESS)))
    assert "本人認証 認証済み 不正利用時の負担 カード会社 ※本受注は" in words_in_box(desk, number)
    page = shipping(desk, number, 500, aware=True)
    assert (box(page), buttons(page)) == ("red-3", {"cancel": True, "update": False, "capture": False})
    assert "不正利用時の負担 カード会社（決済会社側の金額を変更すると、ショップ）" in page.text
    at_console(simulator, "amount", amount=str(LESS))
    assert box(desk.refresh(number)) == "red-1", "for a moment: two payments under one reference"
    page = heard(desk, demo_app, number)
    assert (box(page), buttons(page)) == ("yellow-1", {"cancel": True, "update": False, "capture": True})
    assert "本人認証 3Dセキュア未認証（金額変更のため） 不正利用時の負担 ショップ" in page.text
    assert "3Dセキュア認証が実施されました" not in page.text
    assert "金額変更（決済代行会社側の操作） 1,572円 → 1,472円 完了、3Dセキュア未認証 決済会社" in history(page)
    assert box(desk.press(number, "capture")) == "yellow-2"
    assert [(each["status"], each["amount"]) for each in simulator.payments()] == [("32", TOTAL), ("40", LESS)]


@pytest.mark.req("R-068")
@pytest.mark.parametrize("first", ["console", "order"])
def test_both_ways_out_of_a_difference_after_the_capture(
    first: str, number: str, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    """④-1 the console changed it and our order follows; ④-2 our order changed and the console follows."""
    desk.press(number, "capture")

    def there() -> Page:
        at_console(simulator, "amount", amount=str(LESS))
        return heard(desk, demo_app, number)

    def here() -> Page:
        return shipping(desk, number, 500)

    begin, end = (there, here) if first == "console" else (here, there)
    page = begin()
    assert (box(page), buttons(page)) == ("red-4", {"cancel": True, "update": False, "capture": False})
    page = end()
    assert (box(page), buttons(page)) == ("yellow-2", {"cancel": True, "update": False, "capture": False})


#: What is said of an authorization that ran out, per list.
EXPIRED = {
    "open": "注意 オーソリの有効期限が過ぎたため、売上確定はできません。",
    "completed": "売上確定はできず、ペイジェントから精算されません。",
    "cancelled": "オーソリの有効期限が過ぎています。注文者への請求はなく、",
}


@pytest.mark.req("R-071", "R-183")
def test_an_authorization_that_ran_out(
    number: str, desk: Desk, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    clock.advance(60 * DAY + 60)
    desk = Desk(desk.shop_url)  # the log-in has ended meanwhile
    page = desk.order(number)
    assert (box(page), buttons(page)) == ("yellow-1", {"cancel": True, "update": False, "capture": False})
    assert "与信から60日を過ぎたため、売上確定できません" in page.text
    _advised(desk, demo_app, number)
    form = {"csrf_token": page.form("/admin/logout").fields["csrf_token"], "amount_yen": str(TOTAL)}
    answer = desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/capture", data=form)
    assert "与信から60日を過ぎたため、売上確定できません" in Page(answer.text).text
    assert "022" not in simulator.ledger()["telegrams"]
    clock.advance(DAY)
    desk = Desk(desk.shop_url)
    page = desk.refresh(number)
    assert (box(page), buttons(page)) == ("yellow-3", {})
    assert "決済状況 期限切れ" in page.text
    _advised(desk, demo_app, number)


def _advised(desk: Desk, app: Flask, number: str) -> None:
    for filed, sentence in EXPIRED.items():
        change(app, Order.filed, filed)
        page = desk.order(number)
        assert [each for each, said in EXPIRED.items() if said in page.text] == [filed]
        assert sentence in page.text
        assert "売上確定処理を行ってください" not in page.text
        assert "受注なのに完了一覧にある" not in page.text
    change(app, Order.filed, "open")
