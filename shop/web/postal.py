"""郵便番号 → 住所 (U-006): for scripts as an address of its own, without one by the button 住所を検索 of every address form.

What the buyer wrote is never replaced unasked, and of several places none is guessed: they are offered. The script
(``static/js/postal.js``) follows the same rules; template ``shop/_address.html`` has the fields.
"""

import re
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from shop.core import card_numbers, db
from shop.delivery import postal
from shop.delivery.postal import Place

blueprint = Blueprint("postal", __name__)

#: Seconds a browser may keep an answer; postal codes change once a month.
_KEPT = 3600
_FIELD = "postal_code"


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up came to: which sentence of the template is said, and the places offered."""

    said: str
    places: tuple[Place, ...] = ()


@blueprint.get("/postal/<code>")
def places(code: str) -> Response:
    """The places of one code. Everybody may know them – Japan Post publishes them – and nothing of ours is among them."""
    if not re.fullmatch("[0-9]{7}", code):
        abort(404)
    found = [{"prefecture": each.prefecture, "address1": each.address1} for each in postal.places(db.look(), code)]
    answer = jsonify(places=found)
    answer.headers["Cache-Control"] = f"public, max-age={_KEPT}"
    return answer


def looked_up(form: Any) -> bool:
    """Whether 住所を検索, or a place it offered, was pressed in ``form`` instead of its own button.

    Then the fields are filled in as far as may be, what is to be said is left at the code's field as ``found``, and the
    form is to be shown again as it is, unjudged.
    """
    if "lookup" not in request.form:
        return False
    card_numbers.forget(form)
    name, _, chosen = request.form["lookup"].partition(" ")
    if name.endswith(_FIELD) and name in form:
        form[name].found = _search(form, name.removesuffix(_FIELD), chosen)
    return True


def _search(form: Any, prefix: str, chosen: str) -> Found:
    code = form[prefix + _FIELD].data or ""
    if not re.fullmatch("[0-9]{7}", code):
        return Found("incomplete")
    prefecture, address1 = form[f"{prefix}prefecture"], form[f"{prefix}address1"]
    known = postal.places(db.look(), code)
    wanted = [place for place in known if place.line == chosen]
    place = wanted[0] if wanted else _fitting(known, prefecture.data or "", address1.data or "")
    if place is None:
        said = "other" if known and (address1.data or len(known) == 1) else "several" if known else "none"
        return Found(said, tuple(known))
    prefecture.data = place.prefecture
    if not (address1.data or "").startswith(place.address1):
        address1.data = place.address1
    return Found("one")


def _fitting(known: list[Place], prefecture: str, address1: str) -> Place | None:
    """The place that goes with what is there already: the one the address begins with, or the only one where the address
    is empty or the beginning of it."""
    open_to = [place for place in known if prefecture in ("", place.prefecture)]
    there = [place for place in open_to if address1.startswith(place.address1)]
    if not there and len(known) == 1:
        there = [place for place in open_to if place.address1.startswith(address1)]
    return there[0] if there else None
