"""The card issuer's page as a buyer's browser without script goes through it."""

from urllib.parse import urljoin

import requests

from tests.support.buying import Purchase
from tests.support.pages import Page

FRICTIONLESS, ATTEMPTED, UNCERTAIN = "4980000000057600", "4980000000037610", "4980000000027611"
REFUSED, STRANDED = "4980000000087607", "4980000000067690"
NOT_STARTED, TOKEN_LATE, UNSUPPORTED = "4980000000047601", "4980000000027603", "4980000000017612"
#: What a buyer can press on a challenge page.
AUTHENTICATE, FAIL, ATTEMPT, WARN, GIVE_UP = "authenticate", "refused", "attempt_0", "attempt_1", "abandon"
#: Open the challenge page and press nothing.
LOOK = "look"


def way_back(purchase: Purchase, choice: str = "") -> str:
    """From the shop's hop page to the issuer and, without opening it, the address that leads back to the shop.

    ``choice`` presses that button on the challenge page; empty for cards that are not challenged. Returns an empty
    text where the issuer sends nobody back. The shop's cookies stay at the shop.
    """
    return beyond(purchase.page, purchase.url, choice)


def beyond(hop: Page, url: str, choice: str = "") -> str:
    """:func:`way_back` from the hop page that stands at ``url``."""
    elsewhere = requests.Session()
    elsewhere.trust_env = False
    form = hop.forms[0]
    answer = elsewhere.post(urljoin(url, form.action), data=form.fields, allow_redirects=False)
    if choice:
        challenge = urljoin(answer.url, answer.headers["Location"])
        page = Page(elsewhere.get(challenge).text)
        fields = next(form.fields for form in page.forms)
        answer = elsewhere.post(challenge, data=fields | {"choice": choice, "password": "1234"}, allow_redirects=False)
    return answer.headers.get("Location", "")


def through(purchase: Purchase, choice: str = "") -> Purchase:
    """Through the issuer's page and back, to the shop's last page."""
    return Purchase(purchase.buyer, purchase.buyer.get(way_back(purchase, choice)))
