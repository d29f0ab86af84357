"""What the JSON APIs under ``/control`` have in common, those of single providers as well."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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


def asked_of(kind: type[DataclassInstance]) -> dict[str, Any]:
    """What a record of the kind holds; a shop sends its whole contract, and what the provider does not keep is passed over."""
    kept = {field.name for field in fields(kind)}
    return {name: value for name, value in asked().items() if name in kept}
