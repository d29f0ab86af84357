"""Rules for files as such: length, excuses with a reason, nothing of anybody's machine, pages without inline code."""

import re

import pytest

from tests.architecture.source import comments, files, named, text_files

_LONGEST = 400
#: Longer by nature.
LONG = ("shop/migrations/versions/",)
#: Put together here, so that this file does not contain them.
_REGISTRIES = [".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("registry", "yarnpkg", "com"),
    ("jsdelivr", "net"), ("unpkg", "com"), ("cdnjs", "cloudflare", "com"),
)]  # fmt: skip
_FOREIGN = re.compile(
    "|".join([
        *map(re.escape, _REGISTRIES),
        "--" + "(?:extra-)?index-url",
        "--" + "find-links",
        # A folder of somebody's machine, not a path of ours that happens to contain the word.
        r"(?<![\w.*}>-])/(?:home|Users|root|work)/\w",
    ])
)  # fmt: skip
_EXCUSE = re.compile(r"#\s*(?:noqa(?!: ?[A-Z]+\d)|type:\s*ignore(?!\[[a-z-]))")
_TEMPLATE_FAULTS = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "style element": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "event attribute": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "foreign origin": re.compile(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=[\"']?(?:https?:)?//", re.IGNORECASE),
}


def test_modules_stay_readable() -> None:
    long = {
        named(path): length
        for path in files("app.py", "shop", "admin", "providers", "tests/support", "tests/bench", "tests/architecture")
        if not named(path).startswith(LONG) and (length := path.read_text(encoding="utf-8").count("\n")) > _LONGEST
    }
    assert long == {}


def test_every_excuse_names_its_rule() -> None:
    found = [
        f"{named(path)}:{line} {text}"
        for path in files("app.py", "shop", "admin", "providers", "tests")
        for line, text in comments(path)
        if _EXCUSE.search(text)
    ]
    assert found == []


def test_no_file_knows_a_registry_or_a_machine() -> None:
    found = []
    for path in text_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # data in a provider's charset
        found += [f"{named(path)}:{number}" for number, line in enumerate(lines, 1) if _FOREIGN.search(line)]
    assert found == []


@pytest.mark.parametrize("fault", _TEMPLATE_FAULTS)
def test_templates_need_no_inline_code(fault: str) -> None:
    """The policy of every page forbids it; the provider's hop page is no template of ours."""
    found = [
        named(path)
        for path in files("templates", "providers", ends=(".html",))
        if _TEMPLATE_FAULTS[fault].search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("x = 1  # " + "noqa", True), ("x = 1  # " + "noqa: E501", False), ("x  # type" + ": ignore", True),
        ("x  # type" + ": ignore[misc]", False), ("# type" + ": ignore  # why", True),
    ],
)  # fmt: skip
def test_the_rule_about_excuses_sees(text: str, found: bool) -> None:
    assert bool(_EXCUSE.search(text)) is found
