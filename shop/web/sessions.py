"""Two session cookies in one browser: the shop's, and the desk's own, which other sites cannot make it send (T-035, T-049)."""

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


class Sessions(SecureCookieSessionInterface):
    """Signed cookies as Flask makes them; pages of the admin have one of their own, ``Strict``. A buyer who is also staff
    is two people to us: neither log-in ends, shows or widens the other."""

    def get_cookie_name(self, app: Flask) -> str:
        name: str = super().get_cookie_name(app)
        return f"{name}-admin" if at_the_desk() else name

    def get_cookie_samesite(self, app: Flask) -> str | None:
        return "Strict" if at_the_desk() else super().get_cookie_samesite(app)


def at_the_desk() -> bool:
    """Whether the request is for a page of the admin."""
    return request.path == "/admin" or request.path.startswith("/admin/")
