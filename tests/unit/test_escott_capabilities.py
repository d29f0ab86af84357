"""What e-SCOTT and its shop guide allow on one payment, the words for refusals, and the settings ①–⑬."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from providers.contract import Category, MoneyStatus, Reason, Snapshot, Verb, Verdict
from providers.escott import PROVIDER, errors
from providers.escott.capabilities import EscottCapabilities
from providers.kept_cards import Linking
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CAN = EscottCapabilities()
AUTHORIZED = Snapshot(
    status=MoneyStatus.AUTHORIZED, authorized_yen=4980, order_total_yen=4980, capture_at_once=False,
    remote_status=MoneyStatus.AUTHORIZED, remote_amount_yen=4980, remote_readable=True,
    authorized_at=NOW - timedelta(days=1),
)  # fmt: skip
EDITED = replace(AUTHORIZED, order_total_yen=5980)
#: 売上確定, 取引更新 and キャンセル.
BUTTONS = (Verb.CAPTURE, Verb.CHANGE, Verb.VOID)
WHOLE = Verdict(True, min_yen=4980, max_yen=4980)


def verdict(verb: Verb, facts: Snapshot) -> Verdict:
    return CAN.verdict(verb, facts, NOW)


def reasons(facts: Snapshot) -> dict[Verb, Reason]:
    return {verb: verdict(verb, facts).reason for verb in BUTTONS}


# ---- buttons ---------------------------------------------------------------------------------------------------

CASES = {
    # 取引更新 with an unchanged amount would be an error (K23): it waits for one that differs.
    "authorized": (AUTHORIZED, (Reason.NONE, Reason.NOT_NOW, Reason.NONE)),
    # 1Capture names no amount: what was edited is updated first.
    "order grew": (EDITED, (Reason.AMOUNT_DIFFERS, Reason.NONE, Reason.NONE)),
    "order shrank": (replace(EDITED, order_total_yen=1), (Reason.AMOUNT_DIFFERS, Reason.NONE, Reason.NONE)),
    "provider holds less": (replace(AUTHORIZED, remote_amount_yen=4979), (Reason.AMOUNT_DIFFERS, Reason.NONE, Reason.NONE)),
    "amount never told": (replace(AUTHORIZED, remote_amount_yen=None), (Reason.NONE, Reason.NOT_NOW, Reason.NONE)),
    "order costs nothing": (replace(EDITED, order_total_yen=0), (Reason.AMOUNT_DIFFERS, Reason.OUT_OF_RANGE, Reason.NONE)),
    "order costs too much": (replace(EDITED, order_total_yen=10_000_000), (Reason.AMOUNT_DIFFERS, Reason.OUT_OF_RANGE, Reason.NONE)),
    "unreadable": (replace(EDITED, remote_readable=False), (Reason.UNREADABLE,) * 3),
    "found on the console alone": (replace(EDITED, reachable=False), (Reason.CONSOLE_ONLY,) * 3),
    "captured": (replace(AUTHORIZED, status=MoneyStatus.CAPTURED), (Reason.NOT_NOW, Reason.NEVER, Reason.NEVER)),
    "captured and edited": (replace(EDITED, status=MoneyStatus.CAPTURED), (Reason.NOT_NOW, Reason.NEVER, Reason.NEVER)),
    **{
        status.value: (replace(EDITED, status=status), (Reason.NOT_NOW,) * 3)
        for status in MoneyStatus if status not in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED)
    },
}  # fmt: skip


@pytest.mark.req("R-076", "R-079")
@pytest.mark.parametrize("case", CASES)
def test_buttons_of_an_order_that_was_authorized_only(case: str) -> None:
    facts, expected = CASES[case]
    assert reasons(facts) == dict(zip(BUTTONS, expected, strict=True))
    assert all(verdict(verb, facts).allowed == (not reason) for verb, reason in reasons(facts).items())


@pytest.mark.req("R-077")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("verb", Verb)
def test_no_button_for_an_order_whose_amount_was_taken_at_once(case: str, verb: Verb) -> None:
    assert verdict(verb, replace(CASES[case][0], capture_at_once=True)) == Verdict(False, Reason.NEVER)


@pytest.mark.parametrize("verb", [verb for verb in Verb if verb not in BUTTONS])
@pytest.mark.parametrize("case", CASES)
def test_there_is_no_other_button(case: str, verb: Verb) -> None:
    """No refund after the sale, no second authorization: a new amount is 1Change."""
    assert verdict(verb, CASES[case][0]) == Verdict(False, Reason.NEVER)
    assert CAN.update_verb == Verb.CHANGE


def test_the_whole_amount_or_nothing() -> None:
    until = AUTHORIZED.authorized_at + timedelta(days=60) if AUTHORIZED.authorized_at else None
    assert verdict(Verb.CAPTURE, AUTHORIZED) == replace(WHOLE, until=until)
    assert verdict(Verb.VOID, AUTHORIZED) == WHOLE
    assert verdict(Verb.CHANGE, EDITED) == Verdict(True, min_yen=1, max_yen=9_999_999)


def test_an_authorization_ends_after_sixty_days() -> None:
    end = NOW - timedelta(days=1) + timedelta(days=60)
    for verb, facts in ((Verb.CAPTURE, AUTHORIZED), (Verb.CHANGE, EDITED)):
        assert CAN.verdict(verb, facts, end - timedelta(seconds=1)).allowed
        assert CAN.verdict(verb, facts, end) == Verdict(False, Reason.EXPIRED)
    assert CAN.verdict(Verb.VOID, AUTHORIZED, end).allowed


def test_an_unknown_beginning_has_no_end() -> None:
    assert verdict(Verb.CAPTURE, replace(AUTHORIZED, authorized_at=None)) == WHOLE


def test_limits() -> None:
    assert (CAN.max_yen, CAN.absent_after, CAN.call_deadline, CAN.tokens_to_link) == (9_999_999, 180.0, 35.0, 2)
    assert set(CAN.recovery) == {Verb.AUTHORIZE, Verb.CAPTURE, Verb.CHANGE, Verb.VOID, Verb.REFUND}
    assert not CAN.charges_while_away
    assert not CAN.authenticates({"use_3ds": "1"})


# ---- settings --------------------------------------------------------------------------------------------------


@pytest.mark.req("R-074")
@pytest.mark.parametrize(
    ("settings", "counts"),
    [
        ({}, (1,)), ({"instalments": "0"}, (1,)), ({"instalments": ""}, (1,)),
        ({"instalments": "1"}, (1, 2, 3, 5, 6, 10, 12, 15, 18, 20, 24, 0)),
    ],
)  # fmt: skip
def test_instalments_are_the_providers_list_or_none(settings: dict[str, str], counts: tuple[int, ...]) -> None:
    assert CAN.instalments(settings) == counts


FORM = {
    "①": (CAPTURE, "売上方式"), "②": ("merchant_id", "マーチャントID"), "③": ("merchant_pass", "マーチャントパスワード"),
    "④": ("token_code", "トークン決済認証コード"), "⑤": ("tenant_id", "店舗コード"), "⑥": ("instalments", "支払回数選択を表示する"),
    "⑦": ("card_linking", "クレジットカードの紐づけ設定"), "⑧": ("card_lead", "クレジットカード情報入力箇所注意書き"),
    "⑨": ("instalments_note", "支払回数欄の注意書き"),
}  # fmt: skip
BY_KEY = {setting.key: setting for setting in PROVIDER.settings}


@pytest.mark.req("R-073")
def test_the_form_has_the_fields_of_the_guide_by_number() -> None:
    """⑩–⑬ are fields that every method has; the guide shows ⑭ only where there are subscriptions."""
    assert {setting.mark: (setting.key, setting.label) for setting in PROVIDER.settings} == FORM
    assert PROVIDER.marks == {"name": "⑩", "conditions": "⑪", "note": "⑫", "logo": "⑬"}
    assert Counter([*FORM, *PROVIDER.marks.values()]) == Counter("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬")
    assert dict(BY_KEY[CAPTURE].choices) == {CAPTURE_LATER: "与信", CAPTURE_AT_ONCE: "与信売上計上"}


def test_the_values_of_the_contract_are_required_and_one_is_secret() -> None:
    contract = {key for key, setting in BY_KEY.items() if setting.scope == "account"}
    assert contract == {"merchant_id", "merchant_pass", "token_code", "tenant_id"}
    assert all(BY_KEY[key].required for key in contract)
    assert {key for key, setting in BY_KEY.items() if setting.secret} == {"merchant_pass"}
    assert {key for key, setting in BY_KEY.items() if setting.contract} == {"merchant_id"}


def test_linking_is_the_choice_of_the_form() -> None:
    assert [CAN.linking({"card_linking": mode}) for mode, _ in BY_KEY["card_linking"].choices] == list(Linking)
    assert CAN.linking({}) == CAN.linking({"card_linking": ""}) == Linking.NEVER


# ---- words -----------------------------------------------------------------------------------------------------

CARD_COMPANY = "クレジットカード会社にお問い合わせください"
SHOP = "ショップ様にお問い合わせください"
SONY = "ソニーペイメント取引の処理に失敗いたしました。詳細につきましては、ソニーペイメントまでお問い合わせください"
GENERAL = "決済処理エラーが発生しました"

BUYER = [
    *((code, CARD_COMPANY) for code in ("G12", "G30", "G55", "G99", "G55|K99", "K22|G44", "K99|G55")),
    *((code, SHOP) for code in ("K22", "C13", "C80", "K03", "KG8", "KI2", "U04", "W01", "K22|K23", "P51", "", "K999")),
    *((code, SONY) for code in ("K99", "K22|K99", "K99|K22")),
    *((code, GENERAL) for code in ("K68", "K68|K99")),
]


@pytest.mark.req("R-081", "R-082", "R-083")
@pytest.mark.parametrize(("code", "text"), [each for each in BUYER if each[1] != GENERAL])
def test_what_a_buyer_reads_goes_by_the_beginning_of_the_code(code: str, text: str) -> None:
    """Whatever the category; never the code, so that nobody can test cards by it."""
    for category in set(Category) - {Category.STORED_CARD_GONE}:
        message = PROVIDER.buyer_message(category, code)
        assert (message.text, message.code) == (text, "")


@pytest.mark.req("R-085")
@pytest.mark.parametrize("code", [code for code, text in BUYER if text == GENERAL])
def test_without_the_member_function_a_buyer_reads_a_general_word(code: str) -> None:
    message = PROVIDER.buyer_message(errors.category(code.split("|")), code)
    assert (message.text, message.code) == (GENERAL, "")


@pytest.mark.req("R-083", "R-084")
@pytest.mark.parametrize(("code", "words"), [("K99", SONY), ("K22", ""), ("G55", ""), ("C13|K22", ""), ("K22|K99", ""), ("", "")])
def test_staff_read_the_code_as_it_came_but_one(code: str, words: str) -> None:
    assert PROVIDER.refusal(code) == words


@pytest.mark.parametrize(
    ("code", "beginning"),
    [
        *((code, "決済状況が確認できません。") for code in ("K02", "K03", "K04", "K13", "KG8", "K02|K03")),
        ("K12", "決済会社で取引が見つかりません。保存期間が過ぎているか、お店で控えている取引の番号が"), ("K96", None), ("", None),
    ],
)  # fmt: skip
def test_the_cause_of_an_unreadable_payment(code: str, beginning: str | None) -> None:
    words = PROVIDER.unreadable(code, earlier_contract=False)
    assert words.startswith(beginning) if beginning else words == ""
    assert PROVIDER.unreadable(code, earlier_contract=True).startswith("以前の契約")


def test_every_code_of_the_table_is_reached() -> None:
    """One that stands behind a shorter beginning would never count."""
    for known, category in errors._CATEGORIES.items():
        assert errors.category([known]) == category
    assert errors.category([]) == errors.category(["K01"]) == errors.category(["X99"]) == Category.OTHER
    assert errors.category(["G12"]) == Category.CARD_REFUSED


@pytest.mark.parametrize(
    ("codes", "surely"),
    [
        (["K22"], True), (["G55", "C13"], True), (["U04"], True), (["W01"], True), (["K97"], True), (["K99"], True), (["K88"], True),
        ([], False), (["K96"], False), (["K22", "K98"], False), (["KBX"], False), (["KBY"], False), (["KH0"], False),
        (["C03", "G55"], False), (["U96"], False), (["W03"], False), (["P51"], False), (["R01", "K22"], False),
    ],
)  # fmt: skip
def test_only_what_surely_says_so_is_a_refusal(codes: list[str], surely: bool) -> None:
    assert errors.is_refusal(codes) == surely


def test_what_the_script_can_say_is_put_into_words() -> None:
    messages = PROVIDER.browser_messages()
    assert messages.keys() == {"no_script", "no_token", ""}
    assert len({message.text for message in messages.values()}) == 3
    assert all(f'"{code}"' in PROVIDER.browser_module for code in messages if code)


def test_reference_of_twenty_digits_with_the_day_in_japan() -> None:
    evening = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 21 November in Japan
    made = {PROVIDER.new_merchant_ref(evening) for _ in range(2000)}
    assert len(made) == 2000
    assert all(len(ref) == 20 and ref.isdigit() and ref.startswith("9261121") for ref in made)
