"""A changed 売上方式 of every installed product: who changes it is told what is left behind, and 受注一覧 finds orders by it."""

import pytest
from flask import Flask
from sqlalchemy import select

from admin import paging
from providers.installed import INSTALLED
from providers.settings import CAPTURE
from shop.core.db import db
from shop.payments.models import PaymentMethod
from tests.support.buying import CASH, buy
from tests.support.pages import Page
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.shop import count_statements
from tests.support.world import Simulator
from tests.web.counter import Desk, number_of

pytestmark = pytest.mark.one_database

LATER, AT_ONCE = "later", "at_once"


@pytest.fixture(params=INSTALLED, ids=[provider.code for provider in INSTALLED])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def method_path(app: Flask) -> str:
    with app.app_context():
        method = db.session.scalars(select(PaymentMethod).where(PaymentMethod.kind == "card")).one()
        return f"/admin/settings/payment-methods/{method.id}"


def change_mode(desk: Desk, path: str, mode: str) -> tuple[Page, Page]:
    """確認画面 and the page after 設定する."""
    confirmation = desk.confirm(path, **{f"method_{CAPTURE}": mode})
    return Page(confirmation.text), Page(desk.agree(confirmation, path).text)


def numbers(page: Page) -> list[str]:
    """Of the orders in a list."""
    return [a["href"].rpartition("/")[2] for a in page.find("a", class_="row-link")]


def label(product: Product, mode: str) -> str:
    """What the product's form calls it."""
    return dict(next(each.choices for each in product.provider.settings if each.key == CAPTURE))[mode]


@pytest.mark.req("R-024")
def test_a_changed_mode_tells_which_orders_keep_the_old_one(product: Product, desk: Desk, demo_app: Flask) -> None:
    waiting, taken = number_of(product.buy()), number_of(product.buy())
    desk.submit(f"/admin/orders/{taken}/payment/capture", f"/admin/orders/{taken}/payment/capture")
    path, said = method_path(demo_app), f"「{label(product, LATER)}」で受けた売上未確定の受注が1件あります。変更後もこの売上方式のままです。"
    asked, saved = change_mode(desk, path, AT_ONCE)
    assert said in asked.text
    assert f"支払方法を設定しました。 {said}" in saved.text
    for shown in (asked, saved):
        (link,) = (a["href"] for a in shown.find("a") if "todo=uncaptured" in a["href"])
        assert numbers(desk.page(link)) == [waiting]
    back = change_mode(desk, path, LATER)
    assert f"「{label(product, AT_ONCE)}」で受けた売上未確定の受注はありません。" in back[0].text
    assert "売上未確定" not in back[1].text, "there is nothing to do"
    assert all("売上未確定の受注" not in page.text for page in change_mode(desk, path, LATER)), "nothing changed"


@pytest.mark.req("R-024")
def test_the_same_in_english(product: Product, desk: Desk, demo_app: Flask) -> None:
    number_of(product.buy())
    speak(desk, "en")
    for page in change_mode(desk, method_path(demo_app), AT_ONCE):
        assert "”: 1. They keep this mode after the change. Go on capturing them on their order pages." in page.text
    assert "Capture mode All Authorization only Authorization and capture" in desk.page("/admin/orders").text
    assert "Narrowed down to: Authorization only" in desk.page("/admin/orders?mode=later").text


def speak(desk: Desk, language: str) -> None:
    desk.submit("/admin/orders", f"/admin/language/{language}")


@pytest.mark.req("R-024")
def test_orders_are_found_by_the_mode_they_were_made_under(
    product: Product, desk: Desk, demo_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together with the other conditions, page by page, whatever the method's mode is now."""
    other = number_of(buy(product.shop_url, "T-002", method=CASH))
    later = [number_of(product.buy()) for _order in range(2)]
    change_mode(desk, method_path(demo_app), AT_ONCE)
    at_once = number_of(product.buy(buyer_name="佐藤 太郎"))
    newest_first = later[::-1]
    method = method_path(demo_app).rpartition("/")[2]
    for asked, found in {
        "mode=later": newest_first,
        "mode=at_once": [at_once],
        "mode=": [at_once, *newest_first, other],
        "mode=whatever": [at_once, *newest_first, other],
        f"method={method}": [at_once, *newest_first],
        f"method={method}&mode=later&todo=uncaptured": newest_first,
        f"mode=later&number={later[0]}": [later[0]],
        f"mode=at_once&number={later[0]}": [],
        "mode=at_once&name=佐藤": [at_once],
        "mode=later&since=2099-01-01&name=佐藤": [],
    }.items():
        page = desk.page(f"/admin/orders?{asked}")
        assert numbers(page) == found, asked
        assert ("この条件に合う受注はありません。" in page.text) is (not found), asked
    for mode, word in {"later": "絞り込み：オーソリのみ", "at_once": "絞り込み：オーソリ+売上"}.items():
        assert word in desk.page(f"/admin/orders?mode={mode}").text
    assert "絞り込み" not in desk.page("/admin/orders?mode=").text
    monkeypatch.setattr(paging, "SIZE", 1)
    first = desk.page("/admin/orders?mode=later")
    (older,) = (a["href"] for a in first.find("a", class_="btn") if "before=" in a["href"])
    assert numbers(first) + numbers(desk.page(older)) == newest_first


@pytest.mark.req("R-024")
def test_the_filtered_list_asks_no_more_the_longer_it_is(product: Product, desk: Desk, demo_app: Flask) -> None:
    def statements() -> int:
        with count_statements(demo_app) as sent:
            desk.get("/admin/orders?mode=later&method=1&todo=uncaptured")
        return len(sent)

    product.buy()
    few = statements()
    for _order in range(2):
        product.buy()
    assert statements() == few <= 12
