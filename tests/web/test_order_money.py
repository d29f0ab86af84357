"""受注明細 and its payment box: what the buttons say, what a press does at the provider, and what is told when it fails."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests
from flask import Flask
from sqlalchemy import delete

from app import create_app
from shop.core.config import Config
from shop.core.db import write
from shop.orders.models import Order, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments import executor
from shop.payments.models import Payment, PaymentMethod
from tests.support.buying import CASH, Buyer, Purchase, buy
from tests.support.net import free_port
from tests.support.pages import Page
from tests.support.shop import MovableClock, dispose, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, box, buttons, change, number_of

TOTAL = 972 + 600
CANCEL_FAILS = "4980000000022000"
CANCEL, UPDATE, CAPTURE = "cancel", "update", "capture"


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order, authorised."""
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


@pytest.fixture
def captured_at_once(shopper: Buyer, demo_app: Flask) -> str:
    """A card order whose method takes the money at once (オーソリ+売上)."""
    change(demo_app, PaymentMethod.capture_at_once, True, kind="card")
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


@pytest.mark.req("U-035")
def test_the_buyer_s_page_follows_the_money(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    """Whoever opens the page from the mail weeks later reads what became of the money since."""

    def read(bought: Purchase) -> str:
        return Page(shopper.get(bought.path).text).text

    voided, taken = (buy(shopper.shop_url, TEA, buyer=shopper) for _ in range(2))
    cash = buy(shopper.shop_url, TEA, method=CASH, buyer=shopper)
    assert "ご注文ありがとうございました お支払いの手続きが完了しました。" in read(voided)
    desk.press(number_of(voided), "cancel")
    desk.press(number_of(taken), "capture")
    assert "お支払いの手続きが完了しました。" in read(taken)
    desk.press(number_of(taken), "cancel")
    where = f"/admin/orders/{number_of(cash)}/move/cancelled"
    assert "ご注文は完了しています" in shopper.get("/cart").text
    desk.submit(where, where)
    assert "ご注文は完了しています" not in shopper.get("/cart").text
    for bought, said in (
        (voided, "このご注文のお支払いは取り消されました。請求はありません。"),
        (taken, "このご注文のお支払いは返金されました。"),
        (cash, "このご注文はキャンセルされました。請求はありません。"),
    ):
        words = read(bought)
        assert f"ご注文の控え {said}" in words
        for gone in ("手続きが完了", "商品を発送したら", "商品と引き換えに", "ありがとうございました"):
            assert gone not in words, (said, gone)


def telegrams(simulator: Simulator, kind: str) -> int:
    return int(simulator.ledger()["telegrams"].get(kind, 0))


@pytest.mark.req("R-057")
def test_an_authorised_order(number: str, desk: Desk) -> None:
    page = desk.order(number)
    assert box(page) == "yellow-1"
    assert "決済状況 オーソリOK" in page.text
    assert buttons(page) == {CANCEL: True, UPDATE: False, CAPTURE: True}


@pytest.mark.req("R-056")
def test_an_order_captured_at_once(captured_at_once: str, desk: Desk) -> None:
    page = desk.order(captured_at_once)
    assert box(page) == "yellow-2"
    assert "決済状況 消込済" in page.text
    assert buttons(page) == {CANCEL: True, UPDATE: False, CAPTURE: False}


@pytest.mark.req("R-058")
def test_a_cancelled_order_has_no_buttons(number: str, desk: Desk, simulator: Simulator) -> None:
    page = desk.press(number, CANCEL)
    assert "与信1,572円を取り消しました。" in page.text
    assert box(page) == "yellow-3"
    assert "決済状況 キャンセル済" in page.text
    assert buttons(page) == {}
    assert [payment["status"] for payment in simulator.payments()] == ["32"]


@pytest.mark.req("R-059")
def test_cancelling_what_was_captured_refunds_all_of_it(
    captured_at_once: str, desk: Desk, simulator: Simulator
) -> None:
    assert "1,572円全額を返金します" in desk.order(captured_at_once).text
    page = desk.press(captured_at_once, CANCEL)
    assert "1,572円を返金しました。" in page.text
    assert box(page) == "yellow-3"
    (payment,) = simulator.payments()
    assert (payment["status"], payment["amount"]) == ("60", TOTAL)
    assert (telegrams(simulator, "023"), telegrams(simulator, "021")) == (1, 0)


@pytest.mark.req("R-054")
def test_the_transaction_number_stands_where_the_shop_looks_for_it(
    number: str, desk: Desk, simulator: Simulator
) -> None:
    reference = simulator.payments()[0]["trading_id"]
    assert f"クレジットカード決済(トークン方式) ({reference})" in desk.page("/admin/orders").text
    words = desk.order(number).text
    assert words.count(f"取引ID {reference}") == 3  # box, timeline, 支払方法
    assert f"支払方法 クレジットカード決済(トークン方式) 取引ID {reference}" in words


@pytest.mark.req("R-055")
def test_no_transaction_number_without_an_authorisation(shopper: Buyer, desk: Desk) -> None:
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    page = desk.order(number)
    assert box(page) == "none"
    assert "取引ID" not in page.text
    assert buttons(page) == {}
    assert "代金引換 (" not in desk.page("/admin/orders").text


def _force(desk: Desk, number: str, verb: str, amount: int = TOTAL) -> Page:
    """Post the button's form without the page that asks."""
    token = desk.order(number).form("/admin/logout").fields["csrf_token"]
    form = {"csrf_token": token, "amount_yen": str(amount)}
    return Page(desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/{verb}", data=form).text)


@pytest.mark.req("R-186")
def test_a_second_capture_does_nothing_more(number: str, desk: Desk, simulator: Simulator) -> None:
    page = desk.press(number, CAPTURE)
    assert "1,572円の売上を確定しました。" in page.text
    assert box(page) == "yellow-2"
    again = _force(desk, number, CAPTURE)
    assert "売上は確定済みです" in again.text
    assert telegrams(simulator, "022") == 1
    assert [payment["status"] for payment in simulator.payments()] == ["40"]


@pytest.mark.req("R-186")
def test_parallel_captures_are_one(number: str, desk: Desk, simulator: Simulator) -> None:
    simulator.fault("slow", "022", "after", seconds=0.5)
    staff = [desk, *(Desk(desk.shop_url) for _ in range(2))]
    pages: list[Page] = []
    threads = [threading.Thread(target=lambda d=d: pages.append(_force(d, number, CAPTURE))) for d in staff]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert telegrams(simulator, "022") == 1
    assert box(desk.order(number)) == "yellow-2"
    assert sum("売上を確定しました。" in page.text for page in pages) == 1


@pytest.mark.req("R-186")
def test_a_capture_of_another_amount_than_shown_is_refused(number: str, desk: Desk, simulator: Simulator) -> None:
    for amount in (TOTAL - 1, TOTAL + 1, 0, -TOTAL, 10**30):
        assert box(_force(desk, number, CAPTURE, amount)) == "yellow-1"
    assert telegrams(simulator, "022") == 0


@pytest.mark.req("R-189")
def test_cancelling_asks_first(number: str, desk: Desk, simulator: Simulator) -> None:
    page = desk.page(f"/admin/orders/{number}/payment/cancel")
    assert "キャンセルの確認" in page.text
    assert "与信1,572円を取り消します" in page.text
    assert telegrams(simulator, "021") == 0
    assert box(desk.order(number)) == "yellow-1"


@pytest.mark.req("R-189")
def test_a_cancel_that_fails_is_not_shown_as_one(shopper: Buyer, desk: Desk, simulator: Simulator) -> None:
    number = number_of(buy(shopper.shop_url, TEA, card=CANCEL_FAILS, buyer=shopper))
    page = desk.press(number, CANCEL)
    assert telegrams(simulator, "021") == 1
    assert "断られました（コード 2002）。金額は動いていません。" in page.text
    assert box(page) == "yellow-1"
    assert "キャンセル済" not in page.text
    assert "与信取消 1,572円 拒否（コード 2002）" in page.text


@pytest.mark.req("R-193")
@pytest.mark.parametrize(
    ("phase", "wait", "ends"), [("after", 0, "yellow-2"), ("before", 4 * 60, "yellow-1")], ids=["executed", "lost"]
)
def test_a_lost_answer_is_asked_for_and_never_repeated(
    phase: str, wait: int, ends: str, number: str, desk: Desk, simulator: Simulator, clock: MovableClock
) -> None:
    simulator.fault("reset", "022", phase)
    page = desk.press(number, CAPTURE)
    assert "決済状況 確認中" in page.text
    assert not any(buttons(page).values())
    _force(desk, number, CAPTURE)
    assert "決済確認中" in desk.page("/admin/orders").text
    clock.advance(wait)
    assert box(desk.refresh(number)) == ends
    assert telegrams(simulator, "022") == 1
    assert telegrams(simulator, "094") >= 1


@pytest.mark.req("R-193")
def test_staff_do_not_wait_for_a_slow_provider(
    number: str, desk: Desk, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "PATIENCE", 0.1)
    simulator.fault("slow", "022", "after", seconds=1.5)
    page = desk.press(number, CAPTURE)
    assert "決済代行会社の返事を待っています。" in page.text
    assert "決済状況 確認中" in page.text
    monkeypatch.undo()  # who presses again waits as long as staff do
    assert box(desk.refresh(number)) == "yellow-2"
    assert telegrams(simulator, "022") == 1


@pytest.mark.req("R-169")
def test_an_order_is_found_by_its_whole_transaction_number(
    number: str, shopper: Buyer, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    other = number_of(buy(shopper.shop_url, TEA))
    first = simulator.payments()[0]

    def found(reference: str) -> bool:
        words = Page(desk.submit("/admin/orders", "/admin/orders", reference=reference).text).text
        assert other not in words
        assert (number in words) != ("この条件に合う受注はありません" in words)
        return number in words

    assert found(first["trading_id"])
    assert found(first["payment_id"])
    assert found(f" {first['trading_id']}　")
    for part in (first["trading_id"][:-1], first["trading_id"][1:], "%", "_", first["trading_id"] + "0", "' OR 1=1"):
        assert not found(part)
    change(demo_app, Order.filed, "completed", number=number)
    assert found(first["trading_id"])


@pytest.mark.req("R-179")
def test_every_deed_is_written_down(number: str, desk: Desk, demo_app: Flask) -> None:
    desk.refresh(number)
    desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/memo", memo="のし紙を忘れずに")
    desk.press(number, CAPTURE)
    desk.press(number, CANCEL)
    path = f"/admin/orders/{number}/edit"
    desk.submit(path, path, row="fee_yen", **{"fee_yen-yen": "100"})
    about_orders = [rule for rule in demo_app.url_map.iter_rules() if "<number>" in rule.rule]
    deeds = {rule.endpoint for rule in about_orders if "POST" in (rule.methods or ())}
    # Lines of these two: test_order_review.py, and test_sony.py.
    assert deeds - {"admin.clear_order", "admin.tell_console"} == {
        "admin.refresh_payment", "admin.save_memo", "admin.act_on_money", "admin.move_order", "admin.save_row",
    }, "a new deed belongs in this test"  # fmt: skip
    desk.submit(*[f"/admin/orders/{number}/move/cancelled"] * 2)
    desk.submit(*[f"/admin/orders/{number}/move/completed"] * 2)
    words = desk.order(number).text
    assert "受注完了明細" in words
    history = words[words.index("変更履歴") :]
    for line in (
        f"注文番号：{number}(1) 決済状況を更新 owner", f"注文番号：{number}(1) メモ変更 owner",
        f"{number} 売上確定 1,572円 完了 owner", f"{number} 返金 1,572円 完了 owner",
        f"注文番号：{number}(1) 受注商品変更 手数料 0円 → 100円、合計 1,572円 → 1,672円 owner",
        f"注文番号：{number}(1) 受注キャンセル一覧へ移動 owner", f"注文番号：{number}(1) 受注完了一覧へ移動 owner",
    ):  # fmt: skip
        assert line in history, line
    assert history.count("202") >= 6  # each line with its time


def mark(desk: Desk) -> str:
    """未処理項目 of the one order in the list."""
    words = desk.page("/admin/orders").text
    return words[words.index("明細", words.index("未処理項目")) + 2 : words.index("参照")]


@pytest.mark.req("R-155")
def test_the_list_marks_what_is_incomplete(number: str, desk: Desk, demo_app: Flask, simulator: Simulator) -> None:
    assert "メール送信待ち" in mark(desk)
    run_jobs(demo_app, "outbox")
    assert mark(desk).endswith("オーソリOK ")
    change(demo_app, OutboxMail.state, "failed", kind="order_notice")
    assert "メール未送信" in mark(desk)
    with demo_app.app_context(), write() as session:
        session.execute(delete(OutboxMail))
        session.execute(delete(OrderLine))
    assert "メール未作成" in mark(desk)
    assert "明細なし" in mark(desk)
    change(demo_app, Payment.status, "created")
    assert "オーソリ未完了" in mark(desk)


@pytest.mark.req("R-155")
def test_a_cancelled_order_with_money_standing_is_marked(number: str, desk: Desk, demo_app: Flask) -> None:
    change(demo_app, Order.filed, "cancelled")
    assert "決済キャンセル未処理" in desk.page("/admin/orders?list=cancelled").text
    desk.press(number, CANCEL)
    assert "決済キャンセル未処理" not in desk.page("/admin/orders?list=cancelled").text


@pytest.fixture
def without_mail_server(demo_app: Flask, settings: Config) -> Iterator[Flask]:
    """The same shop with a mail server that refuses every connection."""
    made = create_app(replace(settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"))
    yield made
    dispose(made)


@pytest.mark.req("R-154", "S-014")
def test_a_dead_mail_server_loses_no_order_and_no_mail(
    number: str, desk: Desk, demo_app: Flask, without_mail_server: Flask, clock: MovableClock
) -> None:
    run_jobs(without_mail_server, "outbox")
    page = desk.order(number)
    assert box(page) == "yellow-1"
    assert page.text.count("送信待ち 【") == 2
    assert "ConnectionRefusedError" in page.text

    change(demo_app, OutboxMail.attempts, 578)  # two days have gone by, five minutes a try
    for word in ("送信待ち", "送信できません"):
        clock.advance(301)
        run_jobs(without_mail_server, "outbox")
        assert f"{word} 【つきのわ商店】ご注文ありがとうございます" in desk.order(number).text
    assert "送れなかったメール" in desk.page("/admin/payments/attention").text

    retry = next(form.action for form in desk.order(number).forms if form.action.endswith("/retry"))
    desk.submit(f"/admin/orders/{number}", retry)
    assert "メール再送「" in desk.order(number).text
    run_jobs(demo_app, "outbox")
    assert "送信済み 【" in desk.order(number).text
    assert len(mails(demo_app)) == 1


@pytest.mark.req("R-194")
def test_a_difference_of_amounts_waits_in_the_list_of_concerns(
    number: str, desk: Desk, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    assert "確認が必要なものはありません。" in desk.page("/admin/payments/attention").text
    (payment,) = simulator.payments()
    changed = requests.post(
        f"{simulator.url}/console/paygent/payments/{payment['payment_id']}/amount",
        data={"amount": str(TOTAL - 72)}, allow_redirects=False,
    )  # fmt: skip
    assert changed.status_code == 303
    for _ in range(3):
        run_jobs(demo_app, "poll_notices", "inbox")
        clock.advance(60)
    for path in ("/admin/payments/attention", "/admin"):
        words = desk.page(path).text
        assert "金額の差異" in words
        assert "受注 1,572円、決済会社側 1,500円" in words
        assert number in words
