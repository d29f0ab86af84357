"""450, the return and the 020 after it: the fields of the captured requests, the digests of the protocol."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from providers.charge import Cardholder, CardSource, Charge
from providers.contract import (
    Approved,
    Authentication,
    AuthenticationOutcome,
    Declined,
    Liability,
    NeedsBuyer,
    NotSent,
)
from providers.paygent import client, threeds
from tests.wire.paygent.serving import Wire
from tests.wire.paygent.test_gateway import answer, captured, request, telegram

KEY = "3dskey_MADEUP_0001"
AUTH_ID = "7d8f2a10-5b6c-4d3e-9f01-23456789abcd"
STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
BUYER = Cardholder("taro@example.jp", "03-1234-5678", "150-0041", "東京都", "渋谷区神南1-2-3", "髙橋ビル①")
EXAMPLES = [each for each in captured("hash_examples")["examples"] if each["hash_of"] == "3DS return"]


def charge(**changed: object) -> Charge:
    values = {
        "merchant_ref": "order00791", "amount_yen": 3130, "source": CardSource("tok_3d53d53d53d53d53d53d"),
        "capture": False, "options": {"use_3ds": "1", "attempt_control": "low"}, "started_at": STARTED,
        "return_url": "https://shop.example/pay/3ds/return?o=order00791", "cardholder": BUYER,
    } | changed  # fmt: skip
    return Charge(**values)  # type: ignore[arg-type]


def sent(wire: Wire, number: int = -1) -> dict[str, str]:
    body = wire.requests[number][3].decode("ascii")
    charset = "utf-8" if "telegram_kind=450" in body else "cp932"
    return dict(parse_qsl(body, keep_blank_values=True, encoding=charset))


def back(result: str = "0", attempt: str | None = "", **more: str) -> list[tuple[str, str]]:
    fields = {"result": result, "3ds_auth_id": AUTH_ID} | ({} if attempt is None else {"attempt_kbn": attempt}) | more
    return [*fields.items(), ("hc", client.return_digest(fields, KEY))]


@pytest.mark.parametrize("example", EXAMPLES)
def test_digest_of_the_return(example: dict) -> None:  # type: ignore[type-arg]
    fields = dict(example["parts_in_order"])
    key = fields.pop("key")
    assert client.return_digest(fields, key) == example["hc"]
    assert threeds.read_return(threeds.Secret(fields["3ds_auth_id"], "t", "low"), [*fields.items(), ("hc", example["hc"])], key).genuine


def test_450_says_what_the_real_client_says(wire: Wire) -> None:
    wire.answers = [answer("450_3ds_token")]
    result = wire.gateway(merchant_name="SAMPLE SHOP").authorize(charge())
    assert wire.requests[0][1] == "/n/threeds/request"
    asked, theirs = sent(wire), request("450_3ds_token")
    # The name is in the token; a guest is login_type 01; the second line of the address has a field of its own.
    differing = {"cardholder_name", "login_type", "bill_address_line1", "bill_address_line2"}
    assert {key: value for key, value in asked.items() if key not in differing} == {
        key: value for key, value in theirs.items() if key not in differing
    }
    assert (asked["bill_address_line1"], asked["bill_address_line2"]) == ("渋谷区神南1-2-3", "髙橋ビル①")
    assert "payment_id" not in asked
    assert isinstance(result, NeedsBuyer)
    assert result.until == STARTED + timedelta(minutes=30)
    assert result.html == captured("450_3ds_token")["response_given"]["text"].partition("out_acs_html=\r\n")[2]
    assert AUTH_ID in result.secret


@pytest.mark.parametrize(
    ("buyer", "absent"),
    [
        (Cardholder(email="a..b@example.jp", phone="09012345678"), "email_address"),
        (Cardholder(email="a.@example.jp"), "email_address"),
        (Cardholder(email="taro@example.jp", phone="12"), "home_phone_subscriber"),
        (Cardholder(prefecture="どこか", address1="x"), "bill_address_state"),
        (Cardholder(prefecture="北海道", address1="札幌市中央区1", address2="  "), "bill_address_line2"),
    ],
)
def test_what_would_spoil_the_result_is_left_out(wire: Wire, buyer: Cardholder, absent: str) -> None:
    wire.answers = [answer("450_3ds_token")]
    wire.gateway(merchant_name="SAMPLE SHOP").authorize(charge(cardholder=buyer))
    assert absent not in sent(wire)


def test_a_mobile_number_and_a_long_city(wire: Wire) -> None:
    wire.answers = [answer("450_3ds_token")]
    buyer = Cardholder(phone="090-1111-2222", prefecture="北海道", address1="札幌市中央区北一条西2丁目")
    wire.gateway(merchant_name="S").authorize(charge(cardholder=buyer))
    fields = sent(wire)
    assert (fields["mobile_phone_cc"], fields["mobile_phone_subscriber"]) == ("81", "9011112222")
    assert (fields["bill_address_state"], fields["bill_address_city"]) == ("01", "札幌市中央区")


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (back(), Authentication(AuthenticationOutcome.AUTHENTICATED, Liability.ISSUER)),
        (back(attempt=None), Authentication(AuthenticationOutcome.AUTHENTICATED, Liability.ISSUER)),
        (back(attempt="0"), Authentication(AuthenticationOutcome.ATTEMPTED, Liability.ISSUER)),
        (back(attempt="1"), Authentication(AuthenticationOutcome.UNCERTAIN, Liability.MERCHANT)),
    ],
)
def test_020_after_the_return(wire: Wire, fields: list[tuple[str, str]], outcome: Authentication) -> None:
    wire.answers = [answer("020_auth_after_3ds")]
    secret = threeds.Secret(AUTH_ID, "tok_3d53d53d53d53d53d53d", "low").packed()
    result = wire.gateway().resume(charge(source=CardSource("")), secret, fields)
    # split_count stands empty and sales_mode=0 says in words what its absence means.
    assert sent(wire) == request("020_auth_after_3ds") | {"split_count": "", "sales_mode": "0"}
    assert isinstance(result, Approved)
    assert result.authentication == outcome


@pytest.mark.parametrize(
    ("fields", "control", "code"),
    [
        (back("1", None, response_code="31007"), "low", "31007"),
        (back("1", None, response_code="31013"), "low", "31013"),
        (back(attempt="1"), "middle", "2015"), (back(attempt="0"), "high", "2015"),
        (back(attempt="0"), "", "2015"), (back(attempt="7"), "low", ""),
    ],
)  # fmt: skip
def test_no_020_after_a_result_that_is_not_enough(
    wire: Wire, fields: list[tuple[str, str]], control: str, code: str
) -> None:
    secret = threeds.Secret(AUTH_ID, "tok", control).packed()
    result = wire.gateway().resume(charge(), secret, fields)
    assert isinstance(result, Declined)
    assert result.code == code
    assert wire.requests == []


def test_a_lost_450_is_no_payment(wire: Wire) -> None:
    wire.answers = [b"no telegram"]
    assert isinstance(wire.gateway().authorize(charge()), NotSent)


def test_a_brand_without_authentication_goes_on_at_the_merchants_risk_only_where_allowed(wire: Wire) -> None:
    wire.answers = [answer("450_3ds_unsupported_brand"), telegram(result="0", payment_id="1", trading_id="order00791")]
    result = wire.gateway().authorize(charge())
    assert isinstance(result, Approved)
    assert result.authentication == threeds.WITHOUT
    assert (sent(wire)["telegram_kind"], sent(wire)["3dsecure_ryaku"]) == ("020", "1")
    wire.answers = [answer("450_3ds_unsupported_brand")]
    strict = wire.gateway().authorize(charge(options={"use_3ds": "1", "attempt_control": "middle"}))
    assert isinstance(strict, Declined)
    assert strict.code == "31012"


def test_nothing_of_the_return_is_genuine_without_a_key() -> None:
    fields = {"result": "0", "3ds_auth_id": AUTH_ID}
    signed = [*fields.items(), ("hc", client.return_digest(fields, ""))]
    assert not threeds.read_return(threeds.Secret(AUTH_ID, "t", "low"), signed, "").genuine


def test_no_secret_is_shown() -> None:
    assert "tok_1" not in repr(threeds.Secret(AUTH_ID, "tok_1", "low"))


def test_the_timeline_hides_token_and_page(wire: Wire) -> None:
    wire.answers = [answer("450_3ds_token")]
    wire.gateway(merchant_name="S").authorize(charge())
    (exchange,) = wire.exchanges
    assert "tok_3d53" not in exchange.request
    assert "<form" not in exchange.response
