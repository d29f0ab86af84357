"""What e-SCOTT and, stricter, its shop guide allow on one card payment (guide §2-4, §7)."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from providers.contract import MoneyStatus, Reason, Recovery, Snapshot, Verb, Verdict
from providers.escott import adapter
from providers.kept_cards import Linking

#: 与信 is valid about this long.
AUTHORIZATION_LIFE = timedelta(days=60)
#: 支払回数 the provider takes; the shop cannot edit the list (§3-3⑥).
COUNTS = (2, 3, 5, 6, 10, 12, 15, 18, 20, 24)
_REFUSED = {reason: Verdict(False, reason) for reason in Reason}


class EscottCapabilities:
    """Verdicts per payment: before the sale all three buttons, after it none; nothing where the amount was taken at once."""

    #: ``Amount`` has at most seven digits for some clients and eight for others: the smaller one holds for all.
    max_yen = 9_999_999
    absent_after = 180.0
    call_deadline = adapter.CALL_DEADLINE
    #: A token is used once: one for the order, one to keep the card.
    tokens_to_link = 2
    update_verb = Verb.CHANGE
    charges_while_away = False
    recovery: Mapping[Verb, Recovery] = {
        # Without an answer there is no pair to ask by.
        Verb.AUTHORIZE: Recovery.BY_CONSOLE,
        Verb.CAPTURE: Recovery.BY_HANDLE,
        Verb.CHANGE: Recovery.BY_HANDLE,
        # A second 1Delete is answered by K14: it has happened.
        Verb.VOID: Recovery.SAFE_REPEAT,
        Verb.REFUND: Recovery.SAFE_REPEAT,
    }

    def verdict(self, verb: Verb, snapshot: Snapshot, now: datetime) -> Verdict:
        """Whether ``verb`` may be sent now."""
        if snapshot.capture_at_once or verb not in (Verb.CAPTURE, Verb.CHANGE, Verb.VOID):
            return _REFUSED[Reason.NEVER]
        if verb != Verb.CAPTURE and snapshot.status == MoneyStatus.CAPTURED:
            return _REFUSED[Reason.NEVER]
        if not snapshot.reachable:
            return _REFUSED[Reason.CONSOLE_ONLY]
        if not snapshot.remote_readable:
            return _REFUSED[Reason.UNREADABLE]
        if snapshot.status != MoneyStatus.AUTHORIZED:
            return _REFUSED[Reason.NOT_NOW]
        return self._standing(verb, snapshot, now)

    def _standing(self, verb: Verb, snapshot: Snapshot, now: datetime) -> Verdict:
        until = snapshot.authorized_at + AUTHORIZATION_LIFE if snapshot.authorized_at else None
        differs = snapshot.order_total_yen != snapshot.authorized_yen or snapshot.remote_amount_yen not in (
            None, snapshot.order_total_yen,
        )  # fmt: skip
        if verb != Verb.VOID and until and now >= until:
            return _REFUSED[Reason.EXPIRED]
        if verb == Verb.VOID:
            return Verdict(True, min_yen=snapshot.authorized_yen, max_yen=snapshot.authorized_yen)
        if verb == Verb.CAPTURE:
            # 1Capture has no amount: an order that was changed is updated first (§7-2④).
            if differs:
                return _REFUSED[Reason.AMOUNT_DIFFERS]
            return Verdict(True, min_yen=snapshot.authorized_yen, max_yen=snapshot.authorized_yen, until=until)
        if not differs:
            return _REFUSED[Reason.NOT_NOW]
        if not 1 <= snapshot.order_total_yen <= self.max_yen:
            return _REFUSED[Reason.OUT_OF_RANGE]
        return Verdict(True, min_yen=1, max_yen=self.max_yen)

    def instalments(self, settings: Mapping[str, str]) -> tuple[int, ...]:
        """⑥ off: 一括 alone; on: the provider's list."""
        return (1, *COUNTS, 0) if settings.get("instalments") == "1" else (1,)

    def authenticates(self, settings: Mapping[str, str]) -> bool:
        """There is no 3-D Secure in this integration (guide §2-1)."""
        return False

    def linking(self, settings: Mapping[str, str]) -> Linking:
        return Linking(settings.get("card_linking") or Linking.NEVER)
