"""ご登録クレジットカード管理 – a member registers, changes and removes the card that the provider keeps for them.

Addresses carry the number of a provider account of the shop; whose card it is says the log-in alone (T-052).
"""

from contextlib import suppress

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from providers.ports import BuyerMessage
from shop.core import db
from shop.core.clock import jst
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.payments import accounts, executor
from shop.payments.cards import book, manage, reconcile
from shop.payments.cards.manage import Limit, Outcome
from shop.payments.cards.models import CardOperation
from shop.payments.engine import Busy
from shop.web import card_limits, choices, flow
from shop.web.member import members_only, the_member

blueprint = Blueprint("cards", __name__)

#: Results after which the card form is worth another try.
_AGAIN = ("refused", "not_sent", "no_token")


@blueprint.get("/mypage/cards")
@members_only
def overview() -> ResponseReturnValue:
    """Every provider that keeps cards, and whether one is registered there (R-142)."""
    session, member = db.db.session(), the_member()
    managed = book.managed(session)
    if not managed:
        abort(404)
    rows = [(each, book.row(session, member.member_id, each.account_id) is not None) for each in managed]
    return render_template("shop/cards.html", rows=rows)


@blueprint.get("/mypage/cards/<int:account_id>")
@members_only
def card(account_id: int) -> ResponseReturnValue:
    """The registered card, what can be done with it, and how often."""
    session, member = db.db.session(), the_member()
    managed = _managed(account_id)
    pending = book.pending(session, member.member_id, account_id)
    failed = None if pending else _failed(book.last(session, member.member_id, account_id))
    why = book.refusal(session, failed) if failed else None
    return render_template(
        "shop/card.html",
        managed=managed,
        registered=book.stored(session, member.member_id, account_id, now()),
        pending=pending,
        failed=failed,
        failed_why=_refusal(why) if why else "",
        needed=manage.needed(session, member.member_id),
        limit_words=_limit_words(manage.limit(session, member.member_id, now())),
    )


@blueprint.get("/mypage/cards/<int:account_id>/form")
@members_only
def form(account_id: int) -> ResponseReturnValue:
    """The card form – not while an outcome is open, nor past the limit."""
    session, member = db.db.session(), the_member()
    managed = _managed(account_id)
    limit = manage.limit(session, member.member_id, now())
    held_back = card_limits.registration_notice(session, now())
    if held_back:
        flash(held_back, "todo")
    if held_back or limit.free_at or book.pending(session, member.member_id, account_id):
        return redirect(url_for("cards.card", account_id=account_id), 303)
    method = choices.method_choice(managed.method, with_card=True)
    return render_template(
        "shop/card_form.html",
        managed=managed,
        method=method,
        registered=book.stored(session, member.member_id, account_id, now()),
        limit_words=_limit_words(limit),
    )


@blueprint.post("/mypage/cards/<int:account_id>/form")
@members_only
def register(account_id: int) -> ResponseReturnValue:
    """登録: the token of the page's card form."""
    managed, token = _managed(account_id), flow.posted_token("card_token")
    if token:
        brand = request.form.get("card_brand", "")
        outcome = manage.change(the_member().member_id, account_id, token, brand, card_limits.who())
    else:
        outcome = Outcome("no_token")
    return _after(managed, outcome)


@blueprint.get("/mypage/cards/<int:account_id>/remove")
@members_only
def confirm_removal(account_id: int) -> ResponseReturnValue:
    """The question before 削除, where no script asks it."""
    session, member = db.db.session(), the_member()
    managed = _managed(account_id)
    registered = book.stored(session, member.member_id, account_id, now())
    if registered is None or manage.needed(session, member.member_id):
        return redirect(url_for("cards.card", account_id=account_id), 303)
    return render_template("shop/card_remove.html", managed=managed, registered=registered)


@blueprint.post("/mypage/cards/<int:account_id>/remove")
@members_only
def remove(account_id: int) -> ResponseReturnValue:
    managed = _managed(account_id)
    return _after(managed, manage.remove(the_member().member_id, account_id))


@blueprint.post("/mypage/cards/<int:account_id>/check")
@members_only
def check(account_id: int) -> ResponseReturnValue:
    """結果を確認する: has the provider asked now, if it was not just asked."""
    _managed(account_id)
    pending = book.pending(db.db.session(), the_member().member_id, account_id)
    if pending is not None:
        operation_id = pending.id
        with suppress(Busy):  # then the job asks within seconds
            executor.attend(lambda: reconcile.check(operation_id))
    return redirect(url_for("cards.card", account_id=account_id), 303)


def _managed(account_id: int) -> book.Managed:
    found = next((each for each in book.managed(db.db.session()) if each.account_id == account_id), None)
    return found or abort(404)


def _after(managed: book.Managed, outcome: Outcome) -> ResponseReturnValue:
    good = outcome.kind in ("registered", "changed", "removed")
    if text := _words(managed, outcome):
        flash(text, "good" if good else "todo")
    again = outcome.kind in _AGAIN
    return redirect(url_for("cards.form" if again else "cards.card", account_id=managed.account_id), 303)


def _words(managed: book.Managed, outcome: Outcome) -> str:
    """What the member is told; nothing where the page they come to says it."""
    match outcome.kind:
        case "registered":
            return _("カード登録が完了しました")
        case "changed":
            return _("カード変更が完了しました")
        case "removed":
            return _("カードを削除しました")
        case "refused":
            account = managed.method.account
            assert account is not None
            return _refusal(accounts.provider_of(account).buyer_message(outcome.category, outcome.code))
        case "not_sent":
            return _("決済代行会社につながりませんでした。カードの登録は変わっていません。少し待ってからもう一度お試しください。")
        case "no_token":
            return _("カード情報を受け取れませんでした。JavaScriptを有効にして、もう一度カード情報を入力してください。")
        case "busy":
            return _("ほかのお手続きの途中です。少し待ってからもう一度お試しください。")
        case "too_many":
            assert outcome.until is not None
            return card_limits.no_registration_before(outcome.until)
        case "stopped":
            return card_limits.no_registration(db.db.session())
        case "needed":
            return _("定期購入でご利用中のため、カードを削除できません。「変更」で別のカードに変えられます。")
        case _:
            return ""


def _refusal(message: BuyerMessage) -> str:
    sentence = _(message.text)
    return _("%(words)s（エラーコード: %(code)s）", words=sentence, code=message.code) if message.code else sentence


def _failed(newest: CardOperation | None) -> CardOperation | None:
    """The newest thing done to the card, if it is a registration that came to nothing."""
    came_to_nothing = newest is not None and newest.verb == "store" and newest.state in ("declined", "absent", "dropped")
    return newest if came_to_nothing else None


def _limit_words(limit: Limit) -> tuple[str, str]:
    """How often, and from when again – empty while there is nothing to wait for (R-146, U-061)."""
    rule = _("カードの登録と変更は、%(minutes)s分に%(count)s回までです。", minutes=limit.minutes, count=limit.count)
    if limit.free_at is None:
        return rule, ""
    moment = jst(limit.free_at).strftime("%m/%d %H:%M")
    return rule, _("セキュリティ対策のため、いまは登録・変更できません。次に操作できるのは %(moment)s 以降です。", moment=moment)
