"""The shop's side of the counter: staff in the admin over real HTTP, and a look into the database for what no page shows."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urljoin, urlsplit

import requests
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from shop.catalogue.models import Variant
from shop.core.db import Base, db, write
from shop.orders.models import Order
from tests.support.buying import Purchase
from tests.support.pages import Page
from tests.support.shop import OWNER, OWNER_PASSWORD, run_jobs
from tests.support.world import Simulator

#: Goods of the demo shop: one variant each, at 8 % and at 10 %, and one that is sold out.
TEA, CUP, SOLD_OUT = "T-002", "U-005", "K-006"
TEA_YEN, CUP_YEN, SHIPPING_YEN, CASH_FEE_YEN = 972, 3_300, 600, 330

#: What stands in a field of a form: words, several of them, or a file – its bytes, or its name, bytes and type.
Typed = str | list[str] | bytes | tuple[str, bytes, str]

NUMBER = re.compile(r"order\d{8}")


class Desk:
    """A member of staff, logged in."""

    def __init__(self, shop_url: str) -> None:
        self.shop_url = shop_url
        self.session = requests.Session()
        self.session.trust_env = False
        form = Page(self.get("/admin/login").text).form("/admin/login")
        fields = form.fields | {"login": OWNER, "password": OWNER_PASSWORD}
        # The page it leads to is not what these tests are about: opening it took more than the log-in.
        answer = self.session.post(urljoin(shop_url, "/admin/login"), data=fields, allow_redirects=False)
        assert answer.headers.get("Location") == "/admin", answer.text

    def get(self, path: str) -> requests.Response:
        return self.session.get(urljoin(self.shop_url, path))

    def page(self, path: str) -> Page:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return Page(answer.text)

    def submit(self, path: str, action: str, **typed: str) -> requests.Response:
        """Open a page, fill the form that goes to ``action``, press its button."""
        form = Page(self.get(path).text).form(action)
        where, fields = urljoin(self.shop_url, action or path), form.fields | typed
        if form.method == "get":
            return self.session.get(where, params=fields)
        return self.session.post(where, data=fields)

    # ---- 基本設定 ----

    def confirm(self, path: str, off: Iterable[str] = (), **typed: Typed) -> requests.Response:
        """Fill a settings form, ``off`` unticked, and press 確認画面へ."""
        return self.press_on(self.get(path), path, "confirm", off, **typed)

    def press_on(
        self, shown: requests.Response, path: str, button: str, off: Iterable[str] = (), **typed: Typed
    ) -> requests.Response:
        """The same on a form that is already open, with any of its buttons: ``confirm`` or ``test``. Bytes are a file,
        which a browser sends under a name and a type."""
        fields = {k: v for k, v in Page(shown.text).form(f"{path}/confirm").fields.items() if k not in off}
        words = {k: v for k, v in typed.items() if isinstance(v, (str, list))}
        files = {k: v for k, v in typed.items() if isinstance(v, tuple)}
        files |= {k: ("logo.png", v, "image/png") for k, v in typed.items() if isinstance(v, bytes)}
        return self.session.post(urljoin(self.shop_url, f"{path}/{button}"), data=fields | words, files=files)

    def set_up(self, path: str, off: Iterable[str] = (), **typed: Typed) -> Page:
        """The whole way: 確認画面へ, 設定する; the page it ends on."""
        return Page(self.agree(self.confirm(path, off, **typed), path).text)

    def agree(self, confirmation: requests.Response, path: str) -> requests.Response:
        """設定する on a confirmation page."""
        fields = Page(confirmation.text).form(path).fields
        return self.session.post(urljoin(self.shop_url, path), data=fields)

    # ---- 受注明細 ----

    def order(self, number: str) -> Page:
        return self.page(f"/admin/orders/{number}")

    def press(self, number: str, verb: str) -> Page:
        """The button in the payment box and, on the page that asks, the button that does it."""
        path = f"/admin/orders/{number}/payment/{verb}"
        return Page(self.submit(path, path).text)

    def refresh(self, number: str) -> Page:
        """決済状況を更新."""
        return Page(self.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/payment/refresh").text)


def box(page: Page) -> str:
    """Which box of the shop guide the page shows: ``yellow-1`` is オーソリOK."""
    return page.having("data-box")["data-box"]


def words_in_box(desk: Desk, number: str) -> str:
    """What the payment box itself says, and nothing else of 受注明細."""
    html = desk.get(f"/admin/orders/{number}").text
    return Page(html[html.index('<section class="pay ') :].partition("</section>")[0]).text


def buttons(page: Page) -> dict[str, bool]:
    """The buttons of the payment box and whether they can be pressed."""
    found, verb = {}, ""
    for tag, attributes in page.elements:
        if tag == "form":
            verb = (re.findall(r"/payment/(cancel|update|capture)$", attributes.get("action", "")) or [""])[0]
        elif tag == "button" and verb:
            found[verb] = "disabled" not in attributes
    return found


def path_of(answer: requests.Response) -> str:
    return urlsplit(answer.url).path


def number_of(purchase: Purchase) -> str:
    """The order number on the page a purchase ended on. Fails the test when there is none."""
    assert purchase.public_id, purchase.page.text
    found = NUMBER.search(purchase.page.text)
    assert found, purchase.page.text
    return found[0]


# ---- the provider's own console ----


def at_console(simulator: Simulator, action: str, **form: str) -> None:
    """Press a button about the provider's newest payment on its own administration site."""
    newest = simulator.payments()[-1]["payment_id"]
    answer = requests.post(f"{simulator.url}/console/paygent/payments/{newest}/{action}", data=form, allow_redirects=False)
    assert answer.status_code == 303
    assert "code=" not in answer.headers["Location"]


def heard(desk: Desk, app: Flask, number: str) -> Page:
    """受注明細 once the shop has worked off all notices and asked about the order."""
    run_jobs(app, "poll_notices", "inbox")
    return desk.refresh(number)


# ---- the database ----


def change(app: Flask, column: InstrumentedAttribute, value: object, **where: object) -> None:
    """Set one column, in all rows or in those that match."""
    table = column.class_
    with app.app_context(), write() as session:
        session.execute(update(table).filter_by(**where).values({column.key: value}))


def count(app: Flask, table: type[Base], **where: object) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table).filter_by(**where)) or 0


def orders(app: Flask) -> int:
    """Placed orders."""
    return count(app, Order, state="placed")


def stock(app: Flask) -> Mapping[str, tuple[int, int, int]]:
    """Per code of a variant: on hand, allocated, held."""
    with app.app_context():
        rows = db.session.execute(select(Variant.code, Variant.on_hand, Variant.allocated, Variant.held))
        return {row.code: (row.on_hand, row.allocated, row.held) for row in rows}


def everything_stored(app: Flask) -> str:
    """Every value of every table as text, and on SQLite the bytes of its files as well."""
    with app.app_context():
        values = [
            str(value)
            for table in Base.metadata.sorted_tables
            for row in db.session.execute(text(f'SELECT * FROM "{table.name}"'))
            for value in row
        ]
        place = db.engine.url.database if db.engine.dialect.name == "sqlite" else None
    if place:
        for end in ("", "-wal"):
            try:
                with open(place + end, "rb") as file:
                    values.append(file.read().decode("utf-8", "replace"))
            except FileNotFoundError:
                continue
    return "\n".join(values)
