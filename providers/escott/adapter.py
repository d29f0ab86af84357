"""e-SCOTT in the words of the contract: each verb one message, each answer one result."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from providers import transport
from providers.charge import CardSource, Charge, Reauthorization, ReturnFields
from providers.contract import (
    N_,
    Absent,
    Approved,
    BeforeSend,
    Category,
    Declined,
    Exchange,
    ListResult,
    MoneyStatus,
    Notice,
    NoticeReading,
    NotSent,
    Now,
    QueryResult,
    Recorder,
    Reference,
    RemoteState,
    RemoveResult,
    Result,
    ReturnReading,
    StoreResult,
    Unknown,
    Unreadable,
)
from providers.escott import cards, client, errors
from providers.kept_cards import CardList, CardRemoved, CardStored, KeptCard, StoredCardSource
from providers.settings import Finding, SettingsCheck

Pairs = list[tuple[str, str]]
Asked = client.Answer | NotSent | Unknown

CALL_DEADLINE = 35.0
_JST = ZoneInfo("Asia/Tokyo")
#: Fields whose value must not stand in a timeline.
_MASKED = frozenset({"MerchantPass", "KaiinPass", "ProcessPass", "ProcessId", "Token", "MerchantFree2"})
#: Letters of 自由領域2 that are sent: its length is documented nowhere.
_NAME = 20
#: A pair that cannot exist: asked for by 接続テスト.
_NO_PAIR = "0" * 32

_LATER = N_("実際に決済が行われたときに、はじめて確かめられます。")
_LET_IN = N_("ソニーペイメントサービスに接続できました。")
_TENANT_KNOWN = N_("店舗コードが受け付けられました。")
_TENANT_WRONG = N_("店舗コードが正しくありません。")
_MERCHANT_WRONG = N_("マーチャントID、マーチャントパスワードのいずれかが正しくありません。続けて間違えると、決済会社で利用が止められます。")
_LOCKED = N_("間違いが続いたため、決済会社で利用が止められています。ソニーペイメントサービスへお問い合わせください。")
_UNCLEAR = N_("ソニーペイメントサービスから、判断できない応答がありました。時間をおいて、もう一度お試しください。")
_SILENT = N_("ソニーペイメントサービスに接続できませんでした。時間をおいて、もう一度お試しください。")


@dataclass(frozen=True, slots=True)
class Chain:
    """What follow-ups need of a payment: the pair its Master answer issued, the member it was paid with, our number, and whether it
    began as a sale, which 1ReAuth makes of it again."""

    process_id: str
    process_pass: str
    kaiin_id: str
    reference: str
    began_as_sale: bool = False

    def packed(self) -> str:
        return json.dumps([self.process_id, self.process_pass, self.kaiin_id, self.reference, self.began_as_sale])

    @classmethod
    def unpacked(cls, keys: str) -> "Chain | None":
        return cls(*json.loads(keys)) if keys else None

    def __repr__(self) -> str:
        return f"Chain({self.reference!r})"


class EscottGateway:
    """One contract, opened for one payment or none. Never raises for what the network or the provider does."""

    def __init__(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder, now: Now, keys: str,
        seed: str,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._base_url = base_url
        self._before_send = before_send
        self._record = record
        self._now = now
        self._chain = Chain.unpacked(keys)
        self._seed = seed

    # ---- money ---------------------------------------------------------------------------------------------------------

    def authorize(self, charge: Charge) -> Result:
        """1Auth, or 1Gathering to take the amount at once. A lost answer cannot be asked for: there is no key to ask by."""
        source = charge.source
        kaiin_id = source.customer_ref if isinstance(source, StoredCardSource) else ""
        card = [("Token", source.token)] if isinstance(source, CardSource) else self._member(kaiin_id)
        fields = [
            ("TenantId", self._settings["tenant_id"]),
            *card,
            ("PayType", pay_type(charge.instalments)),
            ("Amount", str(charge.amount_yen)),
        ]
        operation = "1Gathering" if charge.capture else "1Auth"
        answer = self._call(operation, fields, charge.merchant_ref, charge.buyer_name)
        if not isinstance(answer, client.Answer):
            return answer
        if not answer.ok:
            return _refusal(answer)
        chain = Chain(answer.get("ProcessId"), answer.get("ProcessPass"), kaiin_id, charge.merchant_ref, charge.capture)
        if not chain.process_id or not chain.process_pass:
            return Unknown("answer without a pair")
        handle = answer.get("TransactionId")
        status = MoneyStatus.CAPTURED if charge.capture else MoneyStatus.AUTHORIZED
        return Approved(handle, status, (Reference("TransactionId", handle),), keys=chain.packed())

    def read_return(self, secret: str, fields: ReturnFields) -> ReturnReading:
        """Nobody is sent anywhere (R-088), so nobody comes back."""
        return ReturnReading(False, "no page of ours leads there")

    def resume(self, charge: Charge, secret: str, fields: ReturnFields) -> Result:
        return NotSent("no page of ours leads there")

    def reauthorize(self, again: Reauthorization) -> Result:
        """1ReAuth: the same payment once more, for this amount, standing or not. A new pair takes the place of the old one, so there
        is no earlier authorization left to void. It is therefore never ``update_verb`` – 取引更新 is 1Change – and nothing offers it."""
        sale = self._chain is not None and self._chain.began_as_sale
        own = [("SalesDate", self._today()), ("Amount", str(again.amount_yen))]
        return self._follow("1ReAuth", again.earlier_handle, MoneyStatus.CAPTURED if sale else MoneyStatus.AUTHORIZED, own)

    def change(self, handle: str, amount_yen: int) -> Result:
        """1Change: the provider secures the new amount first and lets the old one go only then (§7-2④)."""
        return self._follow("1Change", handle, MoneyStatus.AUTHORIZED, [("Amount", str(amount_yen))])

    def capture(self, handle: str, amount_yen: int) -> Result:
        """1Capture – takes the whole authorization; ``amount_yen`` is for the ledger, the message has no amount."""
        return self._follow("1Capture", handle, MoneyStatus.CAPTURED, [("SalesDate", self._today())])

    def void(self, handle: str) -> Result:
        return self._delete(handle, MoneyStatus.VOIDED)

    def refund(self, handle: str, amount_yen: int) -> Result:
        """1Delete of a sale (返品), in full. Only for money that came too late: the shop guide offers staff no cancel after a sale."""
        return self._delete(handle, MoneyStatus.REFUNDED)

    def _delete(self, handle: str, done: MoneyStatus) -> Result:
        """1Delete. K14, or C14 of the card's centre, says that it has been deleted before – by a request whose answer was lost, or on
        the console."""
        result = self._follow("1Delete", handle, done)
        again = isinstance(result, Declined) and result.code in ("K14", "C14")
        return Approved(handle, done, (Reference("TransactionId", handle),)) if again else result

    def _follow(self, operation: str, handle: str, done: MoneyStatus, own: Pairs | None = None) -> Result:
        chain = self._chain
        if chain is None:
            # Found by people on the console: there it must be gone on with.
            return Declined(Category.STATE_CONFLICT, "", "no pair")
        member = self._member(chain.kaiin_id) if chain.kaiin_id else []
        answer = self._call(operation, [*member, *_pair(chain), *(own or [])], chain.reference)
        if not isinstance(answer, client.Answer):
            return answer
        if not answer.ok:
            return _refusal(answer)
        named = replace(chain, process_id=answer.get("ProcessId"), process_pass=answer.get("ProcessPass"))
        whole = bool(named.process_id and named.process_pass)
        if operation == "1ReAuth" and not whole:
            return Unknown("answer without a pair")
        handled = (Reference("TransactionId", answer.get("TransactionId")),)
        return Approved(handle, done, handled, keys=(named if whole else chain).packed())

    # ---- questions -----------------------------------------------------------------------------------------------------

    def query(self, *, merchant_ref: str = "", handle: str = "") -> QueryResult:
        """1Search by the payment's pair; without one there is nothing to ask by. The answer names the amount and, once there was a
        sale, its day – not whether the payment has been cancelled since."""
        chain = self._chain
        if chain is None or merchant_ref not in ("", chain.reference):
            return Unreadable(errors.category(()), "", "no pair")
        answer = self._call("1Search", [("TenantId", self._settings["tenant_id"]), *_pair(chain)], chain.reference)
        if not isinstance(answer, client.Answer):
            return answer
        if not answer.ok:
            return Unreadable(errors.category(answer.codes), answer.code)
        amount = answer.get("Amount")
        sold = bool(answer.get("SalesDate"))
        return RemoteState(
            handle=handle, merchant_ref=chain.reference, status=MoneyStatus.CAPTURED if sold else MoneyStatus.AUTHORIZED,
            amount_yen=int(amount) if amount.isascii() and amount.isdigit() and len(amount) <= 8 else None,
            raw_status=f"SalesDate={answer.get('SalesDate')}" if sold else "", tells_end=False,
        )  # fmt: skip

    # ---- kept cards ----------------------------------------------------------------------------------------------------

    def store_card(self, customer_ref: str, source: CardSource) -> StoreResult:
        """4MemAdd, and 4MemRefM for what the card looks like: the first answer does not say."""
        answer = self._member_call("4MemAdd", customer_ref, [("Token", source.token)])
        if not isinstance(answer, client.Answer):
            return answer
        if not answer.ok:
            return _refusal(answer)
        seen = self.list_cards(customer_ref)
        found = seen.cards[0] if isinstance(seen, CardList) and seen.cards else KeptCard(customer_ref)
        return CardStored(found)

    def list_cards(self, customer_ref: str) -> ListResult:
        """4MemRefM: the one card of this member. K71: there is no such member – the pass is ours, so it cannot be wrong."""
        answer = self._member_call("4MemRefM", customer_ref)
        if not isinstance(answer, client.Answer):
            return answer
        if answer.codes == ("K71",):
            return CardList(())
        if not answer.ok:
            return Unreadable(errors.category(answer.codes), answer.code)
        card = cards.kept(answer, customer_ref)
        return CardList((card,) if card else ())

    def remove_card(self, customer_ref: str, card_ref: str) -> RemoveResult:
        """4MemInval, then 4MemDel: a member that is still valid cannot be deleted. Safe to repeat."""
        stopped = self._invalidate(customer_ref)
        if stopped is not None:
            return stopped
        deleted = self._member_call("4MemDel", customer_ref)
        if isinstance(deleted, NotSent):
            return Unknown(deleted.reason)
        if isinstance(deleted, Unknown):
            return deleted
        if deleted.codes == ("K71",):
            return Absent(deleted.code)
        return CardRemoved() if deleted.ok else _refusal(deleted)

    def _invalidate(self, customer_ref: str) -> RemoveResult | None:
        """4MemInval; ``None`` once the member is invalid. K75 and K79 do not say whether it is that, or locked, or only its card is no
        longer good: its status is looked at."""
        answer = self._member_call("4MemInval", customer_ref)
        if not isinstance(answer, client.Answer):
            return answer
        if answer.codes == ("K71",):
            return Absent(answer.code)
        if answer.codes not in (("K75",), ("K79",)):
            return None if answer.ok else _refusal(answer)
        seen = self._member_call("4MemRefM", customer_ref)
        if not isinstance(seen, client.Answer):
            return seen
        if seen.codes == ("K71",) or cards.is_deleted(seen):
            return Absent(answer.code)
        return None if cards.is_invalid(seen) else _refusal(answer)

    # ---- notices and settings ------------------------------------------------------------------------------------------

    def poll_notices(self) -> Iterator[Notice]:
        """There is no feed for cards."""
        return iter(())

    def read_notice(self, method: str, body: bytes, headers: Mapping[str, str]) -> NoticeReading:
        """Cards have no notices; the one this provider signs is about 収納代行, which is another product."""
        return NoticeReading(False, (), b"", reason="no notices for cards")

    def check_settings(self, now: datetime) -> tuple[SettingsCheck, ...]:
        """1Search for a pair that cannot exist: K12 says that all three values are right. 店舗コード is judged as well (§7-5)."""
        chain = Chain(_NO_PAIR, _NO_PAIR, "", "")
        answer = self._call("1Search", [("TenantId", self._settings["tenant_id"]), *_pair(chain)], "")
        first = SettingsCheck(("token_code",), Finding.FIRST_PAYMENT, _LATER)
        merchant, tenant = ("merchant_id", "merchant_pass"), ("tenant_id",)
        if not isinstance(answer, client.Answer):
            return SettingsCheck((*merchant, *tenant), Finding.NO_ANSWER, _SILENT), first
        right = SettingsCheck(merchant, Finding.CORRECT, _LET_IN)
        if answer.ok or answer.codes == ("K12",):
            return right, SettingsCheck(tenant, Finding.CORRECT, _TENANT_KNOWN), first
        if set(answer.codes) <= {"K04", "K13"}:
            return right, SettingsCheck(tenant, Finding.WRONG, _TENANT_WRONG, answer.code), first
        if set(answer.codes) <= {"K02", "K03"}:
            return SettingsCheck(merchant, Finding.WRONG, _MERCHANT_WRONG, answer.code), first
        if "KG8" in answer.codes:
            return SettingsCheck(merchant, Finding.WRONG, _LOCKED, answer.code), first
        return SettingsCheck((*merchant, *tenant), Finding.NO_ANSWER, _UNCLEAR, answer.code), first

    # ---- the wire ------------------------------------------------------------------------------------------------------

    def _member_call(self, operation: str, kaiin_id: str, own: Pairs | None = None) -> Asked:
        fields = [("TenantId", self._settings["tenant_id"]), *self._member(kaiin_id), *(own or [])]
        return self._call(operation, fields, "")

    def _member(self, kaiin_id: str) -> Pairs:
        return [("KaiinId", kaiin_id), ("KaiinPass", cards.kaiin_pass(self._seed, kaiin_id))]

    def _today(self) -> str:
        return self._now().astimezone(_JST).strftime("%Y%m%d")

    def _call(self, operation: str, own: Pairs, reference: str, buyer_name: str = "") -> Asked:
        fields = [
            ("MerchantId", self._settings["merchant_id"]),
            ("MerchantPass", self._settings["merchant_pass"]),
            ("TransactionDate", self._today()),
            ("OperateId", operation),
            ("MerchantFree1", reference),
            ("MerchantFree2", buyer_name[:_NAME]),
            *own,
        ]
        try:
            body = client.encode(fields)
        except UnicodeEncodeError:
            return NotSent("cannot be encoded")
        started = time.monotonic()
        answer = transport.post(
            self._base_url + client.path(operation), body, {"Content-Type": "application/x-www-form-urlencoded"},
            deadline=CALL_DEADLINE, before_send=self._before_send,
        )  # fmt: skip
        result, text = _read(answer, operation, reference)
        duration = round((time.monotonic() - started) * 1000)
        answered = isinstance(result, client.Answer)
        self._record(Exchange(operation, _shown(fields), text, _outcome(result), duration, answered))
        return result


def pay_type(instalments: int) -> str:
    """``01`` 一括, ``02`` … ``24`` 分割, ``80`` ボーナス一括."""
    return "80" if instalments == 0 else f"{instalments:02d}"


def _pair(chain: Chain) -> Pairs:
    return [("ProcessId", chain.process_id), ("ProcessPass", chain.process_pass)]


def _refusal(answer: client.Answer) -> Declined | Unknown:
    """What an answer means that is no success: only codes that surely refuse are a refusal."""
    if not errors.is_refusal(answer.codes):
        return Unknown(answer.code)
    return Declined(errors.category(answer.codes), answer.code)


def _read(answer: transport.Answer | NotSent | Unknown, operation: str, reference: str) -> tuple[Asked, str]:
    """The answer and its text for the timeline. One to another question is no answer."""
    if not isinstance(answer, transport.Answer):
        return answer, answer.reason
    try:
        told = client.parse(answer.body, answer.status)
    except client.Garbled as error:
        return Unknown(str(error)), f"HTTP {answer.status}, {len(answer.body)} bytes, no answer"
    text = _shown(list(told.fields.items()))
    if told.fields.get("OperateId", operation) != operation or told.fields.get("MerchantFree1", reference) != reference:
        return Unknown("answer to another question"), text
    return told, text


def _outcome(result: Asked) -> str:
    if isinstance(result, client.Answer):
        return "ok" if result.ok else result.code
    return ("not sent: " if isinstance(result, NotSent) else "unknown: ") + result.reason[:40]


def _shown(fields: Pairs) -> str:
    return "\n".join(f"{name}={_hidden(name, value)}" for name, value in fields if value)


def _hidden(name: str, value: str) -> str:
    if name in _MASKED:
        return "[hidden]"
    return cards.masked(value) if name == "CardNo" else value
