"""What holds for every address of the application – taken from its route table, so that none can be forgotten."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text
from werkzeug.test import TestResponse

from app import create_app
from shop.catalogue.models import Product, Variant
from shop.core.config import Config
from shop.core.db import Base, db, write
from shop.orders.models import Order, OrderHistory, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment, PaymentOperation
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import ROOT, Statements, count_statements, dispose
from tests.web.counter import CUP, TEA, Desk, number_of

#: A value for each variable of an address that leads somewhere in the demo shop.
VALUES = {
    "number": "order00000001", "target": "completed", "order_id": "1", "verb": "capture", "mail_id": "1", "delivery_id": "1", "coupon_id": "1", "method_id": "1", "item_id": "1", "account_id": "1", "address_id": "1", "member_id": "1", "person_id": "1", "product_id": "1", "device_id": "1",
    "code": "en", "page": "commerce", "filename": "css/shop.css", "name": "sencha-canister.svg", "public_id": "x",
    "key": "x", "rest": "x", "payment_id": "1", "provider": "paygent", "token": "x", "colours": "3d5733", "screen": "zero-order", "form": "login",
}  # fmt: skip
ELSEWHERE = {"storefront.product": f"/products/{TEA}", "postal.places": "/postal/3900811", "bootstrap.static": "/bootstrap/static/css/bootstrap.min.css"}
#: Doors that a provider's signature opens, not a token of ours.
SIGNED = {"provider.notice", "hop.sent_back"}
#: Their address holds a secret, which no other site shall read (T-038).
SECRET_LINKS = {
    "account.register_link", "account.password_link", "account_settings.email_link", "account_settings.proof_link", "order_lookup.link", "waiting.link",
    "admin.invitation",
}  # fmt: skip
LOG_IN = {"admin.login", "admin.log_in", "admin.invitation", "admin.accept_invitation"}
#: Files without personal data that browsers may keep.
KEPT = {"static", "bootstrap.static", "storefront.picture", "storefront.design", "checkout.browser_module", "postal.places"}


def addresses(app: Flask, method: str, values: Mapping[str, str] = VALUES) -> Iterator[tuple[str, str]]:
    """Every endpoint that takes ``method``, with an address of it."""
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()):
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda name: values[name[1]], rule.rule)
            yield rule.endpoint, ELSEWHERE.get(rule.endpoint, path)


def dump(app: Flask) -> dict[str, int]:
    return {table.name: _rows(app, table.name) for table in Base.metadata.sorted_tables}


def _rows(app: Flask, name: str) -> int:
    with app.app_context():
        return int(db.session.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one())


# ---- the door ----


@pytest.mark.req("R-310")
def test_no_admin_page_without_a_log_in(app: Flask, demo_app: Flask, client: FlaskClient) -> None:
    seen = 0
    for endpoint, path in addresses(app, "GET"):
        if endpoint.startswith("admin.") and endpoint not in LOG_IN:
            answer = client.get(path)
            assert answer.status_code == 303, path
            assert answer.location.startswith("/admin/login"), path
            seen += 1
    assert seen >= 12


@pytest.mark.one_database
@pytest.mark.req("R-310", "T-043")
def test_no_change_without_a_token_of_ours(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    shopper.put_into_cart(CUP)
    before = dump(demo_app)
    seen = 0
    for endpoint, path in addresses(demo_app, "POST"):
        if endpoint in SIGNED:
            continue
        for who in (shopper.session, desk.session):
            for forged in ({}, {"csrf_token": "x"}, {"csrf_token": ""}):
                form = {"amount_yen": "1902", "memo": "x", "remove": "1"} | forged
                answer = who.post(shopper.shop_url + path, data=form, allow_redirects=False)
                assert answer.status_code == 400, path
                assert "もう一度お試しください" in Page(answer.text).text
        seen += 1
    assert seen >= 14
    assert dump(demo_app) == before


@pytest.mark.req("T-043")
def test_only_a_form_of_ours_is_a_form(shopper: Buyer, demo_app: Flask) -> None:
    """With the right token: not as text or JSON, which other sites may send unasked, and not as a GET that says it is a POST."""
    fields = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
    where, token = f"{shopper.shop_url}/cart/items", fields["csrf_token"]
    for kind, body in (("text/plain", json.dumps(fields)), ("application/json", json.dumps(fields)), ("text/plain", urlencode(fields))):
        assert shopper.session.post(where, data=body, headers={"Content-Type": kind}).status_code == 400, kind
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert shopper.session.get(where, params=fields | {"_method": "POST"}, headers={header: "POST"}).status_code == 405, header
    assert shopper.session.post(where, params=fields, data={}).status_code == 400, "a token in the address is none"
    assert shopper.session.post(where, data={}, headers={"X-CSRFToken": token}).status_code != 303, "nor are the fields"
    assert _rows(demo_app, "cart_item") == 0


@pytest.mark.req("R-310")
def test_changes_are_posts(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}, rule
    both = {rule.endpoint for rule in app.url_map.iter_rules() if {"GET", "POST"} <= (rule.methods or set())}
    assert both == set(), "a page that looks and a deed have their own names"


@pytest.mark.one_database
def test_the_provider_s_door_asks_for_a_signature(demo_app: Flask, client: FlaskClient) -> None:
    with demo_app.app_context():
        key = db.session.execute(text("SELECT key FROM provider_account")).scalar_one()
    before = _rows(demo_app, "provider_notice")
    for body in (b"", b"payment_notice_id=1&payment_status=20", b"\xff" * 100, b"a=" * 1000):
        assert client.post(f"/pay/n/{key}", data=body).status_code == 403
        assert client.post("/pay/n/unknown", data=body).status_code == 404
    assert client.post(f"/pay/n/{key}", data=b"x" * 70_000).status_code == 413
    assert client.get(f"/pay/n/{key}").status_code == 405
    assert _rows(demo_app, "provider_notice") == before


# ---- no write on a GET, few statements ----


def test_looking_writes_nothing(app: Flask, demo_app: Flask) -> None:
    for endpoint, path in addresses(app, "GET"):
        with count_statements(app) as seen:
            app.test_client().get(path).close()
        written = [statement for statement in seen.seen if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA"))]
        assert not written, (endpoint, written)


def test_a_buyer_s_looking_writes_nothing(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    with count_statements(demo_app) as seen:
        for path in ("/", "/products", "/cart", "/checkout/zero", "/checkout/pending"):
            assert shopper.get(path).status_code == 200
    assert all(statement.lstrip().startswith("SELECT") for statement in seen.seen), str(seen)


MOST_STATEMENTS = 12
BUYER_PAGES = ("/", "/products", "/products?category=tea", f"/products/{TEA}", "/cart", "/checkout/zero", "/complete")
STAFF_PAGES = (
    "/admin", "/admin/orders", "/admin/orders/order00000001", "/admin/orders/order00000001/edit", "/admin/mails", "/admin/mails/1", "/admin/mails/1/again", "/admin/mails/check", "/admin/payments/attention",
    "/admin/payments/attempts", "/admin/holds", "/admin/settings/payment-methods",
    "/admin/products", "/admin/customers", "/admin/settings/members", "/admin/settings/coupons",
    "/admin/staff", "/admin/design", "/admin/settings/card-guard", "/admin/design/carts/zero-order", "/admin/two-step",
)  # fmt: skip


@pytest.fixture
def ordered(shopper: Buyer) -> str:
    """One card order, and goods in the basket again; the address of the complete page."""
    path = buy(shopper.shop_url, TEA, buyer=shopper).path
    shopper.put_into_cart(TEA)
    return path


@pytest.mark.parametrize("pages", [BUYER_PAGES, STAFF_PAGES], ids=["buyer", "staff"])
def test_no_page_asks_the_database_much(
    pages: tuple[str, ...], ordered: str, shopper: Buyer, desk: Desk, demo_app: Flask
) -> None:
    asked = {page: _statements(page, ordered, shopper, desk, demo_app) for page in pages}
    greedy = {page: f"{len(seen)} statements\n{seen}" for page, seen in asked.items() if len(seen) > MOST_STATEMENTS}
    assert not greedy, "\n".join(f"{page}: {what}" for page, what in greedy.items())


def test_more_to_show_is_not_more_to_ask(ordered: str, shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    def counted() -> dict[str, int]:
        return {p: len(_statements(p, ordered, shopper, desk, demo_app)) for p in (*BUYER_PAGES, *STAFF_PAGES)}

    few = counted()
    _multiply(demo_app)
    for i in range(2, 12):
        shopper.put_into_cart(f"more-{i}")
    many = counted()
    # The neighbours of an order are there now.
    few["/admin/orders/order00000001"] = max(few["/admin/orders/order00000001"], many["/admin/orders/order00000001"] - 1)
    assert many == few


def _statements(page: str, complete: str, shopper: Buyer, desk: Desk, app: Flask) -> Statements:
    who, path = desk if page in STAFF_PAGES else shopper, complete if page == "/complete" else page
    with count_statements(app) as seen:
        assert who.get(path).status_code == 200, path
    return seen


def _multiply(app: Flask) -> None:
    """Thirty more products, orders with their payments and mails, and lines of the first order."""
    with app.app_context(), write() as session:

        def copy(table: type[Base], **changed: object) -> None:
            first = session.execute(select(table.__table__).order_by(text("id"))).mappings().first()
            assert first is not None
            session.execute(insert(table), {**first, **changed})

        for i in range(2, 32):
            code = f"more-{i}"
            copy(Product, id=1000 + i, code=code, position=i)
            copy(Variant, id=1000 + i, product_id=1000 + i, code=code)
            copy(Order, id=i, public_id=f"p{i}", submission_key=f"s{i}", number=f"order{i:08}")
            copy(Payment, id=i, order_id=i)
            copy(PaymentOperation, id=100 + i, public_id=f"o{i}", payment_id=i, merchant_ref=f"m{i}")
            copy(OutboxMail, id=100 + i, dedupe_key=f"d{i}", order_id=i, state="failed")
            copy(OrderLine, id=100 + i)
            copy(OrderHistory, id=100 + i)


# ---- headers ----


def _answers(app: Flask, **where: Any) -> Iterator[tuple[str, TestResponse]]:
    for endpoint, path in addresses(app, "GET"):
        answer = app.test_client().get(path, **where)
        yield endpoint, answer
        answer.close()


@pytest.mark.one_database
@pytest.mark.req("T-097", "T-048")
def test_every_answer_carries_the_headers(app: Flask, demo_app: Flask) -> None:
    for endpoint, answer in _answers(app):
        policy = answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff", endpoint
        told = "no-referrer" if endpoint in SECRET_LINKS else "strict-origin-when-cross-origin"
        assert answer.headers["Referrer-Policy"] == told, endpoint
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", endpoint
        assert "camera=()" in answer.headers["Permissions-Policy"], endpoint
        assert "unsafe" not in policy, endpoint
        if endpoint == "storefront.picture":
            assert policy == "default-src 'none'; style-src 'none'; frame-ancestors 'none'; sandbox"
        else:
            for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
                assert rule in policy, endpoint
        assert (answer.headers.get("Cache-Control") == "no-store") == (endpoint not in KEPT), endpoint


@pytest.mark.one_database
@pytest.mark.req("T-097")
def test_only_the_form_lets_the_provider_s_script_in(shopper: Buyer, demo_app: Flask) -> None:
    with demo_app.app_context():
        origin = demo_app.extensions["shop.runtime"].config.simulator_url
    shopper.put_into_cart(TEA)
    form = shopper.get("/checkout/zero")
    assert f"script-src 'self' {origin}" in form.headers["Content-Security-Policy"]
    for path in ("/", "/cart", "/products", "/checkout/pending"):
        assert origin not in shopper.get(path).headers["Content-Security-Policy"]


@pytest.mark.one_database
@pytest.mark.req("T-097", "T-035")
def test_cookies_on_http_and_on_https(app: Flask, demo_app: Flask, settings: Config) -> None:
    for path, name, same_site in (("/products", "session=", "Lax"), ("/admin/login", "session-admin=", "Strict")):
        plain = app.test_client().get(path).headers["Set-Cookie"]
        assert plain.startswith(name)
        assert "HttpOnly" in plain
        assert f"SameSite={same_site}" in plain
        assert "Secure" not in plain

    secure = create_app(replace(settings, base_url="https://shop.example.jp"))
    for endpoint, answer in _answers(secure, base_url="https://shop.example.jp"):
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), endpoint
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert cookie.startswith("__Host-"), endpoint
            parts = {part.strip().partition("=")[0] for part in cookie.split(";")[1:]}
            assert {"Secure", "HttpOnly", "Path", "SameSite"} <= parts
            assert "Domain" not in parts
            at_the_desk = cookie.startswith("__Host-session-admin=")
            assert at_the_desk == endpoint.startswith("admin."), endpoint
            assert f"SameSite={'Strict' if at_the_desk else 'Lax'}" in cookie, endpoint
    dispose(secure)


# ---- calm pages when something goes wrong ----

GIVEN_AWAY = re.compile(
    rf"Traceback|File \"|{re.escape(str(ROOT))}|site-packages|\.py\b|SELECT |sqlite|psycopg|Werkzeug|Flask|Python/|boom"
)


def assert_calm(answer: requests.Response | TestResponse, title: str) -> None:
    words = Page(answer.text).text
    assert title in words
    assert re.search(r"この番号をお知らせください: [0-9a-z]{8}", words)
    assert not GIVEN_AWAY.search(answer.text)


@pytest.mark.req("T-104")
def test_pages_for_what_goes_wrong(shopper: Buyer, demo_app: Flask) -> None:
    missing = shopper.get("/no/such/page")
    wrong_way = shopper.get("/cart/items")
    huge = shopper.session.post(f"{shopper.shop_url}/cart/items", data={"note": "x" * 300_000})
    stale = shopper.post("/cart/items", {"csrf_token": "x"})
    assert [a.status_code for a in (missing, wrong_way, huge, stale)] == [404, 405, 413, 400]
    assert wrong_way.headers["Allow"] == "OPTIONS, POST" or "POST" in wrong_way.headers["Allow"]
    assert_calm(missing, "ページが見つかりません")
    at_the_desk = shopper.get("/admin/no/such/page")
    assert_calm(at_the_desk, "ページが見つかりません")
    assert ('"/language/en"' in missing.text, '"/language/en"' in at_the_desk.text) == (True, False), "the shop's switch is not the desk's"
    assert_calm(wrong_way, "この操作はできません")
    assert_calm(huge, "送信された内容が大きすぎます")
    assert_calm(stale, "もう一度お試しください")


@pytest.mark.req("T-104")
def test_a_crash_shows_a_code_and_logs_the_rest(demo_app: Flask, client: FlaskClient, log: io.StringIO) -> None:
    def crash(**_values: str) -> str:
        raise RuntimeError("boom 4111111111111111 SELECT password FROM staff_user")

    demo_app.testing = False
    demo_app.view_functions["storefront.front"] = crash
    answer = client.get("/")
    assert answer.status_code == 500
    assert_calm(answer, "申し訳ありません。ページを表示できませんでした")
    code = re.search(r"<code>(\w+)</code>", answer.text)
    assert code
    assert code[1] in log.getvalue()
    assert "boom" in log.getvalue()
    assert "4111111111111111" not in log.getvalue()


@pytest.mark.req("T-104")
def test_a_broken_database_shows_a_calm_page(demo_app: Flask, client: FlaskClient) -> None:
    demo_app.testing = False
    with demo_app.app_context(), write() as session:
        session.execute(text("ALTER TABLE product RENAME TO elsewhere"))
    for path in ("/", "/products"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert_calm(answer, "申し訳ありません。ページを表示できませんでした")


@pytest.mark.one_database
@pytest.mark.req("T-080")
def test_debugging_is_off_and_nothing_serves_a_set_up(app: Flask, demo_app: Flask, client: FlaskClient) -> None:
    assert not app.debug
    for path in ("/console", "/setup", "/install", "/install.php", "/admin/setup", "/debug", "/_debug_toolbar/", "/.env", "/.git/config"):
        assert client.get(path).status_code in (303, 404), path
    assert client.get("/?__debugger__=yes&cmd=resource&f=style.css").status_code == 200


@pytest.mark.one_database
@pytest.mark.req("T-080")
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"demo": True}, "SHOP_DEMO must be 0"),
        ({"secret_key": "demo-" + "x" * 60}, "secret key"),
        ({"secret_key": "short"}, "secret key"),
        ({"base_url": "http://shop.example.jp"}, "https"),
        ({"smtp_url": ""}, "SMTP_URL"),
        ({}, "practice account"),
    ],
)
def test_a_demo_does_not_start_as_a_real_shop(
    wrong: dict[str, Any], said: str, demo_app: Flask, settings: Config
) -> None:
    right: dict[str, Any] = {
        "demo": False, "secret_key": "k" * 64, "base_url": "https://shop.example.jp", "smtp_url": "smtp://localhost",
        "mail_from": "shop@example.jp",
    }  # fmt: skip
    made = create_app(replace(settings, **right | wrong))
    with made.app_context():
        result = made.test_cli_runner().invoke(args=["check"])
    assert result.exit_code == 1
    assert said in result.output
    dispose(made)


@pytest.mark.req("T-080")
def test_a_shop_is_opened_once(demo_app: Flask) -> None:
    result = demo_app.test_cli_runner().invoke(args=["shop", "open", "もう一軒", "x@example.jp"])
    assert result.exit_code == 1
    assert "open here already" in result.output


@pytest.mark.req("T-081")
def test_health_gives_no_data(app: Flask, demo_app: Flask, client: FlaskClient) -> None:
    health, ready = client.get("/healthz"), client.get("/readyz")
    assert (health.status_code, health.text) == (200, "ok\n")
    assert (ready.status_code, ready.text) == (503, "not ready: jobs\n")
    for path in ("/metrics", "/status", "/ledger.json", "/control/faults"):
        assert client.get(path).status_code == 404


# ---- language ----


@pytest.mark.one_database
@pytest.mark.req("T-042")
def test_the_language_switch(shopper: Buyer, demo_app: Flask) -> None:
    page = shopper.get("/products")
    assert 'lang="ja"' in page.text
    form = Page(page.text).form("/language/en")
    back = shopper.post(form.action, form.fields)
    assert back.url.endswith("/products")
    assert '<html lang="en">' in back.text
    assert '<html lang="en">' in shopper.get("/").text
    assert '<html lang="ja">' in shopper.get("/?lang=ja").text
    assert '<html lang="ja">' in shopper.get("/?lang=xx").text
    token = Page(back.text).form("/language/ja").fields["csrf_token"]
    for elsewhere in (
        "//evil.example", "////evil.example", "https://evil.example", "https:evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/%09/evil.example", "/@evil.example", "/。evil.example", "javascript:alert(1)",
    ):  # fmt: skip
        answer = shopper.post("/language/ja", {"csrf_token": token, "return_to": elsewhere}, allow_redirects=False)
        assert answer.headers["Location"] == "/", elsewhere
        goods = Page(shopper.get(f"/products/{TEA}").text).form("/cart/items").fields
        answer = shopper.post("/cart/items", goods | {"next": elsewhere, "return_to": elsewhere}, allow_redirects=False)
        assert answer.headers["Location"] == "/checkout/zero", "the basket's button leads where it leads"
    assert shopper.post("/language/xx", {"csrf_token": token}).status_code == 404
