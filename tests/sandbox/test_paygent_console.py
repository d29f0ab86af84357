"""Changes of amount at the Paygent simulator – console, 028, 029 – and the switches behind a shop's red boxes."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.sandbox import serve

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sandbox.conftest import Answer, Receiver, World

VISA = "4111111111111111"
FRICTIONLESS = "4980000000057600"
CANNOT_CAPTURE = "4980000000057022"
CANNOT_CANCEL = "4980000000022000"
DAY = 86_400


@pytest.fixture
def correcting(world: World) -> World:
    world.control("paygent/merchants", corrections=True)
    return world


def correct(world: World, kind: str, payment_id: str, amount: str, flag: str = "0", **more: str) -> Answer:
    return world.ask(kind, payment_id=payment_id, payment_amount=amount, reduction_flag=flag, **more)


def paid_with_3d_secure(world: World) -> str:
    token = world.token(FRICTIONLESS)
    answer = world.authenticate(card_token=token)
    world.browse(answer)
    fields = {"trading_id": "order1", "payment_amount": "1000", "card_token": token}
    auth = {"3dsecure_use_type": "2", "3ds_auth_id": answer["3ds_auth_id"]}
    return world.ask("020", **fields, **auth)["payment_id"]


def books(world: World) -> list[tuple[Any, ...]]:
    """Status and amount of every payment, oldest first."""
    return [(payment["status"], payment["amount"]) for payment in world.ledger()["payments"]]


# ---- 028 029 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("flag", "amount"), [("0", "700"), ("1", "300")])
def test_028_makes_a_new_payment(correcting: World, flag: str, amount: str) -> None:
    old = correcting.authorise("order1")["payment_id"]
    response = correcting.telegram("028", payment_id=old, payment_amount=amount, reduction_flag=flag)
    answer = correcting.read(response)
    assert (answer["base_payment_id"], answer["reduced_amount"]) == (old, "700")
    assert list(answer)[:6] == [
        "result", "payment_id", "trading_id", "base_payment_id", "reduced_amount", "issur_class"
    ]  # fmt: skip
    assert list(answer)[-1] == "card_valid_term"
    assert answer["payment_id"] != old
    assert books(correcting) == [("32", 1000), ("20", 700)]
    (_, new) = correcting.ledger()["payments"]
    assert (new["payment_id"], new["base_payment_id"]) == (answer["payment_id"], old)
    assert correcting.ask("094", trading_id="order1").code == "13002"


def test_029_captures_the_new_payment(correcting: World) -> None:
    old = correcting.authorise("order1", sales_mode="1")["payment_id"]
    assert correct(correcting, "029", old, "700")["result"] == "0"
    assert books(correcting) == [("60", 1000), ("40", 700)]


@pytest.mark.parametrize(
    ("kind", "amount", "flag", "code"),
    [
        ("028", "1001", "0", "2013"),
        ("028", "0", "0", "P014"),
        ("028", "1000", "1", "P014"),
        ("028", "2000", "1", "P014"),
        ("028", "500", "", "P006"),
        ("028", "500", "2", "P010"),
        ("029", "500", "0", "2004"),
        ("028", "1000", "0", ""),
    ],
)
def test_what_a_correction_refuses(correcting: World, kind: str, amount: str, flag: str, code: str) -> None:
    payment_id = correcting.authorise("order1")["payment_id"]
    answer = correct(correcting, kind, payment_id, amount, flag)
    assert answer.code == code
    if code:
        assert books(correcting) == [("20", 1000)]
        assert "base_payment_id" not in answer


def test_correction_is_too_late_after_60_days(correcting: World) -> None:
    authorised = correcting.authorise("order1")["payment_id"]
    captured = correcting.authorise("order2", sales_mode="1")["payment_id"]
    correcting.later(60 * DAY + 1)
    assert correct(correcting, "028", authorised, "500").code == "2007"
    assert correct(correcting, "029", captured, "500").code == "2007"


@pytest.mark.parametrize(
    ("kind", "number", "code", "after"),
    [
        ("028", CANNOT_CANCEL, "2010", [("20", 1000), ("20", 700)]),
        ("029", CANNOT_CANCEL, "2012", [("40", 1000), ("40", 700)]),
        ("029", CANNOT_CAPTURE, "2011", [("40", 1000), ("20", 700)]),
        ("028", "4980000000003000", "2010", [("31", 1000), ("20", 700)]),
    ],
)
def test_correction_fails_half_way(
    correcting: World, kind: str, number: str, code: str, after: list[tuple[str, int]]
) -> None:
    sales_mode = "1" if kind == "029" else "0"
    old = correcting.authorise("order1", number, sales_mode=sales_mode)["payment_id"]
    answer = correct(correcting, kind, old, "700")
    assert (answer["result"], answer.code) == ("1", code)
    assert answer["base_payment_id"] == old
    assert answer["payment_id"] == correcting.ledger()["payments"][1]["payment_id"]
    assert books(correcting) == after


def test_cancel_first(correcting: World) -> None:
    old = correcting.authorise("order1", CANNOT_CANCEL)["payment_id"]
    assert correct(correcting, "028", old, "700", base_payment_cancel_timing="1").code == "2002"
    assert books(correcting) == [("20", 1000)]


def test_correction_of_a_payment_with_3d_secure(correcting: World) -> None:
    payment_id = paid_with_3d_secure(correcting)
    refused = correct(correcting, "028", payment_id, "700")
    assert refused["response_detail"] == "3Dセキュア指定された決済に対して補正処理は行えません。"
    assert (refused.code, books(correcting)) == ("2014", [("20", 1000)])
    correcting.control("paygent/merchants", corrections_after_3ds=True)
    assert correct(correcting, "028", payment_id, "700")["result"] == "0"


# ---- console -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sales_mode", "cancelled", "status"), [("0", "32", "20"), ("1", "60", "40")])
@pytest.mark.parametrize("amount", [800, 1200])
def test_console_changes_the_amount(
    world: World, receiver: Receiver, sales_mode: str, cancelled: str, status: str, amount: int
) -> None:
    old = world.authorise("order1", sales_mode=sales_mode)["payment_id"]
    world.page(f"/console/paygent/payments/{old}/amount", amount=str(amount))
    assert books(world) == [(cancelled, 1000), (status, amount)]
    new = world.ledger()["payments"][1]["payment_id"]
    world.eventually(lambda: len(receiver.received) == 3)
    told = [
        (notice["payment_id"], notice["payment_status"], notice["related_payment_id"])
        for notice in sorted(receiver.received, key=lambda notice: int(notice["payment_notice_id"]))
    ]
    assert told == [(old, status, ""), (new, status, old), (old, cancelled, "")]
    assert {notice["trading_id"] for notice in receiver.received} == {"order1"}


def test_console_change_loses_the_authentication(world: World) -> None:
    old = paid_with_3d_secure(world)
    page = f"/console/paygent/payments/{old}"
    assert "本人認証なしになります" in requests.get(f"{world.url}{page}").text
    after = world.page(f"{page}/amount", amount="700")
    assert books(world) == [("32", 1000), ("20", 700)]
    new = world.ledger()["payments"][1]
    assert (new["threeds_auth_id"], new["threeds_omitted"], new["base_payment_id"]) == ("", "1", old)
    assert old in after.text
    looked_up = world.ask("094", payment_id=new["payment_id"])
    assert (looked_up["3dsecure_ryaku"], looked_up["3dsecure_message_version"]) == ("1", "")
    assert world.ask("094", payment_id=old)["3dsecure_message_version"] == "2.2.0"


def test_console_captures_and_cancels_payments_with_3d_secure(world: World, receiver: Receiver) -> None:
    page = f"/console/paygent/payments/{paid_with_3d_secure(world)}"
    world.page(f"{page}/capture")
    world.page(f"{page}/refund")
    assert books(world) == [("60", 1000)]
    world.eventually(lambda: len(receiver.received) == 3)
    assert sorted(notice["payment_status"] for notice in receiver.received) == ["20", "40", "60"]


def test_console_refuses_what_is_over(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    world.later(60 * DAY + 1)
    page = world.page(f"/console/paygent/payments/{payment_id}/amount", amount="700")
    assert "2007" in page.text
    assert "金額変更</button>" not in page.text
    assert books(world) == [("33", 1000)]


# ---- what a shop's red boxes stand for -----------------------------------------------------------


def test_other_password_and_back(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    world.page("/control/paygent/forms/merchant/password")
    assert world.ask("094", payment_id=payment_id).code == "P002"
    world.page("/control/paygent/forms/merchant/restore")
    assert world.ask("094", payment_id=payment_id)["payment_status"] == "20"


def test_merchant_number_is_replaced(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    world.control("paygent/merchants/replace", by="100009")
    assert world.ask("094", payment_id=payment_id).code == "P002"
    assert world.tokenize() == {"result": "1201"}
    assert world.ask("094", payment_id=payment_id, merchant_id="100009").code == "13001"
    again = requests.post(f"{world.url}/control/paygent/merchants/replace", json={"by": "100009"})
    assert again.status_code == 400
    assert requests.post(f"{world.url}/control/paygent/merchants/replace", json={}).status_code == 400
    world.page("/control/paygent/forms/merchant/restore")
    assert world.ask("094", payment_id=payment_id)["payment_status"] == "20"


def test_merchant_number_is_replaced_at_the_start_page(world: World) -> None:
    world.page("/control/paygent/forms/merchant/number")
    start = world.page("/control/paygent/forms/merchant/number").text  # twice changes nothing more
    merchants = requests.get(f"{world.url}/control/paygent/merchants").json()
    number = str(int(DEMO.merchant_id) + 1)
    assert [(merchant["merchant_id"], bool(merchant["closed"])) for merchant in merchants] == [
        (DEMO.merchant_id, True),
        (number, False),
    ]
    assert "廃止" in start
    assert world.ask("091", merchant_id=number)["success_code"] == "1"


def test_buyer_is_still_paying(world: World) -> None:
    world.authenticate()
    assert world.ask("094", trading_id="order1").code == "13001"
    world.authorise("order2", "4980000000058244")
    assert world.ask("094", trading_id="order2")["payment_status"] == "10"


# ---- books of an earlier version -----------------------------------------------------------------


def test_books_of_an_earlier_version_go_on(tmp_path: Path) -> None:
    """A demo that is already running gets the new columns and keeps its payments, whatever their file was called."""
    serve("127.0.0.1", 0, tmp_path).close()
    books = (tmp_path / "paygent.sqlite3").rename(tmp_path / "simulator.sqlite3")
    later = {
        "merchants": ("merchant_name", "threeds", "attempt_control", "stored_cards"),
        "tokens": ("holder_name",),
        "payments": ("threeds_auth_id", "base_payment_id", "customer_card_id"),
        "requests": ("customer_id",),
    }
    with sqlite3.connect(books) as file:
        file.execute("DROP TABLE authentications")
        file.execute("DROP TABLE stored_cards")
        for table, columns in later.items():
            for column in columns:
                file.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        file.execute(
            "INSERT INTO payments (payment_id, trading_id, status, amount) VALUES ('1', 'old', '20', 5)"
        )
    file.close()
    world = serve("127.0.0.1", 0, tmp_path)
    try:
        found = requests.get(f"{world.url}/console/paygent/ledger.json").json()
        (merchant,) = requests.get(f"{world.url}/control/paygent/merchants").json()
        changed = requests.post(f"{world.url}/control/paygent/merchants", json={"merchant_name": "OTHER"})
    finally:
        world.close()
    assert [(payment["trading_id"], payment["attempt_kbn"]) for payment in found["payments"]] == [("old", "")]
    assert (found["stored_cards"], merchant["stored_cards"]) == ([], 1)
    assert changed.json()["merchant_name"] == "OTHER"
    assert (merchant["merchant_name"], merchant["threeds"], merchant["attempt_control"]) == ("", 1, "")
