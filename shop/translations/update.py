"""Bring the English catalogue up to date with the texts in the tree: ``python -m shop.translations.update``.

A new text comes in with an empty msgstr, a text that is gone leaves. Prints what is still to be translated.
"""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
MAPPING = ROOT / "shop/translations/babel.cfg"
ENGLISH = ROOT / "shop/translations/en/LC_MESSAGES/messages.po"

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


def wanted() -> Catalog:
    """Every text of the tree, as a catalogue without translations."""
    with MAPPING.open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)  # type: ignore[no-untyped-call]
    catalog = Catalog()
    found = extract_from_dir(str(ROOT), methods, options, KEYWORDS, directory_filter=_is_ours)
    for filename, _line, message, _comments, context in found:
        # Line 0 is not written: numbers would change every day.
        catalog.add(message, locations=[(filename, 0)], context=context)
    return catalog


def _is_ours(directory: str) -> bool:
    """Babel's own filter leaves out names that start with ``_``, and with them ``templates/_shared``."""
    path = Path(directory)
    return not path.name.startswith((".", "__")) and path.relative_to(ROOT).parts[0] not in _ELSEWHERE


def english() -> Catalog:
    """The catalogue as it is stored."""
    with ENGLISH.open("rb") as stored:
        return read_po(stored, locale="en")


def main() -> int:
    """Write the merged catalogue; returns 1 while something is to be translated."""
    catalog = english()
    catalog.update(wanted(), no_fuzzy_matching=True)
    text = io.BytesIO()
    write_po(text, catalog, width=0, omit_header=True, sort_by_file=True, ignore_obsolete=True)
    ENGLISH.write_text(_HEADER + text.getvalue().decode(), encoding="utf-8")
    missing = [message.id for message in catalog if message.id and not message.string]
    sys.stdout.writelines(f"to translate: {text}\n" for text in missing)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
