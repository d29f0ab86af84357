"""受注一覧, 受注完了一覧, 受注キャンセル一覧 – where an order is filed. Filing moves goods, never money (R-190)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.members import with_order
from shop.orders import history, mails, own, reserved
from shop.orders.models import Order
from shop.outbox import service as outbox

LISTS = ("open", "completed", "cancelled")


class ElsewhereNow(Exception):
    """The order is no longer in the list it was seen in; nothing was moved."""


def may_tell(session: Session, order: Order, target: str) -> bool:
    """Whether the buyer can be told by mail of this move: into 受注キャンセル一覧, of an order whose money no provider has – where
    one has it, the mail goes with the money – and once."""
    apart = target == "cancelled" and own.payment(session, order).account_version_id is None
    return apart and not outbox.is_promised(session, mails.order_cancelled_key(order))


def move(
    session: Session, order_id: int, seen: str, target: str, actor: str, now: datetime, *, tell_buyer: bool = False
) -> None:
    """Move a placed order from the list it was ``seen`` in to ``target``, with a line of 変更履歴; ``tell_buyer``: by mail, where
    that is possible.

    Into 受注キャンセル一覧 its units go back to sale and the use of its coupon to others, out of it they are taken again. An
    order without its goods could not be shipped, so ``stock.OutOfStock`` refuses the way back when they are gone, and
    ``coupons.NotUsable`` when the coupon's last use is; it stays where it is. Raises :class:`ElsewhereNow` for a stale page.
    """
    order = session.scalars(select(Order).where(Order.id == order_id).with_for_update()).one()
    if order.filed != seen or target == seen:
        raise ElsewhereNow
    if target == "cancelled":
        reserved.give_back(session, order, now)
    elif seen == "cancelled":
        reserved.take_back(session, order, now)
    order.filed = target
    followed = order.member_id is not None and _follow(session, order.member_id, target, now)
    with force_locale(DEFAULT):
        history.add_deed(session, order, actor, _deed(target, followed), now)
        if tell_buyer and may_tell(session, order, target):
            mails.order_cancelled(session, order, now)
            history.add_deed(session, order, actor, _("受注キャンセルをメールで購入者にお知らせ"), now)


def _follow(session: Session, member_id: int, target: str, now: datetime) -> bool:
    """A 仮登録 that came with the order is in force once it is completed, and over for good when it is cancelled (R-272).
    Returns whether there was one."""
    if target == "completed":
        return with_order.activate_by_order(session, member_id, now)
    return target == "cancelled" and with_order.end_by_order(session, member_id, now)


def _deed(target: str, followed: bool) -> str:
    if target == "completed":
        return _("受注完了一覧へ移動（会員の仮登録を本登録に変更）") if followed else _("受注完了一覧へ移動")
    if target == "cancelled":
        return _("受注キャンセル一覧へ移動（会員の仮登録を取り消し）") if followed else _("受注キャンセル一覧へ移動")
    return _("受注一覧へ移動")
