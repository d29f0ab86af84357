"""What the JSON APIs under ``/control`` have in common, those of single providers as well."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request


def switchboard(name: str, import_name: str) -> Blueprint:
    """Switches whose misuse is answered 400 with what is wrong."""
    api = Blueprint(name, import_name)

    @api.errorhandler(KeyError)
    @api.errorhandler(ValueError)
    @api.errorhandler(TypeError)
    def misused(error: Exception) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    return api


def asked() -> dict[str, Any]:
    """The JSON object of the request; a foreign web page cannot send that content type unasked."""
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400)
    return sent
