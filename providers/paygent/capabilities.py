"""What Paygent allows on one card payment (shop guide §2-4, §7; protocol: states 20, 30–33, 40–60)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.contract import MoneyStatus, Reason, Recovery, Snapshot, Verb, Verdict
from providers.kept_cards import Linking

#: オーソリ is valid this long; afterwards a capture is refused (R-071, D17: one clock, the authorization's).
AUTHORIZATION_LIFE = timedelta(days=60)
_REFUSED = {reason: Verdict(False, reason) for reason in Reason}


class PaygentCapabilities:
    """Verdicts per payment. The simulator enforces the provider's own limits apart from this."""

    #: payment_amount has at most seven digits.
    max_yen = 9_999_999
    absent_after = 180.0
    call_deadline = 35.0
    #: A token dies with the first telegram that is answered normally: one for 020, one for 025.
    tokens_to_link = 2
    update_verb = Verb.REAUTHORIZE
    #: 450 reserves nothing, and 020 is sent by us.
    charges_while_away = False
    recovery: Mapping[Verb, Recovery] = {
        Verb.AUTHORIZE: Recovery.BY_MERCHANT_REF,
        Verb.REAUTHORIZE: Recovery.BY_MERCHANT_REF,
        # Asked by 094 first; a state that stays half-way (30, 42) is finished by sending 022 or 023 again.
        Verb.CAPTURE: Recovery.SAFE_REPEAT,
        Verb.VOID: Recovery.SAFE_REPEAT,
        Verb.REFUND: Recovery.SAFE_REPEAT,
    }

    def verdict(self, verb: Verb, snapshot: Snapshot, now: datetime) -> Verdict:
        """Whether ``verb`` may be sent now."""
        if not snapshot.remote_readable:
            return _REFUSED[Reason.UNREADABLE]
        match verb:
            case Verb.CAPTURE:
                return self._capture(snapshot, now)
            case Verb.REAUTHORIZE:
                return self._reauthorize(snapshot, now)
            case Verb.VOID if snapshot.status == MoneyStatus.AUTHORIZED:
                return Verdict(True, min_yen=snapshot.authorized_yen, max_yen=snapshot.authorized_yen)
            case Verb.REFUND if snapshot.status == MoneyStatus.CAPTURED:
                return Verdict(True, min_yen=snapshot.authorized_yen, max_yen=snapshot.authorized_yen)
            case _:
                return _REFUSED[Reason.NOT_NOW]

    def _capture(self, snapshot: Snapshot, now: datetime) -> Verdict:
        if snapshot.status != MoneyStatus.AUTHORIZED:
            return _REFUSED[Reason.NOT_NOW]
        until = _until(snapshot)
        if until and now >= until:
            return _REFUSED[Reason.EXPIRED]
        if _differs(snapshot):
            return _REFUSED[Reason.AMOUNT_DIFFERS]
        return Verdict(True, min_yen=snapshot.authorized_yen, max_yen=snapshot.authorized_yen, until=until)

    def authenticates(self, settings: Mapping[str, str]) -> bool:
        return settings.get("use_3ds") == "1"

    def linking(self, settings: Mapping[str, str]) -> Linking:
        """⑫; unset is 12-3, which no option of the contract is needed for."""
        return Linking(settings.get("card_linking") or Linking.NEVER)

    def _reauthorize(self, snapshot: Snapshot, now: datetime) -> Verdict:
        """取引更新 of a plain オーソリOK whose amount differs (001 §7-4②③); what ran out is not renewed in passing."""
        if snapshot.status != MoneyStatus.AUTHORIZED or not _differs(snapshot):
            return _REFUSED[Reason.NOT_NOW]
        until = _until(snapshot)
        if until and now >= until:
            return _REFUSED[Reason.EXPIRED]
        if snapshot.three_ds:
            return _REFUSED[Reason.THREE_DS]
        if not 1 <= snapshot.order_total_yen <= self.max_yen:
            return _REFUSED[Reason.OUT_OF_RANGE]
        return Verdict(True, min_yen=1, max_yen=self.max_yen)

    def instalments(self, settings: Mapping[str, str]) -> tuple[int, ...]:
        """支払回数 (R-052): 1 = 一括, 0 = ボーナス一括払い. The list of counts is inferred (see README)."""
        if settings.get("instalments") != "split":
            return (1,)
        bonus = (0,) if settings.get("bonus") == "1" else ()
        return (1, 3, 5, 6, 10, 12, 15, 18, 20, 24, *bonus)


def _until(snapshot: Snapshot) -> datetime | None:
    """When the authorization runs out; ``None`` while it is not known when it was made."""
    return snapshot.authorized_at + AUTHORIZATION_LIFE if snapshot.authorized_at else None


def _differs(snapshot: Snapshot) -> bool:
    """Whether the order asks for another amount than stands at the provider; an amount never reported differs in nothing."""
    total = snapshot.order_total_yen
    return total != snapshot.authorized_yen or snapshot.remote_amount_yen not in (None, total)
