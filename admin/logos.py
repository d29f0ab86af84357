"""An image with its ALT as part of a settings form: ショップロゴ画像, 決済サービスロゴ画像."""

from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, FileField, StringField
from wtforms.validators import Length

from admin.forms import StaffForm, one_line
from providers.contract import N_
from shop.core import pictures
from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext
from shop.core.pictures import Picture
from shop.core.runtime import now

_LONGEST_ALT = 100


class PictureField(FileField):
    """An image. One that is brought is taken in at once, so that no refused form and no way back loses it."""

    data: Picture | None
    most_bytes = pictures.MAX_BYTES

    def __init__(self, label: Any, box: tuple[int, int] = pictures.LOGO, **kwargs: Any) -> None:
        """``box`` bounds what is kept of it, in pixels."""
        super().__init__(label, **kwargs)
        self.box = box

    @staticmethod
    def too_big() -> str:
        """What is said of a file of more bytes, also by the browser before it sends it."""
        return _("画像は%(most)sMBまでです。小さくしてから、もう一度選んでください。", most=pictures.MAX_BYTES // 1024**2)

    def process_data(self, value: Any) -> None:
        """``value`` is a :class:`Picture`, one that went through a draft, or nothing."""
        self.data = Picture(*value) if value else None

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Nothing chosen leaves what is there."""
        brought = next((file for file in valuelist if isinstance(file, FileStorage) and file.filename), None)
        if brought is None:
            return
        try:
            self.data = pictures.take(brought.stream.read(pictures.MAX_BYTES + 1), now(), self.box)
        except pictures.Refused as refusal:
            raise ValueError(_words(refusal)) from refusal


def _words(refusal: pictures.Refused) -> str:
    match refusal:
        case pictures.TooBig():
            return PictureField.too_big()
        case pictures.TooWide():
            return _("縦も横も%(most)sピクセルまでの画像を選んでください。", most=pictures.MAX_SIDE)
        case _other:
            return _("JPEG、PNG、WebPの画像として読み取れませんでした。SVG、GIF、HEICなど、ほかの形式は使えません。")


class LogoForm(StaffForm):
    """A form with an image, its ALT and 画像削除; the image's label is the form's own."""

    logo: PictureField
    logo_alt = StringField(
        lazy_gettext("代替テキスト(ALT)"),
        [Length(max=_LONGEST_ALT, message=lazy_gettext("%(max)s文字以内で入力してください。", max=_LONGEST_ALT))],
        filters=[one_line],
    )
    remove_logo = BooleanField(lazy_gettext("画像削除"))

    def chosen_logo(self) -> tuple[Picture | None, str]:
        """The image to carry and its ALT; 画像削除 clears both together (R-020), and an ALT stands for an image only."""
        if self.remove_logo.data or self.logo.data is None:
            return None, ""
        return self.logo.data, self.logo_alt.data or ""

    def logo_is_there(self) -> bool:
        """Whether the chosen image has not been swept or replaced since; from now on it is kept for the commit."""
        picture, _alt = self.chosen_logo()
        return picture is None or pictures.claim(picture, now())

    def logo_changes(self, before: "LogoForm", label: str) -> list[str]:
        """Which of the image, called ``label``, and its ALT differs from ``before``, in Japanese."""
        (picture, alt), (old_picture, old_alt) = self.chosen_logo(), before.chosen_logo()
        return ([label] if picture != old_picture else []) + ([N_("代替テキスト(ALT)")] if alt != old_alt else [])

    def logo_lines(self, stored: Picture | None) -> list[tuple[str, str]]:
        """Image and ALT for the confirmation page; ``stored`` is the image carried so far."""
        picture, alt = self.chosen_logo()
        if picture is None:
            said = _("画像削除") if stored else _("なし")
        else:
            said = _("登録済みの画像（変更しない）") if picture == stored else _("新しい画像")
        return [(str(self.logo.label.text), said), (str(self.logo_alt.label.text), alt or _("（空欄）"))]
