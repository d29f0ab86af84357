"""The design and content screens of both carts (001 §11): what each sets, where buyers see it, and its form."""

from collections.abc import Iterator
from dataclasses import dataclass

from wtforms import Field

from admin.colours import ColourField, GroundField
from admin.forms import StaffForm, line_field, lines_field
from admin.logos import LogoForm, PictureField
from providers.contract import N_
from shop.core import colour, pictures
from shop.core.cart_design import CartDesign, Texts
from shop.core.i18n import LANGUAGES
from shop.core.i18n import gettext as _

#: Characters of a heading, and of a text of several lines.
HEADING, LINES = 40, 1000


@dataclass(frozen=True, slots=True)
class Place:
    """One text of the shop's. It is written in every language of the shop; English left blank is shown in Japanese."""

    key: str
    label: str
    hint: str
    longest: int = LINES

    def label_in(self, code: str) -> str:
        """Its label beside the field of one language, in Japanese."""
        return self.label if code == "ja" else f"{self.label} {_ENGLISH}"


_ENGLISH = N_("（英語）")


@dataclass(frozen=True, slots=True)
class Screen:
    """One screen: a part of one cart's design."""

    key: str
    cart: str
    #: Its name in the menu; ``tab`` is set where several screens share one.
    title: str
    #: Above its colours and texts.
    settings: str
    tab: str = ""
    #: The label of its image, if it has one.
    image: str = ""
    colours: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        """In Japanese, for 最近の操作."""
        return f"{self.title} {self.tab}".strip()

    def texts(self) -> Iterator[tuple[str, str, Place]]:
        """Each text field: its name, its language, its place."""
        for place in self.places:
            for code in LANGUAGES:
                yield f"{place.key}_{code}", code, place


_ZERO, _COMPLETE = N_("ゼロステップカート画面"), N_("注文完了画面")
_HEADING_HINT = N_("空欄なら「ご注文ありがとうございました」です。")
_END = (
    Place("complete_title", N_("お礼の見出し"), _HEADING_HINT, HEADING),
    Place("complete_text", N_("画面の下の文章"), N_("ご注文内容と発送のご案内の下に出ます。")),
)
SCREENS = {
    screen.key: screen
    for screen in (
        Screen(
            "zero-order", "zero", _ZERO, N_("注文手続き画面のデザイン設定"), N_("注文手続き画面"), N_("ヘッダー画像"),
            ("accent", "heading", "ground"),
            (
                Place("lead", N_("フォームの上の文章"), N_("「注文手続き」の見出しの下に出ます。")),
                Place("under", N_("確認ボタンの下の文章"), N_("「注文確認する」のボタンの下に出ます。")),
            ),
        ),
        Screen(
            "zero-confirm", "zero", _ZERO, N_("確認画面のデザイン設定"), N_("確認画面"), "", ("confirm_heading",),
            (
                Place("confirm_title", N_("見出し"), N_("空欄なら「ご注文内容の確認」です。"), HEADING),
                Place("confirm_lead", N_("見出しの下の文章"), N_("「まだ注文は確定していません。」の案内の次に出ます。")),
            ),
        ),
        Screen("zero-complete", "zero", _ZERO, N_("注文完了画面のデザイン設定"), _COMPLETE, "", (), _END),
        Screen(
            "steps", "steps", N_("3ステップカート画面"), N_("デザイン設定"), "", N_("ショップロゴ画像"),
            ("accent", "heading", "ground"),
        ),
        Screen(
            "steps-cart", "steps", N_("注文画面設定"), N_("カゴの中身のコメント"), "", "", (),
            (Place("cart", N_("コメント"), N_("「カゴの中身」の見出しの下に出ます。")),),
        ),
        Screen(
            "steps-comments", "steps", N_("コメント設定"), N_("Step1～Step3のコメント"), "", "", (),
            (
                Place("step1", N_("Step1のコメント"), N_("「購入者情報入力」の見出しの下に出ます。")),
                Place("step2", N_("Step2のコメント"), N_("「支払い方法・配送指定」の見出しの下に出ます。")),
                Place("step3", N_("Step3のコメント"), N_("「確認画面」の見出しの下に出ます。")),
            ),
        ),
        Screen("steps-complete", "steps", _COMPLETE, N_("Step4（注文完了）の文章"), "", "", (), _END),
    )
}  # fmt: skip
#: What each colour is called, in Japanese.
COLOURS = {
    "accent": N_("ボタンとリンクの色"), "ground": N_("ご注文内容の欄の地色"), "heading": N_("見出しの色"), "confirm_heading": N_("見出しの色"),
}  # fmt: skip
_BOX = {"zero": pictures.BANNER, "steps": pictures.LOGO}


def form_class(screen: Screen, accent: str) -> type[StaffForm]:
    """The form of ``screen``; ``accent`` is the shop's own, which a blank field stands for."""
    fields: dict[str, Field] = {name: _colour_field(name, accent) for name in screen.colours}
    for name, code, place in screen.texts():
        make = lines_field if place.longest == LINES else line_field
        fields[name] = make(_(place.label) + ("" if code == "ja" else f" {_(_ENGLISH)}"), place.longest)
    if screen.image:
        fields["logo"] = PictureField(_(screen.image), _BOX[screen.cart])
    return type("CartDesignForm", (LogoForm if screen.image else StaffForm,), fields)


def _colour_field(name: str, accent: str) -> Field:
    label = _(COLOURS[name])
    if name == "ground":
        return GroundField(label, colour.SUNKEN)
    return ColourField(label, accent if name == "accent" else colour.INK)


def values_of(screen: Screen, design: CartDesign) -> dict[str, object]:
    """What is stored, as the fields of ``screen`` hold it."""
    texts = design.all_texts
    said = {name: texts.get(code, {}).get(place.key, "") for name, code, place in screen.texts()}
    colours = {name: getattr(design, name) for name in screen.colours}
    return said | colours | {"logo": design.logo, "logo_alt": design.logo_alt}


def texts_with(screen: Screen, form: StaffForm, texts: Texts) -> Texts:
    """``texts`` with those of the form in their places."""
    for name, code, place in screen.texts():
        texts.setdefault(code, {})[place.key] = form[name].data or ""
    return texts
