"""Every visible text can be read in English, and nothing visible goes past gettext (decision 12)."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from providers.contract import Category
from providers.installed import INSTALLED
from providers.ports import Provider
from shop.translations.update import ROOT, english, wanted

JAPANESE = re.compile("[ぁ-ゖァ-ヺ一-鿿々〆]")
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]")

#: Visible in Japanese on purpose: template → text → reason.
ALLOWED_IN_TEMPLATES = {
    ("templates/shop/base.html", "日本語"): "a language is offered in its own name",
    ("templates/admin/layout.html", "日本語"): "a language is offered in its own name",
}

#: Whose texts people see: packages, and the file of a provider that speaks to buyers.
SPEAKING = ("shop", "admin", "providers/*/errors.py")
#: Not seen on a page of the shop: demo goods are data, migrations and translations hold no text of ours.
SILENT = ("shop/demo", "shop/migrations", "shop/translations")
#: Japanese literals that are no text for translation: (file, pattern of the literal) → reason.
ALLOWED_IN_PYTHON = {
    ("shop/core/i18n.py", "日本語"): "a language is offered in its own name",
    ("shop/core/text.py", "[ぁゖ]"): "a range of letters",
    ("shop/web/forms.py", r"\[ァ-ヺ.*"): "a range of letters",
    ("shop/web/advice.py", r"\\d\|\[一.*|\[市区町村\]"): "how addresses are written",
    ("shop/web/filters.py", "月火水木金土日"): "the Japanese form of a date; other languages get ISO",
    ("shop/web/filters.py", "[年月]|日（"): "the Japanese form of a date; other languages get ISO",
    ("shop/orders/review.py", r".*丁目\|番地.*"): "how addresses are written",
    ("shop/orders/mails.py", "【受注通知メール】"): "to the shop, which reads Japanese",
    ("shop/outbox/service.py", "【要確認】"): "to the shop, which reads Japanese",
    ("shop/delivery/postal_file.py", r"\^以下に.*|第\?.*地割.*|\(\[.*階\)）|[（）、]"): "how Japan Post writes towns",
    ("shop/web/cli.py", "店主"): "the owner's name, a value the owner changes",
    ("shop/web/opening.py", "宅配便"): "a first row of the database, the owner renames it",
    ("shop/delivery/service.py", "メール便|店頭渡し"): "first rows of the database, the owner renames them",
    ("admin/forms.py", "円"): "taken off what was typed",
}
GETTEXT = {"_", "_l", "gettext", "lazy_gettext", "N_"}


ENGLISH = english()
#: Folder → texts in the tree.
TEXTS = {folder: {str(message.id) for message in catalog if message.id} for folder, catalog in wanted().items()}
WANTED = set().union(*TEXTS.values())
STORED = [message for catalog in ENGLISH.values() for message in catalog if message.id]


def test_the_extraction_sees_the_whole_tree() -> None:
    assert len(TEXTS["shop"]) > 400
    for seen in ("必須", "カゴに入れる", "売上確定", "受注一覧", "カード番号を入力してください。"):
        assert seen in TEXTS["shop"], seen


@pytest.mark.parametrize("folder", sorted(TEXTS.keys() | ENGLISH.keys()))
def test_each_catalogue_has_exactly_the_texts_of_its_folder(folder: str) -> None:
    assert folder in ENGLISH, "run python -m shop.translations.update and translate"
    stored, texts = {str(message.id) for message in ENGLISH[folder] if message.id}, TEXTS.get(folder, set())
    assert texts - stored == set(), "run python -m shop.translations.update and translate"
    assert stored - texts == set(), "run python -m shop.translations.update"
    assert list(ENGLISH[folder].obsolete) == []


def test_a_text_of_a_provider_stands_in_its_folder_unless_the_shop_has_it() -> None:
    assert len(TEXTS) > 1
    for folder, texts in TEXTS.items():
        assert folder == "shop" or not texts & TEXTS["shop"], folder


def test_what_several_folders_say_they_say_alike() -> None:
    """The catalogues are loaded as one, whose keys are the texts."""
    said: dict[str, set[str]] = {}
    for message in STORED:
        said.setdefault(str(message.id), set()).add(str(message.string))
    assert {text: translations for text, translations in said.items() if len(translations) > 1} == {}


@pytest.mark.parametrize("provider", INSTALLED, ids=lambda provider: provider.code)
def test_what_a_provider_says_is_marked_for_the_catalogue(provider: Provider) -> None:
    """Providers know no gettext; what they say is translated where it is shown."""
    said = [provider.name, provider.console_name, *provider.status_words.values()]
    for setting in provider.settings:
        said += [setting.label, setting.help, *(text for _value, text in setting.choices)]
    said += [message.text for message in provider.browser_messages().values()]
    said += [provider.buyer_message(category, "").text for category in Category]
    assert {text for text in said if JAPANESE.search(text)} <= WANTED


def test_everything_is_translated_and_nothing_is_a_guess() -> None:
    assert [message.id for message in STORED if not message.string] == [], "translate them in the catalogue of their folder"
    assert [message.id for message in STORED if message.fuzzy] == []
    assert [message.id for message in STORED if JAPANESE.search(str(message.string))] == []


def test_translations_keep_placeholders_and_line_ends() -> None:
    for message in STORED:
        text, translation = str(message.id), str(message.string)
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(translation)), text
        assert text.endswith("\n") == translation.endswith("\n"), text


def test_the_catalogue_is_not_left_out_when_compiled() -> None:
    """Without a header of its own Babel takes a catalogue for fuzzy and quietly leaves it out."""
    assert [folder for folder, catalog in ENGLISH.items() if catalog.fuzzy] == []


# ---- Nothing visible goes past gettext ----


class _Visible(HTMLParser):
    """Collects text nodes and attribute values with Japanese in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        if JAPANESE.search(data):
            self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for _name, value in attrs if value and JAPANESE.search(value)]


def _bare_texts(source: str) -> Iterator[str]:
    """Japanese of a template outside ``_(…)`` and ``{% trans %}``: in its HTML, and in strings of its expressions."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    html = []
    call: list[str] = []
    translated = False
    for _line, kind, value in environment.lex(source):
        if kind == "data" and not translated:
            html.append(value)
        elif kind in ("variable_begin", "variable_end", "block_begin"):
            html.append(" " if kind == "variable_begin" else "")
            call = []
        elif kind == "name" and value in ("trans", "endtrans") and not call:
            translated = value == "trans"
        if kind == "string" and JAPANESE.search(value) and call[-2:] not in (["_", "("], ["gettext", "("]):
            yield value.strip("'\"")
        if kind in ("name", "operator", "string", "integer", "float"):
            call.append(value)
    parser = _Visible()
    parser.feed("".join(html))
    parser.close()
    yield from parser.found


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ("<p>買う</p>", ["買う"]),
        ('<a title="買う" href="{{ x }}">{{ _("買う") }}</a>', ["買う"]),
        ("{{ f('買う') }}{{ _('買う', n=1) }}", ["買う"]),
        ("{% trans %}買う{% endtrans %}{# 買う #}{{ _('買う') if x else _('売る') }}", []),
        ("{% set a = {'b': _('買う'), 'c': '売る'} %}", ["売る"]),
    ],
)
def test_the_template_check_sees_what_it_should(source: str, bare: list[str]) -> None:
    assert list(_bare_texts(source)) == bare


def test_templates_say_nothing_past_gettext() -> None:
    found = {
        (str(path.relative_to(ROOT)), text)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for text in _bare_texts(path.read_text(encoding="utf-8"))
    }
    assert found == set(ALLOWED_IN_TEMPLATES)


def _literals(tree: ast.Module) -> Iterator[str]:
    """Japanese string literals that are neither docstrings nor inside a call of gettext."""
    fine: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GETTEXT:
            fine |= {id(argument) for argument in node.args}
        if isinstance(node, ast.Expr):
            fine.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in fine and JAPANESE.search(str(node.value)):
            yield str(node.value)


def _allowed(file: str, literal: str) -> bool:
    return any(file == place and re.fullmatch(pattern, literal) for place, pattern in ALLOWED_IN_PYTHON)


def _speaking_files() -> Iterator[Path]:
    for name in SPEAKING:
        for path in sorted(ROOT.glob(name if name.endswith(".py") else f"{name}/**/*.py")):
            if not str(path.relative_to(ROOT)).startswith(SILENT):
                yield path


def test_python_says_nothing_past_gettext() -> None:
    """Stricter than following what is shown: no Japanese literal at all, but for those with a reason above."""
    found = [
        (str(path.relative_to(ROOT)), literal)
        for path in _speaking_files()
        for literal in _literals(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert [one for one in found if not _allowed(*one)] == []
    unused = [place for place in ALLOWED_IN_PYTHON if not any(f == place[0] and re.fullmatch(place[1], s) for f, s in found)]
    assert unused == []


def test_scripts_bring_no_texts_of_their_own() -> None:
    """What a script says comes from the page, in the page's language."""
    comment = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
    scripts = [*(ROOT / "static/js").glob("*.js"), *(ROOT / "providers").glob("*/browser.js")]
    assert scripts
    for script in scripts:
        assert not JAPANESE.search(comment.sub("", script.read_text(encoding="utf-8"))), script.name
