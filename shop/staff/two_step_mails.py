"""What a change of somebody's two-step log-in leaves behind: a line in 最近の操作, in Japanese, and a mail to the shop.

The account that is being taken over is the one whose owner must hear of it, so nothing on a screen will do. The mail is in
the language of the page where it happened. It never holds a code or a key.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from shop.core import ids, shopinfo
from shop.core.clock import jst
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.outbox import service as outbox
from shop.staff import log
from shop.staff.models import StaffUser


def switched_on(session: Session, user_id: int, now: datetime) -> None:
    _tell(session, user_id, lambda: _("ログインの二段階認証をオンにしました"), now)


def switched_off(session: Session, user_id: int, now: datetime, by: str = "") -> None:
    """``by`` names whoever else did it."""
    _tell(session, user_id, lambda: _("ログインの二段階認証をオフにしました"), now, by)


def codes_renewed(session: Session, user_id: int, now: datetime) -> None:
    _tell(session, user_id, lambda: _("リカバリーコードを作り直しました"), now)


def paper_used(session: Session, user_id: int, left: int, now: datetime) -> None:
    _tell(session, user_id, lambda: _("リカバリーコードを使いました（残り%(left)s個）", left=left), now)


def device_remembered(session: Session, user_id: int, name: str, now: datetime) -> None:
    _tell(session, user_id, lambda: _("新しい端末（%(device)s）で、確認番号の入力を30日間省略するようにしました", device=_named(name)), now)


def device_copied(session: Session, user_id: int, name: str, now: datetime) -> None:
    _tell(session, user_id, lambda: _("端末（%(device)s）の記憶が写し取られたおそれがあるため、取り消しました", device=_named(name)), now, "job:two_step")


def _named(device: str) -> str:
    return device or _("名前の分からない端末")


def _tell(session: Session, user_id: int, what: Callable[[], str], now: datetime, by: str = "") -> None:
    user = session.get_one(StaffUser, user_id)
    with force_locale(DEFAULT):
        line = what()
    log.add(session, by or f"staff:{user.login}", f"{line}（{user.login}）" if by else line, now)
    shop = shopinfo.get(session)
    subject = _("【%(shop)s】管理画面のログインについて（%(login)s）", shop=shop.name, login=user.login)
    body = _(
        "%(name)s（ログインID：%(login)s）の管理画面のログインについて、次の操作がありました。\n\n%(what)s\n日時：%(time)s\n\n"
        "お心当たりのない場合は、だれかがパスワードを知っているおそれがあります。"
        "すぐにパスワードを変更し、覚えのない端末を取り消してください：%(page)s\n\n%(shop)s\n",
        name=user.name, login=user.login, what=what(), time=jst(now).strftime("%Y-%m-%d %H:%M"),
        page=f"{runtime().config.base_url}/admin/two-step", shop=shop.name,
    )  # fmt: skip
    outbox.queue(session, "staff_two_step", None, shop.email, subject, body, now, f"staff_two_step:{ids.public_id()}")
