"""二段階認証 of the admin's log-in: a password, and a code from the person's phone – or one of ten codes on paper (T-041).

A code is taken once. Wrong ones are counted by account in the database, those on paper among them, before they are looked
at; what is right takes back its own count only, so the owner's log-in gives a guesser no new tries.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from shop.core import throttle
from shop.core.runtime import runtime
from shop.core.text import digits, narrow
from shop.core.throttle import Limit, digest
from shop.staff import devices, totp, two_step_mails
from shop.staff.models import RecoveryCode, TwoStep

TRIES = 5
WINDOW = timedelta(minutes=30)
CODES = 10
#: Letters of a recovery code: none that looks like another or like a digit, and no digits, so no code is a number.
_LETTERS = "ABCDEFGHJKMNPQRTUVWXYZ"
_GROUPS, _GROUP = 4, 4

Word = Literal["app", "paper", "used", "wrong", "blocked"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a typed code came to: right by ``app`` or by ``paper``; ``used`` before; ``wrong``; or not looked at."""

    word: Word
    blocked_until: datetime | None = None

    @property
    def right(self) -> bool:
        return self.word in ("app", "paper")


@dataclass(frozen=True, slots=True)
class State:
    """二段階認証 of a person who has it on."""

    since: datetime
    codes_left: int


def state(session: Session, user_id: int) -> State | None:
    """``None`` while it is off."""
    left = select(func.count()).select_from(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )  # fmt: skip
    row = session.execute(select(TwoStep.since, left.scalar_subquery()).where(TwoStep.user_id == user_id)).one_or_none()
    return State(*row) if row else None


def is_on(session: Session, user_id: int) -> bool:
    return session.scalar(select(TwoStep.id).where(TwoStep.user_id == user_id)) is not None


def prove(session: Session, user_id: int, typed: str, now: datetime) -> Verdict:
    """Judge a code in the caller's transaction, and use it up if it is right. The count of a wrong one must be committed."""
    turn = throttle.count(session, [Limit("staff-code", str(user_id), TRIES, WINDOW)], now)
    if turn.blocked_until:
        return Verdict("blocked", turn.blocked_until)
    verdict = Verdict(_spend(session, user_id, typed, now))
    if verdict.right:
        throttle.take_back(session, turn)
    return verdict


def switch_on(session: Session, user_id: int, key: str, step: int, now: datetime) -> list[str]:
    """Ask for codes of ``key`` from now on, later ones than the one of ``step``. Returns the recovery codes: they are
    shown once and stored nowhere – none when it was on already, by a press at the same time."""
    throttle.take_turn(session, "staff-two-step", str(user_id))
    if is_on(session, user_id):
        return []
    _clear(session, user_id)
    sealed = runtime().vault.seal({"key": key}, _purpose(user_id))
    session.add(TwoStep(user_id=user_id, sealed=sealed, last_step=step, since=now))
    two_step_mails.switched_on(session, user_id, now)
    return _new_codes(session, user_id)


def renew_codes(session: Session, user_id: int, now: datetime) -> list[str]:
    """Ten other recovery codes; those before work no more."""
    two_step_mails.codes_renewed(session, user_id, now)
    return _new_codes(session, user_id)


def switch_off(session: Session, user_id: int, now: datetime) -> None:
    """オフにする, by the person."""
    _clear(session, user_id)
    two_step_mails.switched_off(session, user_id, now)


def reset(session: Session, user_id: int, by: str, now: datetime) -> bool:
    """Switch it off for somebody who lost phone and paper; ``by`` says who did (``staff:hana``). ``False``: it was off."""
    if not is_on(session, user_id):
        return False
    _clear(session, user_id)
    two_step_mails.switched_off(session, user_id, now, by)
    return True


def _spend(session: Session, user_id: int, typed: str, now: datetime) -> Word:
    row = session.scalar(
        select(TwoStep).where(TwoStep.user_id == user_id).execution_options(populate_existing=True)
    )
    if row is None:
        return "wrong"
    step = totp.step_of(runtime().vault.open(row.sealed, _purpose(user_id))["key"], digits(typed), now)
    if step is not None:
        return "app" if _take_step(session, user_id, step) else "used"
    return _take_paper(session, user_id, typed, now)


def _take_step(session: Session, user_id: int, step: int) -> bool:
    """Of two who come with the same code at once, one gets it: the second waits for the row and finds the step taken."""
    changed = session.execute(
        update(TwoStep)
        .where(TwoStep.user_id == user_id, TwoStep.last_step < step)
        .values(last_step=step)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def _take_paper(session: Session, user_id: int, typed: str, now: datetime) -> Word:
    mine = (RecoveryCode.user_id == user_id) & (RecoveryCode.code_digest == _code_digest(user_id, typed))
    taken = session.execute(
        update(RecoveryCode)
        .where(mine, RecoveryCode.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(taken, CursorResult)
    if taken.rowcount == 1:
        left = state(session, user_id)
        two_step_mails.paper_used(session, user_id, left.codes_left if left else 0, now)
        return "paper"
    return "used" if session.scalar(select(RecoveryCode.id).where(mine)) else "wrong"


def _new_codes(session: Session, user_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new_code() for _ in range(CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_digest=_code_digest(user_id, code)) for code in codes)
    return codes


def _new_code() -> str:
    letters = ("".join(secrets.choice(_LETTERS) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(letters)


def _code_digest(user_id: int, typed: str) -> str:
    """Of the letters alone, in whatever width, case and grouping they were typed. They carry 71 random bits, which no
    slow hash could make safer."""
    return digest(f"{user_id} {''.join(filter(str.isalpha, narrow(typed).upper()))}")


def _clear(session: Session, user_id: int) -> None:
    devices.forget_all(session, user_id)
    for table in (TwoStep, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user_id))


def _purpose(user_id: int) -> str:
    return f"staff-two-step:{user_id}"
