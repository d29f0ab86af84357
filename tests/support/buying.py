"""A buyer over real HTTP: from the product page to the order, step by step or in one go.

Nothing is taken from the database – only what the pages offer, as a browser without script would see it. The card
token is fetched as the browser's script does: from the provider's address, never through the shop.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests

from providers.installed import INSTALLED
from tests.support.pages import Form, Page
from tests.support.world import VISA, card_token

#: A buyer as typed; with widths and hyphens that the shop puts right.
ADDRESS = {
    "buyer_name": "山田 花子",
    "buyer_kana": "ヤマダ ハナコ",
    "email": "hanako@example.jp",
    "phone": "03-1234-5678",
    "postal_code": "100-0001",
    "prefecture": "東京都",
    "address1": "千代田区千代田1-1",
    "address2": "",
    "ship_to": "same",
    "note": "",
}
#: What STEP1 asks for of it.
ADDRESS_ONLY = {name: value for name, value in ADDRESS.items() if name != "note"}
_COMPLETE = re.compile(r"/orders/([0-9a-z]+)/complete")
CARD, CASH = "card", "cash_on_delivery"


@dataclass(frozen=True)
class Purchase:
    """Where a purchase ended: the last page and, when an order was placed, its public id."""

    buyer: "Buyer"
    response: requests.Response

    @property
    def url(self) -> str:
        return self.response.url

    @property
    def path(self) -> str:
        return urlsplit(self.response.url).path

    @property
    def page(self) -> Page:
        return Page(self.response.text)

    @property
    def public_id(self) -> str | None:
        found = _COMPLETE.fullmatch(self.path)
        return found[1] if found else None


class CardRefused(Exception):
    """The provider's script made no token; ``code`` is its result code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Buyer:
    """One browser: a session with cookies, and the steps of the zero-step checkout."""

    def __init__(self, shop_url: str) -> None:
        self.shop_url = shop_url
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str) -> requests.Response:
        return self.session.get(urljoin(self.shop_url, path))

    def post(self, path: str, fields: dict[str, str], **options) -> requests.Response:
        return self.session.post(urljoin(self.shop_url, path), data=fields, **options)

    def put_into_cart(self, product: str, quantity: int = 1, variant: int = 0) -> requests.Response:
        """The product page and its button; ``variant`` counts among those that can be had."""
        form = Page(self.get(f"/products/{product}").text).form("/cart/items")
        variants = form.offered.get("variant_id")
        if variants:
            form.fields["variant_id"] = variants[variant]
        return self.post("/cart/items", form.fields | {"quantity": str(quantity)})

    def checkout_form(self) -> tuple[Page, Form]:
        page = Page(self.get("/checkout/zero").text)
        return page, page.form("/checkout/zero/confirm")

    def confirm(self, method: str = CARD, shown: Page | None = None, /, **changed: str) -> requests.Response:
        """Fill the form and press 注文確認する; the answer holds the confirmation or what is wrong.

        The form is that of the page ``shown``, or of one opened for it.
        """
        page = shown or self.checkout_form()[0]
        form = page.form("/checkout/zero/confirm")
        fields = form.fields | ADDRESS | {"payment_method_id": method_id(page, form, method)} | changed
        return self.post("/checkout/zero/confirm", fields)

    def card_token(self, number: str = VISA, shown: Page | None = None, /, **card: str) -> str:
        """A token for a card, asked for as the script of the checkout page would. Raises :class:`CardRefused`."""
        page = shown or self.checkout_form()[0]
        script = page.having("data-script-url")
        public = json.loads(script["data-public"])
        if not script["data-script-url"]:
            return _token_of(script["data-module-url"], public, number)
        fields = public | {
            "card_number": number, "card_expire_year": "40", "card_expire_month": "01", "card_cvc": "123",
            "card_name": "HANAKO YAMADA",
        } | card  # fmt: skip
        # The provider's script is on its own host: a fresh client, without the shop's cookies.
        answer = requests.post(urljoin(script["data-script-url"], "../n/token/request"), data=fields).json()
        if answer["result"] != "0000":
            raise CardRefused(answer["result"])
        return str(answer["tokenizedCardObject"]["token"])

    def place(self, confirmation: requests.Response, token: str = "") -> Purchase:
        """Press 注文する on a confirmation and follow to the last page."""
        form = Page(confirmation.text).form("/checkout/zero/place")
        return Purchase(self, self.post("/checkout/zero/place", form.fields | {"card_token": token}))


class StepsBuyer(Buyer):
    """The same browser, going through the 3-step cart."""

    def step1(self, **typed: str) -> requests.Response:
        """次へ on STEP1; the answer is STEP2, or STEP1 with what is wrong."""
        form = Page(self.get("/checkout/step1").text).form("/checkout/step1")
        return self.post("/checkout/step1", form.fields | ADDRESS_ONLY | typed)

    def step2(self, method: str = CARD, **typed: str) -> requests.Response:
        """次へ on STEP2; the answer is STEP3, or STEP2 with what is wrong."""
        page = Page(self.get("/checkout/step2").text)
        form = page.form("/checkout/step2")
        chosen = {"payment_method_id": method_id(page, form, method)}
        return self.post("/checkout/step2", form.fields | chosen | typed)

    def press(self, step3: requests.Response, token: str = "", **typed: str) -> Purchase:
        """注文する on STEP3; follows to the last page."""
        form = Page(step3.text).form("/checkout/place")
        return Purchase(self, self.post("/checkout/place", form.fields | {"card_token": token} | typed))


def _token_of(module_url: str, public: dict[str, str], number: str) -> str:
    """A token where the page's module asks for one in a way of its own: from the same host, asked as the practice world can be."""
    provider = next(each for each in INSTALLED if f"/{each.code}" in module_url)
    host = urljoin(next(value for value in public.values() if value.startswith("http")), "/control/token")
    return card_token(host, provider, number)


def buy_in_steps(
    shop_url: str,
    product: str = "",
    *,
    quantity: int = 1,
    method: str = CARD,
    card: str = VISA,
    buyer: StepsBuyer | None = None,
    coupon: str = "",
    **typed: str,
) -> Purchase:
    """Buy through the whole 3-step cart, as :func:`buy` does through the one page."""
    buyer = buyer or StepsBuyer(shop_url)
    buyer.put_into_cart(product or any_product(buyer), quantity)
    buyer.step1(**typed)
    step3 = buyer.step2(method, coupon=coupon)
    token = buyer.card_token(card, Page(step3.text)) if method == CARD else ""
    return buyer.press(step3, token)


def method_id(page: Page, form: Form, kind: str) -> str:
    """The id of an offered payment method by its kind."""
    kinds = {a["value"]: a["data-kind"] for a in page.find("input", name="payment_method_id")}
    for offered in form.offered["payment_method_id"]:
        if kinds[offered] == kind:
            return offered
    raise LookupError(f"no method of the kind {kind}; the page says: {page.text[:500]}")


def buy(
    shop_url: str,
    product: str = "",
    *,
    quantity: int = 1,
    method: str = CARD,
    card: str = VISA,
    buyer: Buyer | None = None,
    **typed: str,
) -> Purchase:
    """Buy through the whole zero-step checkout. ``typed`` changes fields of the form; see :data:`ADDRESS`.

    Ends on the complete page, the pending page or – refused – the form; ask the result which.
    """
    buyer = buyer or Buyer(shop_url)
    shown = Page(buyer.put_into_cart(product or any_product(buyer), quantity).text)
    token = buyer.card_token(card, shown) if method == CARD else ""
    return buyer.place(buyer.confirm(method, shown, **typed), token)


def any_product(buyer: Buyer) -> str:
    """The code of the first product in the shop window that can be bought."""
    codes = re.findall(r'href="/products/([^"?#]+)"', buyer.get("/products").text)
    for code in dict.fromkeys(codes):
        if any(form.action == "/cart/items" for form in Page(buyer.get(f"/products/{code}").text).forms):
            return code
    raise LookupError("nothing can be bought")
