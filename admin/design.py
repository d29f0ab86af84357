"""デザイン – the shop's own face: ブランドカラー and ショップロゴ画像."""

import math
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import BooleanField, Field, StringField, ValidationError

from admin import drafts
from admin.blueprint import blueprint
from admin.forms import one_line
from admin.log import note
from admin.logos import LogoForm, PictureField
from admin.method_summary import Group
from providers.contract import N_
from shop.core import colour, pictures, shopinfo
from shop.core.db import db, write
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.shopinfo import ShopInfo
from shop.core.text import narrow

_DRAFT = "design"
_ACCENT, _LOGO = N_("ブランドカラー"), N_("ショップロゴ画像")


class DesignForm(LogoForm):
    """The form of the design screen."""

    accent = StringField(lazy_gettext(_ACCENT), filters=[one_line])
    standard = BooleanField(lazy_gettext("標準に戻す"))
    logo = PictureField(lazy_gettext(_LOGO))

    def validate_accent(self, field: Field) -> None:
        """A colour, and one in which words can be read (WCAG 2: 4.5:1)."""
        accent = self.chosen_accent()
        if accent is None:
            raise ValidationError(_("「#3d5733」のように、#と6けたの英数字（0〜9、a〜f）で入力してください。"))
        if accent and colour.readability(accent) < colour.NEEDED:
            raise ValidationError(_too_pale(accent))

    def chosen_accent(self) -> str | None:
        """``#rrggbb``, ``""`` for the standard colour, ``None`` for what is no colour."""
        typed = narrow(self.accent.data or "")
        if self.standard.data or not typed:
            return ""
        accent = colour.parse(typed)
        return "" if accent == colour.STANDARD else accent

    def values(self) -> dict[str, Any]:
        """All that was typed and chosen, to be sealed."""
        return {name: field.data for name, field in self._fields.items() if name != "csrf_token"}


def _too_pale(accent: str) -> str:
    reached = math.floor(colour.readability(accent) * 100) / 100
    return _(
        "この色では文字が読みにくくなります。背景とのコントラスト比は%(reached)s:1で、%(needed)s:1以上が必要です。もっと濃い色にしてください（たとえば %(darker)s）。",
        reached=f"{reached:.2f}", needed=colour.NEEDED, darker=colour.readable(accent),
    )  # fmt: skip


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
