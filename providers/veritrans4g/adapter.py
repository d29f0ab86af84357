"""The MDK protocol in the words of the contract: each verb a request, each answer a result. Every product on it uses this."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from providers import transport
from providers.charge import CardSource, Charge, Reauthorization, ReturnFields
from providers.contract import (
    N_,
    Absent,
    Approved,
    Authentication,
    BeforeSend,
    Category,
    Declined,
    Exchange,
    ListResult,
    MoneyStatus,
    NeedsBuyer,
    Notice,
    NoticeReading,
    NotSent,
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
from providers.kept_cards import CardList, CardRemoved, StoredCardSource
from providers.settings import Finding, SettingsCheck
from providers.veritrans4g import cards, client, errors, mpi, push, search

#: Members of a request or an answer whose value must not stand in a timeline.
_MASKED = frozenset({
    "token", "authHash", "cardholderName", "cardholderEmail", "cardholderMobilePhoneNumber", "customerIp", "resResponseContents",
    "authStartUrl",
})  # fmt: skip
#: An order that cannot exist: asked for by 接続テスト.
NO_PAYMENT = "connection-test-0000000000"
#: Overall deadline of one call, seconds.
CALL_DEADLINE = 35.0

_LATER = N_("実際に決済が行われたときに、はじめて確かめられます。")
_LET_IN = N_("決済会社に接続できました。")
_SHUT_OUT = N_("マーチャント CCID、マーチャント認証鍵のいずれかが正しくありません。管理画面の表示をご確認ください。")
_SILENT = N_("決済会社に接続できませんでした。時間をおいて、もう一度お試しください。")

Asked = client.Answer | NotSent | Unknown


class Veritrans4GGateway:
    """One contract, opened. Never raises for what the network or the provider does."""

    def __init__(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder
    ) -> None:
        self._merchant = client.Merchant(settings["merchant_ccid"], settings["merchant_key"], settings.get("dummy") == "1")
        self._base_url = base_url
        self._before_send = before_send
        self._record = record

    # ---- money ---------------------------------------------------------------------------------------------------------

    def authorize(self, charge: Charge) -> Result:
        """Authorize/card – or, where the method asks for 本人認証, Authorize/mpi, after which the provider itself authorizes the
        card when the buyer comes back from the issuer."""
        fields = {
            "payNowIdParam": mpi.card_of(charge.source, charge.source.token if isinstance(charge.source, CardSource) else ""),
            "orderId": charge.merchant_ref,
            "amount": str(charge.amount_yen),
            "jpo": jpo(charge.instalments),
            "withCapture": "true" if charge.capture else "false",
        }
        kind = charge.options.get("authentication", "")
        if kind in mpi.TYPES:
            return self._authenticate(charge, fields | mpi.request(charge, kind), kind)
        status = MoneyStatus.CAPTURED if charge.capture else MoneyStatus.AUTHORIZED
        stored = isinstance(charge.source, StoredCardSource)
        return self._change("Authorize", fields, status, stored=stored)

    def _authenticate(self, charge: Charge, fields: Mapping[str, Any], kind: str) -> Result:
        """No answer is not nothing: the provider may have begun, and goes on by itself once a buyer is at the issuer. Nobody was
        sent there, so nothing will be authorized; the order is asked about all the same."""
        answer = self._decided("Authorize", "mpi", fields)
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        if not answer.ok:
            stored = isinstance(charge.source, StoredCardSource)
            return Declined(errors.category(answer.code, stored=stored), answer.code, answer.message)
        url, html = _address(answer.text("authStartUrl")), answer.text("resResponseContents")
        if not url and not html:
            return Unknown("no way to the issuer")
        assert charge.started_at is not None
        secret = mpi.Secret(charge.merchant_ref, charge.amount_yen, kind)
        return NeedsBuyer("" if url else html, charge.started_at + mpi.LIFE, secret=secret.packed(), url=url)

    def read_return(self, secret: str, fields: ReturnFields) -> ReturnReading:
        """The signature, and that what it covers fits this payment. Even then it proves nothing (see :mod:`mpi`)."""
        return mpi.read_return(mpi.Secret.unpacked(secret), fields, self._merchant)

    def resume(self, charge: Charge, secret: str, fields: ReturnFields) -> Result:
        """GetResult: what really happened, whatever the browser brought."""
        kept = mpi.Secret.unpacked(secret)
        answer = self._call("GetResult", "mpi", {"orderId": kept.order_id})
        if isinstance(answer, NotSent):
            return Unknown(answer.reason)
        return self._verified(answer, kept, charge.capture)

    def _verified(self, answer: client.Answer | Unknown, kept: mpi.Secret, capture: bool) -> Result:
        if isinstance(answer, Unknown):
            return answer
        if not answer.ok:
            return Unknown(answer.code or "no result")
        if (answer.text("orderId"), answer.text("reqAmount")) != (kept.order_id, str(kept.amount_yen)):
            return Unknown("answer for another payment")
        told = mpi.Verified.of(answer)
        match (told.mpi, told.card):
            case ("success", "success"):
                status = MoneyStatus.CAPTURED if capture else MoneyStatus.AUTHORIZED
                return self._approved(kept.order_id, status, answer, mpi.passed(kept.kind))
            case ("success" | "failure", "failure"):
                # Whatever the issuer said of the buyer, the card company was asked and would not.
                found = errors.category(errors.of_card(told.code))
                return Declined(Category.CARD_REFUSED if found == Category.AUTHENTICATION else found, told.code)
            case ("failure", ""):
                return Declined(Category.AUTHENTICATION, told.code)
            case _:
                # A failed 3-D Secure beside a card that is not refused, too: money may be held, and the search tells.
                return Unknown("not decided yet")

    def reauthorize(self, again: Reauthorization) -> Result:
        """ReAuthorize/card: a new order with the card of the earlier one, without 3-D Secure; up or down."""
        fields = {
            "originalOrderId": again.earlier_handle, "orderId": again.merchant_ref, "amount": str(again.amount_yen),
            "jpo": jpo(again.instalments), "withCapture": "false",
        }  # fmt: skip
        return self._change("ReAuthorize", fields, MoneyStatus.AUTHORIZED)

    def change(self, handle: str, amount_yen: int) -> Result:
        """No such command: 取引更新 is ReAuthorize here."""
        return NotSent("no such verb")

    def capture(self, handle: str, amount_yen: int) -> Result:
        """Capture/card; less than was authorized gives the rest back for good."""
        return self._change("Capture", {"orderId": handle, "amount": str(amount_yen)}, MoneyStatus.CAPTURED)

    def void(self, handle: str) -> Result:
        """Cancel/card of an authorization, in full."""
        return self._change("Cancel", {"orderId": handle}, MoneyStatus.VOIDED)

    def refund(self, handle: str, amount_yen: int) -> Result:
        """Cancel/card of what was captured, in full."""
        return self._change("Cancel", {"orderId": handle}, MoneyStatus.REFUNDED)

    def _change(self, command: str, fields: Mapping[str, Any], done: MoneyStatus, *, stored: bool = False) -> Result:
        """A request that moves money."""
        answer = self._decided(command, "card", fields)
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        if not answer.ok:
            return Declined(errors.category(answer.code, stored=stored), answer.code, answer.message)
        return self._approved(fields["orderId"], done, answer, None)

    def _decided(self, command: str, service: str, fields: Mapping[str, Any]) -> Asked:
        """The answer about this very order. ``pending`` is none: the card company has not decided."""
        answer = self._call(command, service, fields)
        if not isinstance(answer, client.Answer):
            return answer
        if answer.status == "pending":
            return Unknown(answer.code)
        if answer.text("orderId") not in ("", fields["orderId"]):
            return Unknown("answer for another payment")
        return answer

    def _approved(
        self, order_id: str, status: MoneyStatus, answer: client.Answer, authentication: Authentication | None
    ) -> Approved:
        numbers = [Reference("custTxn", number)] if (number := answer.text("custTxn")) else []
        return Approved(
            order_id, status, (Reference("orderId", order_id), *numbers), masked_card=answer.text("reqCardNumber")[:32],
            authentication=authentication,
        )  # fmt: skip

    # ---- questions -----------------------------------------------------------------------------------------------------

    def query(self, *, merchant_ref: str = "", handle: str = "") -> QueryResult:
        """Search by the order's id. What hangs at the card company is settled by Retry: the same transaction goes on, none is added."""
        order_id = handle or merchant_ref
        answer = self._search(order_id)
        if not isinstance(answer, list):
            return answer
        standing = search.standing(answer)
        if standing.status is None:
            self._call("Retry", "card", {"orderId": order_id})
            answer = self._search(order_id)
            if not isinstance(answer, list):
                return answer
            standing = search.standing(answer)
        status = standing.status
        if standing.mpi and status == MoneyStatus.CREATED:
            status = self._without_card(order_id)
        return RemoteState(
            handle=order_id, merchant_ref=order_id, status=status, amount_yen=standing.amount_yen,
            references=(Reference("orderId", order_id),), raw_status=standing.raw, masked_card=standing.masked_card[:32],
            authentication=mpi.shown(standing.authenticated) if standing.mpi else None,
        )  # fmt: skip

    def _without_card(self, order_id: str) -> MoneyStatus | None:
        """Where an order stands of which the search lists no card's transaction: refused, or begun and no more. ``None`` where
        GetResult knows of a card all the same."""
        answer = self._call("GetResult", "mpi", {"orderId": order_id})
        if not isinstance(answer, client.Answer) or not answer.ok or answer.text("orderId") != order_id:
            return MoneyStatus.CREATED
        told = mpi.Verified.of(answer)
        if told.card in ("success", "pending"):
            return None
        return MoneyStatus.DECLINED if "failure" in (told.mpi, told.card) else MoneyStatus.CREATED

    def _search(self, order_id: str) -> list[Mapping[str, Any]] | Absent | Unreadable | NotSent | Unknown:
        answer = self._call("Search", "search", search.request(order_id))
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        if not answer.ok:
            return Unreadable(errors.category(answer.code), answer.code, answer.message)
        if orders := search.found(answer, order_id):
            return orders
        return Absent() if search.yen(answer.result.get("searchCount")) == 0 else Unknown("answer for another payment")

    # ---- kept cards ----------------------------------------------------------------------------------------------------

    def store_card(self, customer_ref: str, source: CardSource) -> StoreResult:
        """Add/account and Add/cardinfo. That the account exists already is as good – which code says so is not known, so the card's
        own answer decides."""
        made = self._call("Add", "account", cards.member(customer_ref))
        if isinstance(made, (NotSent, Unknown)):
            return made
        answer = self._call("Add", "cardinfo", cards.storing(customer_ref, source))
        if isinstance(answer, NotSent):
            return Unknown(answer.reason)
        if isinstance(answer, Unknown):
            return answer
        return cards.stored(answer) if answer.ok else _refusal(answer)

    def list_cards(self, customer_ref: str) -> ListResult:
        """Get/cardinfo."""
        answer = self._call("Get", "cardinfo", cards.member(customer_ref))
        return answer if isinstance(answer, (NotSent, Unknown)) else cards.listed(answer, customer_ref)

    def remove_card(self, customer_ref: str, card_ref: str) -> RemoveResult:
        """Delete/cardinfo, for each card where none is named. The account stays: a deleted one could not be used again."""
        kept = self.list_cards(customer_ref)
        if not isinstance(kept, CardList):
            return Declined(kept.category, kept.code, kept.detail) if isinstance(kept, Unreadable) else kept
        named = [card.card_ref for card in kept.cards if card_ref in ("", card.card_ref)]
        for each in named:
            answer = self._call("Delete", "cardinfo", cards.member(customer_ref, cardId=each))
            if isinstance(answer, (NotSent, Unknown)):
                return Unknown(answer.reason)
            if not answer.ok:
                return _refusal(answer)
        return CardRemoved() if named else Absent()

    # ---- notices and settings ------------------------------------------------------------------------------------------

    def poll_notices(self) -> Iterator[Notice]:
        """There is no feed: what no push brought, the search finds."""
        return iter(())

    def read_notice(self, method: str, body: bytes, headers: Mapping[str, str]) -> NoticeReading:
        """結果通知: genuine by ``content-hmac`` over the raw body. Of other services and of the other world, nothing is looked at."""
        if not push.is_genuine(headers.get("content-hmac", ""), body, self._merchant):
            return NoticeReading(False, (), b"", reason="content-hmac")
        own = "1" if self._merchant.dummy else "0"
        notices = tuple(
            _notice(record) for record in push.records(body)
            if record.get("orderId") and "mpiMstatus" in record and record.get("dummy", own) == own
        )  # fmt: skip
        return NoticeReading(True, notices, b"OK")

    def check_settings(self, now: datetime) -> tuple[SettingsCheck, ...]:
        """Search for an order that cannot exist. The key of the token server is used by browsers alone."""
        contract = ("merchant_ccid", "merchant_key")
        first = SettingsCheck(("token_api_key",), Finding.FIRST_PAYMENT, _LATER)
        match self._search(NO_PAYMENT):
            case Absent():
                return SettingsCheck(contract, Finding.CORRECT, _LET_IN), first
            case Unreadable(_, code):
                return SettingsCheck(contract, Finding.WRONG, _SHUT_OUT, errors.shown(code)), first
            case _:
                return SettingsCheck(contract, Finding.NO_ANSWER, _SILENT), first

    # ---- the wire ------------------------------------------------------------------------------------------------------

    def _call(self, command: str, service: str, fields: Mapping[str, Any]) -> Asked:
        started = time.monotonic()
        try:
            content = client.body(fields, self._merchant)
        except (UnicodeEncodeError, ValueError):
            return NotSent("cannot be encoded")
        answer = transport.post(
            self._base_url + client.path(command, service, self._merchant.dummy),
            content,
            {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "ja"},
            deadline=CALL_DEADLINE,
            before_send=self._before_send,
        )
        result, text = _read(answer)
        duration = round((time.monotonic() - started) * 1000)
        answered = isinstance(result, client.Answer)
        label = f"{command}/{service}"
        self._record(Exchange(label, _shown(fields), text, _outcome(result), duration, answered))
        return result


def _address(text: str) -> str:
    """A web address a buyer may be led to; empty for anything else."""
    return text if urlsplit(text).scheme in ("https", "http") and text.isprintable() and " " not in text else ""


def jpo(instalments: int) -> str:
    """支払方法: ``10`` 一括, ``61C`` and two digits 分割. There is no bonus in what the shop offers."""
    return "10" if instalments == 1 else f"61C{instalments:02d}"


def _refusal(answer: client.Answer) -> Declined | Unknown:
    if answer.status == "pending":
        return Unknown(answer.code)
    return Declined(errors.category(answer.code), answer.code, answer.message)


def _notice(record: Mapping[str, str]) -> Notice:
    """A push may come twice under another number: what it says is its name."""
    words = [record.get(name, "") for name in ("orderId", "txnType", "vResultCode")]
    raw = f"{record.get('mpiMstatus', '')}/{record.get('cardMstatus', '')}"
    return Notice(
        serial=":".join(words)[:64], merchant_ref=record["orderId"], handle="", status=None, amount_yen=None,
        changed_at=None, raw_status=raw,
    )  # fmt: skip


def _read(answer: transport.Answer | NotSent | Unknown) -> tuple[Asked, str]:
    """The answer and its text for the timeline. Anything that is none in this protocol is unknown."""
    if not isinstance(answer, transport.Answer):
        return answer, answer.reason
    try:
        told = client.parse(answer.body, answer.status)
    except client.Garbled as error:
        return Unknown(str(error)), f"HTTP {answer.status}, {len(answer.body)} bytes, no answer"
    return told, _shown({"result": dict(told.result), "account": dict(told.account)})


def _outcome(result: Asked) -> str:
    if isinstance(result, client.Answer):
        return "ok" if result.ok else result.code or result.status
    return ("not sent: " if isinstance(result, NotSent) else "unknown: ") + result.reason[:40]


def _shown(fields: Mapping[str, Any]) -> str:
    return json.dumps(_hidden(fields), ensure_ascii=False, indent=1)


def _hidden(value: Any, name: str = "") -> Any:
    if name in _MASKED and value:
        return "[hidden]"
    if isinstance(value, Mapping):
        return {key: _hidden(each, key) for key, each in value.items() if each not in (None, "", {}, [])}
    if isinstance(value, list):
        return [_hidden(each) for each in value]
    if name == "cardNumber" and isinstance(value, str):
        return f"****{value[-4:]}"
    return value
