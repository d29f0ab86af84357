"""``/books.json``: what really happened at all providers, in the words they share (practice.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from providers.sandbox.practice import BookedCard, BookedPayment, Call, Simulator


def shared_books(simulators: Mapping[str, Simulator]) -> Blueprint:
    pages = Blueprint("books", __name__)

    @pages.get("/books.json")
    def books() -> Response:
        """Of all providers, or of the one that ``?provider=`` names."""
        only = request.args.get("provider")
        if only is not None and only not in simulators:
            abort(404)
        merged: dict[str, Any] = {"payments": [], "cards": [], "calls": [], "busy": 0}
        for code in [only] if only else simulators:
            found = simulators[code].books()
            merged["payments"] += _rows(code, found.payments)
            merged["cards"] += _rows(code, found.cards)
            merged["calls"] += _rows(code, found.calls)
            merged["busy"] += found.busy
        return jsonify(merged)

    return pages


def _rows(code: str, booked: Iterable[BookedPayment | BookedCard | Call]) -> list[dict[str, Any]]:
    return [{"provider": code} | asdict(each) for each in booked]
