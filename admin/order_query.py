"""What 受注一覧 shows, read as columns in one statement, and what is unfinished about each order (R-155)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    ScalarSelect,
    String,
    case,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased
from werkzeug.datastructures import MultiDict

from admin import words
from admin.words import MODES, TODO, Word
from providers.settings import CAPTURE_AT_ONCE
from shop.core.clock import JST
from shop.core.i18n import lazy_gettext
from shop.core.paging import Rows
from shop.core.text import clean_line, small_number
from shop.members.models import Member
from shop.orders import cancel_request, review
from shop.orders.models import Order, OrderLine, OrderReview
from shop.outbox.models import OutboxMail
from shop.payments.models import OPEN_STATES, Payment, PaymentMethod, PaymentOperation, RemoteReference

#: Written into the statement, because SQLite uses a partial index only for a condition it can read.
PLACED = Order.state == literal_column("'placed'", String)

#: Money that stands at the provider.
_LIVE = ("authorized", "captured")
_MAIL_NONE, _MAIL_DONE, _MAIL_WAITING, _MAIL_FAILED = None, 0, 1, 2


@dataclass(frozen=True, slots=True)
class Search:
    """詳細検索フォーム. Empty means: no search, the list as filed."""

    reference: str = ""
    number: str = ""
    name: str = ""
    #: First and last 受注日.
    since: date | None = None
    until: date | None = None
    #: A 支払方法, also one that has left the list, and the 売上方式 the order was made under: one of ``words.MODES``.
    method: int | None = None
    mode: str = ""
    #: One of ``words.TODO``: the list behind a number of the top page.
    todo: str = ""

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "Search":
        texts = {name: clean_line(args.get(name, ""))[:100] for name in ("reference", "number", "name")}
        mode, todo = args.get("mode", ""), args.get("todo", "")
        return cls(
            **texts, since=_day(args, "since"), until=_day(args, "until"), method=small_number(args.get("method")),
            mode=mode if mode in MODES else "", todo=todo if todo in TODO else "",
        )  # fmt: skip

    def given(self) -> dict[str, object]:
        """What is asked for, as arguments of an address."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def __bool__(self) -> bool:
        return bool(self.given())


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: what was read, and what is judged from it."""

    data: Any
    marks: tuple[Word, ...]


def latest_payment() -> ScalarSelect[int]:
    """The payment that counts for an order: the newest."""
    inner = aliased(Payment)
    return select(func.max(inner.id)).where(inner.order_id == Order.id).correlate(Order).scalar_subquery()


def listed(filed: str, search: Search) -> Rows:
    """Placed orders of one list; a search looks through all three."""
    query = _columns().where(PLACED)
    return _searched(query, search) if search else query.where(Order.filed == filed)


def of_member(member_id: int) -> Rows:
    """Placed orders of one member, in whichever list."""
    return _columns().where(PLACED, Order.member_id == member_id)


def countable(filed: str, search: Search) -> Rows:
    """The same orders as :func:`listed`, without the columns a count does not need."""
    query = select(Order.id).where(PLACED)
    return _searched(query, search) if search else query.where(Order.filed == filed)


def judge(row: Any) -> Row:
    """Add the marks to a row of :func:`listed`."""
    return Row(row, tuple(_marks(row)))


def _columns() -> Rows:
    operation, mail, line = aliased(PaymentOperation), aliased(OutboxMail), aliased(OrderLine)
    in_flight = select(operation.id).where(operation.payment_id == Payment.id, operation.state.in_(OPEN_STATES))
    mail_state = case((mail.state == "failed", _MAIL_FAILED), (mail.state == "sent", _MAIL_DONE), else_=_MAIL_WAITING)
    worst_mail = select(func.max(mail_state)).where(mail.order_id == Order.id)
    return select(
        Order.id, Order.number, Order.placed_at, Order.buyer_name, Order.total_yen, Order.practice, Order.filed,
        Order.memo, Order.payment_name, Member.login, Member.state.label("member_state"),
        Payment.kind, Payment.merchant_ref, Payment.status, Payment.remote_amount_yen, Payment.remote_problem,
        in_flight.exists().label("in_flight"),
        worst_mail.scalar_subquery().label("worst_mail"),
        select(line.id).where(line.order_id == Order.id).exists().label("has_lines"),
        select(OrderReview.id).where(OrderReview.order_id == Order.id, review.IN_DOUBT).exists().label("in_doubt"),
        cancel_request.standing().label("cancel_asked"),
    ).select_from(Order).outerjoin(Payment, Payment.id == latest_payment()).outerjoin(Member, Member.id == Order.member_id)


def _searched(query: Rows, search: Search) -> Rows:
    if search.reference:
        query = query.where(Order.id.in_(_orders_of_reference(search.reference)))
    if search.number:
        query = query.where(_is_number(search.number))
    if search.name:
        wanted = search.name.replace(" ", "")
        names = (func.replace(column, " ", "") for column in (Order.buyer_name, Order.buyer_kana))
        query = query.where(or_(*(name.contains(wanted, autoescape=True) for name in names)))
    if search.since:
        query = query.where(Order.placed_at >= midnight(search.since))
    if search.until:
        query = query.where(Order.placed_at < midnight(search.until) + timedelta(days=1))
    if search.method or search.mode:
        query = query.where(Order.id.in_(_orders_paid_by(search)))
    if search.todo == "uncaptured":
        authorized = select(Payment.order_id).where(Payment.status == "authorized")
        query = query.where(Order.filed != "cancelled", Order.id.in_(authorized))
    elif search.todo == "in_doubt":
        query = query.where(Order.filed != "cancelled", Order.id.in_(select(OrderReview.order_id).where(review.IN_DOUBT)))
    elif search.todo == "cancel_asked":
        query = query.where(cancel_request.standing())
    return query


def _day(args: MultiDict[str, str], name: str) -> date | None:
    """A day a shop can have orders on; anything else asks for nothing."""
    try:
        day = date.fromisoformat(args.get(name, ""))
    except ValueError:
        return None
    return day if 2000 <= day.year < 2100 else None


def midnight(day: date) -> datetime:
    """When a day begins in Japan."""
    return datetime.combine(day, time(), JST)


def _orders_of_reference(reference: str) -> CompoundSelect[int]:
    """An id of either side, old ids included; always exact, never a search in text."""
    return union(
        select(Payment.order_id).where(Payment.merchant_ref == reference),
        select(Payment.order_id).join(RemoteReference, RemoteReference.payment_id == Payment.id)
        .where(RemoteReference.value == reference),
    )


def _orders_paid_by(search: Search) -> Rows:
    """By the 支払方法 and under the 売上方式 asked for; only a provider's method has one."""
    query = select(Payment.order_id)
    if search.method:
        query = query.where(Payment.method_id == search.method)
    if search.mode:
        linked = select(PaymentMethod.id).where(PaymentMethod.account_id.is_not(None))
        query = query.where(Payment.method_id.in_(linked), Payment.capture_at_once == (search.mode == CAPTURE_AT_ONCE))
    return query


def _is_number(number: str) -> ColumnElement[bool]:
    internal = number.isascii() and number.isdigit() and len(number) < 10
    return or_(Order.number == number, Order.id == int(number)) if internal else Order.number == number


def _marks(row: Any) -> Iterator[Word]:
    if row.in_doubt:
        yield words.IN_DOUBT
    if row.cancel_asked:
        yield words.CANCEL_ASKED
    if row.kind == "card":
        yield from _payment_marks(row)
    if row.worst_mail == _MAIL_FAILED:
        yield Word(lazy_gettext("メール未送信"), "bad")
    elif row.worst_mail == _MAIL_NONE:
        yield Word(lazy_gettext("メール未作成"), "bad")
    elif row.worst_mail == _MAIL_WAITING:
        yield Word(lazy_gettext("メール送信待ち"), "wait")
    if not row.has_lines:
        yield Word(lazy_gettext("明細なし"), "bad")


def _payment_marks(row: Any) -> Iterator[Word]:
    live = row.status in _LIVE
    if row.in_flight:
        yield Word(lazy_gettext("決済確認中"), "wait")
    if row.remote_problem:
        yield Word(lazy_gettext("決済状況を取得できません"), "bad")
    elif live and row.remote_amount_yen not in (None, row.total_yen):
        yield Word(lazy_gettext("金額差異あり"), "bad")
    if live and row.filed == "cancelled":
        yield Word(lazy_gettext("決済キャンセル未処理"), "bad")
    elif row.status in ("created", "awaiting_buyer", "declined", "expired") and not row.in_flight:
        yield Word(lazy_gettext("オーソリ未完了"), "bad")
