"""カード不正利用対策 – the limits, how the shop stands now, and the two buttons: stop cards, or let go of everything."""

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField

from admin import drafts
from admin.blueprint import blueprint
from admin.forms import Count, StaffForm
from admin.log import note
from admin.method_summary import Group
from providers.contract import N_
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.runtime import now
from shop.payments import cardalarm, cardguard
from shop.payments.guard_models import CardGuard

_DRAFT = "card-guard"


class CardGuardForm(StaffForm):
    """The limits. Names are those of the row."""

    window_minutes = Count(lazy_gettext("失敗を数える時間（分）"), 5, cardguard.LONGEST_WINDOW // timedelta(minutes=1))
    per_session = Count(lazy_gettext("同じブラウザの失敗（回）"), 3, 100)
    per_member = Count(lazy_gettext("同じ会員の失敗（回）"), 3, 100)
    per_address = Count(lazy_gettext("同じネットワークの失敗（回）"), 3, 1000)
    per_card = Count(lazy_gettext("同じカードの失敗（回）"), 3, 100)
    shop_failures = Count(lazy_gettext("店全体の失敗（件）"), 5, 1000)
    shop_percent = Count(lazy_gettext("店全体の失敗の割合（パーセント）"), 50, 100)
    shop_most = Count(lazy_gettext("割合によらない店全体の失敗（件）"), 5, 1000)
    release_minutes = Count(lazy_gettext("自動で解除するまでの時間（分）"), 10, 1440)
    hold_percent = Count(lazy_gettext("同じブラウザ・ネットワークが決済中に確保できる在庫（パーセント）"), 1, 100)
    hold_shop_percent = Count(lazy_gettext("本人認証を待つお客様全員が確保できる在庫（パーセント）"), 10, 100)
    review = BooleanField(lazy_gettext("不正利用の疑いがある受注を要確認にする"))
    review_new_address = BooleanField(lazy_gettext("会員が、これまでにないお届け先に注文したとき"))
    review_cards = Count(lazy_gettext("同じお届け先に使われた異なるカード（枚）"), 2, 50)
    review_people = Count(lazy_gettext("同じカードを使った異なる購入者（人）"), 2, 50)
    review_days = Count(lazy_gettext("カードと購入者を数える期間（日）"), 1, 90)

    def values(self) -> dict[str, Any]:
        """All that was typed, to be sealed."""
        return {name: field.data for name, field in self._fields.items() if name != "csrf_token"}


@blueprint.get("/settings/card-guard")
def card_guard() -> str:
    """The form with what is stored."""
    return _page(CardGuardForm(formdata=None, obj=cardalarm.guard(db.session())))


@blueprint.post("/settings/card-guard/confirm")
def confirm_card_guard() -> ResponseReturnValue:
    """確認画面へ."""
    form = CardGuardForm()
    if not form.validate():
        return _page(form), 422
    lines = [(str(form[name].label.text), _shown(value)) for name, value in form.values().items()]
    return render_template(
        "admin/card_guard_confirm.html",
        groups=[Group(_("カード不正利用対策"), lines)],
        draft=drafts.seal(form.values(), _DRAFT, drafts.CHECKED),
    )


@blueprint.post("/settings/card-guard/revise")
def revise_card_guard() -> ResponseReturnValue:
    """戻って修正する."""
    values = _checked()
    return _start_again() if values is None else _page(CardGuardForm(formdata=None, data=values))


@blueprint.post("/settings/card-guard")
def save_card_guard() -> ResponseReturnValue:
    """設定する."""
    values = _checked()
    if values is None:
        return _start_again()
    form = CardGuardForm(formdata=None, data=values)
    with write() as session:
        row = cardalarm.guard(session, for_update=True)
        changed = [str(form[name].label.text) for name, value in values.items() if getattr(row, name) != value]
        for name, value in values.items():
            setattr(row, name, value)
        note(session, N_("カード不正利用対策を設定（%(what)s）"), what="、".join(changed or [N_("変更なし")]))
    flash(_("カード不正利用対策を設定しました。"), "good")
    return redirect(url_for("admin.card_guard"), 303)


@blueprint.post("/settings/card-guard/stop")
def stop_cards() -> ResponseReturnValue:
    """カード決済を止める: at once, until somebody lets go."""
    with write() as session:
        cardalarm.stop(session, now())
        note(session, N_("カード決済の受付を停止"))
    flash(_("カード決済の受付を止めました。ほかのお支払方法はそのまま使えます。再開するには「解除する」を押してください。"), "wait")
    return redirect(url_for("admin.card_guard"), 303)


@blueprint.post("/settings/card-guard/release")
def release_cards() -> ResponseReturnValue:
    """解除する: cards are taken as always, and nobody is locked out any more."""
    with write() as session:
        cardalarm.release(session, now())
        note(session, N_("カード決済の制限を解除"))
    flash(_("カード決済の制限を解除しました。失敗は、これから改めて数えます。"), "good")
    return redirect(url_for("admin.card_guard"), 303)


def _page(form: CardGuardForm) -> str:
    session, moment = db.session(), now()
    row: CardGuard = cardalarm.guard(session)
    seen, stage = cardalarm.figures(session, row, moment), cardalarm.stage(row, moment)
    return render_template("admin/card_guard.html", form=form, guard=row, stage=stage, seen=seen)


def _shown(value: Any) -> str:
    """A number, or a ticked box."""
    if isinstance(value, bool):
        return str(_("はい") if value else _("いいえ"))
    return str(value)


def _checked() -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _DRAFT, drafts.CHECKED)


def _start_again() -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.card_guard"), 303)
