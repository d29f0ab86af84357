"""The whole shop on its guard: an attack that is spread over many cards, addresses and sessions reaches no limit of its own.

Many failures that are most of all tries – or too many, whatever is sold beside them – put the shop on its guard, and so do as
many cards left at their issuer: ``step_up`` – buyers prove their e-mail address before a card goes out
(:mod:`shop.payments.stepup`). When most tries fail behind that, too, ``stopped`` – cards are not offered, the other methods are.
It ends by itself, or a person ends or begins it. The shop is mailed once for each.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from providers.contract import N_
from shop.core.clock import jst
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.outbox import service as outbox
from shop.payments.guard_models import CardGuard, CardTry
from shop.staff import log as staff_log

log = logging.getLogger(__name__)

#: Who writes in 最近の操作 when nobody pressed a button.
ACTOR = "job:card_guard"
_NEXT = {"off": "step_up", "step_up": "stopped"}


def guard(session: Session, *, for_update: bool = False) -> CardGuard:
    """The one row of limits and state; ``for_update``: locked, to be changed."""
    return session.get_one(CardGuard, 1, populate_existing=for_update, with_for_update=for_update or None)


def stage(row: CardGuard, now: datetime) -> str:
    """``off``, ``step_up`` or ``stopped``. A stage whose time is over, or that a clock set back has not reached, is off."""
    on = row.stage_since is not None and row.stage_since <= now and (row.stage_until is None or now < row.stage_until)
    return row.stage if on else "off"


def is_stopped(session: Session, now: datetime) -> bool:
    """Whether no card is taken at present."""
    return stage(guard(session), now) == "stopped"


@dataclass(frozen=True, slots=True)
class Figures:
    """The shop's tries of cards: how many ``failed``, of how many whose outcome is known (``tried``), and how many are ``open``:
    at the provider, or with a buyer at 本人認証 – or one who has left there for good."""

    failed: int
    tried: int
    open: int


def figures(session: Session, row: CardGuard, now: datetime) -> Figures:
    """What counts for the whole shop now: within the window, and since it last changed its stage."""
    since = max(filter(None, (_window_begin(row, now), row.counted_from, _stage_begin(row, now))))
    counted = session.execute(
        select(CardTry.state, func.count()).where(CardTry.at > since).group_by(CardTry.state)
    )
    by_state = {state: int(number) for state, number in counted}
    opened = by_state.pop("open", 0)
    return Figures(by_state.get("failed", 0), sum(by_state.values()), opened)


def judge(session: Session, row: CardGuard, now: datetime) -> bool:
    """After a failure, or a card that goes to 本人認証: go one stage up when there are too many; returns whether it did. The caller
    has locked ``row``.

    The bound whatever the share asks for a proof only: a shop that sells behind it is not closed for its honest refusals.
    """
    following = _NEXT.get(stage(row, now))
    seen = figures(session, row, now)
    mostly = _mostly(row, row.shop_failures, seen.failed, seen.tried)
    # A bot that leaves 本人認証 has learned enough, long before its attempt lapses.
    left = _mostly(row, row.shop_most, seen.failed + seen.open, seen.tried + seen.open)
    if following is None or not (mostly or (following == "step_up" and (left or seen.failed >= row.shop_most))):
        return False
    _enter(row, following, now, now + timedelta(minutes=row.release_minutes))
    with force_locale(DEFAULT):
        word = _("注文者のメール確認を開始") if following == "step_up" else _("カード決済の受付を停止")
        text = _("%(word)s（カードの失敗 %(failed)s件／%(tried)s件）", word=word, failed=seen.failed, tried=seen.tried)
        body = _trip_words(row, following, seen)
    log.warning("card testing suspected", extra={"stage": following, "failed": seen.failed, "tried": seen.tried, "open": seen.open})
    staff_log.add(session, ACTOR, text, now)
    outbox.queue_alarm(session, "card_testing", body, now, f"card_testing:{following}:{now.isoformat()}")
    return True


def _mostly(row: CardGuard, bound: int, bad: int, of: int) -> bool:
    return bad >= bound and bad * 100 >= row.shop_percent * of


def stop(session: Session, now: datetime) -> None:
    """A person stops cards at once, until a person lets go."""
    _enter(guard(session, for_update=True), "stopped", now, None)


def release(session: Session, now: datetime) -> None:
    """A person lets go of everything – the shop's guard and the limits that single buyers reached. Counting begins anew."""
    row = guard(session, for_update=True)
    row.stage, row.stage_since, row.stage_until, row.counted_from = "off", None, None, now


def tell_limit(session: Session, identity: str, failure: CardTry, limit: int, row: CardGuard, now: datetime) -> None:
    """Mail the shop that one identity has reached its limit (R-147): once, at the failure that filled it."""
    with force_locale(DEFAULT):
        who = {
            "session_key": _("同じブラウザ"), "member_id": _("会員（ID %(id)s）", id=failure.member_id),
            "address": _("同じネットワーク（%(range)s）", range=failure.address), "card": _("同じカード"),
        }[identity]  # fmt: skip
        body = _(
            "カードの失敗が%(minutes)s分のあいだに%(limit)s回に達したため、次の相手のカード決済を止めました：%(who)s\n"
            "%(until)sに自動で解除されます。お客様から問い合わせがあったときは、管理画面の「カード不正利用対策」で解除できます。\n",
            minutes=row.window_minutes, limit=limit, who=who, until=_clock(failure.at + timedelta(minutes=row.window_minutes)),
        )  # fmt: skip
    outbox.queue_alarm(session, "card_limit", body, now, f"card_limit:{identity}:{failure.id}")


def _enter(row: CardGuard, following: str, now: datetime, until: datetime | None) -> None:
    row.stage, row.stage_since, row.stage_until = following, now, until


def _window_begin(row: CardGuard, now: datetime) -> datetime:
    return now - timedelta(minutes=row.window_minutes)


def _stage_begin(row: CardGuard, now: datetime) -> datetime | None:
    """What was before the stage, or before its end, has had its effect."""
    if stage(row, now) != "off":
        return row.stage_since
    over = row.stage_until
    return over if over is not None and over <= now else None


def _trip_words(row: CardGuard, following: str, seen: Figures) -> str:
    what = {
        "step_up": N_("カードで支払うお客様には、注文の前にメールアドレスの確認（6けたの番号）をお願いしています。"),
        "stopped": N_("失敗が続いているため、カード決済の受付を止めました。ほかのお支払方法はそのままご利用いただけます。"),
    }[following]
    until = _clock(row.stage_until) if row.stage_until else ""
    return _(
        "盗まれたカード番号の確認（クレジットマスター）に使われているおそれがあります。\n"
        "カードの失敗が%(failed)s件（結果の分かった%(tried)s件のうち）ありました。結果を待っているカードは%(open)s件です。\n%(what)s\n"
        "%(until)sに自動で解除されます。管理画面の「カード不正利用対策」で、すぐに解除することも、カードを止めることもできます。\n",
        failed=seen.failed, tried=seen.tried, open=seen.open, what=_(what), until=until,
    )  # fmt: skip


def _clock(moment: datetime) -> str:
    return jst(moment).strftime("%Y-%m-%d %H:%M")
