"""カードお預かり: how telegrams name a card, and what 025 and 027 say of the ones that are kept."""

from collections.abc import Mapping

from providers.charge import CardSource
from providers.contract import ListResult, Unknown, Unreadable
from providers.kept_cards import CardList, CardStored, KeptCard, StoredCardSource
from providers.paygent import client, errors

Pairs = list[tuple[str, str]]

#: 026 and 027, each with a code of its own, about a customer or a card that is not there.
NO_SUCH_CARD = "P022"
_NO_CARDS = "P026"
#: Bytes of ``card_token``.
_TOKEN_LENGTH = 30
#: card_brand of 027, and those of acq_id in 020 and 025 that stand for one brand only.
BRANDS = {
    "VISA": "Visa", "MASTER": "Mastercard", "JCB": "JCB", "AMEX": "American Express", "DINERS": "Diners Club",
    "99661": "JCB", "99660": "Diners Club", "99819": "American Express",
}  # fmt: skip


def check_token(token: str) -> None:
    """Raises :class:`~providers.paygent.client.CannotEncode` for what no ``card_token`` can hold: the browser's script never
    made it, and it is not worth a question."""
    if len(token) > _TOKEN_LENGTH or not token.isascii():
        raise client.CannotEncode("no card token")


def charged(source: CardSource | StoredCardSource) -> Pairs:
    """The card in 020. A token brings its security code along; a kept card has none."""
    if isinstance(source, StoredCardSource):
        return [("stock_card_mode", "1"), *_named(source)]
    return [("card_token", source.token), ("security_code_use", "1")]


def authenticated(source: CardSource | StoredCardSource) -> Pairs:
    """The card in 450."""
    if isinstance(source, StoredCardSource):
        return [("card_set_method", "customer"), *_named(source)]
    return [("card_set_method", "token"), ("card_token", source.token)]


def _named(source: StoredCardSource) -> Pairs:
    return [("customer_id", source.customer_ref), ("customer_card_id", source.card_ref)]


def stored(fields: Mapping[str, str]) -> CardStored | Unknown:
    """What a successful 025 says; without a card id nobody knows what is kept."""
    card = _card(fields, fields.get("masked_card_number", ""), fields.get("acq_id", ""))
    return CardStored(card) if card.card_ref else Unknown("answer without a card")


def listed(answer: client.Telegram, customer_ref: str) -> ListResult:
    """What 027 says. Cards of somebody else are no answer."""
    if answer.code == _NO_CARDS:
        return CardList(())
    if not answer.ok:
        return Unreadable(errors.category(answer.code), answer.code, answer.detail)
    if any(row.get("customer_id") != customer_ref or not row.get("customer_card_id") for row in answer.rows):
        return Unknown("answer about other cards")
    return CardList(tuple(_card(row, row.get("card_number", ""), row.get("card_brand", "")) for row in answer.rows))


def shown(row: Mapping[str, str]) -> Pairs:
    """A row of 027 for the timeline: of the number no more than its end."""
    return [(key, f"****{value[-4:]}" if key == "card_number" else value) for key, value in row.items()]


def _card(fields: Mapping[str, str], masked: str, brand: str) -> KeptCard:
    expiry = fields.get("card_valid_term", "")
    return KeptCard(
        fields.get("customer_card_id", ""), masked[-4:], BRANDS.get(brand, ""), expiry if _is_month(expiry) else ""
    )


def _is_month(text: str) -> bool:
    """``MMYY``."""
    return len(text) == 4 and text.isascii() and text.isdigit() and 1 <= int(text[:2]) <= 12
