"""What a member is told about their card: a line in 操作履歴 (R-149), and a mail when a link changed (T-047)."""

from datetime import datetime

from sqlalchemy.orm import Session

from providers.contract import N_, Category
from shop.core import card_numbers, shopinfo
from shop.core.clock import jst
from shop.core.i18n import force_locale
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.members import history
from shop.members.models import Member
from shop.outbox import service as outbox
from shop.payments.cards import book
from shop.payments.cards.models import CardOperation

#: Who removes the cards of an account that ends, as the operation's actor.
LEAVES = "job:left"

REGISTERED = N_("クレジットカード（%(card)s）を登録しました")
CHANGED = N_("クレジットカードを変更しました（%(card)s）")
REMOVED = N_("クレジットカード（%(card)s）を削除しました")
_NOT_REGISTERED = N_("クレジットカードを登録できませんでした")
_VANISHED = N_("ご登録のクレジットカードは、決済代行会社での登録がなくなっていました")


def changed(session: Session, operation: CardOperation, text: str, brand: str, last_four: str, now: datetime) -> None:
    """A card was linked, replaced or removed: a line, and a mail to the member – but for an account that ends before its address
    was proven, of which nobody is written to (decision 0015)."""
    assert operation.member_id is not None
    history.note(session, operation.member_id, text, now, brand=brand, last_four=last_four)
    member = session.get_one(Member, operation.member_id)
    if operation.actor == LEAVES and member.proven_at is None:
        return
    info = shopinfo.get(session)
    with force_locale(member.language):
        what = _(text, card=card_numbers.shown(brand, last_four))
        subject = _("【%(shop)s】ご登録クレジットカードの変更のお知らせ", shop=info.called)
        body = _(
            "%(name)s様\n\n%(what)s。\n日時：%(at)s\n\n"
            "カード番号は当ショップでは保持していません。\n"
            "%(ways)s\n\n%(shop)s\n",
            name=member.name, what=what, at=jst(now).strftime("%Y-%m-%d %H:%M"), shop=info.called, ways=_ways(member, info.email, leaves=operation.actor == LEAVES),
        )  # fmt: skip
    outbox.queue(session, "card", operation.order_id, member.email, subject, body, now, f"card:{operation.id}")


def _ways(member: Member, contact: str, *, leaves: bool) -> str:
    """Where the card is seen, and what to do if it is somebody else's deed; 仮登録 opens no log-in, and
    so no page of theirs, nor does an account that ends."""
    if leaves:
        return _("お心当たりがないときは、当ショップへご連絡ください：%(contact)s", contact=contact)
    if member.state == "provisional":
        return _(
            "ご登録のカードは、本登録のあとで、マイページでご覧いただけます。\nお心当たりがないときは、当ショップへご連絡ください：%(contact)s",
            contact=contact,
        )
    return _(
        "ご登録のカード：%(page)s\nお心当たりがないときは、パスワードを変更し、当ショップへご連絡ください：%(contact)s",
        page=f"{runtime().config.base_url}/mypage/cards", contact=contact,
    )  # fmt: skip


def not_registered(session: Session, operation: CardOperation, now: datetime) -> None:
    """A registration came to nothing. Its order, if it followed one, stands all the same – and is said to, by mail, because nobody
    waits for it on a page. One that our contract does not allow is the shop's business as well (002 §10-2)."""
    if operation.member_id is not None:
        history.note(session, operation.member_id, _NOT_REGISTERED, now)
        if operation.order_id is not None:
            _order_stands(session, operation, now)
    if operation.result_category == Category.CONFIGURATION:
        _check_contract(session, operation, now)


def _order_stands(session: Session, operation: CardOperation, now: datetime) -> None:
    member = session.get_one(Member, operation.member_id)
    info = shopinfo.get(session)
    refusal = book.refusal(session, operation)
    with force_locale(member.language):
        subject = _("【%(shop)s】クレジットカードを登録できませんでした", shop=info.called)
        why = f"{_(refusal.text)}\n" if refusal else ""
        body = _(
            "%(name)s様\n\nご注文とあわせてご希望になった、クレジットカードの登録ができませんでした。\n%(why)s\n"
            "ご注文は承っています。お支払いへの影響はありません。\n%(ways)s\n\n%(shop)s\n",
            name=member.name, why=why, shop=info.called, ways=_ways(member, info.email, leaves=False),
        )  # fmt: skip
    outbox.queue(session, "card", operation.order_id, member.email, subject, body, now, f"card:{operation.id}")


def _check_contract(session: Session, operation: CardOperation, now: datetime) -> None:
    """To the shop, once a day for each account."""
    text = _(
        "会員のクレジットカードを登録できませんでした（コード %(code)s）。\n"
        "決済会社との契約と設定を確かめてください。カードをお預かりする機能（会員登録機能）が、契約に含まれ、有効になっている必要があります。\n",
        code=operation.result_code or "-",
    )  # fmt: skip
    outbox.queue_alarm(session, "card_refused", text, now, f"card_refused:{operation.account_id}:{jst(now):%Y-%m-%d}")


def vanished(session: Session, member_id: int, now: datetime) -> None:
    history.note(session, member_id, _VANISHED, now)


def kept_on(session: Session, operation: CardOperation, now: datetime) -> None:
    """To the shop: a provider would not remove a card that has to go."""
    text = _(
        "会員のクレジットカードを、決済代行会社の登録から削除できませんでした（コード %(code)s）。\n"
        "決済代行会社の管理画面で、顧客ID %(customer)s のカード（%(card)s）を削除してください。\n",
        code=operation.result_code or "-", customer=operation.customer_ref, card=operation.card_ref or _("すべて"),
    )  # fmt: skip
    outbox.queue_alarm(session, "card_kept", text, now, f"card_kept:{operation.id}")
