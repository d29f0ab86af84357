"""The door for providers' notifications. No session, no CSRF token: the provider's signature is the log-in."""

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from shop.payments import inbox
from shop.payments.engine import Busy, engine

blueprint = Blueprint("provider", __name__)

_MAX_NOTICE = 64 * 1024


@blueprint.post("/pay/n/<key>")
@blueprint.post("/pay/n/<key>/<path:rest>")
def notice(key: str, rest: str = "") -> Response:
    """Check, store, commit, acknowledge; look what happened afterwards (decision 16)."""
    request.max_content_length = _MAX_NOTICE
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        abort(413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    received = inbox.receive(key, request.method, body, headers, request.remote_addr or "")
    if received.reading is None:
        abort(404)
    if not received.reading.genuine:
        current_app.logger.warning("notification refused", extra={"reason": received.reading.reason})
        abort(403)
    _wake(received.stored)
    return Response(received.reading.acknowledgement, content_type=received.reading.content_type)


@blueprint.errorhandler(HTTPException)
def refuse(error: HTTPException) -> Response:
    """A provider reads no pages; a forger gets none."""
    return Response(f"{error.code}\n", status=error.code, content_type="text/plain")


def _wake(stored: tuple[int, ...]) -> None:
    """Process at once on a free provider slot; without one the job runner does it within seconds."""
    for notice_id in stored:
        try:
            with engine().pool.reserve() as slot:
                slot.run(lambda notice_id=notice_id: inbox.process(notice_id))  # type: ignore[misc]
        except Busy:
            return
