"""電話番号 as they are read. They are kept as digits; where the hyphens belong is the numbering plan's (総務省)."""

import re

from shop.core.text import digits

#: 市外局番 of three digits and what follows them there: most prefixes are shared with longer ones, 026-2… is 長野 and 0263 松本.
_AREAS = {
    "011": "2-9", "017": "7", "018": "8", "019": "6", "022": "127", "023": "6", "024": "59", "025": "2", "026": "2", "027": "23",
    "028": "6", "029": "28", "042": "35679", "043": "234", "044": "2-9", "045": "2-9", "046": "28", "047": "34", "048": "2-9",
    "049": "2", "052": "2-9", "053": "4", "054": "26", "055": "29", "058": "23", "059": "23", "072": "246789", "073": "4",
    "075": "2-9", "076": "24", "077": "5", "078": "2-9", "079": "2", "082": "258", "083": "29", "084": "9", "086": "24",
    "087": "8", "088": "68", "089": "9", "092": "2-9", "093": "2-9", "095": "8", "096": "3", "097": "5", "098": "89", "099": "2",
}  # fmt: skip
_SHORT = "|".join(f"{area}(?=[{follow}])" for area, follow in _AREAS.items())
#: Free numbers first: 0800 begins like a mobile's. The last is how nearly all are divided that are none of the others.
_PARTS = re.compile(
    r"(0800)(\d{3})(\d{4})|(0[25789]0)(\d{4})(\d{4})|(0120|0570|0990)(\d{3})(\d{3})|(0[36])(\d{4})(\d{4})"
    rf"|({_SHORT})(\d{{3}})(\d{{4}})|(0\d{{3}})(\d\d)(\d{{4}})"
)


def phone(value: str) -> str:
    """``090-1234-5678``, however the number is kept; one from elsewhere as it stands."""
    found = _PARTS.fullmatch(digits(value))
    return "-".join(filter(None, found.groups())) if found else value
