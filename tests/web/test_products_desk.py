"""商品一覧 of the desk: where 「カゴに入れる」 of each product leads to, one button a row."""

import pytest
from flask import Flask
from sqlalchemy import select

from shop.catalogue.models import Product
from shop.core.db import db, write
from shop.demo.catalogue import PRODUCTS
from shop.staff.models import StaffLog
from tests.support.buying import Buyer
from tests.support.pages import Form, Page
from tests.web.counter import CUP, TEA, Desk, change, count, path_of

#: A page and its rules; nothing of its SQL differs.
pytestmark = pytest.mark.one_database

LIST = "/admin/products"
NAME = "茎ほうじ茶"


def ids(app: Flask) -> dict[str, int]:
    with app.app_context():
        return {row.code: row.id for row in db.session.execute(select(Product.code, Product.id))}


def flows(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {row.code: row.flow for row in db.session.execute(select(Product.code, Product.flow))}


def row(desk: Desk, app: Flask, code: str) -> Form:
    return desk.page(LIST).form(f"{LIST}/{ids(app)[code]}/flow")


def press(desk: Desk, form: Form, **typed: str) -> Page:
    return Page(desk.session.post(desk.shop_url + form.action, data=form.fields | typed).text)


@pytest.mark.req("R-124")
def test_the_shop_chooses_the_cart_of_each_product(desk: Desk, shopper: Buyer, demo_app: Flask) -> None:
    before = flows(demo_app)
    assert path_of(shopper.put_into_cart(TEA)) == "/checkout/zero"
    said = press(desk, row(desk, demo_app, TEA), flow="steps")
    assert f"「{NAME}」のリンク先を3ステップカートにしました。" in said.text
    assert flows(demo_app) == before | {TEA: "steps"}
    assert path_of(Buyer(shopper.shop_url).put_into_cart(TEA)) == "/cart"
    assert path_of(Buyer(shopper.shop_url).put_into_cart(CUP)) == "/checkout/zero"
    assert row(desk, demo_app, TEA).fields["flow"] == "steps"
    press(desk, row(desk, demo_app, TEA), flow="zero")
    assert path_of(Buyer(shopper.shop_url).put_into_cart(TEA)) == "/checkout/zero"
    log = desk.page("/admin/log").text
    for cart in ("ゼロステップカート", "3ステップカート"):
        assert f"商品「{NAME}」のリンク先を変更（{cart}）" in log
    press(desk, row(desk, demo_app, TEA), flow="zero")
    assert count(demo_app, StaffLog) == 2, "what is so already is no deed"


@pytest.mark.req("R-124")
def test_a_forged_choice_changes_nothing(desk: Desk, demo_app: Flask) -> None:
    before = flows(demo_app)
    form = row(desk, demo_app, TEA)
    for flow in ("", "subscription", "STEPS", "zero steps"):
        answer = desk.session.post(desk.shop_url + form.action, data=form.fields | {"flow": flow})
        assert answer.status_code == 400, flow
    gone = desk.session.post(f"{desk.shop_url}{LIST}/9999/flow", data=form.fields | {"flow": "steps"})
    assert gone.status_code == 404
    assert flows(demo_app) == before
    assert count(demo_app, StaffLog) == 0
    away = desk.session.post(
        desk.shop_url + form.action, data=form.fields | {"flow": "zero", "next": "//evil.example/"}, allow_redirects=False
    )
    assert away.headers["Location"] == "/admin"


def test_every_product_has_its_row_page_by_page(desk: Desk, demo_app: Flask) -> None:
    change(demo_app, Product.published, False, code=TEA)
    page = desk.page(LIST)
    for product in PRODUCTS:
        assert product.code in page.text
        assert product.name in page.text
    assert page.text.count("販売停止中") == 1
    two = {product.code for product in PRODUCTS if product.flow == "steps"}
    assert {code for code, flow in flows(demo_app).items() if flow == "steps"} == two
    assert len(two) == 2
    with demo_app.app_context(), write() as session:
        family = session.scalar(select(Product.category_id).limit(1))
        session.add_all([Product(code=f"more-{i}", name=f"品 {i}", category_id=family) for i in range(50)])
    first = desk.page(LIST)
    assert len([form for form in first.forms if form.action.endswith("/flow")]) == 50
    (older,) = [link["href"] for link in first.find("a") if link["href"].startswith(f"{LIST}?before=")]
    form = desk.page(older).form(f"{LIST}/{ids(demo_app)[TEA]}/flow")
    answer = desk.session.post(desk.shop_url + form.action, data=form.fields | {"flow": "steps"}, allow_redirects=False)
    assert answer.headers["Location"] == older, "back to the same page of the list"
