"""The issuer's pages (本人認証), under ``3ds`` of the provider's own addresses: the buyer's browser comes from the shop and goes back.

Whoever comes again – reload, back button – is sent back with the result that was found the first time.
"""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

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
from providers.sandbox.issuer import ABANDON, AUTHENTICATE, challenge_page, fence
from providers.sandbox.outgoing import call_shop

#: Buttons of the page besides 認証する, which goes by the password
CHOICES = {"refused": "認証に失敗", "attempt_0": "Attempt 正常", "attempt_1": "Attempt 注意"}


def issuer_pages(simulator: Provider) -> Blueprint:
    pages = Blueprint("paygent_issuer", __name__, template_folder="templates")
    fence(pages)
    ledger = simulator.ledger

    @pages.post("/3ds/start")
    def start() -> Response | str:
        """Where the page of the 450 answer leads."""
        found = _authentication(request.form.get("id", ""))
        if found.plan == CHALLENGE and not found.result:
            return redirect(url_for("paygent_issuer.challenge", key=found.page_key), 303)
        return _without_asking(found)

    @pages.get("/3ds/<key>")
    def challenge(key: str) -> Response | str:
        found = _authentication(key)
        if found.plan == CHALLENGE and not found.result:
            return challenge_page(
                found.shop_name,
                found.amount,
                found.brand,
                found.masked_card_number,
                CHOICES,
                wrong_passwords="決済会社の試験用の番号を除き、",
            )
        return _without_asking(found)

    @pages.post("/3ds/<key>")
    def answer(key: str) -> Response | str:
        found = _authentication(key)
        choice = request.form.get("choice", "")
        if choice not in (AUTHENTICATE, ABANDON, *CHOICES) or found.plan != CHALLENGE:
            abort(400)
        if choice == ABANDON and not found.result:
            return render_template("paygent/not_sent.html", authentication=found, error=False)
        password = request.form.get("password", "").strip()
        return _sent_back(found, OUTCOMES.get(choice) or outcome_of_password(found.brand, password))

    def _authentication(key: str) -> Authentication:
        simulator.catch_up()
        return ledger.one(Authentication, "page_key = ?", key) or abort(404)

    def _without_asking(found: Authentication) -> Response | str:
        if found.plan == ERROR_PAGE and not found.result:
            return render_template("paygent/not_sent.html", authentication=found, error=True)
        return _sent_back(found, OUTCOMES.get(found.plan))

    def _sent_back(found: Authentication, outcome: Outcome | None) -> Response | str:
        """Back to the shop; the outcome counts only where there is none yet."""
        mode = simulator.return_troubles.take_mode()
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
