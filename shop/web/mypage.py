"""マイページ: its top with the tiles, 会員情報変更, お届け先リスト, 操作履歴. Whose things they are says the log-in alone."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.members import addresses, history, settings
from shop.members import profile as profiles
from shop.members.models import MemberAddress, MemberEvent
from shop.payments.cards import book
from shop.web import flow, postal
from shop.web.forms import ProfileForm, ShipToForm
from shop.web.member import members_only, the_member
from shop.web.paging import page_by_id

blueprint = Blueprint("mypage", __name__)


@blueprint.get("/mypage")
@members_only
def top() -> str:
    """マイページTOP with the tiles of features A, S12; what the shop forbids, or has nothing to show for, is absent (R-277)."""
    session = db.session()
    return render_template(
        "shop/mypage.html", member=the_member(), allowed=settings.get(session), cards=bool(book.managed(session))
    )


# ---- 会員情報変更 ----


@blueprint.get("/mypage/profile")
@members_only
def profile() -> str:
    """The form with what is stored."""
    return _profile_page(ProfileForm(formdata=None, data=profiles.as_form(db.session(), the_member().member_id)))


@blueprint.post("/mypage/profile")
@members_only
def save_profile() -> ResponseReturnValue:
    """変更する, or 住所を検索."""
    form = ProfileForm()
    if postal.looked_up(form):
        return _profile_page(form)
    if not form.validate():
        return _profile_page(form), 422
    with write() as transaction:
        profiles.change(transaction, the_member().member_id, form.cleaned(), now())
    flash(_("会員情報を変更しました。"), "good")
    return redirect(url_for("mypage.top"), 303)


@blueprint.post("/mypage/profile/check")
@members_only
def check_profile() -> dict[str, object]:
    """Verdicts on single fields, for the script of the page."""
    return flow.verdicts(ProfileForm())


def _profile_page(form: ProfileForm) -> str:
    allowed = settings.get(db.session())
    return render_template("shop/profile.html", form=form, may_change_password=allowed.may_change_password)


# ---- お届け先リスト ----


@blueprint.get("/mypage/addresses")
@members_only
def address_list() -> str:
    """All addresses, at most :data:`~shop.members.addresses.MOST`."""
    found = addresses.of_member(db.session(), the_member().member_id)
    return render_template("shop/addresses.html", addresses=found, most=addresses.MOST)


@blueprint.get("/mypage/addresses/new")
@members_only
def new_address() -> str:
    """A blank form."""
    return _address_page(ShipToForm(formdata=None))


@blueprint.post("/mypage/addresses")
@members_only
def add_address() -> ResponseReturnValue:
    """追加する, or 住所を検索."""
    form = ShipToForm()
    if postal.looked_up(form):
        return _address_page(form)
    if not form.validate():
        return _address_page(form), 422
    try:
        with write() as transaction:
            addresses.add(transaction, the_member().member_id, form.cleaned(), now())
    except addresses.Full:
        flash(_("お届け先は%(most)s件まで登録できます。使わないお届け先を削除してください。", most=addresses.MOST), "todo")
    else:
        flash(_("お届け先を追加しました。"), "good")
    return redirect(url_for("mypage.address_list"), 303)


@blueprint.get("/mypage/addresses/<int:address_id>")
@members_only
def address(address_id: int) -> str:
    """One address, to be changed."""
    return _address_page(ShipToForm(formdata=None, obj=_own(db.session(), address_id)), address_id)


@blueprint.post("/mypage/addresses/<int:address_id>")
@members_only
def change_address(address_id: int) -> ResponseReturnValue:
    """変更する, or 住所を検索."""
    _own(db.session(), address_id)
    form = ShipToForm()
    if postal.looked_up(form):
        return _address_page(form, address_id)
    if not form.validate():
        return _address_page(form, address_id), 422
    with write() as transaction:
        addresses.change(transaction, _own(transaction, address_id), form.cleaned(), now())
    flash(_("お届け先を変更しました。"), "good")
    return redirect(url_for("mypage.address_list"), 303)


@blueprint.post("/mypage/addresses/check")
@members_only
def check_address() -> dict[str, object]:
    """Verdicts on single fields, for the script of the page."""
    return flow.verdicts(ShipToForm())


@blueprint.get("/mypage/addresses/<int:address_id>/remove")
@members_only
def confirm_address_removal(address_id: int) -> str:
    """The question before 削除."""
    return render_template("shop/address_remove.html", address=_own(db.session(), address_id))


@blueprint.post("/mypage/addresses/<int:address_id>/remove")
@members_only
def remove_address(address_id: int) -> ResponseReturnValue:
    with write() as transaction:
        addresses.remove(transaction, _own(transaction, address_id), now())
    flash(_("お届け先を削除しました。"), "good")
    return redirect(url_for("mypage.address_list"), 303)


def _own(session: Any, address_id: int) -> MemberAddress:
    """The member's own address; 404 for everybody else's (T-051)."""
    return addresses.find(session, the_member().member_id, address_id) or abort(404)


def _address_page(form: ShipToForm, address_id: int | None = None) -> str:
    return render_template("shop/address_form.html", form=form, address_id=address_id)


# ---- 定期購入 ----


@blueprint.get("/mypage/subscriptions")
@members_only
def subscriptions() -> str:
    """定期購入一覧 (features A, S14): always empty, as nothing can be subscribed to yet."""
    return render_template("shop/subscriptions.html")


# ---- 操作履歴 ----


@blueprint.get("/mypage/history")
@members_only
def events() -> str:
    """What was done in this マイページ, newest first (R-149)."""
    page = page_by_id(history.events(the_member().member_id), MemberEvent.id)
    return render_template("shop/history.html", page=page, said=history.said)
