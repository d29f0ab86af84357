"""What ベリトランス4G and りそな PayResort allow on one payment – every verb in every state, each reason to refuse – and what their
forms offer."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers.contract import MoneyStatus, Reason, Recovery, Snapshot, Verb
from providers.kept_cards import Linking
from providers.payresort import PROVIDER as PAYRESORT
from providers.payresort import PayResortCapabilities
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Setting
from providers.veritrans4g.capabilities import Veritrans4GCapabilities
from providers.veritrans4g.product import Product
from providers.veritrans4g.provider import PROVIDER as VERITRANS4G

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FULL, BANK = Veritrans4GCapabilities(), PayResortCapabilities()
AUTHORIZED = Snapshot(
    status=MoneyStatus.AUTHORIZED, authorized_yen=3130, order_total_yen=3130, capture_at_once=False,
    remote_status=MoneyStatus.AUTHORIZED, remote_amount_yen=3130, remote_readable=True,
    authorized_at=NOW - timedelta(days=1),
)  # fmt: skip
CAPTURED = replace(AUTHORIZED, status=MoneyStatus.CAPTURED, remote_status=MoneyStatus.CAPTURED)
ALLOWED = {
    (Verb.CAPTURE, MoneyStatus.AUTHORIZED), (Verb.VOID, MoneyStatus.AUTHORIZED), (Verb.REFUND, MoneyStatus.CAPTURED),
}  # fmt: skip
both = pytest.mark.parametrize("can", [FULL, BANK], ids=["veritrans4g", "payresort"])
products = pytest.mark.parametrize("product", [VERITRANS4G, PAYRESORT], ids=lambda product: product.code)


def _allowed(can: Veritrans4GCapabilities, facts: Snapshot) -> set[Verb]:
    return {verb for verb in Verb if can.verdict(verb, facts, NOW).allowed}


# ---- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.req("R-195")
@pytest.mark.parametrize("status", MoneyStatus)
@pytest.mark.parametrize("verb", Verb)
def test_every_verb_in_every_state(verb: Verb, status: MoneyStatus) -> None:
    """Full cancellation only; amounts agree here, so there is nothing to renew."""
    verdict = FULL.verdict(verb, replace(AUTHORIZED, status=status, remote_status=status), NOW)
    assert verdict.allowed == ((verb, status) in ALLOWED)
    if verdict.allowed:
        assert (verdict.reason, verdict.min_yen, verdict.max_yen) == (Reason.NONE, 3130, 3130)
    else:
        known = verb in (Verb.CAPTURE, Verb.VOID, Verb.REFUND, Verb.REAUTHORIZE)
        assert verdict.reason == (Reason.NOT_NOW if known else Reason.NEVER)


@pytest.mark.req("R-041", "R-043")
@pytest.mark.parametrize("status", MoneyStatus)
@pytest.mark.parametrize("verb", Verb)
def test_the_bank_allows_capture_and_cancellation_of_an_authorization_and_no_more(verb: Verb, status: MoneyStatus) -> None:
    verdict = BANK.verdict(verb, replace(AUTHORIZED, status=status, remote_status=status), NOW)
    offered = verb in (Verb.CAPTURE, Verb.VOID) and status not in (MoneyStatus.CAPTURED, MoneyStatus.VOIDED)
    assert verdict.allowed == (offered and status == MoneyStatus.AUTHORIZED)
    assert verdict.reason == (Reason.NONE if verdict.allowed else Reason.NOT_NOW if offered else Reason.NEVER)


@pytest.mark.req("R-040")
@pytest.mark.parametrize("facts", [AUTHORIZED, CAPTURED, replace(CAPTURED, order_total_yen=1), replace(AUTHORIZED, remote_readable=False)])
def test_the_bank_has_no_buttons_where_the_amount_is_taken_at_once(facts: Snapshot) -> None:
    verdicts = {BANK.verdict(verb, replace(facts, capture_at_once=True), NOW) for verb in Verb}
    assert {(verdict.allowed, verdict.reason) for verdict in verdicts} == {(False, Reason.NEVER)}


def test_a_payment_taken_at_once_can_be_given_back_elsewhere() -> None:
    assert _allowed(FULL, replace(CAPTURED, capture_at_once=True)) == {Verb.REFUND}


@both
@pytest.mark.parametrize("facts", [AUTHORIZED, CAPTURED], ids=["authorized", "captured"])
def test_nothing_is_allowed_blind(can: Veritrans4GCapabilities, facts: Snapshot) -> None:
    blind = replace(facts, remote_readable=False)
    assert _allowed(can, blind) == set()
    assert {can.verdict(verb, blind, NOW).reason for verb in Verb} <= {Reason.UNREADABLE, Reason.NEVER}


@both
@pytest.mark.req("R-042")
@pytest.mark.parametrize("total", [1, 3129])
def test_a_lower_total_is_what_is_captured(can: Veritrans4GCapabilities, total: int) -> None:
    verdict = can.verdict(Verb.CAPTURE, replace(AUTHORIZED, order_total_yen=total), NOW)
    assert (verdict.allowed, verdict.min_yen, verdict.max_yen) == (True, total, total)


@both
@pytest.mark.req("R-042")
@pytest.mark.parametrize(
    "facts", [replace(AUTHORIZED, order_total_yen=3131), replace(AUTHORIZED, remote_amount_yen=3129)], ids=["grown", "provider holds less"]
)
def test_a_higher_total_is_not(can: Veritrans4GCapabilities, facts: Snapshot) -> None:
    verdict = can.verdict(Verb.CAPTURE, facts, NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.RAISED)
    assert can.verdict(Verb.VOID, facts, NOW).allowed


@both
def test_an_order_for_nothing_is_not_captured(can: Veritrans4GCapabilities) -> None:
    verdict = can.verdict(Verb.CAPTURE, replace(AUTHORIZED, order_total_yen=0), NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.OUT_OF_RANGE)


@pytest.mark.req("R-043")
@pytest.mark.parametrize("total", [1, 3129, 3131])
def test_the_bank_never_changes_an_amount(total: int) -> None:
    for facts in (AUTHORIZED, CAPTURED):
        for verb in (Verb.REAUTHORIZE, Verb.CHANGE):
            verdict = BANK.verdict(verb, replace(facts, order_total_yen=total), NOW)
            assert (verdict.allowed, verdict.reason) == (False, Reason.NEVER)


@pytest.mark.parametrize("total", [1, 3129, 3131, 99_999_999])
def test_an_amount_that_differs_is_authorized_anew(total: int) -> None:
    facts = replace(AUTHORIZED, order_total_yen=total)
    verdict = FULL.verdict(Verb.REAUTHORIZE, facts, NOW)
    assert (verdict.allowed, verdict.min_yen, verdict.max_yen) == (True, 1, 99_999_999)
    assert FULL.verdict(Verb.REAUTHORIZE, replace(facts, three_ds=True), NOW).reason == Reason.THREE_DS
    for status in set(MoneyStatus) - {MoneyStatus.AUTHORIZED}:
        assert FULL.verdict(Verb.REAUTHORIZE, replace(facts, status=status), NOW).reason == Reason.NOT_NOW


@pytest.mark.parametrize("total", [0, 100_000_000])
def test_an_amount_no_card_can_have_is_not_sent(total: int) -> None:
    verdict = FULL.verdict(Verb.REAUTHORIZE, replace(AUTHORIZED, order_total_yen=total), NOW)
    assert (verdict.allowed, verdict.reason) == (False, Reason.OUT_OF_RANGE)


@both
def test_an_amount_never_reported_does_not_block(can: Veritrans4GCapabilities) -> None:
    assert can.verdict(Verb.CAPTURE, replace(AUTHORIZED, remote_amount_yen=None), NOW).allowed


@both
@pytest.mark.req("R-071")
def test_capture_ends_sixty_days_after_the_authorization(can: Veritrans4GCapabilities) -> None:
    end = NOW + timedelta(days=59)
    assert can.verdict(Verb.CAPTURE, AUTHORIZED, end - timedelta(seconds=1)).until == end
    late = can.verdict(Verb.CAPTURE, AUTHORIZED, end)
    assert (late.allowed, late.reason) == (False, Reason.EXPIRED)
    assert can.verdict(Verb.VOID, AUTHORIZED, end).allowed
    assert FULL.verdict(Verb.REAUTHORIZE, replace(AUTHORIZED, order_total_yen=1), end).reason == Reason.EXPIRED
    undated = can.verdict(Verb.CAPTURE, replace(AUTHORIZED, authorized_at=None), end)
    assert (undated.allowed, undated.until) == (True, None)


@both
def test_limits(can: Veritrans4GCapabilities) -> None:
    assert (can.max_yen, can.absent_after, can.call_deadline) == (99_999_999, 180.0, 35.0)
    assert (can.update_verb, can.charges_while_away) == (Verb.REAUTHORIZE, True)
    assert can.recovery == {
        Verb.AUTHORIZE: Recovery.BY_MERCHANT_REF, Verb.REAUTHORIZE: Recovery.BY_MERCHANT_REF,
        Verb.CAPTURE: Recovery.BY_HANDLE, Verb.VOID: Recovery.BY_HANDLE, Verb.REFUND: Recovery.BY_HANDLE,
    }  # fmt: skip


# ---- settings --------------------------------------------------------------------------------------------------------


def setting(product: Product, key: str) -> Setting:
    (found,) = [each for each in product.settings if each.key == key]
    return found


@pytest.mark.req("R-034")
@products
def test_when_the_money_is_taken(product: Product) -> None:
    field = setting(product, CAPTURE)
    assert field.choices == ((CAPTURE_LATER, "与信のみを実行する"), (CAPTURE_AT_ONCE, "与信と売上を実行する"))
    assert (field.kind, field.required, field.scope, field.label) == ("radio", True, "method", "クレジットカード決済の設定")


@pytest.mark.req("R-035")
def test_the_bank_offers_three_types_of_authentication() -> None:
    field = setting(PAYRESORT, "authentication")
    assert field.choices == (
        ("company", "通常認証（カード会社リスク負担）"),
        ("merchant", "通常認証（カード会社、加盟店リスク負担）"),
        ("complete", "完全認証"),
    )
    assert (field.kind, field.required, field.mark, field.label) == ("radio", True, "④", "本人認証タイプ（3D セキュア）")
    assert setting(VERITRANS4G, "authentication").choices == (*field.choices, ("off", "利用しない"))


@pytest.mark.req("R-036")
@products
def test_instalments(product: Product) -> None:
    assert setting(product, "instalments").choices == (("split", "分割あり"), ("once", "一括のみ"))
    can = product.capabilities
    assert can.instalments({"instalments": "split"}) == (1, 3, 6, 10, 12, 15, 18, 20, 24)
    assert can.instalments({"instalments": "split", "bonus": "1"}) == can.instalments({"instalments": "split"})
    assert can.instalments({"instalments": "once"}) == can.instalments({}) == (1,)


@pytest.mark.req("R-033")
def test_what_the_bank_gives_its_merchants() -> None:
    account = [(field.mark, field.label) for field in PAYRESORT.settings if field.scope == "account"]
    assert account == [("①", "マーチャント CCID"), ("", "マーチャント認証鍵"), ("②", "Token Api Key")]
    assert all(field.required for field in PAYRESORT.settings if field.scope == "account")
    assert [field.mark for field in PAYRESORT.settings if field.scope == "method"] == ["③", "④", "⑤", "⑥"]
    assert set(PAYRESORT.marks.values()) == {"⑦"}


@products
def test_practice_settings_fill_the_form(product: Product) -> None:
    made = product.practice_settings()
    for field in product.settings:
        if field.scope == "account":
            assert re.fullmatch(field.pattern, made[field.key]), field.key
    # The provider's own test world is for practice only: no form offers it.
    assert made.keys() - {field.key for field in product.settings} == {"dummy"}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("merchant_ccid", "A10000000000000000democ"), ("merchant_ccid", "A1000000000000000-democc"), ("merchant_key", "AB" * 32),
        ("merchant_key", "ab" * 31), ("token_api_key", "de300000-0000-4000-8000-00000000400"), ("token_api_key", "de300000000040008000000000004001"),
    ],
)  # fmt: skip
def test_what_no_contract_looks_like(key: str, wrong: str) -> None:
    assert not re.fullmatch(setting(VERITRANS4G, key).pattern, wrong)


def test_authentication_and_kept_cards() -> None:
    assert [FULL.authenticates({"authentication": kind}) for kind in ("company", "merchant", "complete", "off", "")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert BANK.authenticates({})
    assert [FULL.linking({"card_linking": word}) for word in ("always", "ask", "never", "")] == [
        Linking.ALWAYS, Linking.ASK, Linking.NEVER, Linking.NEVER,
    ]  # fmt: skip
    assert BANK.linking({"card_linking": "always"}) == Linking.NEVER
    assert (FULL.tokens_to_link, BANK.tokens_to_link) == (2, 0)


@products
def test_reference_of_twenty_digits_with_the_day_in_japan(product: Product) -> None:
    evening = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 21 November in Japan
    made = {product.new_merchant_ref(evening) for _ in range(2000)}
    assert len(made) == 2000
    assert all(len(ref) == 20 and ref.isdigit() and ref.startswith("9261121") for ref in made)


@products
def test_a_member_keeps_one_account(product: Product) -> None:
    assert product.customer_ref("k3v0", 1) == product.customer_ref("k3v0", 7) == "mk3v0"


@products
def test_causes_that_a_code_proves(product: Product) -> None:
    assert "テスト環境" in product.unreadable("NH41000000000000", earlier_contract=False)
    assert "以前の契約" in product.unreadable("NH41000000000000", earlier_contract=True)
    assert product.unreadable("NZ99", earlier_contract=False) == ""
    # Staff read a refusal's code as it came.
    assert product.refusal("AG39000000000000") == ""
