"""Paygent in the words of the contract: each verb is one telegram, each answer one result."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from providers import transport
from providers.charge import CardSource, Charge, Reauthorization, ReturnFields
from providers.contract import (
    Absent,
    Approved,
    Authentication,
    BeforeSend,
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
from providers.kept_cards import CardRemoved, StoredCardSource
from providers.paygent import cards, client, connection, errors, threeds
from providers.paygent.capabilities import PaygentCapabilities
from providers.settings import SettingsCheck

Pairs = list[tuple[str, str]]

_JST = ZoneInfo("Asia/Tokyo")
#: payment_status of card payments. States on their way (30, 31, 42, 50) are not reported: ask again later.
_STATUS = {
    "10": MoneyStatus.CREATED,
    "11": MoneyStatus.DECLINED,
    "15": MoneyStatus.DECLINED,
    "20": MoneyStatus.AUTHORIZED,
    "32": MoneyStatus.VOIDED,
    "33": MoneyStatus.EXPIRED,
    "40": MoneyStatus.CAPTURED,
    "41": MoneyStatus.CAPTURED,
    "60": MoneyStatus.REFUNDED,
}
#: Fields whose value must not stand in a timeline.
_MASKED = frozenset({"connect_password", "card_token", "hc", "fingerprint", "out_acs_html", "cardholder_name"})
#: 020 without 本人認証.
_SKIP = [("3dsecure_ryaku", "1")]
#: The feed is asked at most this often per run, so that a long backlog cannot keep a job busy for ever.
_FEED_LIMIT = 200



class PaygentGateway:
    """One contract, opened. Never raises for what the network or the provider does."""

    def __init__(
        self, settings: Mapping[str, str], base_url: str, *, before_send: BeforeSend, record: Recorder
    ) -> None:
        self._settings = settings
        self._base_url = base_url
        self._before_send = before_send
        self._record = record
        self._certificate = _certificate(settings)

    def authorize(self, charge: Charge) -> Result:
        """020 – or, where the method asks for 本人認証, 450 first. With ``charge.capture`` the amount is taken at once
        (同時売上)."""
        if PaygentCapabilities().authenticates(charge.options):
            return self._authenticate(charge)
        return self._authorize(charge, charge.source, _SKIP)

    def _authenticate(self, charge: Charge) -> Result:
        """450. No answer means nothing happened: it reserves nothing, and no 020 was sent."""
        header = [pair for pair in self._header("450", trading_id=charge.merchant_ref) if pair[0] != "payment_id"]
        answer = self._call("450", [*header, *threeds.request(charge, self._settings.get("merchant_name", ""))])
        control = charge.options.get("attempt_control", "")
        if isinstance(answer, (NotSent, Unknown)):
            return NotSent(answer.reason)
        auth_id, html = (answer.fields.get(key, "") for key in ("3ds_auth_id", "out_acs_html"))
        if answer.ok and auth_id and html and charge.started_at:
            secret = threeds.Secret.of(auth_id, charge.source, control)
            return NeedsBuyer(
                html, charge.started_at + threeds.LIFE, (Reference("3ds_auth_id", auth_id),), secret.packed(),
                answer.fields.get("fingerprint", ""),
            )  # fmt: skip
        if answer.code == threeds.UNSUPPORTED and threeds.allowed(threeds.WITHOUT, control):
            return self._authorize(charge, charge.source, _SKIP, threeds.WITHOUT)
        return Declined(errors.category(answer.code), answer.code, answer.detail)

    def read_return(self, secret: str, fields: ReturnFields) -> ReturnReading:
        """The digest under 3Dセキュア結果受付ハッシュ鍵 decides; without that key nothing is genuine."""
        return threeds.read_return(
            threeds.Secret.unpacked(secret), fields, self._settings.get("three_ds_hash_key", "")
        )

    def resume(self, charge: Charge, secret: str, fields: ReturnFields) -> Result:
        """020 with the authentication – when the return and the shop's Attempt control allow it."""
        kept = threeds.Secret.unpacked(secret)
        verdict = threeds.judge(fields, kept.control)
        outcome = verdict.code or "declined" if isinstance(verdict, Declined) else verdict.outcome.value
        self._record(Exchange("450 return", _masked(list(fields)), "", outcome, 0, answered=None))
        if isinstance(verdict, Declined):
            return verdict
        authenticated = [("3dsecure_use_type", "2"), ("3ds_auth_id", kept.auth_id)]
        result = self._authorize(charge, kept.source, authenticated, verdict)
        if not isinstance(result, Approved) or result.card_brand:
            return result
        # 020 names few brands, 450 all. The digest does not cover it: it is shown, and nothing goes by it.
        return replace(result, card_brand=cards.BRANDS.get(dict(fields).get("card_brand", ""), ""))

    def _authorize(
        self,
        charge: Charge,
        source: CardSource | StoredCardSource,
        secure: Pairs,
        authentication: Authentication | None = None,
    ) -> Result:
        fields = [
            *self._header("020", trading_id=charge.merchant_ref),
            ("payment_amount", str(charge.amount_yen)),
            *_instalments(charge.instalments),
            *secure,
            *cards.charged(source),
            ("sales_mode", "1" if charge.capture else "0"),
        ]
        status = MoneyStatus.CAPTURED if charge.capture else MoneyStatus.AUTHORIZED
        result = self._change("020", fields, status)
        return replace(result, authentication=authentication) if isinstance(result, Approved) else result

    def reauthorize(self, again: Reauthorization) -> Result:
        """020 with the card of the earlier order (ref_trading_id), without 3-D Secure; up or down, unlike 028."""
        fields = [
            *self._header("020", trading_id=again.merchant_ref),
            ("payment_amount", str(again.amount_yen)),
            *_instalments(again.instalments),
            ("3dsecure_ryaku", "1"),
            ("ref_trading_id", again.earlier_ref),
        ]
        return self._change("020", fields, MoneyStatus.AUTHORIZED)

    def change(self, handle: str, amount_yen: int) -> Result:
        """028 would, but not upwards; 取引更新 is a new 020 here."""
        return NotSent("no such verb")

    def capture(self, handle: str, amount_yen: int) -> Result:
        """022 – takes the whole authorization; ``amount_yen`` is for the ledger, the telegram has no amount."""
        return self._change("022", self._header("022", payment_id=handle), MoneyStatus.CAPTURED)

    def void(self, handle: str) -> Result:
        """021."""
        return self._change("021", self._header("021", payment_id=handle), MoneyStatus.VOIDED)

    def refund(self, handle: str, amount_yen: int) -> Result:
        """023 – gives the whole captured amount back (取消返金); there is no partial form."""
        return self._change("023", self._header("023", payment_id=handle), MoneyStatus.REFUNDED)

    def query(self, *, merchant_ref: str = "", handle: str = "") -> QueryResult:
        """094 by payment_id where known, else by trading_id."""
        keys = {"payment_id": handle} if handle else {"trading_id": merchant_ref}
        answer = self._call("094", [*self._header("094", **keys), ("payment_type", "02")])
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        if answer.ok:
            return _remote_state(answer.fields, merchant_ref, handle)
        if answer.code == "13001":
            return Absent(answer.code)
        return Unreadable(errors.category(answer.code), answer.code, answer.detail)

    def store_card(self, customer_ref: str, source: CardSource) -> StoreResult:
        """025, without a validity check: nothing is authorized."""
        fields = [*self._header("025"), ("customer_id", customer_ref), ("card_token", source.token)]
        answer = self._call("025", fields)
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        return cards.stored(answer.fields) if answer.ok else _refusal(answer)

    def list_cards(self, customer_ref: str) -> ListResult:
        """027."""
        fields = [*self._header("027"), ("customer_id", customer_ref), ("customer_card_id", "")]
        answer = self._call("027", fields)
        return answer if isinstance(answer, (NotSent, Unknown)) else cards.listed(answer, customer_ref)

    def remove_card(self, customer_ref: str, card_ref: str) -> RemoveResult:
        """026; without a card id it takes every card of the customer."""
        fields = [*self._header("026"), ("customer_id", customer_ref), ("customer_card_id", card_ref)]
        answer = self._call("026", fields)
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        if answer.code == cards.NO_SUCH_CARD:
            return Absent(answer.code)
        return CardRemoved() if answer.ok else _refusal(answer)

    def poll_notices(self) -> Iterator[Notice]:
        """091 until the feed is empty, each notice at once: fetched, it is not shown again. Stops at the first answer that is no
        notice. What a lost answer held, the nightly look at the payments finds."""
        for _ in range(_FEED_LIMIT):
            answer = self._call("091", [*self._header("091"), ("payment_notice_id", "")])
            if isinstance(answer, (NotSent, Unknown)) or not answer.ok or answer.fields.get("success_code") == "1":
                return
            if not answer.fields.get("payment_notice_id"):
                return
            yield _notice(answer.fields)

    def read_notice(self, method: str, body: bytes, headers: Mapping[str, str]) -> NoticeReading:
        """差分通知: genuine only with the right digest under our key; acknowledged by exactly ``result=0``."""
        fields, genuine = client.read_notice(body, self._settings.get("notice_hash_key", ""))
        if not genuine:
            return NoticeReading(False, (), b"", reason="digest")
        if not fields.get("payment_notice_id"):
            return NoticeReading(False, (), b"", reason="no serial")
        notices = (_notice(fields),) if fields.get("payment_type") == "02" else ()
        return NoticeReading(True, notices, b"result=0")

    def check_settings(self, now: datetime) -> tuple[SettingsCheck, ...]:
        """094 for a payment that cannot exist."""
        answer = self.query(merchant_ref=connection.NO_PAYMENT)
        return connection.findings(answer, self._settings, self._certificate, now)

    def _header(self, kind: str, *, trading_id: str = "", payment_id: str = "") -> Pairs:
        settings = self._settings
        header = [
            ("merchant_id", settings["merchant_id"]),
            ("connect_id", settings["connect_id"]),
            ("connect_password", settings["connect_password"]),
            ("telegram_kind", kind),
            ("telegram_version", client.VERSION),
            ("trading_id", trading_id),
            ("payment_id", payment_id),
        ]
        if site := settings.get("site_id"):
            header.append(("site_id", site))
        return header

    def _change(self, kind: str, fields: Pairs, done: MoneyStatus) -> Result:
        """A telegram that moves money."""
        answer = self._call(kind, fields)
        if isinstance(answer, (NotSent, Unknown)):
            return answer
        payment_id = answer.fields.get("payment_id", "")
        if answer.ok:
            if not payment_id or not _same_payment(answer.fields, dict(fields)):
                return Unknown("answer for another payment")
            return Approved(
                handle=payment_id,
                status=done,
                references=(Reference("payment_id", payment_id),),
                masked_card=answer.fields.get("masked_card_number", ""),
                card_brand=cards.BRANDS.get(answer.fields.get("acq_id", ""), ""),
                fingerprint=answer.fields.get("fingerprint", ""),
            )
        return _refusal(answer, (Reference("payment_id", payment_id),) if payment_id else ())

    def _call(self, kind: str, fields: Pairs) -> client.Telegram | NotSent | Unknown:
        try:
            cards.check_token(dict(fields).get("card_token", ""))
            body = client.encode(fields)
        except client.CannotEncode as error:
            return NotSent(str(error))
        started = time.monotonic()
        answer = transport.post(
            self._base_url + client.path(kind),
            body,
            {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*"},
            deadline=PaygentCapabilities.call_deadline,
            before_send=self._before_send,
            certificate=self._certificate,
        )
        result, text = _read(kind, answer)
        duration = round((time.monotonic() - started) * 1000)
        answered = isinstance(result, client.Telegram)
        self._record(Exchange(kind, _masked(fields), text, _outcome(result), duration, answered))
        return result


def _refusal(answer: client.Telegram, references: tuple[Reference, ...] = ()) -> Declined | Unknown:
    """What an answer means that is no success: only a code that surely refuses is a refusal."""
    if answer.result != "1" or not errors.is_refusal(answer.code):
        return Unknown(f"{answer.result}/{answer.code}")
    return Declined(errors.category(answer.code), answer.code, answer.detail, references)


def _read(kind: str, answer: transport.Answer | NotSent | Unknown) -> tuple[client.Telegram | NotSent | Unknown, str]:
    """The telegram in an answer and its text for the timeline. Anything that is no telegram is unknown."""
    if not isinstance(answer, transport.Answer):
        return answer, answer.reason
    try:
        telegram = client.parse(kind, answer.body, answer.status)
    except client.Garbled as error:
        return Unknown(str(error)), f"HTTP {answer.status}, {len(answer.body)} bytes, no telegram"
    head = [("result", telegram.result), ("response_code", telegram.code), ("response_detail", telegram.detail)]
    return telegram, _masked([*head, *telegram.fields.items(), *(pair for row in telegram.rows for pair in cards.shown(row))])


def _same_payment(answer: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Whether an answer is about the payment that was named in the request."""
    return all(answer.get(key) == asked[key] for key in ("trading_id", "payment_id") if asked[key])


def _outcome(result: client.Telegram | NotSent | Unknown) -> str:
    if isinstance(result, client.Telegram):
        return "ok" if result.ok else result.code or f"result={result.result}"
    return ("not sent: " if isinstance(result, NotSent) else "unknown: ") + result.reason[:40]


def _masked(fields: Pairs) -> str:
    shown = ((key, "[hidden]" if key in _MASKED and value else value) for key, value in fields)
    return "\n".join(f"{key}={value}" for key, value in shown if value)


def _instalments(count: int) -> Pairs:
    """payment_class 10 一括, 23 ボーナス一括, 61 分割 with split_count."""
    match count:
        case 0:
            return [("payment_class", "23"), ("split_count", "")]
        case 1:
            return [("payment_class", "10"), ("split_count", "")]
        case _:
            return [("payment_class", "61"), ("split_count", str(count))]


def _remote_state(fields: Mapping[str, str], merchant_ref: str, handle: str) -> RemoteState | Unknown:
    """The state in a 094 answer – when it is about the payment asked for and says all that money is decided by."""
    raw, payment_id, trading_id = (fields.get(key, "") for key in ("payment_status", "payment_id", "trading_id"))
    amount = _yen(fields.get("payment_amount", ""))
    if (handle and payment_id != handle) or (not handle and trading_id != merchant_ref):
        return Unknown("answer for another payment")
    if not payment_id or amount is None:
        return Unknown("incomplete answer")
    return RemoteState(
        handle=payment_id,
        merchant_ref=trading_id,
        status=_STATUS.get(raw),
        amount_yen=amount,
        references=(Reference("payment_id", payment_id),),
        raw_status=raw,
        authorized_at=_moment(fields.get("authorized_date", "")),
        masked_card=fields.get("masked_card_number", ""),
        fingerprint=fields.get("fingerprint", ""),
        authentication=threeds.shown(fields),
    )


def _notice(fields: Mapping[str, str]) -> Notice:
    raw = fields.get("payment_status", "")
    return Notice(
        serial=fields["payment_notice_id"],
        merchant_ref=fields.get("trading_id", ""),
        handle=fields.get("payment_id", ""),
        status=_STATUS.get(raw),
        amount_yen=_yen(fields.get("payment_amount", "")),
        changed_at=_moment(fields.get("change_date", "")),
        raw_status=raw,
    )


def _yen(text: str) -> int | None:
    """Digits as yen; ``None`` for anything else and for more than any payment can be."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _moment(text: str) -> datetime | None:
    """``YYYYMMDDhhmmss`` in Japan, or ``None``."""
    try:
        moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=_JST)
    except ValueError:
        return None
    return moment if moment.year >= 2000 else None


def _certificate(settings: Mapping[str, str]) -> transport.ClientCertificate | None:
    if not settings.get("client_certificate") and not settings.get("ca_certificates"):
        return None
    return transport.ClientCertificate(
        certificate=settings.get("client_certificate", ""),
        key=settings.get("client_key", "") or settings.get("client_certificate", ""),
        password=settings.get("client_key_password", ""),
        ca=settings.get("ca_certificates", ""),
    )

