"""What the providers' management consoles have in common."""

from __future__ import annotations

from typing import Any

from flask import request

from providers.sandbox.ledger import Ledger, Row

PAGE = 50


def newest(ledger: Ledger, kind: type[Row], key: str, *searched: str) -> tuple[list[Row], dict[str, Any]]:
    """A page of records, the newest first, and what its template links on by: ``search``, what the columns ``searched`` hold, and
    ``following``, before which key the next page begins."""
    search = request.args.get("q", "").strip()
    conditions: list[str] = []
    values: list[str] = []
    if before := request.args.get("before"):
        conditions.append(f"{key} < ?")
        values.append(before)
    if search:
        conditions.append(f"? IN ({', '.join(searched)})")
        values.append(search)
    chosen = " AND ".join(conditions) or "1"
    found = ledger.all(kind, f"{chosen} ORDER BY {key} DESC LIMIT {PAGE + 1}", *values)
    following = getattr(found[PAGE - 1], key) if len(found) > PAGE else None
    return found[:PAGE], {"search": search, "following": following}
