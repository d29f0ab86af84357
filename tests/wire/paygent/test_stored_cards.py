"""カードお預かり on the wire: 025, 026, 027, and 020 and 450 with a kept card – as captured, over a real socket."""

import json
from datetime import UTC, datetime

import pytest

from providers.charge import CardSource, Charge
from providers.codecs import parse_form
from providers.contract import (
    Absent,
    Approved,
    Category,
    Declined,
    MoneyStatus,
    NeedsBuyer,
    Unknown,
    Unreadable,
)
from providers.kept_cards import CardList, CardRemoved, CardStored, KeptCard, StoredCardSource
from providers.paygent import client, errors, threeds
from tests.wire.paygent.serving import SETTINGS, Wire
from tests.wire.paygent.test_gateway import answer, request, telegram
from tests.wire.paygent.test_vectors import VECTORS

MEMBER = "m0000000123"
STORED = StoredCardSource(MEMBER, "10293847")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def body(name: str) -> bytes:
    return bytes.fromhex(VECTORS[name]["request"]["body_hex"])


def sent_body(wire: Wire) -> bytes:
    ((_, path, _, content),) = wire.requests
    assert path == "/n/card/request"
    return content


def charge(ref: str = "order00788", **options: str) -> Charge:
    return Charge(ref, 2450, STORED, capture=False, options=options, return_url="https://shop.example/r", started_at=NOW)


def test_storing_sends_the_captured_bytes(wire: Wire) -> None:
    """Without a validity check: nothing is authorized (R-150)."""
    wire.answers = [answer("025_store_card_limit")]
    result = wire.gateway().store_card(MEMBER, CardSource("tok_store22222222222222"))
    assert sent_body(wire) == body("025_store_card_limit")
    assert result == Declined(Category.STATE_CONFLICT, "P023", "カード情報がすでに上限数登録済みです。")


def test_what_is_stored_is_read(wire: Wire) -> None:
    wire.answers = [answer("025_store_card_token")]
    result = wire.gateway().store_card(MEMBER, CardSource("tok_store00000000000000"))
    assert result == CardStored(KeptCard("10293847", "1111", "", "1230"))


@pytest.mark.parametrize(("acquirer", "brand"), [("99661", "JCB"), ("99660", "Diners Club"), ("99819", "American Express"), ("50001", "")])
def test_a_brand_is_told_only_by_an_acquirer_of_one(wire: Wire, acquirer: str, brand: str) -> None:
    wire.answers = [telegram(result="0", customer_card_id="7", masked_card_number="************1000", card_valid_term="1399", acq_id=acquirer)]
    assert wire.gateway().store_card(MEMBER, CardSource("t")) == CardStored(KeptCard("7", "1000", brand, ""))


def test_a_success_without_a_card_is_none(wire: Wire) -> None:
    wire.answers = [telegram(result="0", num_of_cards="1")]
    assert isinstance(wire.gateway().store_card(MEMBER, CardSource("t")), Unknown)


def test_removing_sends_the_captured_bytes(wire: Wire) -> None:
    wire.answers = [answer("026_delete_card")]
    assert wire.gateway().remove_card(MEMBER, "10293847") == CardRemoved()
    assert sent_body(wire) == body("026_delete_card")


def test_removing_what_is_not_there_is_no_refusal(wire: Wire) -> None:
    wire.answers = [telegram(result="1", response_code="P022", response_detail="?")]
    assert wire.gateway().remove_card(MEMBER, "1") == Absent("P022")


def test_listing_sends_the_captured_bytes_and_reads_the_rows(wire: Wire) -> None:
    wire.answers = [answer("027_query_cards")]
    assert wire.gateway().list_cards(MEMBER) == CardList(
        (KeptCard("10293847", "1111", "Visa", "1230"), KeptCard("10293848", "0005", "JCB", "0526"))
    )
    assert sent_body(wire) == body("027_query_cards")


def test_a_customer_without_cards_has_none(wire: Wire) -> None:
    wire.answers = [answer("027_query_no_cards")]
    assert wire.gateway().list_cards("nobody") == CardList(())


def test_cards_of_another_customer_are_no_answer(wire: Wire) -> None:
    wire.answers = [answer("027_query_cards")]
    assert isinstance(wire.gateway().list_cards("m0000000999"), Unknown)


def test_a_refused_list_tells_nothing(wire: Wire) -> None:
    wire.answers = ['"1","1","P021","契約がありません。"\r\n"4","0"'.encode("cp932")]
    assert wire.gateway().list_cards(MEMBER) == Unreadable(Category.CONFIGURATION, "P021", "契約がありません。")


@pytest.mark.req("R-193")
@pytest.mark.parametrize("code", sorted(errors.AMBIGUOUS))
def test_ambiguous_code_is_an_unknown_outcome(wire: Wire, code: str) -> None:
    wire.answers = [telegram(result="1", response_code=code, response_detail="?")]
    assert wire.gateway().store_card(MEMBER, CardSource("t")) == Unknown(f"1/{code}")
    assert wire.gateway().remove_card(MEMBER, "1") == Unknown(f"1/{code}")


def test_a_charge_by_kept_card_sends_what_the_real_client_sends(wire: Wire) -> None:
    wire.answers = [answer("020_auth_stored_card")]
    result = wire.gateway().authorize(charge())
    # As with every 020 of ours, split_count goes along empty and sales_mode says in words what its absence means.
    assert wire.sent() == request("020_auth_stored_card") | {"split_count": "", "sales_mode": "0"}
    assert isinstance(result, Approved)
    assert (result.status, result.masked_card) == (MoneyStatus.AUTHORIZED, "************1111")


@pytest.mark.req("R-140")
@pytest.mark.parametrize("code", ["P025", "31006"])
def test_a_card_that_is_gone_has_a_word_of_its_own(wire: Wire, code: str) -> None:
    wire.answers = [telegram(result="1", response_code=code, response_detail="?")]
    secured = code == "31006"
    result = wire.gateway(merchant_name="SHOP").authorize(charge(use_3ds="1" if secured else "0"))
    assert isinstance(result, Declined)
    assert result.category == Category.STORED_CARD_GONE
    assert errors.buyer_message(result.category, code).text.startswith("ご登録のクレジットカードは")


def test_a_kept_card_is_authenticated_and_then_charged(wire: Wire) -> None:
    """450 names the customer's card, and so does the 020 after the return."""
    wire.answers = [answer("450_3ds_token")]
    asked = wire.gateway(merchant_name="SHOP").authorize(charge(use_3ds="1", attempt_control="low"))
    assert isinstance(asked, NeedsBuyer)
    ((_, _, _, content),) = wire.requests
    named = {key: value for key, value in _fields(content).items() if "card" in key or "customer" in key}
    assert named == {"card_set_method": "customer", "customer_id": MEMBER, "customer_card_id": "10293847"}
    wire.requests.clear()
    auth_id = threeds.Secret.unpacked(asked.secret).auth_id
    wire.answers = [answer("020_auth_stored_card")]
    back = [("result", "0"), ("3ds_auth_id", auth_id), ("attempt_kbn", "")]
    assert isinstance(wire.gateway().resume(charge(), asked.secret, back), Approved)
    sent = wire.sent()
    assert (sent["stock_card_mode"], sent["customer_card_id"], sent["3ds_auth_id"]) == ("1", "10293847", auth_id)
    assert not {"card_token", "security_code_use", "3dsecure_ryaku"} & sent.keys()


def test_what_was_kept_for_a_return_before_there_were_kept_cards_still_reads() -> None:
    old = threeds.Secret.unpacked(json.dumps(["auth", "tok_1", "low"]))
    assert old.source == CardSource("tok_1")
    assert threeds.Secret.unpacked(threeds.Secret.of("a", STORED, "low").packed()).source == STORED


def test_the_timeline_hides_tokens_names_and_numbers(wire: Wire) -> None:
    wire.answers = [answer("025_store_card_token")]
    wire.gateway().store_card(MEMBER, CardSource("tok_store00000000000000"))
    wire.answers = [answer("027_query_cards").replace(b"************1111", b"411111******1111")]
    wire.gateway().list_cards(MEMBER)
    told = "".join(each.request + each.response for each in wire.exchanges)
    assert "****1111" in told
    assert not [each for each in ("tok_", "TARO YAMADA", "fvRyIb", "411111", SETTINGS["connect_password"]) if each in told]


def _fields(content: bytes) -> dict[str, str]:
    return dict(parse_form(content, client.charset("450")))
