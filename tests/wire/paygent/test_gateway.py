"""Each verb is one telegram; each answer one result of the contract – over a real socket, answers from the captures."""

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from providers import codecs
from providers.charge import CardSource, Charge, Reauthorization
from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NotSent,
    Reference,
    RemoteState,
    Unknown,
    Unreadable,
)
from providers.paygent import client, errors
from providers.paygent.capabilities import PaygentCapabilities
from tests.wire.paygent.serving import Wire

FOLDER = Path(__file__).with_name("vectors")
ID = "266908190000063933"


def captured(name: str) -> dict:  # type: ignore[type-arg]
    vector: dict = json.loads((FOLDER / f"{name}.json").read_text())  # type: ignore[type-arg]
    return vector


def answer(name: str) -> bytes:
    return bytes.fromhex(captured(name)["response_given"]["hex"])


def request(name: str) -> dict[str, str]:
    return dict(captured(name)["request"]["body_decoded"])


def telegram(**fields: str) -> bytes:
    return ("\r\n" + "\r\n".join(f"{key}={value}" for key, value in fields.items())).encode("cp932")


def charge(ref: str = "order00786", yen: int = 3130, *, capture: bool = False, instalments: int = 1) -> Charge:
    return Charge(ref, yen, CardSource("tok_8d1f9a60c2b34e7788aa"), capture, instalments)


# ---- authorization -----------------------------------------------------------------------------------


def test_authorization_sends_what_the_real_client_sends(wire: Wire) -> None:
    wire.answers = [answer("020_auth_token")]
    wire.gateway().authorize(charge())
    ((method, path, content_type, _),) = wire.requests
    assert (method, path, content_type) == ("POST", "/n/card/request", "application/x-www-form-urlencoded")
    # sales_mode=0 says in words what its absence means: authorize only.
    assert wire.sent() == request("020_auth_token") | {"sales_mode": "0"}


def test_authorization_is_read_into_the_contract(wire: Wire) -> None:
    wire.answers = [answer("020_auth_token")]
    result = wire.gateway().authorize(charge())
    assert result == Approved(
        handle=ID,
        status=MoneyStatus.AUTHORIZED,
        references=(Reference("payment_id", ID),),
        masked_card="************0000",
        fingerprint="fvRyIbkXNqjADaNqIRvpdcf5BDbhYQJhBsybDua0RGGVliC0QWHcXXTy6N7YeaUV",
    )


def test_capture_at_once_is_asked_for_and_reported(wire: Wire) -> None:
    vector = request("020_auth_token_sales_mode")
    wire.answers = [answer("020_auth_token_sales_mode")]
    result = wire.gateway().authorize(charge(vector["trading_id"], int(vector["payment_amount"]), capture=True))
    assert isinstance(result, Approved)
    assert result.status == MoneyStatus.CAPTURED
    assert wire.sent()["sales_mode"] == vector["sales_mode"] == "1"


@pytest.mark.parametrize(
    ("count", "payment_class", "split_count"), [(0, "23", ""), (1, "10", ""), (6, "61", "6"), (24, "61", "24")]
)
def test_instalments(wire: Wire, count: int, payment_class: str, split_count: str) -> None:
    wire.answers = [answer("020_auth_instalments_6")]
    wire.gateway().authorize(charge(instalments=count))
    assert (wire.sent()["payment_class"], wire.sent()["split_count"]) == (payment_class, split_count)


def test_another_amount_is_asked_for_with_the_card_of_the_earlier_order(wire: Wire) -> None:
    vector = request("020_auth_reference_trading")
    again = Reauthorization(vector["trading_id"], int(vector["payment_amount"]), vector["ref_trading_id"], ID)
    wire.answers = [answer("020_auth_reference_trading")]
    result = wire.gateway().reauthorize(again)
    # split_count goes along empty, as with every 020 of ours.
    assert wire.sent() == vector | {"split_count": ""}
    assert result == Declined(Category.STATE_CONFLICT, "2009", "参照マーチャント取引IDエラー")


def test_another_amount_keeps_the_instalments(wire: Wire) -> None:
    wire.answers = [answer("020_auth_instalments_6")]
    wire.gateway().reauthorize(Reauthorization("2", 1000, "1", ID, instalments=6))
    assert (wire.sent()["payment_class"], wire.sent()["split_count"]) == ("61", "6")


def test_site_id_goes_with_every_telegram(wire: Wire) -> None:
    wire.answers = [answer("022_capture_site")]
    wire.gateway(site_id="A001").capture("1", 100)
    assert wire.sent()["site_id"] == "A001"


def test_refusal_keeps_code_and_detail(wire: Wire) -> None:
    wire.answers = [answer("020_auth_declined")]
    assert wire.gateway().authorize(charge()) == Declined(Category.CARD_REFUSED, "2001", '"1G61"')


def test_refusal_that_made_a_payment_names_it(wire: Wire) -> None:
    wire.answers = [answer("020_auth_retry_same_payment")]
    result = wire.gateway().authorize(charge())
    assert isinstance(result, Declined)
    assert (result.category, result.code) == (Category.CARD_DATA, "2003")
    assert [reference.kind for reference in result.references] == ["payment_id"]


@pytest.mark.req("R-193")
@pytest.mark.parametrize("code", sorted(errors.AMBIGUOUS))
def test_ambiguous_code_is_an_unknown_outcome(wire: Wire, code: str) -> None:
    wire.answers = [telegram(result="1", response_code=code, response_detail="?")]
    assert wire.gateway().authorize(charge()) == Unknown(f"1/{code}")
    assert wire.gateway().capture(ID, 1) == Unknown(f"1/{code}")


def test_codes_whose_outcome_is_known() -> None:
    """What counts as ambiguous is a list on purpose: a code added or lost here changes what happens to money."""
    assert sorted(errors.AMBIGUOUS) == ["2008", "9004", "9005", "E001", "E002"]


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("2001", Category.CARD_REFUSED), ("2002", Category.CARD_REFUSED), ("2003", Category.CARD_DATA),
        ("2004", Category.STATE_CONFLICT), ("2005", Category.STATE_CONFLICT), ("2006", Category.STATE_CONFLICT),
        ("2007", Category.DEADLINE), ("2016", Category.NOT_ACCEPTED), ("2020", Category.CARD_DATA),
        ("2054", Category.CARD_REFUSED), ("31001", Category.NOT_ACCEPTED), ("P002", Category.CONFIGURATION),
        ("P010", Category.CONFIGURATION), ("P016", Category.CONFIGURATION), ("P017", Category.TEMPORARY),
        ("2023", Category.CONFIGURATION), ("2009", Category.STATE_CONFLICT),
    ],
)  # fmt: skip
def test_refusals_by_category(wire: Wire, code: str, category: Category) -> None:
    wire.answers = [telegram(result="1", response_code=code, response_detail="詳細")]
    assert wire.gateway().authorize(charge()) == Declined(category, code, "詳細")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(answer("020_auth_3ds1_html"), id="3-D Secure page nobody asked for"),
        pytest.param(answer("020_auth_token_sales_mode"), id="answer for another order"),
        pytest.param(telegram(result="0", trading_id="order00786"), id="no payment_id"),
        pytest.param(telegram(result="2", payment_id="1", trading_id="order00786"), id="only accepted"),
        pytest.param(telegram(result="1", response_code="77777"), id="a code nobody knows"),
        pytest.param(telegram(result="1"), id="an error without a code"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\x00\xff\xfe" * 99, id="garbage"),
        pytest.param("<!DOCTYPE html><p>メンテナンス中</p>".encode(), id="maintenance page"),
        pytest.param(b"\r\npayment_id=1\r\ntrading_id=order00786", id="no result"),
    ],
)
@pytest.mark.req("P-05")
def test_answer_that_proves_nothing_is_unknown(wire: Wire, body: bytes) -> None:
    wire.answers = [body]
    assert isinstance(wire.gateway().authorize(charge()), Unknown)


@pytest.mark.parametrize("status", [201, 206, 302, 403, 500, 503])
def test_only_status_200_is_an_answer(wire: Wire, status: int) -> None:
    wire.answers, wire.status = [answer("parse_http_500")], status
    assert wire.gateway().capture("7", 1) == Unknown(f"http {status}")


def test_no_answer_in_time_is_unknown(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PaygentCapabilities, "call_deadline", 0.3)
    wire.answers = [None]
    assert isinstance(wire.gateway().authorize(charge()), Unknown)
    assert len(wire.requests) == 1  # it did arrive, and was not repeated


def test_request_that_cannot_be_written_never_leaves(wire: Wire) -> None:
    result = wire.gateway().authorize(Charge("order1", 1, CardSource("😀"), False))
    assert isinstance(result, NotSent)
    assert wire.requests == []


def test_refused_connection_is_not_sent(wire: Wire) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        wire.url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert isinstance(wire.gateway().authorize(charge()), NotSent)


# ---- follow-ups --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "vector", "status"),
    [
        ("capture", "022_capture", MoneyStatus.CAPTURED),
        ("void", "021_auth_cancel", MoneyStatus.VOIDED),
        ("refund", "023_sale_cancel", MoneyStatus.REFUNDED),
    ],
)
def test_follow_up(wire: Wire, verb: str, vector: str, status: MoneyStatus) -> None:
    handle = captured(vector)["parsed_by_client"]["rows"][0]["payment_id"]
    wire.answers = [answer(vector)]
    gateway = wire.gateway()
    result = gateway.void(handle) if verb == "void" else getattr(gateway, verb)(handle, 100)
    assert isinstance(result, Approved)
    assert (result.handle, result.status) == (handle, status)
    # By payment_id alone: after a change of amount several payments share the trading_id.
    assert wire.sent() == request(vector) | {"trading_id": "", "payment_id": handle}


def test_capture_after_its_time(wire: Wire) -> None:
    wire.answers = [answer("022_capture_expired")]
    result = wire.gateway().capture("1", 100)
    assert isinstance(result, Declined)
    assert (result.category, result.code) == (Category.DEADLINE, "2007")


def test_follow_up_answered_for_another_payment_is_unknown(wire: Wire) -> None:
    wire.answers = [telegram(result="0", payment_id="999", trading_id="other")]
    assert isinstance(wire.gateway().capture("1", 100), Unknown)


# ---- query -------------------------------------------------------------------------------------------


def test_query_reads_the_state(wire: Wire) -> None:
    row = captured("094_query_card")["parsed_by_client"]["rows"][0]
    wire.answers = [answer("094_query_card")]
    state = wire.gateway().query(merchant_ref=row["trading_id"])
    assert isinstance(state, RemoteState)
    assert (state.handle, state.merchant_ref) == (row["payment_id"], row["trading_id"])
    assert (state.amount_yen, state.raw_status) == (int(row["payment_amount"]), row["payment_status"])
    japan = datetime.strptime(row["authorized_date"] + "+0900", "%Y%m%d%H%M%S%z")
    assert state.authorized_at == japan
    assert wire.requests[0][1] == "/n/ref/paymentref"
    assert wire.sent()["payment_type"] == "02"


def test_query_prefers_the_payment_id(wire: Wire) -> None:
    wire.answers = [answer("094_query_card")]
    wire.gateway().query(merchant_ref="order1", handle="55")
    assert (wire.sent()["payment_id"], wire.sent()["trading_id"]) == ("55", "")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("10", MoneyStatus.CREATED), ("11", MoneyStatus.DECLINED), ("15", MoneyStatus.DECLINED),
        ("20", MoneyStatus.AUTHORIZED), ("32", MoneyStatus.VOIDED), ("33", MoneyStatus.EXPIRED),
        ("40", MoneyStatus.CAPTURED), ("41", MoneyStatus.CAPTURED), ("60", MoneyStatus.REFUNDED),
        ("30", None), ("31", None), ("42", None), ("50", None), ("99", None), ("", None),
    ],
)  # fmt: skip
def test_states(wire: Wire, raw: str, status: MoneyStatus | None) -> None:
    wire.answers = [telegram(result="0", payment_id="1", trading_id="o", payment_status=raw, payment_amount="5")]
    state = wire.gateway().query(handle="1")
    assert isinstance(state, RemoteState)
    assert state.status is status


def test_query_that_finds_nothing(wire: Wire) -> None:
    wire.answers = [answer("094_query_none")]
    assert wire.gateway().query(merchant_ref="nobody") == Absent("13001")


@pytest.mark.parametrize(
    ("code", "category"),
    [("P002", Category.CONFIGURATION), ("P016", Category.CONFIGURATION), ("13002", Category.STATE_CONFLICT)],
)
def test_query_without_a_state_never_reads_as_absent(wire: Wire, code: str, category: Category) -> None:
    wire.answers = [telegram(result="1", response_code=code, response_detail="")]
    assert wire.gateway().query(merchant_ref="order1") == Unreadable(category, code)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff" * 50, id="garbage"),
        pytest.param(telegram(result="0", payment_status="20"), id="no payment"),
        pytest.param(telegram(result="0", payment_id="1", trading_id="order1", payment_status="20"), id="no amount"),
        pytest.param(
            telegram(result="0", payment_id="1", trading_id="order2", payment_status="20", payment_amount="5"),
            id="another order",
        ),
    ],
)
def test_query_answer_that_proves_nothing_is_unknown(wire: Wire, body: bytes) -> None:
    wire.answers = [body]
    assert isinstance(wire.gateway().query(merchant_ref="order1"), Unknown)


def test_query_answered_for_another_payment_is_unknown(wire: Wire) -> None:
    wire.answers = [telegram(result="0", payment_id="2", trading_id="o", payment_status="20", payment_amount="5")]
    assert isinstance(wire.gateway().query(handle="1"), Unknown)


# ---- notices -----------------------------------------------------------------------------------------


def test_feed_is_read_until_it_is_empty(wire: Wire) -> None:
    row = captured("091_difference_next")["parsed_by_client"]["rows"][0]
    wire.answers = [answer("091_difference_next"), answer("091_difference_next"), answer("091_difference_none")]
    notices = tuple(wire.gateway().poll_notices())
    assert [notice.serial for notice in notices] == [row["payment_notice_id"]] * 2
    assert (notices[0].handle, notices[0].merchant_ref) == (row["payment_id"], row["trading_id"])
    assert notices[0].amount_yen == int(row["payment_amount"])
    assert [path for _, path, _, _ in wire.requests] == ["/n/ref/paynotice"] * 3


@pytest.mark.parametrize("body", [answer("091_difference_locked"), answer("091_difference_none"), b"", b"\xff"])
def test_feed_stops_at_once_when_there_is_no_notice(wire: Wire, body: bytes) -> None:
    wire.answers = [body]
    assert tuple(wire.gateway().poll_notices()) == ()
    assert len(wire.requests) == 1


def test_feed_is_bounded(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.paygent.adapter._FEED_LIMIT", 3)
    wire.answers = [answer("091_difference_next")]
    assert len(tuple(wire.gateway().poll_notices())) == 3


SIGNED = {
    "payment_notice_id": "12",
    "payment_id": "263409990000000030",
    "trading_id": "order0030",
    "payment_type": "02",
    "payment_status": "20",
    "payment_amount": "2450",
    "change_date": "20261121090000",
}
KEY = "noticekey_MADEUP"


def push(fields: dict[str, str], key: str = KEY, **more: str) -> bytes:
    return codecs.form_body((fields | {"hc": client.notice_digest(fields, key)} | more).items(), "cp932")


def test_genuine_notice(wire: Wire) -> None:
    reading = wire.gateway().read_notice("POST", push(SIGNED), {})
    assert reading.genuine
    assert reading.acknowledgement == b"result=0"
    (notice,) = reading.notices
    assert (notice.serial, notice.handle, notice.merchant_ref) == ("12", "263409990000000030", "order0030")
    assert (notice.status, notice.amount_yen) == (MoneyStatus.AUTHORIZED, 2450)
    assert notice.changed_at == datetime(2026, 11, 21, 0, 0, tzinfo=UTC)


def test_notice_about_another_kind_of_payment_is_acknowledged_only(wire: Wire) -> None:
    reading = wire.gateway().read_notice("POST", push(SIGNED | {"payment_type": "03"}), {})
    assert (reading.genuine, reading.notices, reading.acknowledgement) == (True, (), b"result=0")


def without(name: str) -> bytes:
    return push({key: value for key, value in SIGNED.items() if key != name})


GOOD = push(SIGNED)
HC = client.notice_digest(SIGNED, KEY).encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GOOD.replace(HC, b""), id="empty digest"),
        pytest.param(GOOD.replace(b"&hc=" + HC, b""), id="no digest"),
        pytest.param(GOOD.replace(HC, HC[:-1]), id="truncated digest"),
        pytest.param(GOOD.replace(HC, HC.upper()), id="other case"),
        pytest.param(GOOD.replace(HC, HC + b"0"), id="longer digest"),
        pytest.param(GOOD.replace(HC, "％".encode()), id="digest that is no ASCII"),
        pytest.param(push(SIGNED, key="another shop's key"), id="another key"),
        pytest.param(push(SIGNED, key=""), id="digest without a key"),
        pytest.param(push(SIGNED, payment_amount="1"), id="right digest over another amount"),
        pytest.param(push(SIGNED, trading_id="order0031"), id="right digest over another order"),
        pytest.param(push(SIGNED, payment_id="1"), id="right digest over another payment"),
        pytest.param(GOOD + b"&payment_amount=1", id="field twice, last"),
        pytest.param(b"payment_amount=1&" + GOOD, id="field twice, first"),
        pytest.param(without("payment_notice_id"), id="no serial"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, id="BOM"),
        pytest.param(GOOD + b"\n", id="trailing newline"),
    ],
)
@pytest.mark.req("T-020", "T-021", "T-025")
def test_forged_notice(wire: Wire, body: bytes) -> None:
    reading = wire.gateway().read_notice("POST", body, {})
    assert not reading.genuine
    assert (reading.notices, reading.acknowledgement) == ((), b"")


def test_without_a_key_no_notice_is_genuine(wire: Wire) -> None:
    for key in ("", KEY):
        assert not wire.gateway(notice_hash_key="").read_notice("POST", push(SIGNED, key), {}).genuine


# ---- timeline ----------------------------------------------------------------------------------------


@pytest.mark.req("R-317")
def test_exchange_is_recorded_without_secrets(wire: Wire) -> None:
    wire.answers = [answer("020_auth_token")]
    wire.gateway().authorize(charge())
    (exchange,) = wire.exchanges
    shown = exchange.request + exchange.response
    for secret in ("Pw0rd0001", "tok_8d1f9a60c2b34e7788aa", "fvRyIbkXNqjADaNqIRvpdcf5BDbhYQJhBsybDua0RGGVliC0QWHcXXTy6N7YeaUV"):
        assert secret not in shown
    assert "payment_amount=3130" in exchange.request
    assert (exchange.label, exchange.outcome) == ("020", "ok")
    assert exchange.duration_ms >= 0
    assert "[hidden]" in repr(charge().source)


def test_failed_call_is_recorded_too(wire: Wire) -> None:
    wire.answers = [b"\xff"]
    wire.gateway().void("1")
    assert wire.exchanges[0].outcome.startswith("unknown")
