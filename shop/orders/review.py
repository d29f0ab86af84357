"""要確認（不正利用の疑い） – card orders that look as if somebody paid with another's card or log-in (T-090; 属性・行動分析 of the
クレジットカード・セキュリティガイドライン).

Looked for when an order comes to stand, in its own transaction, by index. No provider is asked, no buyer refused, delayed or
told: the order stands as any other, and a person looks at it before its money is taken. What each signal can tell apart, and
what it cannot: docs/decisions/0013-review.md.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, literal_column, select, update
from sqlalchemy.orm import Session

from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.paging import Rows
from shop.core.text import folded
from shop.orders import history
from shop.orders.models import Order, OrderReview
from shop.payments import cardalarm
from shop.payments.guard_models import CardGuard
from shop.payments.models import Payment

#: Who writes in 変更履歴 when an order comes in doubt.
ACTOR = "job:review"
#: Written into the statement, because SQLite uses a partial index only for a condition it can read.
IN_DOUBT = OrderReview.state == literal_column("'open'", String)
_PLACED = Order.state == literal_column("'placed'", String)

#: So many earlier orders are compared at most, the newest.
_LOOKING_BACK = 200
#: Of these, so many are named to staff.
_NAMED = 5
#: 1丁目2番3号 is 1-2-3.
_BLOCK = re.compile(r"(?<=\d)(?:丁目|番地|番|号)-?(\d?)")

_SHIPPED_TO = (Order.ship_postal_code, Order.ship_prefecture, Order.ship_address1, Order.ship_address2)
_BOUGHT_FROM = (Order.postal_code, Order.prefecture, Order.address1, Order.address2)


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason for doubt."""

    #: ``new_address``, ``cards`` or ``people``.
    kind: str
    #: How many cards, or buyers.
    count: int = 0
    #: The time they were counted in.
    days: int = 0
    #: Numbers of the orders to compare with, newest first.
    numbers: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """In words."""
        match self.kind:
            case "cards":
                return _(
                    "同じお届け先に、%(days)s日のあいだに%(count)s枚の異なるカードで注文がありました。",
                    days=self.days, count=self.count,
                )  # fmt: skip
            case "people":
                return _(
                    "同じカードが、%(days)s日のあいだに%(count)s通りの異なる購入者（氏名または住所）で使われました。",
                    days=self.days, count=self.count,
                )  # fmt: skip
            case _:
                return _("会員のこれまでの注文にはないお届け先です。")

    @property
    def advice(self) -> str:
        """What to check."""
        match self.kind:
            case "cards":
                return _("お届け先の氏名と電話番号を見比べてください。会社や施設など、何人もが受け取る場所かもしれません。")
            case "people":
                return _("購入者の氏名と住所を見比べ、電話でカードの名義人との関係を確かめてください。")
            case _:
                return _("これまでの注文のときの電話番号に電話し、ご本人の注文か確かめてください。ログインを盗まれているかもしれません。")


def signals(session: Session, order: Order, payment: Payment, now: datetime) -> tuple[Signal, ...]:
    """What is doubtful about a card order that is about to stand. Reads only."""
    rules = cardalarm.guard(session)
    if not rules.review:
        return ()
    return (
        *_new_address(session, rules, order),
        *_cards(session, rules, order, payment, now),
        *_people(session, rules, order, payment, now),
    )


def hold(session: Session, order: Order, found: tuple[Signal, ...], now: datetime) -> None:
    """Keep a placed order's signals, and put it before a person."""
    packed = json.dumps([asdict(signal) for signal in found], ensure_ascii=False)
    session.add(OrderReview(order_id=order.id, signals=packed, found_at=now))
    with force_locale(DEFAULT):
        reasons = "".join(signal.reason for signal in found)
        history.add_deed(session, order, ACTOR, _("要確認（不正利用の疑い）：%(reasons)s", reasons=reasons), now)


def read(packed: str) -> list[Signal]:
    """The signals of :attr:`OrderReview.signals`."""
    return [Signal(**{**each, "numbers": tuple(each["numbers"])}) for each in json.loads(packed)]


def in_doubt(session: Session, order_id: int) -> bool:
    """Whether a person has yet to look into the order."""
    return session.scalar(select(OrderReview.id).where(OrderReview.order_id == order_id, IN_DOUBT)) is not None


def clear(session: Session, order: Order, actor: str, note: str, now: datetime) -> bool:
    """問題なし: a person has looked into it. Returns ``False`` when somebody has already, or there was nothing to look into."""
    cleared = session.execute(
        update(OrderReview)
        .where(OrderReview.order_id == order.id, IN_DOUBT)
        .values(state="cleared", decided_by=actor, decided_at=now, note=note)
        .execution_options(synchronize_session=False)
    )
    if cleared.rowcount != 1:  # type: ignore[attr-defined]
        return False
    with force_locale(DEFAULT):
        deed = _("不正利用の疑いを審査済みにしました（%(note)s）", note=note) if note else _("不正利用の疑いを審査済みにしました")
        history.add_deed(session, order, actor, deed, now)
    return True


def place_key(postal_code: str, prefecture: str, address1: str, address2: str) -> str:
    """An address as it is compared: however wide, spaced and hyphened it was typed, 1丁目2番3号 as 1-2-3, the prefecture
    typed once more or not."""
    text = folded(address1 + address2).removeprefix(folded(prefecture))
    plain = _BLOCK.sub(lambda block: f"-{block[1]}" if block[1] else "", text)
    return f"{folded(postal_code).replace('-', '')} {plain}"


def _new_address(session: Session, rules: CardGuard, order: Order) -> Iterator[Signal]:
    """A member's first order to this place. Known are all addresses of their earlier orders, except of such as were cancelled
    or are in doubt themselves: those prove nothing."""
    if not rules.review_new_address or order.member_id is None:
        return
    doubtful = select(OrderReview.id).where(OrderReview.order_id == Order.id, IN_DOUBT).exists()
    earlier = _earlier(order, _PLACED, Order.member_id == order.member_id, Order.filed != "cancelled", ~doubtful)
    rows = session.execute(earlier.add_columns(*_SHIPPED_TO, *_BOUGHT_FROM)).all()
    known = {place_key(*row[1:5]) for row in rows} | {place_key(*row[5:9]) for row in rows}
    if rows and _shipped_to(order) not in known:
        yield Signal("new_address", numbers=_numbers(rows))


def _cards(session: Session, rules: CardGuard, order: Order, payment: Payment, now: datetime) -> Iterator[Signal]:
    """Orders to this place were paid with several cards. Cards that end in other digits are others, and so are cards the
    provider calls by another name: the larger number is certain."""
    recent = Order.placed_at > now - timedelta(days=rules.review_days)
    nearby = _earlier(order, _PLACED, Order.ship_postal_code == order.ship_postal_code, recent, Payment.masked_card != "")
    query = nearby.join(Payment, Payment.order_id == Order.id).add_columns(*_SHIPPED_TO, Payment.masked_card, Payment.card_fingerprint)
    rows = [row for row in session.execute(query) if place_key(*row[1:5]) == _shipped_to(order)]
    digits = {payment.masked_card, *(row.masked_card for row in rows)} - {""}
    names = {payment.card_fingerprint, *(row.card_fingerprint for row in rows)} - {""}
    count = max(len(digits), len(names))
    if count >= rules.review_cards:
        yield Signal("cards", count, rules.review_days, _numbers(rows))


def _people(session: Session, rules: CardGuard, order: Order, payment: Payment, now: datetime) -> Iterator[Signal]:
    """Several buyers paid with this card. Who sends gifts to many is one buyer; four digits alone do not say that a card is
    the same, so without the provider's name for it nothing is found."""
    if not payment.card_fingerprint:
        return
    since = now - timedelta(days=rules.review_days)
    query = (
        _earlier(order, _PLACED, Payment.card_fingerprint == payment.card_fingerprint, Payment.created_at > since)
        .join(Payment, Payment.order_id == Order.id)
        .add_columns(*_BOUGHT_FROM, Order.buyer_name)
    )
    rows = session.execute(query).all()
    names = {folded(order.buyer_name), *(folded(row.buyer_name) for row in rows)}
    own = place_key(order.postal_code, order.prefecture, order.address1, order.address2)
    places = {own, *(place_key(*row[1:5]) for row in rows)}
    count = max(len(names), len(places))
    if count >= rules.review_people:
        yield Signal("people", count, rules.review_days, _numbers(rows))


def _earlier(order: Order, *where: ColumnElement[bool]) -> Rows:
    """The numbers of other orders, newest first."""
    return select(Order.number).where(Order.id != order.id, *where).order_by(Order.id.desc()).limit(_LOOKING_BACK)


def _numbers(rows: Any) -> tuple[str, ...]:
    return tuple(row.number for row in rows[:_NAMED])


def _shipped_to(order: Order) -> str:
    return place_key(order.ship_postal_code, order.ship_prefecture, order.ship_address1, order.ship_address2)
