"""A page as a buyer's browser sees its forms: a small reader over the standard library's parser."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

_NO_VALUE = ("submit", "button", "image", "reset", "file")

Attributes = dict[str, str]
#: A tag as our templates write it. What it does not fit – other quotes, self-closing, elements that hold text only – the parser reads as ever.
_PLAIN_TAG = re.compile(
    r"""<(?!script|style|textarea|title|iframe|no|xmp|plaintext)[a-z][^<>"']*(?:"[^"]*"[^<>"']*)*(?<!/)>"""
)


class _Tag(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read = tag, attrs


@lru_cache(maxsize=20_000)
def _read(tag: str) -> tuple[str, list[tuple[str, str | None]]]:
    """What the parser reads out of one tag. Pages repeat theirs – the 47 prefectures – and reading one was a quarter of a purchase."""
    parser = _Tag()
    parser.feed(tag)
    return parser.read


@dataclass
class Form:
    """One form: where it goes and what a browser would send without any typing."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    #: Every value each radio group or select offers, disabled ones left out.
    offered: dict[str, list[str]] = field(default_factory=dict)


class Page(HTMLParser):
    """Forms, elements and visible text of one page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.elements: list[tuple[str, Attributes]] = []
        self._text: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""
        self._hidden = 0
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """The words of the page, white space put together."""
        return " ".join(" ".join(self._text).split())

    def form(self, action: str) -> Form:
        """The first form that goes to ``action``. Raises ``LookupError``, showing what the page says."""
        for form in self.forms:
            if form.action == action:
                return form
        raise LookupError(f"no form to {action}; the page says: {self.text[:500]}")

    def find(self, tag: str, **wanted: str) -> Iterable[Attributes]:
        """Attributes of each element with these values; ``_`` in a name stands for ``-``."""
        asked = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        for name, attributes in self.elements:
            if name == tag and all(attributes.get(key) == value for key, value in asked.items()):
                yield attributes

    def having(self, attribute: str) -> Attributes:
        """Attributes of the first element that has ``attribute``. Raises ``LookupError``."""
        for _, attributes in self.elements:
            if attribute in attributes:
                return attributes
        raise LookupError(f"nothing with {attribute}; the page says: {self.text[:500]}")

    def parse_starttag(self, i: int) -> int:
        plain = _PLAIN_TAG.match(self.rawdata, i)
        if plain is None:
            return super().parse_starttag(i)
        self.handle_starttag(*_read(plain[0]))
        return plain.end()

    def updatepos(self, i: int, j: int) -> int:
        """Nobody asks in which line something stands."""
        return j

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag in ("script", "style"):
            self._hidden += 1
        elif tag == "form":
            self._form = Form(attributes.get("action", ""), attributes.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.fields[self._area] += data.removeprefix("\r\n")
        if not self._hidden:
            self._text.append(data)

    def _control(self, form: Form, tag: str, attributes: Attributes) -> None:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._offer(form, self._select, value, "selected" in attributes or self._select not in form.fields)
        elif tag == "textarea" and name:
            form.fields[name], self._area = "", name
        elif tag == "input" and name and "disabled" not in attributes:
            match attributes.get("type", "text"):
                case "radio":
                    self._offer(form, name, value, "checked" in attributes)
                case "checkbox":
                    self._offer(form, name, value or "on", "checked" in attributes)
                case kind if kind not in _NO_VALUE:
                    form.fields[name] = value

    @staticmethod
    def _offer(form: Form, name: str, value: str, chosen: bool) -> None:
        form.offered.setdefault(name, []).append(value)
        if chosen:
            form.fields[name] = value
