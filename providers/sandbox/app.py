"""The practice world's web application: every provider's addresses, consoles and switches, and what they share."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from providers.sandbox.books import shared_books
from providers.sandbox.clock import Clock
from providers.sandbox.control import control_api
from providers.sandbox.faults import FaultBook
from providers.sandbox.practice import Simulator
from providers.sandbox.start_page import start_page

LOOPBACK = ("127.0.0.1", "::1")


def create_app(simulators: Mapping[str, Simulator], clock: Clock, faults: FaultBook) -> Flask:
    """``simulators`` by their codes."""
    app = Flask(__name__)
    # A cut answer is raised as an exception; it must reach the server instead of becoming an error page.
    app.config["PROPAGATE_EXCEPTIONS"] = True
    for code, simulator in simulators.items():
        for blueprint in simulator.provider_side():
            app.register_blueprint(blueprint, url_prefix=f"/{code}")
        app.register_blueprint(simulator.console(), url_prefix=f"/console/{code}")
        if switches := simulator.switches():
            app.register_blueprint(switches, url_prefix=f"/control/{code}")
    app.register_blueprint(control_api(simulators, clock, faults), url_prefix="/control")
    app.register_blueprint(shared_books(simulators))
    app.register_blueprint(start_page(simulators, clock, faults))

    def is_provider_side() -> bool:
        return request.path.split("/")[1] in simulators

    @app.before_request
    def guard_switches() -> None:
        """The switches and the consoles are for this machine only, and for no foreign web page on it."""
        if request.method != "POST" or is_provider_side():
            return
        origin = request.headers.get("Origin")
        if request.remote_addr not in LOOPBACK or (origin and urlsplit(origin).netloc != request.host):
            abort(403)

    @app.after_request
    def fence_pages(response: Response) -> Response:
        if not is_provider_side():
            response.headers["Content-Security-Policy"] = (
                "default-src 'self'; form-action 'self'; frame-ancestors 'none'"
            )
        return response

    return app
