"""The provider's own addresses: messages, token script, token endpoint. Mounted under ``/escott``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, Response, abort, request, send_from_directory

from providers.escott.simulator.wire import OPERATIONS, REQUEST_LIMIT

if TYPE_CHECKING:
    from providers.escott.simulator.simulator import EscottSimulator


def wire_pages(simulator: EscottSimulator) -> Blueprint:
    pages = Blueprint("escott_wire", __name__)

    @pages.get("/euser/stn/CdGetJavaScript.do")
    def script() -> Response:
        """The same for every k_TokenNinsyoCode: the script reads it off its own tag, the token endpoint checks it."""
        return send_from_directory(f"{pages.root_path}/static", "SpsvApi.js", mimetype="text/javascript")

    @pages.post("/euser/stn/CreateToken.do")
    def token() -> Response:
        """OURS: how the provider's script sends the card is not known."""
        answer = simulator.tokenize(request.form.to_dict())
        # The script runs in the shop's page, on another origin.
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    @pages.post("/online/<path:address>")
    def message(address: str) -> Response:
        if address not in OPERATIONS:
            abort(404)
        body = request.get_data()
        if len(body) > REQUEST_LIMIT:
            abort(413)
        return simulator.request(address, request.query_string, body)

    return pages
