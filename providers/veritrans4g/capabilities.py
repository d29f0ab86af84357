"""What this protocol allows on one card payment (states and limits of its reference, chapter 8), and what each product offers of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.contract import MoneyStatus, Reason, Recovery, Snapshot, Verb, Verdict
from providers.kept_cards import Linking
from providers.veritrans4g import adapter, mpi

#: An authorization can be captured this long (``ACD3`` afterwards).
AUTHORIZATION_LIFE = timedelta(days=60)
#: 支払回数 that every acquirer of this protocol is told to know; 2 and bonus are not among them.
COUNTS = (3, 6, 10, 12, 15, 18, 20, 24)
_REFUSED = {reason: Verdict(False, reason) for reason in Reason}


class Veritrans4GCapabilities:
    """ベリトランス4G: all that the protocol can."""

    #: ``amount`` has at most eight digits.
    max_yen = 99_999_999
    absent_after = 180.0
    call_deadline = adapter.CALL_DEADLINE
    #: A token is used once: one for the order, one to keep the card.
    tokens_to_link = 2
    update_verb = Verb.REAUTHORIZE
    charges_while_away = True
    recovery: Mapping[Verb, Recovery] = {
        Verb.AUTHORIZE: Recovery.BY_MERCHANT_REF,
        Verb.REAUTHORIZE: Recovery.BY_MERCHANT_REF,
        # The search shows whether it happened; repeated blindly a Cancel could take off again.
        Verb.CAPTURE: Recovery.BY_HANDLE,
        Verb.VOID: Recovery.BY_HANDLE,
        Verb.REFUND: Recovery.BY_HANDLE,
    }

    def verdict(self, verb: Verb, snapshot: Snapshot, now: datetime) -> Verdict:
        """Whether ``verb`` may be sent now."""
        if self._never(verb, snapshot):
            return _REFUSED[Reason.NEVER]
        if not snapshot.remote_readable:
            return _REFUSED[Reason.UNREADABLE]
        match verb:
            case Verb.CAPTURE if snapshot.status == MoneyStatus.AUTHORIZED:
                return self._capture(snapshot, now)
            case Verb.REAUTHORIZE if snapshot.status == MoneyStatus.AUTHORIZED:
                return self._reauthorize(snapshot, now)
            case Verb.VOID if snapshot.status == MoneyStatus.AUTHORIZED:
                return Verdict(True, min_yen=standing_yen(snapshot), max_yen=standing_yen(snapshot))
            case Verb.REFUND if snapshot.status == MoneyStatus.CAPTURED:
                return Verdict(True, min_yen=standing_yen(snapshot), max_yen=standing_yen(snapshot))
            case _:
                return _REFUSED[Reason.NOT_NOW]

    def _never(self, verb: Verb, snapshot: Snapshot) -> bool:
        return verb not in self.recovery or verb == Verb.AUTHORIZE

    def _capture(self, snapshot: Snapshot, now: datetime) -> Verdict:
        """The order's total, where it is no more than was authorized: the rest is released with it."""
        until = _until(snapshot)
        if until and now >= until:
            return _REFUSED[Reason.EXPIRED]
        if snapshot.order_total_yen > standing_yen(snapshot):
            return _REFUSED[Reason.RAISED]
        if snapshot.order_total_yen < 1:
            return _REFUSED[Reason.OUT_OF_RANGE]
        return Verdict(True, min_yen=snapshot.order_total_yen, max_yen=snapshot.order_total_yen, until=until)

    def _reauthorize(self, snapshot: Snapshot, now: datetime) -> Verdict:
        """取引更新 of an authorization whose amount differs; an authenticated one would lose what 3-D Secure protects."""
        if snapshot.order_total_yen == standing_yen(snapshot):
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
        return (1, *COUNTS) if settings.get("instalments") == "split" else (1,)

    def authenticates(self, settings: Mapping[str, str]) -> bool:
        return settings.get("authentication") in mpi.TYPES

    def linking(self, settings: Mapping[str, str]) -> Linking:
        """Unset, no card is kept: PayNowID is an option of the contract."""
        return Linking(settings.get("card_linking") or Linking.NEVER)


def standing_yen(snapshot: Snapshot) -> int:
    """What is reserved or taken: the provider's own word where it is known."""
    return snapshot.authorized_yen if snapshot.remote_amount_yen is None else snapshot.remote_amount_yen


def _until(snapshot: Snapshot) -> datetime | None:
    """When the authorization runs out; ``None`` while it is not known when it was made."""
    return snapshot.authorized_at + AUTHORIZATION_LIFE if snapshot.authorized_at else None
