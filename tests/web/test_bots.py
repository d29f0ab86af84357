"""What stops a bot at a form and costs a person at most one more press (T-088), and how often may be confirmed (T-084)."""

from dataclasses import replace

import pytest
import requests
from flask import Flask

from shop.catalogue.models import Product
from shop.checkout import limits
from shop.checkout.models import Confirmation
from shop.core.runtime import Runtime
from shop.outbox.models import OutboxMail
from tests.support.buying import ADDRESS, CASH, Buyer, StepsBuyer, method_id
from tests.support.members import Member
from tests.support.pages import Page
from tests.support.shop import MovableClock
from tests.web.counter import TEA, change, count, number_of, path_of

#: Forms and their sentences; nothing here is stored in a way of its own.
pytestmark = pytest.mark.one_database

#: Far more than a test takes, so that no slow machine decides one.
SECONDS = 600
ONCE_MORE = "お手数ですが、もう一度ボタンを押してください。"
MAILING = pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/register", {"email": "new@example.jp"}),
        ("/password/forgotten", {"email": "new@example.jp"}),
        ("/orders/lookup", {"email": "new@example.jp", "order_number": "order00000001"}),
    ],
)


@pytest.fixture(autouse=True)
def slow_typists(demo_app: Flask, clock: MovableClock) -> None:
    """Nobody is taken for a person within :data:`SECONDS`."""
    running: Runtime = demo_app.extensions["shop.runtime"]
    demo_app.extensions["shop.runtime"] = replace(running, config=replace(running.config, form_seconds=SECONDS))


def form_of(buyer: Buyer, path: str) -> dict[str, str]:
    return Page(buyer.get(path).text).form(path).fields


def form_of_page(buyer: Buyer, page: str, where: str) -> dict[str, str]:
    """Of a page whose form goes elsewhere."""
    return Page(buyer.get(page).text).form(where).fields


def again(buyer: Buyer, path: str, refused: requests.Response, **typed: str) -> requests.Response:
    """Press once more, on the form as it came back."""
    return buyer.post(path, Page(refused.text).form(path).fields | typed)


@MAILING
@pytest.mark.req("T-088", "T-089")
def test_a_form_sent_at_once_is_asked_for_once_more_and_that_press_counts(
    shopper: Buyer, demo_app: Flask, clock: MovableClock, path: str, typed: dict[str, str]
) -> None:
    hasty = shopper.post(path, form_of(shopper, path) | typed)
    assert hasty.status_code == 422
    assert ONCE_MORE in Page(hasty.text).text
    assert count(demo_app, OutboxMail) == 0
    assert typed.items() <= Page(hasty.text).form(path).fields.items(), "all that was typed is there"
    assert again(shopper, path, hasty).status_code == 200, "however quick"

    shown = form_of(shopper, path)
    clock.advance(SECONDS)
    wrong = shopper.post(path, shown | typed | {"email": "new"})
    assert ONCE_MORE not in wrong.text
    assert again(shopper, path, wrong, **typed).status_code == 200, "the time since the form was first shown"
    for bent in ({"form_shown": ""}, {"form_shown": "x" * 40}, {"form_shown": form_of(Buyer(shopper.shop_url), path)["form_shown"]}):
        clock.advance(SECONDS)
        refused = shopper.post(path, shown | typed | bent)
        assert ONCE_MORE in refused.text, "no form of this browser's"
    clock.advance(24 * 3600)
    assert ONCE_MORE in shopper.post(path, shown | typed).text, "nor one of yesterday"


@MAILING
@pytest.mark.req("T-088")
def test_what_a_bot_fills_in_nobody_sees_or_reaches(
    shopper: Buyer, demo_app: Flask, clock: MovableClock, path: str, typed: dict[str, str]
) -> None:
    page = shopper.get(path).text
    (trap,) = Page(page).find("input", name="aside")
    assert (trap["tabindex"], trap["autocomplete"], trap["value"]) == ("-1", "off", "")
    assert '<div class="visually-hidden" aria-hidden="true"><label>この欄には何も入力しないでください <input name="aside"' in page
    clock.advance(SECONDS)
    caught = shopper.post(path, Page(page).form(path).fields | typed | {"aside": "https://bot.example"})
    assert caught.status_code == 422
    assert ONCE_MORE in caught.text
    assert "bot.example" not in caught.text
    assert count(demo_app, OutboxMail) == 0
    assert again(shopper, path, caught).status_code == 200, "whose browser filled it in presses once more"


@pytest.mark.req("T-088")
def test_a_guest_s_order_at_once_is_asked_for_once_more_with_all_that_was_typed(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    join = {"register_member": "y", "login_id": "hanako", "new_password": Member.password}
    hasty = shopper.confirm(CASH, **join, note="急ぎます")
    assert hasty.status_code == 422
    page = Page(hasty.text)
    assert ONCE_MORE in page.text
    assert "注文も請求もされていません。" in page.text
    fields = page.form("/checkout/zero/confirm").fields
    assert (fields["buyer_name"], fields["note"], fields["login_id"]) == (ADDRESS["buyer_name"], "急ぎます", "hanako")
    assert "パスワードは入力済みです" in page.text
    number_of(shopper.place(shopper.post("/checkout/zero/confirm", fields)))
    hanako = Member(shopper.shop_url)
    hanako.log_in()
    assert hanako.is_in, "with the password that was typed once"
    hanako.put_into_cart(TEA)
    number_of(hanako.place(hanako.confirm(CASH)))
    trapped = Buyer(shopper.shop_url)
    trapped.put_into_cart(TEA)
    again = Page(trapped.confirm(CASH, aside="x").text)
    assert ONCE_MORE in again.text
    filled_in = again.form("/checkout/zero/confirm").fields | {"aside": "x"}
    number_of(trapped.place(trapped.post("/checkout/zero/confirm", filled_in)))  # an extension of a person's browser, it seems


@pytest.mark.req("T-088")
def test_a_guest_s_step_1_is_asked_for_once_more(shopper: Buyer, demo_app: Flask) -> None:
    """Any goods may go by the steps: they are no way around."""
    change(demo_app, Product.flow, "steps", code=TEA)
    walker = StepsBuyer(shopper.shop_url)
    walker.put_into_cart(TEA)
    join = {"register_member": "y", "login_id": "hanako", "new_password": Member.password}
    hasty = walker.step1(**join)
    assert ONCE_MORE in Page(hasty.text).text
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step1", "what is kept is no way in"
    walker.post("/checkout/step1", Page(hasty.text).form("/checkout/step1").fields)
    assert ONCE_MORE not in walker.step1(**join).text, "who comes back to correct is known"
    number_of(walker.press(walker.step2(CASH)))
    walker.put_into_cart(TEA)
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step1", "each order on its own"
    hasty = walker.step1()
    assert ONCE_MORE in hasty.text
    again(walker, "/checkout/step1", hasty)
    assert path_of(walker.get("/checkout/pending")).endswith("/complete"), "of the order before"
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step2", "who looks at it is a person all the same"


@pytest.mark.req("T-088")
@pytest.mark.parametrize("way", ["in spite of the answer", "by a way back", "by the other cart", "by the other cart's way back"])
def test_the_steps_open_for_nobody_who_was_not_taken_for_a_person(
    way: str, shopper: Buyer, demo_app: Flask, clock: MovableClock
) -> None:
    walker = StepsBuyer(shopper.shop_url)
    walker.put_into_cart(TEA)
    page, where = ("/checkout/zero", "/checkout/zero/confirm") if "other cart" in way else ("/checkout/step1",) * 2
    leave = {"leave": "cart"} if "way back" in way else {}
    fields = form_of_page(walker, page, where) | ADDRESS
    walker.post(where, fields | leave | {"aside": "https://bot.example"})
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step1"
    token = Page(walker.get("/cart").text).forms[0].fields["csrf_token"]
    posted = walker.post("/checkout/step2", {"csrf_token": token, "delivery_id": "1", "payment_method_id": "2"})
    assert path_of(posted) == "/checkout/step1"
    assert count(demo_app, Confirmation) == 0
    patient = form_of_page(walker, page, where) | ADDRESS
    clock.advance(SECONDS)
    walker.post(where, patient | leave)
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step2", "who takes their time is asked nothing on any way"


@pytest.mark.req("T-088")
def test_in_the_one_page_checkout_nobody_is_asked_twice(shopper: Buyer, clock: MovableClock) -> None:
    shopper.put_into_cart(TEA)
    slow = form_of_page(shopper, "/checkout/zero", "/checkout/zero/confirm")
    clock.advance(SECONDS)
    shopper.post("/checkout/zero/confirm", slow | ADDRESS | {"leave": "en"})
    assert shopper.confirm(CASH).status_code == 200


@pytest.mark.req("T-084")
@pytest.mark.parametrize("flow", ["zero", "steps"])
@pytest.mark.parametrize("limit", ["CONFIRMED_PER_BROWSER", "CONFIRMED_PER_NETWORK"])
def test_so_much_is_confirmed_from_one_browser_and_one_network(
    shopper: Buyer, demo_app: Flask, clock: MovableClock, one_network: str, monkeypatch: pytest.MonkeyPatch, flow: str, limit: str
) -> None:
    monkeypatch.setattr(limits, limit, 2)
    change(demo_app, Product.flow, flow, code=TEA)
    walker = StepsBuyer(shopper.shop_url)

    def confirm() -> requests.Response:
        if limit == "CONFIRMED_PER_NETWORK":
            walker.session = requests.Session()
        walker.put_into_cart(TEA)
        if flow == "steps":
            if path_of(hasty := walker.step1()) == "/checkout/step1":
                again(walker, "/checkout/step1", hasty)
            return walker.step2(CASH, note="急ぎません")
        page = Page(walker.get("/checkout/zero").text)
        clock.advance(SECONDS)
        form = page.form("/checkout/zero/confirm")
        return walker.post(
            "/checkout/zero/confirm", form.fields | ADDRESS | {"payment_method_id": method_id(page, form, CASH), "note": "急ぎません"}
        )

    assert [confirm().status_code for _ in range(2)] == [200, 200]
    refused = confirm()
    assert refused.status_code == 429
    assert "ご注文内容の確認が続いたため、いまは受け付けていません。" in Page(refused.text).text
    assert "急ぎません" in refused.text
    assert count(demo_app, Confirmation) == 2
    clock.advance(limits.WINDOW.total_seconds() + 1)
    assert confirm().status_code == 200
