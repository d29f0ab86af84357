"""Red box ① – a state that cannot be read: what it shows, that it moves nothing, and the one cause the answer proves."""

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from tests.support.buying import Buyer, buy
from tests.support.pages import Page
from tests.support.world import Simulator
from tests.web.counter import TEA, Desk, at_console, box, buttons, number_of, path_of

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

CARD_FORM = "/admin/settings/payment-methods/1"
TOTAL = 972 + 600
CANCEL_STAYS_HALF_DONE = "4980000000003000"


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order, authorised."""
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


def other_password(simulator: Simulator) -> None:
    simulator.control("paygent/merchants", merchant_id=DEMO_PAYGENT_MERCHANT.merchant_id, connect_password="changed-at-provider")


@pytest.mark.req("R-061")
def test_a_state_that_cannot_be_read(number: str, desk: Desk, simulator: Simulator) -> None:
    other_password(simulator)
    page = desk.refresh(number)
    assert box(page) == "red-1"
    sentences = (
        "決済状況が取得できませんでした。", "・接続ID、接続IDパスワードが正しくない。",
        "・ペイジェント管理画面での操作が行われた。(金額変更やキャンセル処理など)",
        "・購入者が購入手続きや支払い手続きを完了していない。", "などの可能性がございます。",
        "詳細はペイジェント管理画面にてご確認ください。",
    )  # fmt: skip
    assert " ".join(sentences) in page.text
    assert buttons(page) == {}
    assert "取引ID" in page.text
    stale = desk.get(f"/admin/orders/{number}/payment/capture")
    assert "決済状況が変わったため、この操作はいまはできません。" in stale.text
    assert path_of(stale) == f"/admin/orders/{number}"
    form = {"csrf_token": page.form("/admin/logout").fields["csrf_token"], "amount_yen": str(TOTAL)}
    desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/capture", data=form)
    assert "022" not in simulator.ledger()["telegrams"]
    simulator.control("paygent/merchants", connect_password=DEMO_PAYGENT_MERCHANT.connect_password)
    assert box(desk.refresh(number)) == "yellow-1"


@pytest.mark.req("R-061")
def test_the_reason_of_an_unreadable_state_is_told_in_words(number: str, desk: Desk, simulator: Simulator) -> None:
    other_password(simulator)
    desk.refresh(number)
    words = desk.page("/admin/payments/attention").text
    assert "決済の設定が決済会社に受け付けられていません（コード P002）" in words
    assert "configuration:" not in words


def cause(page: Page) -> str:
    assert (box(page), page.text.count("確認できた原因：")) == ("red-1", 1)
    return page.text.partition("確認できた原因：")[2]


#: What the provider answers – a code, or none that can be read – and the cause on the page.
ANSWERS = {
    "P002": "マーチャントID、接続ID、接続ID/パスワードのいずれかが正しくありません。（コード P002）",
    "P015": "このサーバーのIPアドレスがペイジェントに登録されていません。ペイジェントへ登録を依頼してください。（コード P015）",
    "P016": "クライアント証明書がペイジェントに受け付けられませんでした。支払方法設定に登録した証明書をご確認ください。（コード P016）",
    "P008": "決済の設定が決済会社に受け付けられていません（コード P008）。",
    "P017": "一時的な障害（コード P017）",
    "13001": "決済会社に該当する決済がありません（コード 13001）。加盟店契約の名義変更などで",
    "": "決済会社から応答がありません。",
}


@pytest.mark.req("R-062")
def test_the_cause_is_what_the_answer_proves(number: str, desk: Desk, simulator: Simulator) -> None:
    for code, said in ANSWERS.items():
        simulator.fault("code" if code else "garbage", "094", **({"code": code} if code else {}))
        assert cause(desk.refresh(number)).startswith(said), code
    assert box(desk.refresh(number)) == "yellow-1"


@pytest.mark.req("R-062")
def test_the_causes_made_on_the_console(shopper: Buyer, desk: Desk, simulator: Simulator) -> None:
    """①-2 the amount was changed and the notice has not come yet; ①-4 something is under way at the provider."""
    changed = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    at_console(simulator, "amount", amount=str(TOTAL - 100))
    assert cause(desk.refresh(changed)).startswith("ひとつの取引IDに決済が二つ以上あります（コード 13002）。")
    stuck = number_of(buy(shopper.shop_url, TEA, buyer=shopper, card=CANCEL_STAYS_HALF_DONE))
    handle = simulator.payments()[-1]["payment_id"]
    requests.post(f"{simulator.url}/console/paygent/payments/{handle}/void", allow_redirects=False)  # refused half-way
    assert cause(desk.refresh(stuck)).startswith("決済会社側で処理の途中か、当店では扱えない状態です（状態 31）。")


# ---- another contract ----


NEW = {"merchant_id": "100002", "connect_id": "conn0002", "connect_password": "Pw2", "notice_hash_key": "the second key"}


def take_new_contract(desk: Desk, simulator: Simulator) -> None:
    """名義変更: the provider gives another number, staff save it in 支払方法設定."""
    simulator.control("paygent/merchants", **NEW)
    desk.set_up(CARD_FORM, **{f"account_{key}": value for key, value in NEW.items()})


@pytest.mark.req("R-030", "R-184")
def test_after_another_merchant_id_older_orders_go_on(
    shopper: Buyer, desk: Desk, simulator: Simulator
) -> None:
    """Asked about, captured and cancelled as the contract they were made under; new ones as the new one."""
    captured, cancelled = (number_of(buy(shopper.shop_url, TEA, buyer=shopper)) for _ in range(2))
    take_new_contract(desk, simulator)
    newest = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    for number in (captured, cancelled, newest):
        assert box(desk.refresh(number)) == "yellow-1"
    assert box(desk.press(captured, "capture")) == "yellow-2"
    assert box(desk.press(cancelled, "cancel")) == "yellow-3"
    made = [(each["merchant_id"], each["status"]) for each in simulator.payments()]
    assert made == [("100001", "40"), ("100001", "32"), ("100002", "20")]


@pytest.mark.req("R-062", "R-030")
@pytest.mark.parametrize("answer", ["P002", "13001"])
def test_a_contract_that_was_replaced_is_the_cause(
    answer: str, number: str, shopper: Buyer, desk: Desk, simulator: Simulator
) -> None:
    """①-5. The same answer about an order of today's contract has another cause."""
    closed = "この受注は、いまとは別のマーチャントIDで決済されていて、ペイジェントはその契約での照会を受け付けません。"
    take_new_contract(desk, simulator)
    newest = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    simulator.fault("code", "094", times=2, code=answer)
    assert cause(desk.refresh(number)).startswith(closed)
    assert "ペイジェントの旧名義の管理画面で売上処理や返金処理を行ってください。" in desk.order(number).text
    assert cause(desk.refresh(newest)).startswith(ANSWERS[answer])
