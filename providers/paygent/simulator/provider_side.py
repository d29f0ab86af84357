"""The provider's own addresses: browser script, token endpoint, telegrams. Mounted under ``/paygent``."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, request, send_from_directory

from providers.paygent.simulator.simulator import Provider
from providers.paygent.simulator.tokens import INTERNAL_ERROR
from providers.paygent.simulator.wire import REQUEST_LIMIT
from providers.sandbox.faults import answer_through

#: Name of the token endpoint among the faults
TOKEN_KIND = "token"


def provider_side(simulator: Provider) -> Blueprint:
    pages = Blueprint("paygent", __name__)

    @pages.get("/js/PaygentToken.js")
    def script() -> Response:
        return send_from_directory(f"{pages.root_path}/static", "PaygentToken.js", mimetype="text/javascript")

    @pages.post("/n/token/request")
    def token() -> Response:
        sent = request.form.to_dict()

        def refuse(code: str, detail: str) -> Response:
            return _json({"result": code or INTERNAL_ERROR})

        answer = answer_through(
            simulator.faults.take(TOKEN_KIND), lambda: _json(simulator.tokens.answer(sent)), refuse
        )
        # The script runs in the shop's page, on another origin.
        answer.headers["Access-Control-Allow-Origin"] = "*"
        return answer

    @pages.post("/n/<path:path>")
    def telegram(path: str) -> Response:
        body = request.get_data()
        if len(body) > REQUEST_LIMIT:
            # The limit is documented, the answer is not.
            abort(413)
        return simulator.telegram(path, body)

    return pages


def _json(fields: dict[str, object]) -> Response:
    return Response(json.dumps(fields), content_type="application/json; charset=UTF-8")
