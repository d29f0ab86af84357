"""Bring the English catalogues up to date with the texts in the tree: ``python -m shop.translations.update``.

The shop has one, and each provider's folder brings its own; they are loaded together. So a text that the shop has stands in the shop's
alone, and what two providers say they say alike. A new text comes in with the translation that another catalogue has, or with an empty
msgstr; a text that is gone leaves. Prints what is still to be translated.
"""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "shop/translations/babel.cfg"
SHOP = "shop"
_ENGLISH = "translations/en/LC_MESSAGES/messages.po"

#: Catalogues by the folder that they belong to: ``shop``, ``providers/<code>``.
Catalogues = dict[str, Catalog]

#: ``_``, ``gettext`` and ``N_`` are known to Babel; these are for texts made at import.
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None}
_ELSEWHERE = ("build", "docs", "instance", "tests")
# Nothing that changes by itself: a date or a tool's version would make every update a conflict.
_HEADER = r"""msgid ""
msgstr ""
"Language: en\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

"""


def wanted() -> Catalogues:
    """Every text of the tree, without translations."""
    found = {SHOP: Catalog()}
    for folder, filename, message, context in sorted(_texts(), key=lambda text: text[0] != SHOP):
        if folder == SHOP or not found[SHOP].get(message, context):
            # Line 0 is not written: numbers would change every day.
            found.setdefault(folder, Catalog()).add(message, locations=[(filename, 0)], context=context)
    return found


def _texts() -> Iterator[tuple[str, str, str | tuple[str, ...], str | None]]:
    """Folder, file, text and context of each."""
    with MAPPING.open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    for filename, _line, message, _comments, context in extract_from_dir(str(ROOT), methods, options, KEYWORDS, directory_filter=_is_ours):
        yield _folder(Path(filename)), filename, message, context


def _is_ours(directory: str) -> bool:
    """Babel's own filter leaves out names that start with ``_``, and with them ``templates/_shared``."""
    path = Path(directory)
    return not path.name.startswith((".", "__")) and path.relative_to(ROOT).parts[0] not in _ELSEWHERE


def _folder(file: Path) -> str:
    top, *below = file.parts
    return f"{top}/{below[0]}" if top == "providers" and below[1:] else SHOP


def english() -> Catalogues:
    """The catalogues as they are stored."""
    folders = [SHOP, *(str(path.parent.relative_to(ROOT)) for path in sorted(ROOT.glob("providers/*/translations")))]
    return {folder: _read(ROOT / folder / _ENGLISH) for folder in folders}


def _read(file: Path) -> Catalog:
    with file.open("rb") as stored:
        return read_po(stored, locale="en")


def _write(file: Path, catalog: Catalog) -> None:
    text = io.BytesIO()
    write_po(text, catalog, width=0, omit_header=True, sort_by_file=True, ignore_obsolete=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text((_HEADER + text.getvalue().decode()).rstrip("\n") + "\n", encoding="utf-8")


def main() -> int:
    """Write the merged catalogues; returns 1 while something is to be translated."""
    stored, texts = english(), wanted()
    known = {(message.id, message.context): message.string for catalog in stored.values() for message in catalog if message.string}
    missing = []
    for folder in sorted(stored.keys() | texts.keys()):
        catalog = stored.get(folder, Catalog(locale="en"))
        catalog.update(texts.get(folder, Catalog()), no_fuzzy_matching=True)
        for message in catalog:
            message.string = message.string or known.get((message.id, message.context), "")
        _write(ROOT / folder / _ENGLISH, catalog)
        missing += [f"to translate in {folder}: {message.id}\n" for message in catalog if message.id and not message.string]
    sys.stdout.writelines(missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
