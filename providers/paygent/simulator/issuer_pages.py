"""The issuer's pages (本人認証), under ``3ds`` of the provider's own addresses: the buyer's browser comes from the shop and goes back.

Whoever comes again – reload, back button – is sent back with the result that was found the first time.
"""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from providers.paygent.simulator.outcomes import (
    CHALLENGE,
    ERROR_PAGE,
    OUTCOMES,
    Outcome,
    outcome_of_password,
)
from providers.paygent.simulator.records import Authentication
from providers.paygent.simulator.returns import return_address
from providers.paygent.simulator.simulator import Provider
from providers.sandbox.outgoing import call_shop

#: Buttons of the page besides 認証する, which goes by the password
CHOICES = ("refused", "attempt_0", "attempt_1")
AUTHENTICATE, ABANDON = "authenticate", "abandon"


def issuer_pages(simulator: Provider) -> Blueprint:
    pages = Blueprint("paygent_issuer", __name__, template_folder="templates")
    ledger = simulator.ledger

    @pages.post("/3ds/start")
    def start() -> AnyResponse | str:
        """Where the page of the 450 answer leads."""
        found = _authentication(request.form.get("id", ""))
        if found.plan == CHALLENGE and not found.result:
            return redirect(url_for("paygent_issuer.challenge", key=found.page_key), 303)
        return _without_asking(found)

    @pages.get("/3ds/<key>")
    def challenge(key: str) -> AnyResponse | str:
        found = _authentication(key)
        if found.plan == CHALLENGE and not found.result:
            return render_template("paygent/challenge.html", authentication=found)
        return _without_asking(found)

    @pages.post("/3ds/<key>")
    def answer(key: str) -> AnyResponse | str:
        found = _authentication(key)
        choice = request.form.get("choice", "")
        if choice not in (AUTHENTICATE, ABANDON, *CHOICES) or found.plan != CHALLENGE:
            abort(400)
        if choice == ABANDON and not found.result:
            return render_template("paygent/not_sent.html", authentication=found, error=False)
        password = request.form.get("password", "").strip()
        return _sent_back(found, OUTCOMES.get(choice) or outcome_of_password(found.brand, password))

    @pages.after_request
    def fence(response: Response) -> Response:
        # No form-action: browsers would hold it against the way back to the shop.
        response.headers["Content-Security-Policy"] = "default-src 'self'; base-uri 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _authentication(key: str) -> Authentication:
        simulator.catch_up()
        return ledger.one(Authentication, "page_key = ?", key) or abort(404)

    def _without_asking(found: Authentication) -> AnyResponse | str:
        if found.plan == ERROR_PAGE and not found.result:
            return render_template("paygent/not_sent.html", authentication=found, error=True)
        return _sent_back(found, OUTCOMES.get(found.plan))

    def _sent_back(found: Authentication, outcome: Outcome | None) -> AnyResponse | str:
        """Back to the shop; the outcome counts only where there is none yet."""
        trouble = simulator.return_troubles.take("return")
        mode = trouble.mode if trouble else ""
        if mode == "never":
            return render_template("paygent/not_sent.html", authentication=found, error=True)
        if outcome:
            found = simulator.authentications.decide(found.auth_id, outcome)
        merchant = ledger.merchant(found.merchant_id) or abort(404)
        address = return_address(merchant, found, mode)
        if mode == "twice":
            call_shop("GET", address)
        ledger.change("UPDATE authentications SET returns = returns + 1 WHERE auth_id = ?", found.auth_id)
        return redirect(address, 303)

    return pages
