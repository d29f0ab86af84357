"""A colour as a field of a settings form: six hexadecimal digits, and only one with which words can be read."""

import math
from typing import Any

from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError

from admin.forms import one_line
from shop.core import colour
from shop.core.i18n import gettext as _
from shop.core.text import narrow


class ColourField(StringField):
    """The colour of words and buttons, dark enough to be read (WCAG 2: 4.5:1). Blank is the ``standard`` one."""

    def __init__(self, label: Any, standard: str = colour.STANDARD, **kwargs: Any) -> None:
        super().__init__(label, filters=[one_line], **kwargs)
        self.standard = standard

    @property
    def colour(self) -> str | None:
        """``#rrggbb``, ``""`` for nothing typed, ``None`` for what is no colour."""
        typed = narrow(self.data or "")
        return colour.parse(typed) if typed else ""

    @property
    def shown(self) -> str:
        """What a sample shows: the colour, or the standard one."""
        return self.colour or self.standard

    def pre_validate(self, form: FlaskForm) -> None:
        """What is refused says why, and which colour near it would do."""
        if self.colour is None:
            raise ValidationError(_("「#3d5733」のように、#と6けたの英数字（0〜9、a〜f）で入力してください。"))
        if self.colour and self._readability(self.colour) < colour.NEEDED:
            raise ValidationError(self._refusal(self.colour))

    def _readability(self, chosen: str) -> float:
        return colour.readability(chosen)

    def _refusal(self, chosen: str) -> str:
        return _(
            "この色では文字が読みにくくなります。背景とのコントラスト比は%(reached)s:1で、%(needed)s:1以上が必要です。もっと濃い色にしてください（たとえば %(darker)s）。",
            reached=_ratio(colour.readability(chosen)), needed=colour.NEEDED, darker=colour.readable(chosen),
        )  # fmt: skip


class GroundField(ColourField):
    """A colour that words stand on, pale enough for them."""

    def _readability(self, chosen: str) -> float:
        return colour.bearing(chosen)

    def _refusal(self, chosen: str) -> str:
        return _(
            "この色の上では文字が読みにくくなります。文字とのコントラスト比は%(reached)s:1で、%(needed)s:1以上が必要です。もっと薄い色にしてください（たとえば %(paler)s）。",
            reached=_ratio(colour.bearing(chosen)), needed=colour.NEEDED, paler=colour.bearable(chosen),
        )  # fmt: skip


def _ratio(reached: float) -> str:
    """Rounded down: what is refused must not look like enough."""
    return f"{math.floor(reached * 100) / 100:.2f}"
