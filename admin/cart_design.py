"""デザイン and コンテンツ of both carts: one form a screen, its sample beside it, and the way through 確認画面."""

from typing import Any, NamedTuple

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from admin import cart_screens, drafts
from admin.blueprint import blueprint
from admin.cart_screens import SCREENS, Screen, form_class, texts_with, values_of
from admin.forms import StaffForm
from admin.log import note
from admin.logos import LogoForm
from admin.method_summary import Group
from providers.contract import N_
from shop.core import colour, pictures, shopinfo
from shop.core.cart_design import COLOURS, CartDesign, stored, to_change
from shop.core.db import db, write
from shop.core.i18n import DEFAULT
from shop.core.i18n import gettext as _
from shop.core.pictures import Picture


class Sample(NamedTuple):
    """What the sample shows: the form as it stands, and what the other screens of the same cart have set."""

    picture: Picture | None
    alt: str
    colours: tuple[str, ...]
    #: By place, in Japanese.
    words: dict[str, str]


@blueprint.get("/design/carts/<screen>")
def cart_design(screen: str) -> str:
    """The form with what is stored."""
    found = _screen(screen)
    design = stored(db.session(), found.cart)
    return _page(found, design, _form(found, values_of(found, design)))


@blueprint.post("/design/carts/<screen>/confirm")
def confirm_cart_design(screen: str) -> ResponseReturnValue:
    """確認画面へ: the sample with what was typed, or the form again with what is wrong."""
    found = _screen(screen)
    design = stored(db.session(), found.cart)
    earlier = drafts.unseal(request.form.get("draft", ""), _draft_of(found), drafts.TYPED) or {}
    form = form_class(found, _accent())(data={"logo": earlier.get("logo") or design.logo})
    if not form.validate():
        return _page(found, design, form), 422
    return render_template(
        "admin/cart_design_confirm.html",
        screen=found,
        groups=[Group(_(found.settings), _lines(found, design, form))],
        sample=_sample(found, design, form),
        draft=drafts.seal(form.values(), _draft_of(found), drafts.CHECKED),
    )


@blueprint.post("/design/carts/<screen>/revise")
def revise_cart_design(screen: str) -> ResponseReturnValue:
    """戻って修正する: from the confirmation back to the form, nothing lost and nothing stored."""
    found = _screen(screen)
    values = _checked(found)
    if values is None:
        return _start_again(found)
    return _page(found, stored(db.session(), found.cart), _form(found, values))


@blueprint.post("/design/carts/<screen>")
def save_cart_design(screen: str) -> ResponseReturnValue:
    """設定する: store what the confirmation showed; the image that was replaced goes after the commit."""
    found = _screen(screen)
    values, replaced = _checked(found), None
    form = None if values is None else _form(found, values)
    if form:
        with write() as session:
            if not isinstance(form, LogoForm) or form.logo_is_there():
                replaced = _save(session, found, form)
    if replaced is None:
        return _start_again(found)
    pictures.remove(replaced)
    flash(_("%(screen)sを設定しました。", screen=_(found.tab or found.title)), "good")
    return redirect(url_for("admin.cart_design", screen=found.key), 303)


def _screen(key: str) -> Screen:
    return SCREENS.get(key) or abort(404)


def _draft_of(screen: Screen) -> str:
    return f"cart-design-{screen.key}"


def _checked(screen: Screen) -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _draft_of(screen), drafts.CHECKED)


def _start_again(screen: Screen) -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.cart_design", screen=screen.key), 303)


def _accent() -> str:
    """The colour of a cart that has none of its own."""
    return shopinfo.get(db.session()).accent or colour.STANDARD


def _form(screen: Screen, values: dict[str, Any]) -> StaffForm:
    return form_class(screen, _accent())(formdata=None, data=values)


def _page(screen: Screen, design: CartDesign, form: StaffForm) -> str:
    pending = form.logo.data if isinstance(form, LogoForm) and form.logo.data != design.logo else None
    return render_template(
        "admin/cart_design.html",
        screen=screen,
        tabs=[other for other in SCREENS.values() if screen.tab and other.title == screen.title],
        form=form,
        stored=design.logo,
        sample=_sample(screen, design, form),
        needed=colour.NEEDED,
        draft=drafts.seal({"logo": pending}, _draft_of(screen), drafts.TYPED) if pending else "",
    )


def _sample(screen: Screen, design: CartDesign, form: StaffForm) -> Sample:
    picture, alt = form.chosen_logo() if isinstance(form, LogoForm) else (design.logo, design.logo_alt)
    shown = [form[name].shown if name in screen.colours else getattr(design, name) for name in COLOURS]
    colours = (shown[0] or _accent(), *shown[1:])
    words = {place.key: form[name].data or "" for name, code, place in screen.texts() if code == DEFAULT}
    return Sample(picture, alt, colours, words)


def _lines(screen: Screen, design: CartDesign, form: StaffForm) -> list[tuple[str, str]]:
    """Everything 設定する would store, for the confirmation page."""
    lines = form.logo_lines(design.logo) if isinstance(form, LogoForm) else []
    for name in screen.colours:
        field = form[name]
        said = field.colour or _("標準の色（%(colour)s）", colour=field.standard)
        lines.append((str(field.label.text), said))
    return lines + [(str(form[name].label.text), form[name].data or _("（空欄）")) for name, _code, _place in screen.texts()]


def _save(session: Session, screen: Screen, form: StaffForm) -> str:
    """Returns the file of the image that went, ``""`` for none."""
    design = to_change(session, screen.cart)
    what = _changes(screen, design, form)
    for name in screen.colours:
        setattr(design, name, form[name].colour or "")
    design.set_texts(texts_with(screen, form, design.all_texts))
    note(session, N_("%(screen)sを設定（%(what)s）"), screen=screen.name, what="、".join(what))
    return design.set_logo(*form.chosen_logo()) if isinstance(form, LogoForm) else ""


def _changes(screen: Screen, design: CartDesign, form: StaffForm) -> list[str]:
    """Labels of what differs from what is stored, in Japanese."""
    before = _form(screen, values_of(screen, design))
    found = []
    if isinstance(form, LogoForm) and isinstance(before, LogoForm):
        found = form.logo_changes(before, screen.image)
    found += [cart_screens.COLOURS[name] for name in screen.colours if form[name].colour != before[name].colour]
    found += [
        place.label_in(code) for name, code, place in screen.texts() if (form[name].data or "") != (before[name].data or "")
    ]
    return found or [N_("変更なし")]
