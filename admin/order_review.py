"""「問題なし（審査済みにする）」 of 受注明細: a person has looked into an order that was in doubt (T-090)."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from admin.blueprint import actor, blueprint
from admin.order_page import find_order
from shop.core.db import write
from shop.core.i18n import gettext as _
from shop.core.runtime import now
from shop.core.text import clean_line
from shop.orders import review

NOTE_LENGTH = 200


@blueprint.post("/orders/<number>/review")
def clear_order(number: str) -> ResponseReturnValue:
    """Nothing wrong with it. A second press, or one on a page that is no longer true, changes nothing."""
    note = clean_line(request.form.get("review_note", ""))[:NOTE_LENGTH]
    with write() as session:
        cleared = review.clear(session, find_order(session, number), actor(), note, now())
    if cleared:
        flash(_("審査済みにしました。売上確定と発送に進めます。"), "good")
    else:
        flash(_("この受注は、すでに審査済みです。"), "todo")
    return redirect(url_for("admin.order", number=number), 303)
