"""What a buyer is told about limits on cards: before they bite, and until when they do (U-036). Never which one it was."""

from datetime import datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from shop.core.clock import jst
from shop.core.i18n import gettext as _
from shop.payments import cardalarm, cardguard
from shop.web.member import browser_key, current_member


def who() -> cardguard.Who:
    """Who asks, as the guard counts them."""
    member = current_member()
    return cardguard.Who(browser_key(), request.remote_addr or "", member_id=member.member_id if member else None)


def too_many(until: datetime) -> str:
    """Cards were refused so often that none is taken before ``until``."""
    return _uncharged(_too_many(until))


def _too_many(until: datetime) -> str:
    return _(
        "カードでのお支払いが続けて失敗したため、いまはカードを受け付けていません。%(time)s以降にもう一度お試しください。ほかのお支払方法はご利用いただけます。",
        time=clock(until),
    )


def _uncharged(more: str) -> str:
    """The money first (U-035)."""
    return _("請求はされていません。%(more)s", more=more)


def too_many_codes(until: datetime) -> str:
    """No further code is mailed before ``until``."""
    return _(
        "請求はされていません。確認番号を続けてお送りしたため、いまは送れません。%(time)s以降にもう一度お試しください。ほかのお支払方法はご利用いただけます。",
        time=clock(until),
    )


def stopped(session: Session) -> str:
    """The shop takes no card at present."""
    return _uncharged(_stopped(session))


def _stopped(session: Session) -> str:
    until = cardalarm.guard(session).stage_until
    if until is None:
        return _("カードでのお支払いは、不正利用を防ぐため、いまは受け付けていません。ほかのお支払方法をご利用ください。")
    return _(
        "カードでのお支払いは、不正利用を防ぐため、いまは受け付けていません。%(time)s以降にもう一度お試しください。ほかのお支払方法はご利用いただけます。",
        time=clock(until),
    )


def pause(session: Session, standing: cardguard.Standing, now: datetime) -> str:
    """Why no card can be tried now, and from when on one can again – beside a sentence on the money. Empty while one can."""
    if cardalarm.stage(standing.guard, now) == "stopped":
        return _stopped(session)
    return _too_many(standing.until) if standing.until else ""


def limit(session: Session, standing: cardguard.Standing, now: datetime) -> str:
    """The same where it stands alone."""
    words = pause(session, standing, now)
    return _uncharged(words) if words else ""


def advance_notice(standing: cardguard.Standing) -> str:
    """What stands at the choice of a card before the limit bites: that only one more can be tried."""
    if standing.left == 1 and not standing.until:
        return _(
            "カードでのお支払いは、あと1回お試しいただけます。続けて失敗すると、%(minutes)s分間カードをご利用いただけません。ほかのお支払方法は、いつでもご利用いただけます。",
            minutes=standing.guard.window_minutes,
        )
    return ""


def no_registration_before(until: datetime) -> str:
    """Cards were refused so often that none is registered before ``until``."""
    return _(
        "カードの手続きが続けて失敗したため、いまはカードを登録できません。カードの登録は変わっていません。%(time)s以降にもう一度お試しください。",
        time=clock(until),
    )


def no_registration(session: Session) -> str:
    """The shop registers no card at present; says from when on it does where that is known."""
    if until := cardalarm.guard(session).stage_until:
        return _("不正利用を防ぐため、いまはカードを登録できません。カードの登録は変わっていません。%(time)s以降にもう一度お試しください。", time=clock(until))
    return _("不正利用を防ぐため、いまはカードを登録できません。カードの登録は変わっていません。しばらくしてから、もう一度お試しください。")


def registration_notice(session: Session, now: datetime) -> str:
    """What is said instead of the form for a card that is to be registered. Empty while one can be."""
    standing = cardguard.standing(session, who(), now)
    if cardalarm.stage(standing.guard, now) != "off":
        return no_registration(session)
    return no_registration_before(standing.until) if standing.until else ""


def clock(moment: datetime) -> str:
    """``18:40`` in Japan – the first full minute that is not too early."""
    return jst(moment + timedelta(seconds=59, microseconds=999_999)).strftime("%H:%M")
