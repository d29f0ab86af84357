"""接続テスト and renewed credentials, against the practice provider."""

import pytest

from providers.contract import Absent, Approved, Declined, MoneyStatus, RemoteState, Unreadable
from providers.settings import Finding
from providers.veritrans4g.adapter import NO_PAYMENT
from tests.wire.veritrans4g.practice import LOST, NOW, Practice

CONTRACT, TOKEN = ("merchant_ccid", "merchant_key"), ("token_api_key",)
OTHER_KEY = "ab" * 32


def findings(practice: Practice, **settings: str) -> dict[tuple[str, ...], tuple[Finding, str]]:
    checks = practice.gateway(**settings).check_settings(NOW)
    assert all(check.text for check in checks)
    return {check.keys: (check.finding, check.code) for check in checks}


def renew(practice: Practice, key: str = OTHER_KEY) -> None:
    practice.spoil("merchants", merchant_ccid=practice.product.demo.merchant_ccid, merchant_key=key)


def test_right_settings(either: Practice) -> None:
    assert findings(either) == {CONTRACT: (Finding.CORRECT, ""), TOKEN: (Finding.FIRST_PAYMENT, "")}
    assert either.world.books()["payments"] == []
    assert NO_PAYMENT in either.sent()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"merchant_ccid": "A100000000000000nobodycc"}, "NZ02"), ({"merchant_key": OTHER_KEY}, "NZ03")],
)
def test_wrong_settings(either: Practice, wrong: dict[str, str], code: str) -> None:
    assert findings(either, **wrong)[CONTRACT] == (Finding.WRONG, code)


def test_an_order_that_is_there_cannot_be_one_of_ours(practice: Practice) -> None:
    """Our order ids are digits: what the test asks for can never stand for a payment."""
    assert not NO_PAYMENT.isdigit()
    assert practice.product.new_merchant_ref(NOW).isdigit()


@pytest.mark.parametrize("mode", LOST)
def test_no_answer_proves_nothing(practice: Practice, mode: str) -> None:
    practice.world.fault(mode, "Search/search")
    assert findings(practice)[CONTRACT] == (Finding.NO_ANSWER, "")


def test_a_contract_that_has_ended(practice: Practice) -> None:
    practice.spoil("merchants", withdrawn=True)
    assert findings(practice)[CONTRACT][0] == Finding.WRONG


def test_a_renewed_key_serves_older_orders_and_the_old_one_nothing(either: Practice) -> None:
    handle = either.authorized()
    renew(either)
    refused = either.gateway().capture(handle, 3130)
    assert isinstance(refused, Declined)
    assert either.booked(handle) == ("authorized", 3130)
    assert isinstance(either.gateway().query(handle=handle), Unreadable)
    assert isinstance(either.gateway(merchant_key=OTHER_KEY).capture(handle, 3130), Approved)
    state = either.gateway(merchant_key=OTHER_KEY).query(handle=handle)
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.CAPTURED


def test_a_return_signed_with_the_old_key_is_refused(practice: Practice) -> None:
    charge, asked = practice.authenticating()
    fields = practice.walk(asked)
    renewed = practice.gateway(merchant_key=OTHER_KEY)
    assert practice.gateway().read_return(asked.secret, fields).genuine
    assert renewed.read_return(asked.secret, fields).reason == "signature"
    renew(practice)
    assert isinstance(renewed.resume(charge, asked.secret, fields), Approved)


def test_a_wrong_key_is_no_absence(either: Practice) -> None:
    asked = either.gateway(merchant_key=OTHER_KEY).query(merchant_ref="nobody")
    assert isinstance(asked, Unreadable)
    assert either.gateway().query(merchant_ref="nobody") == Absent()
