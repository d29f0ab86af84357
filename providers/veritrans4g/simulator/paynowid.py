"""PayNowID: members and their stored cards (protocol §11), as requests of their own and inside a payment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from providers.sandbox.clock import Clock, japan_time
from providers.veritrans4g.simulator import cards
from providers.veritrans4g.simulator import envelope as code_of
from providers.veritrans4g.simulator.envelope import Answered, Refusal, Sent
from providers.veritrans4g.simulator.ledger import Ledger
from providers.veritrans4g.simulator.records import (
    Account,
    Card,
    Merchant,
    Order,
    StoredCard,
    account_key,
    card_of,
)
from providers.veritrans4g.simulator.tokens import TokenDesk

_MEMBER = ("payNowIdParam", "accountParam")


@dataclass(frozen=True)
class Chosen:
    """The card that a payment charges, and what is to be done with it."""

    card: Card
    account_id: str = ""
    card_id: str = ""
    registers: bool = False
    registers_default: bool = True

    def fields(self) -> dict[str, Any]:
        return {
            name: getattr(self, name) for name in ("account_id", "card_id", "registers", "registers_default")
        }


class PayNowId:
    def __init__(self, ledger: Ledger, clock: Clock, tokens: TokenDesk) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tokens = tokens

    # ---- inside a payment ------------------------------------------------------------------------

    def chosen(self, merchant: Merchant, sent: Sent) -> Chosen:
        token, account_id = sent.text("payNowIdParam", "token"), sent.text(*_MEMBER, "accountId")
        if account_id and not merchant.paynowid:
            raise Refusal(code_of.PAYNOWID_NOT_CONTRACTED)
        if token:
            card = self._tokens.spend(merchant, token)
            default = sent.text(*_MEMBER, "cardParam", "defaultCard") != "0"
            return Chosen(card, account_id, registers=bool(account_id), registers_default=default)
        if not account_id:
            raise Refusal(code_of.MISSING_FIELD, "payNowIdParam.token")
        self._account(merchant, account_id)
        card_id = sent.text(*_MEMBER, "cardParam", "cardId")
        stored = self._card(merchant, account_id, card_id) if card_id else self._default(merchant, account_id)
        return Chosen(stored, account_id, stored.card_id)

    def register_paid(self, order: Order) -> tuple[str, dict[str, Any]]:
        """Stores the card of a payment that stands, and the member if new: PayNowID's block of the code, its part of the
        answer. OURS: of an existing member the card is added, none is replaced."""
        merchant = self._ledger.merchant(order.merchant_ccid)
        if merchant is None or not order.account_id:
            return "", {}
        if order.card_id:
            return "X001", {"account": {"accountId": order.account_id}}
        if not order.registers:
            return "", {}
        if cards.plan_of(order).storing_refusal:
            return code_of.CARD_NOT_STORED, {"status": "failure", "message": code_of.TEXTS[code_of.CARD_NOT_STORED]}
        known = self._known(merchant, order.account_id)
        if known is None:
            self._open(merchant, order.account_id)
        stored = self._store(merchant, order.account_id, order, default=order.registers_default)
        return "X001", {"account": {"accountId": order.account_id, "cardInfo": [_shown(stored)]}}

    # ---- requests --------------------------------------------------------------------------------

    def request(self, merchant: Merchant, sent: Sent) -> Answered:
        if not merchant.paynowid:
            raise Refusal(code_of.PAYNOWID_NOT_CONTRACTED)
        account_id = sent.text(*_MEMBER, "accountId")
        if not account_id:
            raise Refusal(code_of.MISSING_FIELD, "accountId")
        action = {
            "Add/account": self._add_account,
            "Update/account": self._update_account,
            "Delete/account": self._delete_account,
            "Restore/account": self._restore_account,
            "Add/cardinfo": self._add_card,
            "Update/cardinfo": self._update_card,
            "Delete/cardinfo": self._delete_card,
            "Get/cardinfo": self._get_cards,
        }.get(f"{sent.command}/{sent.service}")
        if action is None:
            raise Refusal(code_of.NOT_OFFERED)
        shown = action(merchant, sent, account_id)
        account = {"accountId": account_id} | ({} if shown is None else {"cardInfo": [_shown(card) for card in shown]})
        return Answered(paynowid={"account": account})

    def _add_account(self, merchant: Merchant, sent: Sent, account_id: str) -> None:
        if self._known(merchant, account_id):
            raise Refusal(code_of.MEMBER_EXISTS)
        self._open(merchant, account_id)

    def _update_account(self, merchant: Merchant, sent: Sent, account_id: str) -> None:
        self._account(merchant, account_id)

    def _delete_account(self, merchant: Merchant, sent: Sent, account_id: str) -> None:
        account = self._account(merchant, account_id)
        self._ledger.save(replace(account, deleted_at=self._clock.now()))
        if sent.text(*_MEMBER, "accountBasicParam", "deleteCardInfo") == "1":
            for card in self.cards(merchant, account_id):
                self.vanish(card)

    def _restore_account(self, merchant: Merchant, sent: Sent, account_id: str) -> None:
        account = self._known(merchant, account_id)
        if account is None or account.deleted_at is None:
            raise Refusal(code_of.NO_SUCH_MEMBER)
        self._ledger.save(replace(account, deleted_at=None))

    def _add_card(self, merchant: Merchant, sent: Sent, account_id: str) -> list[StoredCard]:
        self._account(merchant, account_id)
        token = sent.text(*_MEMBER, "cardParam", "token")
        if not token:
            raise Refusal(code_of.MISSING_FIELD, "cardParam.token")
        card = self._checked(self._tokens.spend(merchant, token))
        default = sent.text(*_MEMBER, "cardParam", "defaultCard") != "0"
        return [self._store(merchant, account_id, card, default=default)]

    def _update_card(self, merchant: Merchant, sent: Sent, account_id: str) -> list[StoredCard]:
        stored = self._named(merchant, sent, account_id)
        token, expire = (sent.text(*_MEMBER, "cardParam", name) for name in ("token", "cardExpire"))
        card: Card = stored
        if token:
            card = self._tokens.spend(merchant, token)
        elif expire:
            card = replace(stored, expire=expire)
        check = sent.text(*_MEMBER, "cardParam", "withAuthorize")
        if check == "1" or (check == "" and (token or expire)):
            card = self._checked(card)
        stored = replace(stored, **card_of(card))
        self._ledger.save(stored)
        if sent.text(*_MEMBER, "cardParam", "defaultCard") == "1":
            stored = self._make_default(stored)
        return [stored]

    def _delete_card(self, merchant: Merchant, sent: Sent, account_id: str) -> None:
        stored = self._named(merchant, sent, account_id)
        heir_id = sent.text(*_MEMBER, "cardParam", "defaultCardId")
        heir = next((card for card in self.cards(merchant, account_id) if card.card_id == heir_id), None)
        if heir_id and (heir is None or heir.card_id == stored.card_id or not stored.is_default):
            raise Refusal(code_of.NO_DEFAULT_CARD)
        self.vanish(stored)
        if heir:
            self._make_default(heir)

    def _get_cards(self, merchant: Merchant, sent: Sent, account_id: str) -> list[StoredCard]:
        self._account(merchant, account_id)
        if sent.text(*_MEMBER, "cardParam", "cardId"):
            return [self._named(merchant, sent, account_id)]
        return self.cards(merchant, account_id)

    # ---- the books -------------------------------------------------------------------------------

    def cards(self, merchant: Merchant, account_id: str) -> list[StoredCard]:
        return self._ledger.all(
            StoredCard,
            "merchant_ccid = ? AND account_id = ? AND deleted_at IS NULL ORDER BY card_id",
            merchant.merchant_ccid,
            account_id,
        )

    def vanish(self, card: StoredCard) -> None:
        """OURS: without an heir the oldest card that is left becomes the one that is charged when none is named."""
        self._ledger.save(replace(card, deleted_at=self._clock.now(), is_default=False))
        merchant = self._ledger.merchant(card.merchant_ccid)
        left = self.cards(merchant, card.account_id) if merchant else []
        if card.is_default and left:
            self._make_default(left[0])

    def _known(self, merchant: Merchant, account_id: str) -> Account | None:
        return self._ledger.one(Account, "key = ?", account_key(merchant.merchant_ccid, account_id))

    def _account(self, merchant: Merchant, account_id: str) -> Account:
        account = self._known(merchant, account_id)
        if account is None or account.deleted_at is not None:
            raise Refusal(code_of.NO_SUCH_MEMBER)
        return account

    def _open(self, merchant: Merchant, account_id: str) -> None:
        key = account_key(merchant.merchant_ccid, account_id)
        self._ledger.save(Account(key, merchant.merchant_ccid, account_id, self._clock.now()))

    def _named(self, merchant: Merchant, sent: Sent, account_id: str) -> StoredCard:
        self._account(merchant, account_id)
        card_id = sent.text(*_MEMBER, "cardParam", "cardId")
        if not card_id:
            raise Refusal(code_of.MISSING_FIELD, "cardParam.cardId")
        return self._card(merchant, account_id, card_id)

    def _card(self, merchant: Merchant, account_id: str, card_id: str) -> StoredCard:
        for card in self.cards(merchant, account_id):
            if card.card_id == card_id:
                return card
        raise Refusal(code_of.NO_SUCH_CARD)

    def _default(self, merchant: Merchant, account_id: str) -> StoredCard:
        for card in self.cards(merchant, account_id):
            if card.is_default:
                return card
        raise Refusal(code_of.NO_SUCH_CARD)

    def _store(self, merchant: Merchant, account_id: str, card: Card, *, default: bool) -> StoredCard:
        first = not self.cards(merchant, account_id)
        stored = StoredCard(
            **card_of(card),
            card_id=f"PC{self._ledger.next_number():022}",
            merchant_ccid=merchant.merchant_ccid,
            account_id=account_id,
        )
        self._ledger.save(stored)
        return self._make_default(stored) if default or first else stored

    def _make_default(self, chosen: StoredCard) -> StoredCard:
        merchant = self._ledger.merchant(chosen.merchant_ccid)
        for card in self.cards(merchant, chosen.account_id) if merchant else ():
            self._ledger.save(replace(card, is_default=card.card_id == chosen.card_id))
        return replace(chosen, is_default=True)

    def _checked(self, card: Card) -> Card:
        """The validity check with the card company. OURS: a refusal is told as PayNowID's code and the card's."""
        today = japan_time(self._clock.now()).strftime("%y%m")
        refusal = cards.plan_of(card).storing_refusal or cards.refusal_of(card, today, stored=False)
        if refusal:
            raise Refusal(code_of.CARD_NOT_STORED + refusal)
        return card


def _shown(card: StoredCard) -> dict[str, str]:
    _, _, kind = cards.BRANDS[card.brand]
    holder = {"cardholderName": card.holder} if card.holder else {}
    return {
        "cardId": card.card_id,
        "cardNumber": card.masked_long,
        "cardExpire": card.expire,
        "defaultCard": "1" if card.is_default else "0",
        "kindCode": kind,
    } | holder
