"""Pages of the window are kept by what they show: every change shows at once, and nobody sees another visitor's part."""

import re

import flask
import pytest
from flask import Flask
from sqlalchemy import update

from shop.catalogue.models import Category, Product, Variant
from shop.core.db import write
from shop.core.shopinfo import ShopInfo
from shop.web import window
from tests.support.buying import Buyer
from tests.support.members import Member
from tests.support.pages import Page
from tests.support.shop import count_statements
from tests.web.counter import TEA, change

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

WINDOW = ("/", "/products", f"/products/{TEA}")
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which pages had to be written."""
    pages: list[str] = []
    original = flask.render_template

    def noted(template: str, **context: object) -> str:
        pages.append(template)
        return original(template, **context)

    monkeypatch.setattr(window, "render_template", noted)
    return pages


def _same(text: str) -> str:
    return _TOKEN.sub("", text)


@pytest.mark.parametrize("path", WINDOW)
def test_a_second_look_costs_no_writing(shopper: Buyer, written: list[str], path: str) -> None:
    first, second = shopper.get(path), Buyer(shopper.shop_url).get(path)
    assert len(written) == 1
    assert _same(first.text) == _same(second.text)


def test_each_visitor_has_a_token_of_their_own_that_works(shopper: Buyer) -> None:
    other = Buyer(shopper.shop_url)
    seen = {token for visitor in (shopper, other) for token in _TOKEN.findall(visitor.get(f"/products/{TEA}").text)}
    assert len(seen) == 2
    for visitor in (shopper, other):
        visitor.put_into_cart(TEA)
    stolen = Page(other.get(f"/products/{TEA}").text).form("/cart/items").fields
    assert shopper.post("/cart/items", stolen).status_code == 400


def test_the_basket_in_the_header_is_the_visitors_own(shopper: Buyer) -> None:
    shopper.put_into_cart(TEA, quantity=3)
    assert "入っている数 3" in Page(shopper.get("/products").text).text
    assert "入っている数" not in Page(Buyer(shopper.shop_url).get("/products").text).text


def test_who_is_logged_in_is_the_visitors_own_and_costs_others_nothing(hanako: Member, demo_app: Flask) -> None:
    visitor = Buyer(hanako.shop_url)
    hanako.log_in()
    with count_statements(demo_app) as asked:
        theirs = Page(visitor.get("/products").text).text
    with count_statements(demo_app) as asked_for_hanako:
        own = Page(hanako.get("/products").text).text
    assert ("ログイン" in theirs, "マイページ" in theirs) == (True, False)
    assert ("ログイン" in own, "マイページ" in own) == (False, True)
    assert not [statement for statement in asked.seen if "member" in statement], str(asked)
    # Who it is, and what lies in the member's cart.
    assert len(asked_for_hanako) == len(asked) + 2, str(asked_for_hanako)


def test_the_language_is_the_visitors_own(shopper: Buyer) -> None:
    english = shopper.get("/products?lang=en").text
    assert 'lang="en"' in english
    assert '<html lang="ja">' in Buyer(shopper.shop_url).get("/products").text


def test_the_language_switch_leads_back_to_the_very_page(shopper: Buyer) -> None:
    for path in ("/products?category=tea", "/products", f"/products/{TEA}"):
        form = next(form for form in Page(shopper.get(path).text).forms if form.action.startswith("/language/"))
        assert form.fields["return_to"] == path


@pytest.mark.parametrize(
    ("path", "column", "value", "shown"),
    [
        (f"/products/{TEA}", Variant.price_yen, 123_456, "123,456円"),
        ("/products", Variant.price_yen, 123_456, "123,456円"),
        ("/", Variant.price_yen, 123_456, "123,456円"),
        (f"/products/{TEA}", Variant.on_hand, 0, "売り切れ"),
        ("/products", Variant.on_hand, 0, "売り切れ"),
        (f"/products/{TEA}", Product.name, "新しい名前", "新しい名前"),
        ("/products", Product.name, "新しい名前", "新しい名前"),
        (f"/products/{TEA}", Product.published, False, "販売停止中"),
        ("/products", Category.name, "新しい棚", "新しい棚"),
        ("/products", ShopInfo.name, "別の店", "別の店"),
        ("/", ShopInfo.texts, '{"ja": {"story": {"title": "冬の物語", "paragraphs": []}}}', "冬の物語"),
    ],
)
def test_a_change_shows_on_the_next_look(
    shopper: Buyer, demo_app: Flask, path: str, column: object, value: object, shown: str
) -> None:
    before = shopper.get(path).text
    change(demo_app, column, value)  # type: ignore[arg-type]
    after = shopper.get(path).text
    assert before.count(shown) < after.count(shown)


def test_the_last_unit_sold_shows_on_the_next_look(shopper: Buyer, demo_app: Flask) -> None:
    change(demo_app, Variant.on_hand, 1)
    assert "残り1点" in shopper.get(f"/products/{TEA}").text
    with demo_app.app_context(), write() as session:
        session.execute(update(Variant).values(allocated=1))
    assert "残り1点" not in shopper.get(f"/products/{TEA}").text
