"""接続テスト at the practice world: every value that can be judged is, the one that no order shows included (guide §7-5)."""

import pytest

from providers.escott import PROVIDER
from providers.settings import Finding
from tests.wire.escott.desk import Desk

MERCHANT, TENANT, LATER = ("merchant_id", "merchant_pass"), ("tenant_id",), ("token_code",)
BOTH = (*MERCHANT, *TENANT)
FIRST_PAYMENT = (LATER, Finding.FIRST_PAYMENT, "")


def found(desk: Desk, **settings: str) -> list[tuple[tuple[str, ...], Finding, str]]:
    return [(check.keys, check.finding, check.code) for check in desk.gateway(**settings).check_settings(desk.now())]


@pytest.mark.req("R-027")
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [(MERCHANT, Finding.CORRECT, ""), (TENANT, Finding.CORRECT, "")]),
        ({"merchant_pass": "wrong"}, [(MERCHANT, Finding.WRONG, "K03")]),
        ({"merchant_id": "90000009"}, [(MERCHANT, Finding.WRONG, "K03")]),
        ({"merchant_id": "", "merchant_pass": ""}, [(MERCHANT, Finding.WRONG, "K02|K03")]),
        ({"tenant_id": "0002"}, [(MERCHANT, Finding.CORRECT, ""), (TENANT, Finding.WRONG, "K13")]),
        ({"tenant_id": "1"}, [(MERCHANT, Finding.CORRECT, ""), (TENANT, Finding.WRONG, "K04")]),
        ({"merchant_pass": "wrong", "tenant_id": "0002"}, [(MERCHANT, Finding.WRONG, "K03")]),
    ],
    ids=["right", "pass", "number", "neither", "shop", "form of shop", "pass before shop"],
)
def test_wrong_values_are_named(desk: Desk, settings: dict[str, str], expected: list[object]) -> None:
    assert found(desk, **settings) == [*expected, FIRST_PAYMENT]
    assert desk.operations() == ["1Search"]
    assert desk.payments() == []


def test_a_contract_that_is_locked_says_so(desk: Desk) -> None:
    """Right values do not help then, so another sentence than that of wrong ones."""
    wrong = [desk.gateway(merchant_pass="wrong").check_settings(desk.now())[0] for _ in range(5)]
    locked = desk.gateway().check_settings(desk.now())[0]
    assert (locked.keys, locked.finding, locked.code) == (MERCHANT, Finding.WRONG, "KG8")
    assert locked.text.startswith("間違いが続いたため")
    assert {check.code for check in wrong} == {"K03"}
    assert locked.text not in {check.text for check in wrong}


@pytest.mark.parametrize("mode", ["close", "html", "http_500", "empty"])
def test_no_answer_is_no_finding(desk: Desk, mode: str) -> None:
    desk.fault("1Search", mode)
    assert found(desk) == [(BOTH, Finding.NO_ANSWER, ""), FIRST_PAYMENT]


@pytest.mark.parametrize("code", ["K96", "K97", "K13|K03", "K12|K13"])
def test_a_code_that_proves_nothing_is_no_finding(desk: Desk, code: str) -> None:
    desk.fault("1Search", "code", code=code)
    assert found(desk) == [(BOTH, Finding.NO_ANSWER, code), FIRST_PAYMENT]


def test_every_judged_value_is_a_setting_and_every_contract_value_is_judged(desk: Desk) -> None:
    judged = {key for keys, _, _ in found(desk) for key in keys}
    assert judged == {setting.key for setting in PROVIDER.settings if setting.scope == "account"}
