"""最近の操作 – what staff changed in the settings, newest first."""

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import Session

from admin.blueprint import actor, blueprint
from admin.paging import page_by_id
from shop.core.db import db
from shop.core.runtime import now
from shop.staff import log
from shop.staff.models import StaffLog


def note(session: Session, text: str, **values: str) -> None:
    """Write down, in the transaction of the deed itself, that this member of staff did it – in Japanese: it is the
    shop's own book, whatever language the page was in."""
    log.add(session, actor(), text % values, now())


@blueprint.get("/log")
def staff_log() -> str:
    """All of it, page by page."""
    query = select(StaffLog.id, StaffLog.at, StaffLog.actor, StaffLog.text)
    return render_template("admin/log.html", page=page_by_id(db.session(), query, StaffLog.id))
