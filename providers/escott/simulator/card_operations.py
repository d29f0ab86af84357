"""The operations of OAUT002: Master messages begin a transaction, Process messages go on with it (protocol §3)."""

from __future__ import annotations

import secrets
import string
from dataclasses import replace

from providers.escott.simulator import cards
from providers.escott.simulator.issuer import Verdict, validity, verdict
from providers.escott.simulator.items import FREE, MEMBER_PAIR
from providers.escott.simulator.ledger import Ledger
from providers.escott.simulator.members import MemberBook
from providers.escott.simulator.records import CAPTURE_KINDS, Merchant, Stage, Transaction
from providers.escott.simulator.sources import Source, Sources, assist_results
from providers.escott.simulator.wire import OK, Refusal
from providers.sandbox.card_numbers import brand_of
from providers.sandbox.clock import Clock, japan_time

#: Where a transaction stands after its Master message
BEGUN = {"1Check": Stage.CHECKED, "1Auth": Stage.AUTH, "1Gathering": Stage.SALES}

#: Process message -> the stages it is allowed in, elsewhere K14 (protocol §3.3). OURS: 1ReAuth of a sale is not, of an
#: authorisation whose time is over it is.
ALLOWED: dict[str, tuple[Stage, ...]] = {
    "1Capture": (Stage.AUTH,),
    "1Change": (Stage.AUTH, Stage.SALES),
    "1Delete": (Stage.AUTH, Stage.SALES),
    "1ReAuth": (Stage.AUTH, Stage.VOID, Stage.EXPIRED),
    "1Search": (*BEGUN.values(), Stage.VOID, Stage.EXPIRED),
}

#: Seconds an authorisation holds, about 60 days
HELD = 60 * 86_400.0

#: Months after that of its beginning in which a transaction is still known, and how many more with ボーナス一括
KEPT, KEPT_BONUS = 7, 6
BONUS = "80"

#: OURS: what a kind of sale is answered that the contract does not have (C01: the provider's own settings)
NOT_CONTRACTED = "C01"

ALPHABET = string.ascii_letters + string.digits
WIRE = "wire"


class CardOperations:
    def __init__(self, ledger: Ledger, clock: Clock, members: MemberBook, sources: Sources) -> None:
        self._ledger = ledger
        self._clock = clock
        self._members = members
        self._sources = sources

    # ---- Master ----------------------------------------------------------------------------------

    def check(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        source = self._sources.of(merchant, sent)
        code = source.stored_code or validity(source.card, self._clock.now())
        return self._begin(merchant, sent, transaction_id, source, Verdict(code))

    def authorise(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        source = self._sources.of(merchant, sent)
        check_contract(merchant, sent)
        result = verdict(
            source.card, int(sent["Amount"]), sent["PayType"], self._clock.now(), source.stored_code
        )
        return self._begin(merchant, sent, transaction_id, source, result)

    def _begin(
        self,
        merchant: Merchant,
        sent: dict[str, str],
        transaction_id: str,
        source: Source,
        result: Verdict,
    ) -> dict[str, str]:
        """Whatever the card's side said is in the books, and the token is spent."""
        self._sources.spend(source)
        kind, now = sent["OperateId"], self._clock.now()
        process_id, process_pass = new_pair()
        transaction = Transaction(
            transaction_id=transaction_id,
            merchant_id=merchant.merchant_id,
            kind=kind,
            **{f"free{number}": sent.get(name, "") for number, name in enumerate(FREE, 1)},
            process_id=process_id,
            process_pass=process_pass,
            stage=BEGUN[kind] if result.holds else Stage.REFUSED,
            amount=int(sent["Amount"]) if kind != "1Check" else 0,
            pay_type=sent.get("PayType", "") if kind != "1Check" else "",
            number=source.card.number,
            expiry=source.card.expiry,
            kaiin_id=source.kaiin_id,
            created_at=now,
            authorized_at=now,
            approve_no=new_approval(),
            sales_date=self._today() if kind == "1Gathering" and result.holds else "",
            code=result.code,
        )
        self._ledger.book(transaction, kind, "", WIRE, result.code)
        if result.code:
            raise Refusal(result.code, answered=assist_results(source, sent))
        return approved(transaction) | assist_results(source, sent)

    # ---- Process ---------------------------------------------------------------------------------

    def capture(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        transaction = self._found(merchant, sent)
        self._check_sales_date(sent)
        return continued(self.sell(transaction, sent["SalesDate"], "1Capture", WIRE))

    def delete(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        return continued(self.undo(self._found(merchant, sent), "1Delete", WIRE))

    def change(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        """The new amount is authorised first; if that fails, everything stays as it was."""
        transaction, amount = self._found(merchant, sent), int(sent["Amount"])
        if amount == transaction.amount:
            raise Refusal("K23", answered=pair_of(transaction))
        return continued(self._authorise_again(replace(transaction, amount=amount), "1Change", transaction))

    def reauthorise(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        """A new pair takes the place of the old one, and the kind is that of the beginning."""
        transaction = self._found(merchant, sent)
        self._check_sales_date(sent)
        process_id, process_pass = new_pair()
        is_sale = transaction.kind == "1Gathering"
        renewed = replace(
            transaction,
            process_id=process_id,
            process_pass=process_pass,
            stage=BEGUN[transaction.kind],
            amount=int(sent["Amount"]),
            authorized_at=self._clock.now(),
            approve_no=new_approval(),
            sales_date=sent.get("SalesDate", self._today()) if is_sale else "",
        )
        return approved(self._authorise_again(renewed, "1ReAuth", transaction))

    def search(self, merchant: Merchant, sent: dict[str, str], transaction_id: str) -> dict[str, str]:
        """Names no state. OURS: a sale that was given back keeps its date, and a check has no amount."""
        transaction = self._found(merchant, sent)
        fields = continued(transaction)
        if transaction.kind != "1Check":
            fields["Amount"] = str(transaction.amount)
        if transaction.sales_date:
            fields["SalesDate"] = transaction.sales_date
        return fields

    def _authorise_again(self, wanted: Transaction, operation: str, before: Transaction) -> Transaction:
        stored_code = self._members.stored_code(before.merchant_id, before.kaiin_id)
        result = verdict(wanted.card, wanted.amount, wanted.pay_type, self._clock.now(), stored_code)
        kept = wanted if result.holds else before
        self._ledger.book(kept, operation, before.stage, WIRE, result.code)
        if result.code:
            raise Refusal(result.code, answered=pair_of(before))
        return kept

    # ---- what staff can do as well ---------------------------------------------------------------

    def sell(self, transaction: Transaction, sales_date: str, operation: str, by: str) -> Transaction:
        check_stage(transaction, "1Capture")
        sold = replace(transaction, stage=Stage.SALES, sales_date=sales_date)
        return self._ledger.book(sold, operation, transaction.stage, by)

    def undo(self, transaction: Transaction, operation: str, by: str) -> Transaction:
        check_stage(transaction, "1Delete")
        return self._ledger.book(replace(transaction, stage=Stage.VOID), operation, transaction.stage, by)

    def sell_today(self, transaction: Transaction, operation: str, by: str) -> Transaction:
        return self.sell(transaction, self._today(), operation, by)

    def expire_due(self) -> None:
        self._ledger.expire(self._clock.now() - HELD)

    # ---- checks ----------------------------------------------------------------------------------

    def _found(self, merchant: Merchant, sent: dict[str, str]) -> Transaction:
        """The transaction of the pair, if this message may go on with it."""
        transaction = self._ledger.by_process(sent["ProcessId"])
        if (
            transaction is None
            or transaction.merchant_id != merchant.merchant_id
            or transaction.process_pass != sent["ProcessPass"]
            or transaction.stage == Stage.REFUSED
            or self._is_over(transaction)
        ):
            raise Refusal("K12")
        if sent["OperateId"] != "1Search":
            self._check_member(merchant, sent, transaction)
        check_stage(transaction, sent["OperateId"])
        return transaction

    def _check_member(self, merchant: Merchant, sent: dict[str, str], transaction: Transaction) -> None:
        """The member of the beginning, who may have been removed since; 1Search is exempt (protocol §3.4)."""
        if not transaction.kaiin_id:
            if any(name in sent for name in MEMBER_PAIR):
                raise Refusal("K81")
            return
        if any(name not in sent for name in MEMBER_PAIR):
            raise Refusal("K80")
        if self._members.named(merchant, sent, deleted=True).kaiin_id != transaction.kaiin_id:
            raise Refusal("K71")

    def _is_over(self, transaction: Transaction) -> bool:
        begun, now = japan_time(transaction.created_at), japan_time(self._clock.now())
        months = (now.year - begun.year) * 12 + now.month - begun.month
        return months > KEPT + KEPT_BONUS * (transaction.pay_type == BONUS)

    def _check_sales_date(self, sent: dict[str, str]) -> None:
        """OURS: a day in the past is taken."""
        if sent.get("SalesDate", "") > self._today():
            raise Refusal("K39")

    def _today(self) -> str:
        return japan_time(self._clock.now()).strftime("%Y%m%d")


def check_contract(merchant: Merchant, sent: dict[str, str]) -> None:
    if sent["OperateId"] not in CAPTURE_KINDS[merchant.capture_kind]:
        raise Refusal(NOT_CONTRACTED)
    if sent["PayType"] not in merchant.pay_types.split(","):
        raise Refusal("C12" if "02" <= sent["PayType"] <= "24" else "C10")
    if sent["PayType"] == BONUS and merchant.bonus_closed:
        raise Refusal("C11")


def check_stage(transaction: Transaction, operation: str) -> None:
    """OURS: a refusal for where it stands, or for its amount, repeats the pair as most recorded replies do."""
    if transaction.stage not in ALLOWED[operation]:
        raise Refusal("K14", answered=pair_of(transaction))


def pair_of(transaction: Transaction) -> dict[str, str]:
    return {"ProcessId": transaction.process_id, "ProcessPass": transaction.process_pass}


def continued(transaction: Transaction) -> dict[str, str]:
    company = cards.COMPANIES[brand_of(transaction.number)]
    return pair_of(transaction) | {"ResponseCd": OK, "CompanyCd": company}


def approved(transaction: Transaction) -> dict[str, str]:
    return continued(transaction) | {"ApproveNo": transaction.approve_no}


def new_pair() -> tuple[str, str]:
    first, second = ("".join(secrets.choice(ALPHABET) for _ in range(32)) for _ in range(2))
    return first, second


def new_approval() -> str:
    return f"{secrets.randbelow(10**7):07}"
