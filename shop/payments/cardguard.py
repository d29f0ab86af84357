"""カード不正利用対策 – tries of cards are counted by who makes them, so that stolen numbers are not sorted out here (P-22).

What counts are *failures at the provider*. A try counts from the press on, before the call, so that parallel presses
cannot all pass at the same count; it is taken back when it was no failure. Who reached a limit waits as long as the
counting looks back. A member's own count holds only what was tried logged in as them: no stranger can lock it (T-091).
The whole shop's guard is :mod:`shop.payments.cardalarm`.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from providers.contract import Category
from shop.core import throttle
from shop.core.runtime import now as moment
from shop.payments import cardalarm, stepup
from shop.payments.guard_models import CardGuard, CardTry

#: Refusals that say nothing about a card: our own settings, the provider's bad day, an operation out of turn.
_NOT_THE_CARD = (Category.CONFIGURATION, Category.TEMPORARY, Category.STATE_CONFLICT, Category.DEADLINE)
#: Who settles an attempt with a card that is not tried any more.
SETTLES = "card_guard"
#: Failures are never counted together over a longer time than this (the setting ends there).
LONGEST_WINDOW = timedelta(hours=2)

#: A column of :class:`CardTry`, this one's value in it, and the limit's column of :class:`CardGuard`.
Identity = tuple[str, Any, str]


class TooMany(Exception):
    """A limit is reached; cards may be tried again at ``until``. Nothing was sent."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class Crowded(Exception):
    """So many tries of one identity are under way that, should all fail, a limit would be passed. Nothing was sent."""


class StepUp(Exception):
    """The buyer must prove the order's e-mail address first (:mod:`shop.payments.stepup`). Nothing was sent."""


class Stopped(Exception):
    """No card is taken at present (:mod:`shop.payments.cardalarm`). Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who tries a card."""

    #: What names the browser, whoever is logged in there.
    session: str
    #: The address the press came from.
    address: str
    #: The order's e-mail address, to be proven while the shop is on its guard.
    email: str = ""
    #: Of a member only when logged in.
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one who tries cards stands now: ``left`` tries, or none until ``until``."""

    guard: CardGuard
    left: int
    until: datetime | None = None


def address_range(address: str) -> str:
    """The /24 or /64 an address lies in: who has one address easily has its neighbours. Empty where nobody's own."""
    return throttle.network(address, bits=24)


def session_key(session: str) -> str:
    """A browser's key as it is stored."""
    return hashlib.sha256(session.encode()).hexdigest()


def admit(session: Session, who: Who, reference: str, now: datetime) -> None:
    """Let one try of a card pass, inside the transaction that writes its operation; ``reference`` names that operation.

    Raises :class:`Stopped`, :class:`StepUp`, :class:`TooMany` or :class:`Crowded`; the transaction must then end.
    """
    for name, value, _limit in _identities(who):
        throttle.take_turn(session, "card", f"{name}:{value}")
    now = _at_its_turn(now)
    found = standing(session, who, now)
    stage = cardalarm.stage(found.guard, now)
    if stage == "stopped":
        raise Stopped
    if found.until:
        raise TooMany(found.until)
    if found.left < 1:
        raise Crowded
    if stage == "step_up" and not stepup.is_proven(session, session_key(who.session), who.email, now):
        raise StepUp
    session.add(
        CardTry(
            reference=reference, session_key=session_key(who.session), address=address_range(who.address),
            member_id=who.member_id, at=now,
        )
    )  # fmt: skip


def standing(session: Session, who: Who, now: datetime) -> Standing:
    """How many more tries this one has, and from when on again – also for the page (U-036). Reads only."""
    own = _identities(who)
    return _judged(*_counted(session, own, now), own, now)


def _judged(guard: CardGuard, rows: list[Any], own: list[Identity], now: datetime) -> Standing:
    recent = now - timedelta(minutes=guard.window_minutes)
    left, locked = [], []
    for name, value, limit in own:
        mine = [row for row in rows if getattr(row, name) == value]
        failures = [row.at for row in mine if row.state == "failed"]
        locked.append(_locked_until(failures, getattr(guard, limit), guard, now))
        left.append(getattr(guard, limit) - sum(row.at > recent for row in mine))
    until = max(filter(None, locked), default=None)
    return Standing(guard, 0 if until else max(0, min(left)), until)


def recognise(session: Session, reference: str, card: str, now: datetime) -> bool:
    """The provider says which card a try is of, before the buyer is sent to 本人認証: ``card`` is its fingerprint, empty where
    it tells none. Returns whether this card may go on – not when it has failed so often, or may be about to, from wherever.
    One more that goes on may be the one too many for the whole shop."""
    if card and not _goes_on(session, reference, card, now):
        return False
    throttle.take_turn(session, "card", "shop")
    cardalarm.judge(session, cardalarm.guard(session, for_update=True), _at_its_turn(now))
    return True


def _at_its_turn(now: datetime) -> datetime:
    """Whoever has waited for their turn must not take a stage that began meanwhile for one of a clock that was set back."""
    return max(now, moment())


def _goes_on(session: Session, reference: str, card: str, now: datetime) -> bool:
    throttle.take_turn(session, "card", f"card:{card}")
    own: list[Identity] = [("card", card, "per_card")]
    found = _judged(*_counted(session, own, now), own, now)
    session.execute(update(CardTry).where(CardTry.reference == reference).values(card=card))
    return found.left > 0


def note(session: Session, reference: str, state: str, category: Category | None, now: datetime) -> None:
    """Inside the transaction that settles an operation: its try failed, was a good card, or said nothing about one – then it
    is forgotten, so that junk, which costs a bot no card, thins out no failures. ``state`` is the operation's; ``category``
    why it was refused. Does nothing for an operation that no buyer's try began.

    Who leaves 本人認証 unfinished has learned that the card exists: that counts as a failure, too.
    """
    failed = state == "lapsed" or (state == "declined" and category not in _NOT_THE_CARD)
    if not failed and state != "succeeded":
        session.execute(delete(CardTry).where(CardTry.reference == reference).execution_options(synchronize_session=False))
        return
    found = session.execute(
        update(CardTry)
        .where(CardTry.reference == reference)
        .values(state="failed" if failed else "passed")
        .returning(CardTry.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if found is None or not failed:
        return
    # One after the other: each sees the failures before it, so that exactly one of them is the last of a limit.
    throttle.take_turn(session, "card", "shop")
    failure = session.get_one(CardTry, found, populate_existing=True)
    guard = cardalarm.guard(session, for_update=True)
    now = _at_its_turn(now)
    on_guard = cardalarm.stage(guard, now) != "off"
    if cardalarm.judge(session, guard, now) or on_guard:
        return  # the shop knows already
    for name, value, limit in _named(failure.session_key, failure.address, failure.member_id, failure.card):
        _, rows = _counted(session, [(name, value, limit)], now)
        failures = [row.at for row in rows if row.state == "failed"]
        if _locked_until(failures, getattr(guard, limit), guard, now):
            cardalarm.tell_limit(session, name, failure, getattr(guard, limit), guard, now)


def places(who: Who) -> list[tuple[str, str]]:
    """Where a press comes from – the browser, and the range where it tells anybody apart – as columns of :class:`CardTry`."""
    return [(name, value) for name, value, _limit in _identities(who) if name in ("session_key", "address")]


def _identities(who: Who) -> list[Identity]:
    return _named(session_key(who.session), address_range(who.address), who.member_id)


def _named(browser: str, address: str, member_id: int | None, card: str = "") -> list[Identity]:
    """Those that tell somebody apart, always in one order: nobody waits for each other's turn."""
    named: list[Identity] = [
        ("session_key", browser, "per_session"), ("address", address, "per_address"),
        ("member_id", member_id, "per_member"), ("card", card, "per_card"),
    ]  # fmt: skip
    return [identity for identity in named if identity[1]]


def _counted(session: Session, own: list[Identity], now: datetime) -> tuple[CardGuard, list[Any]]:
    """The limits, and open and failed tries of any of these identities, newest first, in one statement."""
    mine = and_(
        CardTry.at > now - 2 * LONGEST_WINDOW,
        CardTry.state != "passed",
        or_(*(getattr(CardTry, name) == value for name, value, _limit in own)),
    )
    columns = (CardTry.session_key, CardTry.address, CardTry.member_id, CardTry.card, CardTry.state, CardTry.at)
    query = select(CardGuard, *columns).outerjoin(CardTry, mine).order_by(CardTry.at.desc(), CardTry.id.desc())
    rows = session.execute(query).all()
    guard: CardGuard = rows[0].CardGuard
    since = guard.counted_from
    return guard, [row for row in rows if row.at is not None and (since is None or row.at > since)]


def _locked_until(failures: list[datetime], limit: int, guard: CardGuard, now: datetime) -> datetime | None:
    """When who failed at these times, newest first, may try again; ``None``: now. After so long none of the failures
    counts any more, so every limit that is reached is reached anew."""
    window = timedelta(minutes=guard.window_minutes)
    if len(failures) < limit or failures[0] - failures[limit - 1] >= window:
        return None
    until = failures[0] + window
    return until if until > now else None
