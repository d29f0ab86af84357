"""りそな PayResort（トークン方式）as its shop guide has it: what is set up, what staff may do, what a buyer reads."""

import pytest
from flask import Flask
from sqlalchemy import select

from providers.payresort import PROVIDER
from shop.core.db import db, write
from shop.core.runtime import now
from shop.payments import accounts
from shop.payments.models import AccountVersion, ProviderExchange
from tests.support.buying import Buyer
from tests.support.pages import Page
from tests.support.products import Product
from tests.support.servers import LiveServer
from tests.support.world import Simulator
from tests.web.counter import Desk, number_of

pytestmark = pytest.mark.one_database
#: 商品 972, 送料 600.
TOTAL = 1572
COUNTS = ["1", "3", "6", "10", "12", "15", "18", "20", "24"]


@pytest.fixture
def resona(demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(PROVIDER, demo_app, simulator, live_server.url)
    made.install(card_note="ご本人名義のカードをお使いください。")
    return made


def payment_box(desk: Desk, number: str) -> Page:
    return desk.page(f"/admin/orders/{number}")


def edit_shipping(desk: Desk, number: str, yen: int) -> Page:
    path = f"/admin/orders/{number}/edit"
    form = next(form for form in desk.page(path).forms if form.fields.get("row") == "shipping_yen")
    return Page(desk.session.post(desk.shop_url + path, data=form.fields | {"shipping_yen-yen": str(yen)}).text)


@pytest.mark.req("R-041")
def test_an_authorization_is_captured_or_cancelled_and_then_nothing(resona: Product, desk: Desk) -> None:
    number = number_of(resona.buy())
    before = payment_box(desk, number).text
    assert "売上確定" in before
    assert "キャンセル" in before
    assert "取引更新" not in before
    path = f"/admin/orders/{number}/payment/capture"
    desk.submit(path, path)
    assert [row["state"] for row in resona.payments()] == ["captured"]
    assert verbs(desk, number) == []


def verbs(desk: Desk, number: str) -> list[str]:
    """The buttons of the payment box that can be pressed."""
    page = payment_box(desk, number)
    pressed = [form.action.rpartition("/payment/")[2] for form in page.forms if "/payment/" in form.action]
    disabled = [a["aria-describedby"].removeprefix("pay-") for a in page.find("button", type="submit") if "disabled" in a and "aria-describedby" in a]
    return [verb for verb in pressed if verb not in ("refresh", *disabled)]


@pytest.mark.req("R-040")
def test_taken_at_once_there_is_no_button(resona: Product, desk: Desk) -> None:
    resona.install(capture_at_once=True)
    number = number_of(resona.buy())
    assert [row["state"] for row in resona.payments()] == ["captured"]
    page = payment_box(desk, number)
    assert [form.action for form in page.forms if "/payment/capture" in form.action or "/payment/cancel" in form.action] == []


@pytest.mark.req("R-042")
def test_a_lower_total_is_captured_as_it_is(resona: Product, desk: Desk) -> None:
    number = number_of(resona.buy())
    assert "変更しました。" in edit_shipping(desk, number, 100).text
    path = f"/admin/orders/{number}/payment/capture"
    assert "1,572円のうち1,072円の売上を確定します。残りの与信は解放されます" in desk.page(path).text
    desk.submit(path, path)
    assert [(row["state"], row["amount_yen"]) for row in resona.payments()] == [("captured", TOTAL - 500)]
    assert payment_box(desk, number).having("data-box")["data-box"] == "yellow-2"


@pytest.mark.req("R-042")
def test_a_higher_total_is_refused(resona: Product, desk: Desk) -> None:
    number = number_of(resona.buy())
    assert "増額はできません。与信は1,572円です。" in edit_shipping(desk, number, 700).text
    assert resona.held() == [(resona.payments()[0]["reference"], TOTAL)]


@pytest.mark.req("R-043")
@pytest.mark.parametrize("verb", ["cancel", "update", "capture"])
def test_after_the_capture_nothing_can_be_forced(resona: Product, desk: Desk, verb: str) -> None:
    number = number_of(resona.buy())
    path = f"/admin/orders/{number}/payment/capture"
    desk.submit(path, path)
    token = payment_box(desk, number).forms[-1].fields.get("csrf_token", "")
    forged = {"csrf_token": token, "amount_yen": str(TOTAL)}
    desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/{verb}", data=forged)
    assert [(row["state"], row["amount_yen"]) for row in resona.payments()] == [("captured", TOTAL)]


@pytest.mark.req("R-041", "R-043")
@pytest.mark.parametrize("at_once", [False, True])
def test_after_the_capture_no_amount_is_changed_here(resona: Product, desk: Desk, at_once: bool) -> None:
    """Nor does a button remain; the order's total stays with the money, which can only be moved in the provider's console."""
    resona.install(capture_at_once=at_once)
    number = number_of(resona.buy())
    if not at_once:
        path = f"/admin/orders/{number}/payment/capture"
        desk.submit(path, path)
    assert verbs(desk, number) == []
    path = f"/admin/orders/{number}/edit"
    for yen in ("100", "2000"):
        form = next(form for form in desk.page(path).forms if form.fields.get("row") == "shipping_yen")
        answer = desk.session.post(desk.shop_url + path, data=form.fields | {"shipping_yen-yen": yen, "aware": "1"})
        assert (answer.status_code, f"合計を{TOTAL:,}円以外に変更できません" in answer.text) == (422, True)
        assert f'value="{yen}"' in answer.text, "what was typed stays"
    assert "りそなPayResort 管理画面で行ってください" in Page(answer.text).text
    moved = desk.page(f"/admin/orders/{number}/move/cancelled").text
    assert "りそなPayResort 管理画面で行ってください" in moved


@pytest.mark.req("R-044")
def test_a_refused_capture_shows_the_code_as_it_came(resona: Product, desk: Desk) -> None:
    number = number_of(resona.buy())
    resona.fault("capture", "code", "before", code="AG48000000000000")
    path = f"/admin/orders/{number}/payment/capture"
    answer = Page(desk.submit(path, path).text)
    assert "コード AG48000000000000" in answer.text
    assert any("notice-bad" in a.get("class", "") for _tag, a in answer.elements)
    assert [row["state"] for row in resona.payments()] == ["authorized"]
    assert "capture" in verbs(desk, number)


@pytest.mark.req("R-036")
@pytest.mark.parametrize(("setting", "offered"), [("split", COUNTS), ("once", ["1"])])
def test_the_counts_of_the_guide_and_no_other(resona: Product, setting: str, offered: list[str]) -> None:
    resona.set(instalments=setting)
    buyer = Buyer(resona.shop_url)
    buyer.put_into_cart("T-002")
    page, form = buyer.checkout_form()
    assert form.offered.get("installments", [form.fields.get("installments")]) == offered
    for forged in ("2", "0", "4"):
        answer = buyer.confirm("card", page, installments=forged)
        assert not any(each.action == "/checkout/zero/place" for each in Page(answer.text).forms), forged


@pytest.mark.req("R-037")
def test_the_note_stands_below_the_card_form(resona: Product) -> None:
    buyer = Buyer(resona.shop_url)
    buyer.put_into_cart("T-002")
    text = buyer.get("/checkout/zero").text
    assert text.index("</fieldset>", text.index("card-form")) < text.index("ご本人名義のカードをお使いください。")


@pytest.mark.req("R-035")
@pytest.mark.parametrize("kind", ["company", "merchant", "complete"])
def test_the_chosen_authentication_goes_with_the_request(resona: Product, kind: str, demo_app: Flask) -> None:
    resona.set(authentication=kind)
    resona.buy()
    with demo_app.app_context():
        sent = db.session.scalars(select(ProviderExchange.request).where(ProviderExchange.label == "Authorize/mpi")).all()
    assert [f'"mpi-{kind}"' in request for request in sent] == [True]


@pytest.mark.req("R-045")
def test_a_refusal_stands_on_the_page_of_the_cart(resona: Product) -> None:
    bought = resona.buy("4980000000058202")
    assert bought.path == "/checkout/zero"
    assert "カード会社の承認が得られませんでした" in bought.page.text


@pytest.mark.req("R-046")
def test_wrong_credentials_are_no_affair_of_the_buyer(resona: Product, demo_app: Flask, desk: Desk) -> None:
    with demo_app.app_context(), write() as session:
        version = session.scalars(select(AccountVersion).where(AccountVersion.account_id == resona.account_id)).one()
        settings = accounts.settings(version) | {"merchant_key": "0" * 64}
        accounts.save_settings(session, resona.account_id, settings, now())
    bought = resona.buy()
    assert bought.public_id is None
    assert "お支払いの手続きを完了できませんでした" in bought.page.text
    assert "エラーコード" not in bought.page.text
    assert "NZ" in desk.page("/admin/payments/attempts").text


@pytest.mark.req("R-039")
def test_the_number_stands_with_the_method_and_is_searched_by(resona: Product, desk: Desk) -> None:
    number = number_of(resona.buy())
    reference = resona.payments()[0]["reference"]
    other = number_of(resona.buy())
    listed = desk.page(f"/admin/orders?reference={reference}").text
    assert (number in listed, reference in listed, other in listed) == (True, True, False)

