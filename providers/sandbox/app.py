"""The practice world's web application: the provider's addresses, the control API, the pages for people."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from providers.paygent.simulator import PaygentSimulator
from providers.paygent.simulator.console import console_pages
from providers.paygent.simulator.issuer_pages import issuer_pages
from providers.paygent.simulator.provider_side import provider_side
from providers.sandbox.clock import Clock
from providers.sandbox.control import control_api
from providers.sandbox.faults import FaultBook
from providers.sandbox.start_page import start_page

LOOPBACK = ("127.0.0.1", "::1")


def create_app(paygent: PaygentSimulator, clock: Clock, faults: FaultBook) -> Flask:
    app = Flask(__name__)
    # A cut answer is raised as an exception; it must reach the server instead of becoming an error page.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.register_blueprint(provider_side(paygent), url_prefix="/paygent")
    app.register_blueprint(issuer_pages(paygent), url_prefix="/paygent/3ds")
    app.register_blueprint(console_pages(paygent))
    app.register_blueprint(control_api(paygent, clock, faults))
    app.register_blueprint(start_page(paygent, clock, faults))
    app.before_request(guard_switches)
    app.after_request(fence_pages)
    return app


def guard_switches() -> None:
    """The switches and the console are for this machine only, and for no foreign web page on it."""
    if request.method != "POST" or request.path.startswith("/paygent/"):
        return
    origin = request.headers.get("Origin")
    if request.remote_addr not in LOOPBACK or (origin and urlsplit(origin).netloc != request.host):
        abort(403)


def fence_pages(response: Response) -> Response:
    if not request.path.startswith("/paygent/"):
        response.headers["Content-Security-Policy"] = (
            "default-src 'self'; form-action 'self'; frame-ancestors 'none'"
        )
    return response
