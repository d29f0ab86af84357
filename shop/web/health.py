"""``/healthz``: the process answers. ``/readyz``: database, migrations and job leader are there. No data for strangers."""

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shop.core import db
from shop.core.runtime import now as moment
from shop.jobs import lease

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    return Response("ok\n", content_type="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when all is there, else 503 with the part that is missing."""
    checks = {"database": _database(), "migrations": _migrations(), "jobs": _jobs()}
    missing = [name for name, fine in checks.items() if not fine]
    text_ = "ready\n" if not missing else f"not ready: {', '.join(missing)}\n"
    return Response(text_, status=503 if missing else 200, content_type="text/plain")


def _database() -> bool:
    try:
        return db.db.session.execute(text("SELECT 1")).scalar() == 1
    except SQLAlchemyError:
        return False


def _migrations() -> bool:
    try:
        stamped = db.db.session.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
    except SQLAlchemyError:
        db.end_read()
        return False
    directory = ScriptDirectory(current_app.extensions["migrate"].directory)
    return set(stamped) == set(directory.get_heads())


def _jobs() -> bool:
    try:
        return lease.leader(db.db.session(), moment()) is not None
    except SQLAlchemyError:
        return False
