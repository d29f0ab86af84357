"""Headers, cookies and request limits for every page of shop and admin. One policy, widened per page by data."""

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, abort, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.datastructures import MultiDict
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from shop.core import card_numbers, pictures
from shop.core.config import Config
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.web.sessions import Sessions

#: Pages anyone may keep a copy of; everything else is ``no-store`` (consequence 8 of trust §1.4), and so is the page that says
#: what went wrong with one of these: like every page it shows whose browser it is.
_PUBLIC_ENDPOINTS = frozenset(
    {"static", "bootstrap.static", "storefront.picture", "storefront.design", "checkout.browser_module", "postal.places"}
)
_TOKENS = frozenset({"card_token", "link_token", "confirmation_token", "csrf_token"})
#: They say so at the field instead, and forget the number.
_TELL_AT_THE_FIELD = frozenset(
    {
        "checkout.confirm_zero", "checkout.check_zero", "wizard.take_step1", "wizard.check_step1", "wizard.take_step2",
        "wizard.check_step2", "account.log_in", "account.ask_to_register", "account.finish_registration",
        "account.ask_to_reset", "account.join_after_order", "account.set_password", "account_settings.change_login_id",
        "account_settings.change_password", "account_settings.ask_to_change_email", "account_settings.take_leave",
        "mypage.save_profile", "mypage.check_profile", "mypage.add_address", "mypage.change_address", "mypage.check_address",
        "order_lookup.ask", "order_lookup.ask_to_cancel", "my_orders.ask_to_cancel", "field_checks.check",
        "admin.log_in", "admin.save_memo", "admin.save_row", "admin.add_staff", "admin.change_staff",
        "admin.accept_invitation", "admin.change_own_password",
        "admin.take_code", "admin.switch_on_two_step", "admin.renew_codes", "admin.switch_off_two_step",
        "admin.confirm_card_guard", "admin.confirm_member_settings", "admin.confirm_delivery", "admin.confirm_design", "admin.confirm_cart_design",
        "admin.confirm_payment_method", "admin.check_payment_method", "admin.confirm_coupon",
    }
)  # fmt: skip
_MAX_BODY = 256 * 1024
#: Forms of the admin that bring an image beside their fields.
_WITH_IMAGE = frozenset(
    {
        "admin.confirm_design", "admin.confirm_cart_design", "admin.confirm_payment_method", "admin.check_payment_method", "admin.confirm_coupon",
    }
)  # fmt: skip
_MAX_PARTS = 200


def init_app(app: Flask, config: Config) -> None:
    """Cookie rules, body limits, trusted proxies, headers, and the guard against card numbers."""
    prefix = "__Host-" if config.https else ""
    app.config.update(
        SECRET_KEY=config.secret_key,
        SESSION_COOKIE_NAME=f"{prefix}session",
        SESSION_COOKIE_SECURE=config.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=_MAX_BODY,
        MAX_FORM_MEMORY_SIZE=_MAX_BODY,
        MAX_FORM_PARTS=_MAX_PARTS,
        # A picture's answer would bring back the session as it was when the picture was asked for.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        # Referers are left out by browsers, extensions and proxies, and by our own pages whose address is a secret: the
        # form's token decides, and what a browser itself says of the form's origin (:func:`_refuse_foreign_forms`).
        WTF_CSRF_SSL_STRICT=False,
    )
    app.session_interface = Sessions()
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    app.wsgi_app = _whole_bodies(app.wsgi_app)  # type: ignore[method-assign]
    app.url_map.converters["int"] = ColumnInteger
    app.before_request(_allow_images)
    app.before_request(_refuse_zero_bytes)
    app.before_request(_refuse_card_numbers)
    app.before_request(_refuse_foreign_forms)

    @app.after_request
    def headers(response: Response) -> Response:
        return _harden(response, https=config.https)


def _whole_bodies(application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Half a form – half an amount, half a token – must not pass for a whole one when the sender's line is cut.

    The server calls a body ended where the connection did. Without that word Werkzeug counts the bytes, and a body shorter
    than announced is answered by 400.
    """

    def counted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH"):
            environ.pop("wsgi.input_terminated", None)
        return application(environ, start_response)

    return counted


class ColumnInteger(IntegerConverter):
    """``<int:…>`` in addresses: a number that no id column could hold is not found, rather than an error."""

    def __init__(self, map: Map, **options: Any) -> None:
        super().__init__(map, **({"max": 2**31 - 1} | options))


def allow_origins(origins: Iterable[str]) -> None:
    """Let this page load the payment provider's token script and talk to its origin."""
    g.provider_origins = tuple(origins)


def _allow_images() -> None:
    if request.endpoint in _WITH_IMAGE:
        request.max_content_length = _MAX_BODY + pictures.MAX_BYTES


def _refuse_zero_bytes() -> None:
    """No address and no field needs a zero byte, and not every database can even be asked about one."""
    values = (request.path, *request.args.values())
    if any("\0" in value for value in values):
        abort(400)


def _refuse_card_numbers() -> ResponseReturnValue | None:
    """A card number in a form means a broken page, a slip or a probe: refuse before anything stores it (R-111, R-316).

    Tokens are random and may hold such digits by chance; one that is nothing but digits is no token. In an address the
    number would stay with the browser and whatever lies between: the browser is sent to the address without it. What a
    provider sends, by itself or with a returning buyer, is signed as it stands, and its ids may look like anything.
    """
    if request.blueprint in ("provider", "hop"):
        return None
    if clean := _without_card_numbers(request.args):
        return clean
    if request.endpoint in _TELL_AT_THE_FIELD:
        return None
    for name, values in request.form.lists():
        for value in values:
            if card_numbers.present(value) and not (name in _TOKENS and re.search(r"[A-Za-z]", value)):
                abort(400, description="card number")
    return None


def _refuse_foreign_forms() -> None:
    """A form of another site, as the browser tells – beside the token, should that ever leak (T-043). ``null`` tells nothing:
    pages that send no referrer have it, too. Providers sign what they send and are no browsers; the browsers they send back bring a
    form of theirs, to an address that only this way knows."""
    if request.method in ("GET", "HEAD", "OPTIONS") or request.blueprint in ("provider", "hop"):
        return
    origin, site = request.headers.get("Origin", "null"), request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") or origin not in ("null", request.host_url[:-1], runtime().config.base_url):
        raise CSRFError("foreign origin")


def _without_card_numbers(args: MultiDict[str, str]) -> ResponseReturnValue | None:
    """The way to the same page without them."""
    found = [name for name, values in args.lists() if any(map(card_numbers.present, values))]
    if not found or request.endpoint is None:
        return None
    if request.method not in ("GET", "HEAD"):
        abort(400, description="card number")
    for name in found:
        flash(_("カード番号はこの欄に入力しないでください。番号は消去しました。"), f"field {name}")
    kept = [(name, value) for name, values in args.lists() if name not in found for value in values]
    address = url_for(request.endpoint, **(request.view_args or {}))
    return redirect(f"{address}?{urlencode(kept)}" if kept else address, 303)


def _harden(response: Response, *, https: bool) -> Response:
    origins = " ".join(getattr(g, "provider_origins", ()))
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
        f"img-src 'self' data:; script-src 'self' {origins}; connect-src 'self' {origins}".strip(),
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if https:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint not in _PUBLIC_ENDPOINTS or response.status_code >= 400:
        response.headers["Cache-Control"] = "no-store"
    return response
