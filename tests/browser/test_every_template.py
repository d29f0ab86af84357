"""Every template there is, as a phone shows it, before axe: a new one that is not walked to makes these tests red (U-073).

The pages are fetched by the buyers and the desk of the page tests, whatever has to happen before; Chromium only shows them.
"""

import json
import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask, Response, g, template_rendered
from jinja2 import Template
from playwright.sync_api import Page
from sqlalchemy import select
from werkzeug.test import TestResponse

from providers.contract import Capabilities, Recovery, Verb
from providers.installed import INSTALLED
from shop.core.db import db, write
from shop.core.runtime import now
from shop.members.models import MemberSettings
from shop.orders.models import Order
from shop.payments.engine import engine
from shop.payments.models import Payment, PaymentMethod
from shop.staff import totp
from tests.browser.conftest import PHONE
from tests.browser.steps import assert_accessible, assert_fits, assert_thumbs
from tests.support.buying import CASH, Buyer, StepsBuyer, buy
from tests.support.files import ROOT
from tests.support.issuer import AUTHENTICATE, way_back
from tests.support.members import PASSWORD, join, link
from tests.support.pages import Page as Markup
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.shop import OWNER, OWNER_PASSWORD, mails, run_jobs
from tests.support.staff import Clerk
from tests.support.world import Simulator
from tests.web import test_order_lookup as lookup
from tests.web.counter import CUP, TEA, Desk, change, number_of
from tests.web.test_card_guard import set_stage
from tests.web.test_my_cards import CardHolder
from tests.web.test_mypage import PLACE
from tests.web.test_staff import LINK as INVITATION

_TEMPLATES = ROOT / "templates"
_EXTENDS = re.compile(r"{% extends '([^']+)'")
_SAID_BY = "X-Template"
#: Where Chromium finds what others have fetched.
_HERE = "/shown"


def pages_of(folder: str) -> set[str]:
    """Names of the templates that are pages: neither parts, which begin with ``_``, nor what others extend."""
    every = {f"{path.parent.name}/{path.name}": path.read_text() for path in _TEMPLATES.glob("*/*.html")}
    frames = {"shop/bare.html"}.union(*(_EXTENDS.findall(text) for text in every.values()))
    return {name for name in every if name.startswith(f"{folder}/") and "/_" not in name} - frames


@dataclass
class Gallery:
    """Chromium on a phone, and what it has been shown at one address of the shop, whoever fetched it from which."""

    page: Page
    #: What a page is looked at for besides.
    also: Callable[[Page], None] = assert_fits
    shown: requests.Response | TestResponse | None = None
    seen: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def show(self, *answers: requests.Response | TestResponse) -> None:
        """Each fits, and axe finds nothing."""
        for self.shown in answers:
            template = self.shown.headers[_SAID_BY]
            self.seen.add(template)
            self.page.goto(_HERE)
            try:
                assert_fits(self.page)
                self.also(self.page)
                assert_accessible(self.page)
            except AssertionError as error:
                self.faults.append(f"{template}: {error}")

    def assert_whole(self, folder: str) -> None:
        """Nothing was found, and no page of the folder was left out."""
        assert not self.faults, "\n".join(self.faults)
        missed = sorted(pages_of(folder) - self.seen)
        assert not missed, f"never shown: {missed}"


@pytest.fixture
def gallery(window: Callable[..., Page], demo_app: Flask) -> Iterable[Gallery]:
    """Each answer of the shop says which template it was made of: the last one rendered is the page, those before are parts."""

    def note(_app: Flask, template: Template, **_context: object) -> None:
        g.template = template.name

    def tell(response: Response) -> Response:
        response.headers[_SAID_BY] = g.get("template", "")
        return response

    def again(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != _HERE or made.shown is None:
            return inner(environ, start)
        start("200 OK", [(name, made.shown.headers[name]) for name in ("Content-Type", "Content-Security-Policy")])
        return [made.shown.text.encode()]

    made, inner = Gallery(window(viewport=PHONE)), demo_app.wsgi_app
    demo_app.after_request_funcs.setdefault(None, []).append(tell)
    demo_app.wsgi_app = again  # type: ignore[method-assign, assignment]
    with template_rendered.connected_to(note, demo_app):
        yield made


# ---- buyers ----


@pytest.mark.req("U-045", "U-070", "U-073")
def test_no_page_of_a_buyer_has_a_barrier(
    gallery: Gallery, live_server: LiveServer, demo_app: Flask, simulator: Simulator
) -> None:
    gallery.also, visitor = assert_thumbs, Buyer(live_server.url)
    for path in ("/", "/products", f"/products/{TEA}", "/products/T-001", "/cart", "/legal/commerce", "/no/such/page", "/login"):
        gallery.show(visitor.get(path))
    one_page_checkout(gallery, visitor, demo_app)
    in_steps(gallery, StepsBuyer(live_server.url))
    over_the_issuer(gallery, live_server.url, demo_app)
    member = CardHolder(live_server.url)
    member.email = "mina@example.jp"
    join(member, demo_app)
    links(gallery, visitor, member.email, demo_app)
    my_page(gallery, member, demo_app)
    left = first(lambda can: can.charges_while_away, demo_app, simulator, live_server.url).buy(through_issuer=False)
    gallery.show(left.response)
    gallery.assert_whole("shop")


def first(fits: Callable[[Capabilities], bool], app: Flask, simulator: Simulator, shop_url: str) -> Product:
    """The first installed product that can do so, at work in the demo shop from now on."""
    provider = next(each for each in INSTALLED if fits(each.capabilities))
    product = Product(provider, app, simulator, shop_url)
    product.install()
    return product


def one_page_checkout(gallery: Gallery, visitor: Buyer, app: Flask) -> None:
    gallery.show(visitor.put_into_cart(TEA), visitor.get("/cart"))
    gallery.show(visitor.confirm(CASH, None, email="", phone=""))  # with its mistakes
    gallery.show(visitor.confirm(CASH))
    bought = buy(visitor.shop_url, CUP, method=CASH, buyer=visitor)
    gallery.show(bought.response)
    account = bought.page.form(f"/orders/{bought.public_id}/account")
    for password in ("", PASSWORD):
        gallery.show(visitor.post(account.action, account.fields | {"new_password": password}))
    gallery.show(visitor.get("/orders/lookup"), lookup.ask(visitor, number_of(bought)))
    gallery.show(visitor.get(lookup.link(app)), visitor.get("/orders/found/cancel"))


def in_steps(gallery: Gallery, walker: StepsBuyer) -> None:
    walker.put_into_cart("N-004")
    gallery.show(walker.get("/checkout/step1"), walker.step1(email=""), walker.step1(), walker.step2())


def over_the_issuer(gallery: Gallery, shop_url: str, app: Flask) -> None:
    """The one step more, the waiting page, and the return: busy, then in a browser that did not order."""
    set_stage(app, "step_up")
    gallery.show(buy(shop_url, TEA).response)
    set_stage(app, "off")
    change(app, PaymentMethod.options, json.dumps({"use_3ds": "1", "attempt_control": "low"}), kind="card")
    away = buy(shop_url, TEA)
    gallery.show(away.buyer.get("/checkout/pending"))
    back = way_back(away, AUTHENTICATE)
    with app.app_context(), ExitStack() as taken:
        for _ in range(app.extensions["shop.runtime"].config.threads // 2):
            taken.enter_context(engine().pool.reserve())
        gallery.show(away.buyer.get(back))
    gallery.show(Buyer(shop_url).get(back), Buyer(shop_url).get("/checkout/waiting/over"))


def links(gallery: Gallery, visitor: Buyer, known: str, app: Flask) -> None:
    """会員登録 and a forgotten password, by mail; a link that is dead."""
    gallery.show(visitor.get("/password/new"))
    for path, email in (("/register", "new@example.jp"), ("/password/forgotten", known)):
        form = Markup(visitor.get(path).text).form(path).fields
        gallery.show(visitor.post(path, form | {"email": "x"}))
        sent = visitor.post(path, form | {"email": email})
        gallery.show(visitor.get(link(app, email)))
    gallery.show(sent)


def my_page(gallery: Gallery, member: CardHolder, app: Flask) -> None:
    member.log_in()
    buy(member.shop_url, TEA, method=CASH, buyer=member)
    (order,) = (row["href"] for row in member.page("/mypage/orders").find("a", class_="order-row"))
    member.register()
    member.submit("/mypage/addresses/new", "/mypage/addresses", **PLACE)
    for path in (
        "", "/profile", "/login-id", "/password", "/email", "/email/proof", "/leave", "/addresses", "/addresses/new", "/addresses/1/remove",
        "/subscriptions", "/history", "/orders", "/cards", "/cards/1", "/cards/1/form", "/cards/1/remove",
    ):  # fmt: skip
        gallery.show(member.get(f"/mypage{path}"))
    gallery.show(member.get(order), member.get(f"{order}/cancel"))
    member.submit("/mypage/email", email="elsewhere@example.jp", password=PASSWORD)
    gallery.show(member.get(link(app, "elsewhere@example.jp")))
    with app.app_context(), write() as session:
        session.add(MemberSettings(may_change_login=False))
    gallery.show(member.get("/mypage/login-id"), member.submit("/mypage/leave", password=PASSWORD))


# ---- the desk ----

#: Names of columns stand beside their cells on a phone; one of two lines makes its row higher, too.
_LABELS_RUN_OVER = """() => [...document.querySelectorAll(".stack td")].filter(cell => {
  const name = getComputedStyle(cell, "::before");
  return name.content !== "none" && (name.float === "none" || parseFloat(name.height) > cell.clientHeight + 1);
}).map(cell => cell.dataset.label)"""


def assert_labels(page: Page) -> None:
    assert not (over := page.evaluate(_LABELS_RUN_OVER)), over


@pytest.mark.req("U-073", "U-094")
def test_no_page_of_the_desk_has_a_barrier(
    gallery: Gallery, live_server: LiveServer, demo_app: Flask, simulator: Simulator
) -> None:
    gallery.also, stranger = assert_labels, Buyer(live_server.url)
    gallery.show(stranger.get("/admin/login"))
    number = something_to_do(live_server.url, demo_app, simulator)
    desk = Desk(live_server.url)
    look_around(gallery, desk, number)
    confirmations(gallery, desk)
    gallery.show(Clerk(demo_app, "jiro").get("/admin/staff"))
    desk.submit("/admin/staff/new", "/admin/staff/new", name="佐藤 太郎", login="taro", email="taro@example.jp")
    gallery.show(desk.get("/admin/staff"), desk.get("/admin/staff/3"))
    gallery.show(stranger.get(invitation(demo_app)))
    only_people_know(gallery, desk, demo_app, simulator)
    two_steps(gallery, desk, stranger, demo_app)
    gallery.assert_whole("admin")


def only_people_know(gallery: Gallery, desk: Desk, app: Flask, simulator: Simulator) -> None:
    """A payment that nobody but a person can find."""
    asked = first(lambda can: can.recovery[Verb.AUTHORIZE] == Recovery.BY_CONSOLE, app, simulator, desk.shop_url)
    asked.fault("authorize")
    gallery.show(asked.buy().response)
    with app.app_context():
        payment_id = db.session.scalars(select(Payment.id).order_by(Payment.id.desc()).limit(1)).one()
    path = f"/admin/payments/{payment_id}/console"
    gallery.show(desk.get(path))
    desk.submit(path, path, said="found")
    with app.app_context():
        number = db.session.scalars(select(Order.number).order_by(Order.id.desc()).limit(1)).one()
    gallery.show(desk.get(f"/admin/orders/{number}/console"))


def something_to_do(shop_url: str, app: Flask, simulator: Simulator) -> str:
    """A member's card order, and an attempt nobody knows the outcome of."""
    member = CardHolder(shop_url)
    join(member, app)
    member.log_in()
    number = number_of(buy(shop_url, TEA, buyer=member))
    simulator.fault("close", kind="094", times=None)
    simulator.fault("reset", kind="020", phase="after")
    buy(shop_url, TEA)
    run_jobs(app)
    return number


def look_around(gallery: Gallery, desk: Desk, number: str) -> None:
    for path in (
        "", "/orders", f"/orders/{number}", f"/orders/{number}/payment/capture", f"/orders/{number}/edit", f"/orders/{number}/move/cancelled",
        "/mails", "/mails/1", "/mails/1/again", "/mails/check", "/settings/coupons", "/log", "/products", "/customers", "/customers/1", "/customers/1/history", "/payments/attention",
        "/payments/attempts", "/holds", "/holds/2/release", "/password", "/staff/new",
    ):  # fmt: skip
        gallery.show(desk.get(f"/admin{path}"))


def confirmations(gallery: Gallery, desk: Desk) -> None:
    """Every settings form and its 確認画面."""
    settings = "/admin/settings"
    gallery.show(desk.get(f"{settings}/payment-methods"), desk.get(f"{settings}/payment-methods?tab=basic"))
    gallery.show(desk.get(f"{settings}/payment-methods/1/remove"), desk.get(f"{settings}/deliveries"))
    gallery.show(desk.get(f"{settings}/payment-methods/2"), desk.confirm(f"{settings}/deliveries/new"))  # with its mistakes
    for form in (
        f"{settings}/payment-methods/1", f"{settings}/deliveries/1", f"{settings}/coupons/1", f"{settings}/card-guard", f"{settings}/members", "/admin/design", "/admin/design/carts/zero-order",
    ):  # fmt: skip
        gallery.show(desk.get(form), desk.confirm(form))


def invitation(app: Flask) -> str:
    run_jobs(app, "outbox")
    (found,) = (match[0] for mail in mails(app) if (match := INVITATION.search(str(mail.get_content()))))
    return urlsplit(found).path


def two_steps(gallery: Gallery, desk: Desk, stranger: Buyer, app: Flask) -> None:
    """Two-step log-in, from the set-up to the code at the door."""
    where = "/admin/two-step"
    shown = desk.get(f"{where}/set-up")
    key = re.search(r'translate="no">([A-Z2-7 ]+)<', shown.text)
    assert key
    with app.app_context():
        code = totp.code(key[1].replace(" ", ""), totp.step_at(now()))
    gallery.show(desk.get(where), shown)
    form = Markup(shown.text).form(f"{where}/set-up").fields
    gallery.show(desk.session.post(f"{desk.shop_url}{where}/set-up", data=form | {"password": OWNER_PASSWORD, "code": code}))
    gallery.show(desk.get(where), desk.get(f"{where}/codes"))
    form = Markup(stranger.get("/admin/login").text).form("/admin/login").fields
    gallery.show(stranger.post("/admin/login", form | {"login": OWNER, "password": OWNER_PASSWORD}))
