"""PayNowID: cards that the provider keeps for members. A member's account holds any number; the shop uses one."""

from collections.abc import Mapping
from typing import Any

from providers.charge import CardSource
from providers.contract import ListResult, Unknown, Unreadable
from providers.kept_cards import CardList, CardStored, KeptCard, brand_of
from providers.veritrans4g import errors
from providers.veritrans4g.client import Answer

#: The only thing that is known of an answer about somebody without an account (see README).
_NO_MEMBER = "未登録の会員です。"


def member(customer_ref: str, **card: str) -> dict[str, Any]:
    """``payNowIdParam`` about a member and, with ``card``, one of their cards."""
    return {"payNowIdParam": {"accountParam": {"accountId": customer_ref, "cardParam": card}}}


def storing(customer_ref: str, source: CardSource) -> dict[str, Any]:
    """Add/cardinfo: this card from now on, the one that is used when none is named."""
    return member(customer_ref, token=source.token, defaultCard="1")


def stored(answer: Answer) -> CardStored | Unknown:
    """What a successful Add/cardinfo says; without a card id nobody knows what is kept."""
    kept = [card for row in _rows(answer) if (card := _card(row)).card_ref and row.get("defaultCard") != "0"]
    return CardStored(kept[0]) if kept else Unknown("answer without a card")


def listed(answer: Answer, customer_ref: str) -> ListResult:
    """What Get/cardinfo says: the default card first. Cards of somebody else are no answer."""
    if not answer.ok:
        if answer.message == _NO_MEMBER:
            return CardList(())
        return Unreadable(errors.category(answer.code), answer.code, answer.message)
    if answer.account.get("accountId", customer_ref) != customer_ref:
        return Unknown("answer about other cards")
    rows = sorted(_rows(answer), key=lambda row: row.get("defaultCard") != "1")
    return CardList(tuple(_card(row) for row in rows if row.get("cardId")))


def _rows(answer: Answer) -> list[Mapping[str, Any]]:
    rows = answer.account.get("cardInfo")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _card(row: Mapping[str, Any]) -> KeptCard:
    number, expiry = str(row.get("cardNumber") or ""), str(row.get("cardExpire") or "")
    month, _, year = expiry.partition("/")
    good = month.isdigit() and year.isdigit() and len(month) == len(year) == 2
    last_four = number[-4:] if number[-4:].isdigit() else ""
    return KeptCard(str(row.get("cardId") or ""), last_four, brand_of(number), month + year if good else "")
