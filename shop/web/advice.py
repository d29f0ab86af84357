"""What looks like a slip but may be meant: said beside its field, never refused (U-007, U-011)."""

import re
from dataclasses import dataclass

from shop.core.i18n import gettext as _

#: Where most buyers have their mail. An address one slip away from one of these is asked about.
_OFTEN = (
    "gmail.com", "yahoo.co.jp", "icloud.com", "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "i.softbank.jp",
    "outlook.jp", "outlook.com", "hotmail.com", "hotmail.co.jp", "ymobile.ne.jp", "nifty.com", "biglobe.ne.jp",
)  # fmt: skip
#: One slip away, and real.
_REAL = frozenset({*_OFTEN, "ymail.com", "mail.com", "email.com", "fmail.com"})
#: Endings that do not exist.
_NO_ENDINGS = {
    **dict.fromkeys(("con", "cmo", "ocm", "comm", "coom", "cpm", "vom", "xom"), "com"),
    **dict.fromkeys(("jpp", "jjp", "jpn", "ljp"), "jp"),
}
#: 番地 in figures of either width, in kanji (三丁目), or said to be none (無番地).
_LOT = re.compile(r"\d|[一二三四五六七八九十百](?:丁目|番|号|の)|番地")
#: Every municipality is one of these.
_MUNICIPALITY = re.compile("[市区町村]")


@dataclass(frozen=True, slots=True)
class Advice:
    """A question about what was typed, and what might have been meant."""

    text: str
    instead: str = ""


def of_mail(address: str) -> Advice | None:
    """About an address whose letters would hardly arrive."""
    meant = _meant(address)
    return Advice(_("もしかして「%(address)s」ではありませんか？", address=meant), meant) if meant else None


def of_address(line: str) -> Advice | None:
    """About an address no parcel would find."""
    if not line.isascii() and not _MUNICIPALITY.search(line):  # in rōmaji one is written in too many ways
        return Advice(_("市区町村が入っていないようです。このままでよければ、お進みください。"))
    if line and not _LOT.search(line):
        return Advice(_("番地が入っていないようです。番地のない住所なら、このままお進みください。"))
    return None


def _meant(address: str) -> str:
    """The address one slip away; empty when there is nothing to ask."""
    half = address[: len(address) // 2]
    if "@" in half and address == half * 2:  # pasted twice
        return _meant(half) or half
    local, at, domain = address.rpartition("@")
    name, dot, ending = domain.lower().replace(",", ".").rpartition(".")
    wanted = name + dot + _NO_ENDINGS.get(ending, ending)
    if wanted not in _REAL:
        wanted = next((often for often in _OFTEN if _one_slip(wanted, often)), wanted)
    return f"{local}@{wanted}" if local and at and wanted != domain.lower() else ""


def _one_slip(typed: str, meant: str) -> bool:
    """One letter too many, too few or wrong, or two neighbours changed over."""
    return typed != meant and any(
        typed[:cut] == meant[:cut] and _slipped(typed[cut:], meant[cut:]) for cut in range(len(meant) + 1)
    )


def _slipped(typed: str, meant: str) -> bool:
    """The same at the first letter."""
    return (
        typed[1:] in (meant, meant[1:]) or typed == meant[1:] or typed == meant[1:2] + meant[:1] + meant[2:]
    )
