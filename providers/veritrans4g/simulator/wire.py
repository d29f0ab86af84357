"""The provider's own addresses: the merchant's requests, and the token server for browsers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, request, url_for

from providers.sandbox.faults import answer_through
from providers.veritrans4g.simulator.envelope import ADDRESS, VERBS
from providers.veritrans4g.simulator.tokens import BadCard, token_answer

TOKEN_KIND = "token"
#: Bytes of a request; our choice
REQUEST_LIMIT = 200_000

if TYPE_CHECKING:
    from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator

#: The page that calls the token server is the shop's, on another origin.
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Content-Type",
}


def wire(simulator: VeriTrans4GSimulator) -> Blueprint:
    pages = Blueprint("veritrans4g_wire", __name__)

    @pages.route("/4gtoken", methods=["OPTIONS"])
    def token_preflight() -> Response:
        return Response(status=204, headers=CORS)

    @pages.post("/4gtoken")
    def token() -> Response:
        sent = request.get_json(silent=True, force=True)
        fault = simulator.faults.take(TOKEN_KIND)
        call = simulator.ledger.note_call(TOKEN_KIND, VERBS[TOKEN_KIND], "", fault)
        lang = str(sent.get("lang", "")) if isinstance(sent, dict) else ""

        def told(status: int, fields: dict[str, str]) -> Response:
            code = "" if fields["status"] == "success" else fields["code"]
            simulator.ledger.update(call, code=code, answered=True)
            return _json(fields, status)

        def execute() -> Response:
            if not isinstance(sent, dict):
                return told(400, token_answer(None, "invalid_request", lang))
            try:
                return told(200, token_answer(simulator.tokens.issue(sent), "success", lang))
            except BadCard as bad:
                # OURS: 400 also for a wrong API key.
                return told(400, token_answer(None, bad.code, lang))

        def refuse(code: str, detail: str) -> Response:
            fields = token_answer(None, code or "system_error", lang)
            return told(400, fields) if fault and fault.mode == "code" else _json(fields, 400)

        with simulator.requests.one():
            answer = answer_through(fault, execute, refuse)
        answer.headers.update(CORS)
        return answer

    @pages.post("/<path:path>")
    def operation(path: str) -> Response:
        body = request.get_data()
        if not ADDRESS.fullmatch(path):
            abort(404)
        if len(body) > REQUEST_LIMIT:
            abort(413)
        return simulator.request(path, body, url_for("veritrans4g_pages.start", _external=True))

    return pages


def _json(fields: dict[str, Any], status: int) -> Response:
    text = json.dumps(fields, ensure_ascii=False)
    return Response(text, status, content_type="application/json; charset=UTF-8")
