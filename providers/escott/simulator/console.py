"""The provider's management console as pages. Mounted under ``/console/escott``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from providers.escott.simulator.cards import masked
from providers.escott.simulator.records import STAGE_NAMES, MemberStatus, Stage, Transaction
from providers.sandbox.clock import shown_time
from providers.sandbox.console import newest

if TYPE_CHECKING:
    from providers.escott.simulator.simulator import EscottSimulator

#: What staff can do, and in which stages
ACTS: dict[str, tuple[Stage, ...]] = {
    "capture": (Stage.AUTH,),
    "void": (Stage.AUTH,),
    "refund": (Stage.SALES,),
}

MEMBER_STATUS_NAMES = {
    MemberStatus.VALID: "有効",
    MemberStatus.CARD_INVALID: "カード無効",
    MemberStatus.LOCKED: "Login回数無効",
    MemberStatus.INVALID: "会員無効",
    MemberStatus.DELETED: "会員削除",
}


def console_pages(simulator: EscottSimulator) -> Blueprint:
    pages = Blueprint("escott_console", __name__, template_folder="templates")
    ledger = simulator.ledger

    @pages.get("/")
    def payment_list() -> str:
        simulator.catch_up()
        found, paging = newest(ledger, Transaction, "transaction_id", "free1", "transaction_id")
        return render_template("escott/payments.html", payments=found, **paging)

    @pages.get("/payments/<transaction_id>")
    def payment_page(transaction_id: str) -> str:
        simulator.catch_up()
        payment = ledger.find(transaction_id) or abort(404)
        return render_template(
            "escott/payment.html",
            payment=payment,
            history=ledger.steps(transaction_id),
            offered={act for act, stages in ACTS.items() if payment.stage in stages},
            failed="failed" in request.args,
        )

    @pages.post("/payments/<transaction_id>/<any(capture, void, refund):act>")
    def perform(transaction_id: str, act: str) -> Response:
        if ledger.find(transaction_id) is None:
            abort(404)
        failed = None
        try:
            simulator.console_act(transaction_id, act)
        except ValueError:
            failed = 1
        return redirect(
            url_for("escott_console.payment_page", transaction_id=transaction_id, failed=failed), 303
        )

    @pages.get("/members")
    def member_list() -> str:
        return render_template(
            "escott/members.html", members=ledger.members(), statuses=MEMBER_STATUS_NAMES
        )

    @pages.post("/members/<merchant_id>/<kaiin_id>/delete")
    def delete_member(merchant_id: str, kaiin_id: str) -> Response:
        """The card vanishes without the shop knowing."""
        try:
            simulator.members.vanish(merchant_id, kaiin_id)
        except ValueError:
            abort(404)
        return redirect(url_for("escott_console.member_list"), 303)

    pages.add_app_template_filter(shown_time, "escott_time")
    pages.add_app_template_filter(masked, "escott_card")

    @pages.app_template_filter("escott_stage")
    def shown_stage(stage: str) -> str:
        return STAGE_NAMES[Stage(stage)] if stage else ""

    return pages
