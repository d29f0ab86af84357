"""What no address of the shop leads to, what no cache keeps for others, and where nobody can send the server."""

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from app import create_app
from shop.catalogue.models import Product, Variant
from shop.checkout.models import CartItem
from shop.core.config import Config
from shop.core.db import db
from shop.orders.models import Order
from tests.support.buying import CASH, Buyer
from tests.support.files import ROOT
from tests.support.members import Member
from tests.support.net import reserved_port
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import dispose, run_jobs
from tests.support.world import Simulator
from tests.web.counter import CUP, TEA, Desk, change, count, number_of
from tests.web.test_bad_input import complaints
from tests.web.test_every_page import KEPT, addresses

#: Addresses and headers, nothing of SQL.
pytestmark = pytest.mark.one_database

# ---- the data folder (T-057) ----

MARK = "not for anybody's eyes"
#: Where files are served from, and from where the folders of the code and of the data are a step or two away.
SERVED = ("/", "/media/", "/media/logos/", "/static/css/", "/bootstrap/static/", "/pay/a/")
#: Every way up a path can be spelled.
UP = ("", "../", "../../", "..%2f", "%2e%2e/", "%2e%2e%2f%2e%2e%2f", "%252e%252e%252f", "..\\", "..%5c", "....//", "..;/", "x/../../", "%c0%ae%c0%ae/", "/")


def secrets_of(instance: Path) -> list[str]:
    """Files of a running shop that hold a secret or a buyer, by their paths in its folder."""
    for name in (".env", "mails/one.eml", "shop.log"):
        file = instance / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(MARK)
    return [".env", "mails/one.eml", "shop.log", *(file.name for file in instance.glob("*.sqlite3*"))]


@pytest.mark.req("T-057")
def test_the_data_folder_is_reached_by_no_address(shopper: Buyer, settings: Config) -> None:
    """Asked for as bytes, which no client tidies up: by each way up, and by the whole path."""
    names = secrets_of(settings.instance)
    assert len(names) > 3, "the database is there as well"
    wanted = [up + name for up in UP for name in (*names, "app.py")]
    wanted += [quote(str(settings.instance / names[0])), quote(f"{ROOT}/app.py"), ".git/config", "../.git"]
    server = HTTPConnection(urlsplit(shopper.shop_url).netloc)
    for path in (start + rest for start in SERVED for rest in wanted):
        server.request("GET", path)
        answer = server.getresponse()
        assert not re.search(rb"not for anybody|SQLite format|def create_app|gitdir:|\[core\]", answer.read()), path
        assert answer.status in (303, 308, 400, 404), (path, answer.status)
    server.close()


@pytest.mark.req("T-057")
def test_no_folder_is_listed(shopper: Buyer, settings: Config) -> None:
    assert list((settings.instance / "media").glob("*.svg")), "there would be something to list"
    for folder in ("/media", "/media/", "/media/logos/", "/media/.", "/static", "/static/", "/static/css", "/static/css/", "/bootstrap/static/"):
        assert shopper.get(folder).status_code == 404, folder


@pytest.mark.req("T-057")
def test_what_the_shop_writes_is_its_own_user_s_to_read(shopper: Buyer, demo_app: Flask, settings: Config) -> None:
    """The web server in front of it, or a neighbour on the machine, is another user."""
    shopper.put_into_cart(TEA)
    number_of(shopper.place(shopper.confirm(CASH)))
    run_jobs(demo_app)
    written = [*settings.instance.glob("mails/*.eml"), *settings.instance.glob("*.sqlite3-*")]
    assert len(written) >= 2
    assert [file.name for file in written if file.stat().st_mode & 0o077] == []


# ---- the desk, by another spelling ----


@pytest.mark.req("P-24")
def test_no_spelling_of_its_address_opens_the_desk(shopper: Buyer) -> None:
    """What a log-in guards is a page and not a path: doubled, dotted, in capitals, with what some proxies strip."""
    shopper.put_into_cart(TEA)
    number = number_of(shopper.place(shopper.confirm(CASH)))
    server = HTTPConnection(urlsplit(shopper.shop_url).netloc)
    for rest in ("orders", f"orders/{number}", "log", "settings/payment-methods/1"):
        for before in (
            "/admin/", "/ADMIN/", "//admin/", "/admin//", "/./admin/", "/admin/./", "/admin./", "/admin;/", "/admin/..;/admin/", "/%61dmin/",
            "/admin%2f", "/static/../admin/", "/static/..%2fadmin/", "/admin/login/../", "/admin/login/..;/", "/admin/static/",
        ):  # fmt: skip
            for after in ("", "/", ".", "%00", ";x=1", "?next=/", ".css", "%20"):
                server.request("GET", f"{before}{rest}{after}")
                answer = server.getresponse()
                answer.read()
                assert answer.status in (303, 308, 400, 404), (before, rest, after)
                if answer.status == 303:
                    assert answer.headers["Location"].startswith("/admin/login"), (before, rest, after)
    server.close()


# ---- what is not for sale (T-059) ----


@pytest.mark.req("T-059")
def test_an_unpublished_product_is_shown_nowhere_and_cannot_be_had(shopper: Buyer, demo_app: Flask) -> None:
    """Who knows its address reads 「販売停止中」 (S1 of the contract); nothing leads there."""
    with demo_app.app_context():
        name = db.session.scalars(select(Product.name).where(Product.code == CUP)).one()
        variant = str(db.session.scalars(select(Variant.id).where(Variant.code == CUP)).one())
        families = re.findall(r"/products\?category=\w+", shopper.get("/products").text)
    windows = ["/", "/products", *dict.fromkeys(families), "/products?after=0-0", f"/products?after=0-{variant}"]
    assert any(name in shopper.get(path).text for path in windows)
    change(demo_app, Product.published, False, code=CUP)
    for path in windows:
        shown = shopper.get(path).text
        assert name not in shown, path
        assert f"/products/{CUP}" not in shown, path
    page = shopper.get(f"/products/{CUP}")
    assert "販売停止中" in page.text
    assert [form for form in Page(page.text).forms if form.action == "/cart/items"] == []
    form = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    assert shopper.post("/cart/items", form | {"variant_id": variant}).status_code == 422
    assert count(demo_app, CartItem) == 0


# ---- shared caches and sessions (T-035, T-036) ----


@pytest.mark.req("T-036")
def test_what_depends_on_a_session_is_kept_by_no_cache(hanako: Member, demo_app: Flask) -> None:
    """Files are the same for everybody; all else is ``no-store``, also the page that says a file is not there."""
    hanako.log_in()
    hanako.put_into_cart(TEA)
    lost = ("/static/none.css", "/media/none.png", "/pay/a/none/browser.js", "/design/none.css", "/postal/none", "/bootstrap/static/none.js")
    asked = [(endpoint, path) for endpoint, path in addresses(demo_app, "GET")] + [("lost", path) for path in lost]
    for endpoint, path in asked:
        own, any_other = (who.get(hanako.shop_url + path, allow_redirects=False) for who in (hanako.session, requests))
        assert (own.headers["Cache-Control"] == "no-store") is (endpoint not in KEPT), path
        if endpoint in KEPT:
            assert "Set-Cookie" not in own.headers, path
            assert own.content == any_other.content, path
        elif "Set-Cookie" in own.headers or any_other.headers.get("Set-Cookie"):
            assert "Cookie" in any_other.headers.get("Vary", ""), path


@pytest.mark.req("T-035")
def test_a_session_stands_in_no_address_and_is_taken_from_none(shopper: Buyer, demo_app: Flask) -> None:
    steps = [shopper.get("/products"), shopper.put_into_cart(TEA), shown := shopper.confirm(CASH), shopper.place(shown).response]
    shopper.put_into_cart(TEA)
    (session,) = [cookie.value for cookie in shopper.session.cookies if cookie.name == "session"]
    ways = [each.url for step in steps for each in (step, *step.history)]
    ways += [each["href"] for step in steps for each in Page(step.text).find("a") if "href" in each]
    ways += [form.action for step in steps for form in Page(step.text).forms]
    assert len(ways) > 50
    assert not [way for way in ways if re.search(r"session|sid=|eyJ|\.[\w-]{20,}\.", way)]
    thief = Buyer(shopper.shop_url)
    for name in ("session", "sid", "PHPSESSID", "session-admin"):
        assert "茎ほうじ茶" not in Page(thief.get(f"/cart?{name}={session}").text).text, name
    assert "茎ほうじ茶" in Page(shopper.get("/cart").text).text


# ---- who the server talks to (T-078) ----


@pytest.fixture
def bait() -> Iterator[socket.socket]:
    """An address somebody would like the server to call: whoever connects can be accepted afterwards."""
    with reserved_port() as listening:
        listening.listen(16)
        listening.setblocking(False)
        yield listening


SETTINGS = ("/admin/settings/payment-methods/1", "/admin/settings/payment-methods/2", "/admin/settings/deliveries/1", "/admin/design")


TYPED = ("text", "url", "password", "search", "email", "tel")


def words_of(page: Page, action: str) -> list[str]:
    """The fields of a form that take words."""
    lines = [a for tag, a in page.elements if tag == "textarea" or (tag == "input" and a.get("type", "text") in TYPED)]
    return sorted({a["name"] for a in lines if "name" in a} & page.form(action).fields.keys())


@pytest.mark.req("T-078")
def test_no_setting_sends_the_server_anywhere(
    desk: Desk, shopper: Buyer, demo_app: Flask, simulator: Simulator, bait: socket.socket
) -> None:
    """The bait's address in every field that takes words, and in fields a provider might have; tested, saved, bought with."""
    address = f"http://127.0.0.1:{bait.getsockname()[1]}/"
    foreign = dict.fromkeys(("endpoint", "base_url", "account_endpoint", "account_base_url", "simulator_url", "logo_url", "webhook_url"), address)
    typed = {path: dict.fromkeys(words_of(desk.page(path), f"{path}/confirm"), address) | foreign for path in SETTINGS}
    assert len(typed[SETTINGS[0]]) > 14
    called = sum(simulator.ledger()["telegrams"].values())
    desk.press_on(desk.get(SETTINGS[0]), SETTINGS[0], "test", **typed[SETTINGS[0]])
    assert sum(simulator.ledger()["telegrams"].values()) > called, "接続テスト asks the provider of the code"
    for path, fields in typed.items():
        refused = complaints(desk.confirm(path, **fields).text)
        kept = {name: said for name, said in fields.items() if name not in refused}
        assert kept.keys() - foreign.keys(), path
        both = {"methods": ["1", "2"]} if "deliveries" in path else {}
        answer = desk.agree(desk.confirm(path, **kept, **both), path)
        assert answer.status_code == 200, (path, complaints(answer.text))
    shopper.put_into_cart(TEA)
    shown = shopper.confirm()
    assert address in shown.text, "the shop works with what was saved"
    called = sum(simulator.ledger()["telegrams"].values())
    assert "請求はされていません" in shopper.place(shown, "tok_of_another_contract").page.text
    assert sum(simulator.ledger()["telegrams"].values()) > called, "refused by the provider, whose address nobody can set"
    run_jobs(demo_app)
    with pytest.raises(BlockingIOError):
        bait.accept()


# ---- who is at the door (T-079) ----


@pytest.mark.req("T-079")
def test_only_the_proxies_that_were_declared_are_believed(shopper: Buyer, demo_app: Flask, settings: Config) -> None:
    """Each appends who came to it: so many from the end are true, what stands before was written by anybody."""
    said = "192.0.2.66, 203.0.113.9, 198.51.100.7"
    for hops, chain, seen in ((1, said, "198.51.100.7"), (2, said, "203.0.113.9"), (2, "192.0.2.66", "127.0.0.1")):
        with reserved_port() as door:
            made = create_app(replace(settings, trusted_proxies=hops))
            server = LiveServer(made, door)
            buyer = Buyer(server.url)
            buyer.session.headers.update({
                "X-Forwarded-For": chain, "X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "666",
                "X-Real-IP": "192.0.2.66", "Forwarded": "for=192.0.2.66;host=evil.example",
            })  # fmt: skip
            assert "evil" not in buyer.put_into_cart(TEA).text
            form = {"csrf_token": Page(buyer.get("/cart").text).forms[0].fields["csrf_token"], "return_to": "/"}
            foreign = buyer.post("/language/ja", form, headers={"Origin": "http://evil.example"})
            assert foreign.status_code == 400, "who names himself as the shop's host in a header is no part of it"
            placed = buyer.place(buyer.confirm(CASH))
            assert placed.public_id, (hops, chain)
            with demo_app.app_context():
                assert db.session.scalar(select(Order.ip).where(Order.public_id == placed.public_id)) == seen, (hops, chain)
            server.close()
            dispose(made)


# ---- forms of other sites (T-043) ----


@pytest.mark.req("T-043")
def test_over_https_a_form_is_judged_by_its_token_and_by_what_the_browser_says_of_it(demo_app: Flask, settings: Config) -> None:
    """No ``Referer`` is needed – many send none – and none of another site's helps."""
    shop, evil = "https://shop.example.jp", "https://evil.example"
    made = create_app(replace(settings, base_url=shop))
    client = made.test_client()
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/products", base_url=shop).text)
    assert found
    fields = {"csrf_token": found[1], "return_to": "/"}

    def press(base: str = shop, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post("/language/en", data=fields, headers=named, base_url=base).status_code

    fine: list[dict[str, str]] = [{}, {"Origin": shop}, {"Referer": f"{shop}/products"}, {"Sec_Fetch_Site": "same-origin", "Origin": "null"}, {"Origin": "null"}]
    assert {press(**headers) for headers in fine} == {303}
    forged = [
        {"Origin": evil}, {"Origin": evil, "Referer": f"{shop}/products"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://["},
        {"Sec_Fetch_Site": "same-site", "Origin": "https://blog.shop.example.jp"}, {"Origin": "http://shop.example.jp"},
        {"Origin": "null", "Sec_Fetch_Site": "cross-site"}, {"Origin": f"{shop}.evil.example"},
    ]  # fmt: skip
    assert {press(**headers) for headers in forged} == {400}
    # Behind a proxy that passes its own name for the shop's on.
    client.set_cookie("__Host-session", client.get_cookie("__Host-session", domain="shop.example.jp").value, domain="127.0.0.1", secure=True)  # type: ignore[union-attr]
    assert press("https://127.0.0.1:5000", Origin=shop) == 303
    fields["csrf_token"] = ""
    assert press(Origin=shop) == 400
    dispose(made)
