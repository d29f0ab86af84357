"""The issuer's pages (本人認証), where the buyer's browser comes from the shop and goes back: what is the same with every provider."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, render_template

#: Buttons of the page besides the other results
AUTHENTICATE, ABANDON = "authenticate", "abandon"


def fence(pages: Blueprint) -> None:
    @pages.after_request
    def add_headers(response: Response) -> Response:
        # No form-action: browsers would hold it against the way back to the shop.
        response.headers["Content-Security-Policy"] = "default-src 'self'; base-uri 'none'"
        response.headers["Cache-Control"] = "no-store"
        return response


def challenge_page(
    shop: str, yen: int, brand: str, masked: str, choices: Mapping[str, str], wrong_passwords: str = ""
) -> str:
    """Asks for a password. ``choices`` are the buttons for other results and their labels, ``wrong_passwords`` says for which
    passwords not every one is right."""
    return render_template(
        "challenge.html",
        shop=shop,
        yen=yen,
        brand=brand,
        masked=masked,
        choices=choices,
        wrong_passwords=wrong_passwords,
    )
