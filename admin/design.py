"""デザイン – the shop's own face: ブランドカラー and ショップロゴ画像."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField

from admin import drafts
from admin.blueprint import blueprint
from admin.colours import ColourField
from admin.log import note
from admin.logos import LogoForm, PictureField
from admin.method_summary import Group
from providers.contract import N_
from shop.core import colour, pictures, shopinfo
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.shopinfo import ShopInfo

_DRAFT = "design"
_ACCENT, _LOGO = N_("ブランドカラー"), N_("ショップロゴ画像")


class DesignForm(LogoForm):
    """The form of the design screen."""

    accent = ColourField(lazy_gettext(_ACCENT))
    standard = BooleanField(lazy_gettext("標準に戻す"))
    logo = PictureField(lazy_gettext(_LOGO))

    def validate(self, extra_validators: Any = None) -> bool:
        """標準に戻す counts more than what is typed."""
        if self.standard.data:
            self.accent.data = ""
        return super().validate(extra_validators)

    def chosen_accent(self) -> str | None:
        """``#rrggbb``, ``""`` for the standard colour, ``None`` for what is no colour."""
        if self.standard.data or self.accent.colour == colour.STANDARD:
            return ""
        return self.accent.colour


@blueprint.get("/design")
def design() -> str:
    """The form with what is stored."""
    shop = shopinfo.get(db.session())
    return _page(shop, _form(_stored(shop)))


@blueprint.post("/design/confirm")
def confirm_design() -> ResponseReturnValue:
    """確認画面へ: the new face on a sample, or the form again with what is wrong."""
    shop = shopinfo.get(db.session())
    earlier = drafts.unseal(request.form.get("draft", ""), _DRAFT, drafts.TYPED) or {}
    form = DesignForm(data={"logo": earlier.get("logo") or shop.logo})
    if not form.validate():
        return _page(shop, form), 422
    return render_template(
        "admin/design_confirm.html",
        groups=_summary(shop, form),
        accent=form.chosen_accent() or colour.STANDARD,
        logo=form.chosen_logo(),
        draft=drafts.seal(form.values(), _DRAFT, drafts.CHECKED),
    )


@blueprint.post("/design/revise")
def revise_design() -> ResponseReturnValue:
    """戻って修正する: from the confirmation back to the form, nothing lost and nothing stored."""
    values = _checked()
    return _start_again() if values is None else _page(shopinfo.get(db.session()), _form(values))


@blueprint.post("/design")
def save_design() -> ResponseReturnValue:
    """設定する: store what the confirmation showed; the image that was replaced goes after the commit."""
    values, replaced = _checked(), None
    form = None if values is None else _form(values)
    if form:
        with write() as session:
            if form.logo_is_there():
                replaced = _save(session, form)
    if replaced is None:
        return _start_again()
    pictures.remove(replaced)
    flash(_("デザインを設定しました。"), "good")
    return redirect(url_for("admin.design"), 303)


def _checked() -> dict[str, Any] | None:
    return drafts.unseal(request.form.get("draft", ""), _DRAFT, drafts.CHECKED)


def _start_again() -> ResponseReturnValue:
    flash(_("確認画面の内容を読み取れませんでした。何も変更していません。もう一度入力してください。"), "bad")
    return redirect(url_for("admin.design"), 303)


def _form(values: dict[str, Any]) -> DesignForm:
    return DesignForm(formdata=None, data=values)


def _stored(shop: ShopInfo) -> dict[str, Any]:
    return {"accent": shop.accent, "logo": shop.logo, "logo_alt": shop.logo_alt}


def _page(shop: ShopInfo, form: DesignForm) -> str:
    pending = form.logo.data if form.logo.data != shop.logo else None
    accent = form.chosen_accent()
    return render_template(
        "admin/design.html",
        form=form,
        stored=shop.logo,
        accent=shop.accent or colour.STANDARD if accent is None else accent or colour.STANDARD,
        standard=colour.STANDARD,
        needed=colour.NEEDED,
        draft=drafts.seal({"logo": pending}, _DRAFT, drafts.TYPED) if pending else "",
    )


def _summary(shop: ShopInfo, form: DesignForm) -> list[Group]:
    accent = form.chosen_accent()
    said = accent or _("標準の色（%(colour)s）", colour=colour.STANDARD)
    return [Group(_("デザイン"), [(str(form.accent.label.text), said), *form.logo_lines(shop.logo)])]


def _save(session: Session, form: DesignForm) -> str:
    """Returns the file of the logo that went, ``""`` for none."""
    shop = shopinfo.get(session)
    before, accent = _form(_stored(shop)), form.chosen_accent() or ""
    changed = ([_ACCENT] if accent != shop.accent else []) + form.logo_changes(before, _LOGO)
    shop.accent = accent
    note(session, N_("デザインを設定（%(what)s）"), what="、".join(changed or [N_("変更なし")]))
    return shop.set_logo(*form.chosen_logo())
