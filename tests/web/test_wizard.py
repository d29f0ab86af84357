"""The 3-step cart: each step in its turn, kept on the server, corrected from everywhere – and the same order at the end."""

import json
import re

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from shop.catalogue.models import Product, Variant
from shop.checkout.models import Cart, CartItem
from shop.core.db import db, write
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments.models import PaymentMethod
from tests.support.buying import CASH, StepsBuyer, buy, buy_in_steps
from tests.support.members import Member, join
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.world import VISA, Simulator
from tests.web.counter import CUP, TEA, change, count, number_of, orders, path_of, stock

REFUSED = "4980000000038261"  # 2001
STEPS = ("/checkout/step1", "/checkout/step2", "/checkout/step3")
OTHER_PLACE = {
    "ship_to": "other", "ship_name": "髙橋 𠮷郎", "ship_phone": "0263001122", "ship_postal_code": "3990001",
    "ship_prefecture": "長野県", "ship_address1": "宵待町3-8-2", "ship_address2": "離れ",
}  # fmt: skip


@pytest.fixture
def walker(live_server: LiveServer, demo_app: Flask) -> StepsBuyer:
    """A visitor of a shop whose tea is sold through the 3-step cart."""
    sell_in_steps(demo_app, TEA)
    return StepsBuyer(live_server.url)


def sell_in_steps(app: Flask, *codes: str) -> None:
    with app.app_context(), write() as session:
        session.execute(update(Product).where(Product.code.in_(codes)).values(flow="steps"))


def at_step3(buyer: StepsBuyer, method: str = "card", **typed: str) -> requests.Response:
    buyer.put_into_cart(TEA)
    buyer.step1(**typed)
    answer = buyer.step2(method)
    assert path_of(answer) == "/checkout/step3"
    return answer


@pytest.mark.one_database
@pytest.mark.req("R-106", "R-124")
def test_the_product_says_which_cart_its_button_leads_to(walker: StepsBuyer) -> None:
    page = walker.put_into_cart(TEA)
    assert path_of(page) == "/cart"
    assert 'href="/checkout/step1"' in page.text
    assert path_of(StepsBuyer(walker.shop_url).put_into_cart(CUP)) == "/checkout/zero"


@pytest.mark.req("R-107", "R-109", "R-156")
def test_from_the_basket_to_step_4(walker: StepsBuyer, demo_app: Flask, simulator: Simulator) -> None:
    walker.put_into_cart(TEA)
    step2 = walker.step1()
    assert path_of(step2) == "/checkout/step2"
    assert not list(Page(step2.text).find("fieldset", class_="card-form")), "the card is asked for at STEP3"
    step3 = walker.step2()
    assert path_of(step3) == "/checkout/step3"
    assert list(Page(step3.text).find("fieldset", class_="card-form"))
    done = walker.press(step3, walker.card_token(VISA, Page(step3.text)))
    number_of(done)
    assert "STEP4" in done.page.text
    assert not re.search(r"1111|VISA|Visa|\*{2}", done.response.text)
    with demo_app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert (order.flow, order.state, order.device) == ("steps", "placed", "パソコン")
    assert [payment["amount"] for payment in simulator.payments()] == [order.total_yen]


@pytest.mark.req("R-107")
def test_a_later_step_opens_only_when_the_earlier_ones_hold(walker: StepsBuyer) -> None:
    assert [path_of(walker.get(step)) for step in STEPS] == ["/cart"] * 3
    walker.put_into_cart(TEA)
    assert [path_of(walker.get(step)) for step in STEPS] == [STEPS[0]] * 3
    token = Page(walker.get(STEPS[0]).text).form(STEPS[0]).fields["csrf_token"]
    assert path_of(walker.post(STEPS[1], {"csrf_token": token, "delivery_id": "1"})) == STEPS[0]
    walker.step1()
    assert [path_of(walker.get(step)) for step in STEPS] == [STEPS[0], STEPS[1], STEPS[1]]
    walker.step2()
    assert [path_of(walker.get(step)) for step in STEPS] == list(STEPS)


@pytest.mark.req("R-107", "R-289")
def test_what_was_typed_is_judged_again_by_the_rules_of_today(walker: StepsBuyer, demo_app: Flask) -> None:
    at_step3(walker)
    with demo_app.app_context(), write() as session:
        cart = session.scalars(select(Cart)).one()
        cart.form = json.dumps(json.loads(cart.form) | {"email": ""})
    assert path_of(walker.get("/checkout/step3")) == "/checkout/step1"


@pytest.mark.req("R-289")
def test_everything_can_be_corrected_from_step_3_and_nothing_is_lost(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker, **OTHER_PLACE)
    for way in ("/cart", "/checkout/step1", "/checkout/step2"):
        assert f'href="{way}"' in page.text
    fields = Page(walker.get("/checkout/step1").text).form("/checkout/step1").fields
    assert {name: fields[name] for name in OTHER_PLACE} == OTHER_PLACE | {"ship_postal_code": "399-0001"}
    walker.step1(**OTHER_PLACE | {"ship_name": "山田 次郎"})
    assert path_of(walker.get("/checkout/step3")) == "/checkout/step2", "what was corrected is confirmed again"
    again = walker.step2()
    assert "山田 次郎" in again.text
    number_of(walker.press(again, walker.card_token(VISA, Page(again.text))))
    with demo_app.app_context():
        assert db.session.scalars(select(Order.ship_name)).one() == "山田 次郎"


@pytest.mark.one_database
@pytest.mark.req("U-022")
def test_the_way_back_from_an_unfinished_page_keeps_what_is_typed(walker: StepsBuyer, demo_app: Flask) -> None:
    """By the pages' own buttons, right or wrong, in both carts; but no card number that was typed into a wrong field."""
    walker.put_into_cart(TEA)
    walker.step1()
    form = Page(walker.get("/checkout/step2").text).form("/checkout/step2")
    cash = form.offered["payment_method_id"][-1]
    typed = {"payment_method_id": cash, "note": "午前中に"}
    assert path_of(walker.post("/checkout/step2", form.fields | typed | {"leave": "step1"})) == "/checkout/step1"
    assert Page(walker.get("/checkout/step2").text).form("/checkout/step2").fields.items() >= typed.items()
    for page, where in (("/checkout/step1", "/checkout/step1"), ("/checkout/zero", "/checkout/zero/confirm")):
        fields = Page(walker.get(page).text).form(where).fields
        left = walker.post(where, fields | {"buyer_name": "山田 二郎", "phone": "1", "address2": VISA, "leave": "cart"})
        assert path_of(left) == "/cart"
        assert "カード番号がほかの欄に入力されていたため、消去しました。" in left.text
        kept = Page(walker.get(page).text).form(where).fields
        assert (kept["buyer_name"], kept["phone"], kept["address2"]) == ("山田 二郎", "1", "")
    assert walker.get("/checkout/step2").url.endswith("/checkout/step1"), "kept is not judged"


@pytest.mark.one_database
@pytest.mark.req("U-022")
@pytest.mark.parametrize(
    ("at", "where", "words"),
    [
        ("/checkout/zero", "/checkout/zero/confirm", {"phone": "1", "note": "午前中に"}),
        ("/checkout/step1", "/checkout/step1", {"phone": "1"}),
        ("/checkout/step2", "/checkout/step2", {"note": "午前中に"}),
    ],
)
def test_another_language_shows_the_same_page_with_what_is_typed(
    at: str, where: str, words: dict[str, str], walker: StepsBuyer
) -> None:
    """Also from a page that has answered a form, which has no address to come back to."""
    walker.put_into_cart(TEA)
    walker.step1()
    answered = Page(walker.post(where, Page(walker.get(at).text).form(where).fields | words | {"apply": "1"}).text)
    assert answered.having("form").items() >= {"form": "checkout", "name": "leave", "value": "en"}.items()
    there = walker.post(where, answered.form(where).fields | {"leave": "en"})
    page = Page(there.text)
    assert (path_of(there), page.having("lang")["lang"]) == (at, "en")
    assert page.form(where).fields.items() >= words.items()


@pytest.mark.req("U-022")
@pytest.mark.parametrize(("page", "where"), [("/checkout/step1", "/checkout/step1"), ("/checkout/zero", "/checkout/zero/confirm")])
def test_leaving_a_page_keeps_the_registration_and_what_goes_with_the_card(page: str, where: str, walker: StepsBuyer, demo_app: Flask) -> None:
    """A good password is noted, the newest one; one that is not good, or missing, is asked for, with the box as it was."""
    walker.put_into_cart(TEA)
    walker.step1()
    join = {"register_member": "y", "login_id": "hanako", "new_password": "the-first-one-11"}

    def leave(**typed: str) -> dict[str, str]:
        fields = Page(walker.get(page).text).form(where).fields | typed
        return Page(walker.post(where, fields | {"leave": "ja"}).text).form(where).fields

    noted = "パスワードは入力済みです。"
    for newest in ("the-first-one-11", Member.password):
        assert leave(**join | {"new_password": newest, "installments": "6", "card_source": ""})["login_id"] == "hanako"
        assert noted in walker.get(page).text
    for not_good in ("short", "hanako"):
        again = leave(**join | {"new_password": not_good})
        assert (again["register_member"], again["new_password"], noted in walker.get(page).text) == ("y", "", False)
    assert leave(**join | {"new_password": Member.password})["register_member"] == "y"
    if page == "/checkout/zero":
        assert Page(walker.get(page).text).form(where).fields["installments"] == "6"
        assert leave(installments="<b>", card_source="none of ours")["installments"] == "6"
    walker.step1(**join | {"new_password": ""})
    number_of(walker.press(walker.step2(CASH)))
    hanako = Member(walker.shop_url)
    hanako.log_in()
    assert hanako.is_in, "with the newest"


@pytest.mark.one_database
@pytest.mark.req("U-022")
def test_another_language_from_the_last_page_comes_back_to_it(walker: StepsBuyer) -> None:
    """STEP3 with a mistake, and the one-page cart's confirmation without script: neither answer has an address of its own."""
    step3 = at_step3(walker)
    wrong = walker.post("/checkout/place", Page(step3.text).form("/checkout/place").fields | {"installments": "4"})
    assert wrong.status_code == 422
    confirmation = walker.confirm(CASH)
    for answer, there in ((wrong, "/checkout/step2"), (confirmation, "/checkout/zero")):
        page = Page(answer.text)
        other = "/language/ja" if page.having("lang")["lang"] == "en" else "/language/en"
        switch = page.form(other)
        assert path_of(walker.post(switch.action, switch.fields)) == there
    basket = Page(walker.post("/cart/items", {"csrf_token": switch.fields["csrf_token"], "quantity": "x"}).text)
    assert basket.form("/language/en" if basket.having("lang")["lang"] == "ja" else "/language/ja").fields["return_to"] == "/"


@pytest.mark.req("U-022")
def test_who_is_sent_back_to_step_1_loses_nothing_of_step_2(walker: StepsBuyer) -> None:
    """In another tab an address was taken out, say."""
    walker.put_into_cart(TEA)
    walker.step1()
    fields = Page(walker.get("/checkout/step2").text).form("/checkout/step2").fields
    step1 = Page(walker.get("/checkout/step1").text).form("/checkout/step1").fields
    walker.post("/checkout/step1", step1 | {"address1": "", "leave": "cart"})
    back = walker.post("/checkout/step2", fields | {"note": "午前中に"})
    assert (path_of(back), "購入者情報をご確認のうえ、もう一度お進みください。" in back.text) == ("/checkout/step1", True)
    walker.step1()
    assert Page(walker.get("/checkout/step2").text).form("/checkout/step2").fields["note"] == "午前中に"


@pytest.mark.one_database
@pytest.mark.req("U-022")
@pytest.mark.parametrize("found", ["/cart", "/checkout/pending"])
def test_another_language_is_there_wherever_the_press_ends(found: str, walker: StepsBuyer, simulator: Simulator) -> None:
    """In another tab the basket was emptied, or the order pressed."""
    page = at_step3(walker)
    fields = Page(walker.get("/checkout/step2").text).form("/checkout/step2").fields
    if found == "/cart":
        item = next(form for form in Page(walker.get("/cart").text).forms if form.action.startswith("/cart/items/"))
        walker.post(item.action, item.fields | {"remove": "1"})
    else:
        simulator.fault("reset", "020", "after")
        walker.press(page, walker.card_token(VISA, Page(page.text)))
    ended = walker.post("/checkout/step2", fields | {"leave": "en"})
    assert (path_of(ended), Page(ended.text).having("lang")["lang"]) == (found, "en")


@pytest.mark.req("S-071", "R-121")
def test_a_changed_basket_is_confirmed_again_before_it_is_ordered(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    walker.put_into_cart(CUP)
    assert path_of(walker.get("/checkout/step3")) == "/checkout/step2"
    refused = walker.press(page, walker.card_token(VISA, Page(page.text)))
    assert refused.path == "/checkout/step2"
    assert "もう一度ご確認ください" in refused.page.text
    assert count(demo_app, Order) == 0


@pytest.mark.req("S-071", "P-14", "U-035")
@pytest.mark.parametrize("through", ["steps", "zero", "zero-open"])
def test_a_basket_emptied_in_another_tab_is_told_with_the_order_and_the_money(
    through: str, walker: StepsBuyer, demo_app: Flask, simulator: Simulator
) -> None:
    """注文する, or the confirmation asked for, on a page that still shows the goods."""
    if through == "steps":
        page = at_step3(walker)
    else:
        walker.put_into_cart(TEA)
        form, page = walker.checkout_form()[0], walker.confirm(CASH)
    token = walker.card_token(VISA, Page(page.text)) if through == "steps" else ""
    with demo_app.app_context():
        item = db.session.scalars(select(CartItem.id)).one()
    basket = Page(walker.get("/cart").text).form(f"/cart/items/{item}")
    walker.post(basket.action, {"csrf_token": basket.fields["csrf_token"], "remove": "1"})
    if through == "zero-open":
        answer = walker.confirm(CASH, form)
    else:
        answer = (walker.press(page, token) if through == "steps" else walker.place(page)).response
    assert path_of(answer) == "/cart"
    said = Page(answer.text).text
    assert "ご注文は確定していません いまの操作では、注文も請求もされていません。 カゴが空になっています。" in said
    assert "まだ何も入っていません" in walker.get("/cart").text, "said once"
    assert (orders(demo_app), simulator.payments()) == (0, [])


@pytest.mark.req("R-121")
def test_a_changed_price_is_confirmed_again(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    change(demo_app, Variant.price_yen, 9_999)
    refused = walker.press(page, walker.card_token(VISA, Page(page.text)))
    assert refused.path == "/checkout/step2"
    assert "支払総額が1,572円から10,599円になりました。" in refused.page.text
    assert count(demo_app, Order) == 0


@pytest.mark.req("R-112", "R-136")
def test_a_refusal_stands_on_top_of_step_3_and_the_next_press_is_a_new_try(
    walker: StepsBuyer, demo_app: Flask, simulator: Simulator
) -> None:
    before = stock(demo_app)
    page = at_step3(walker, **OTHER_PLACE)
    refused = walker.press(page, walker.card_token(REFUSED, Page(page.text)), installments="6")
    assert refused.path == "/checkout/step3"
    answer = refused.response.text
    assert answer.index("請求はされていません") < answer.index('class="receipt') < answer.index('action="/checkout/place"'), "first of all"
    assert '<option value="6" selected>' in answer, "what was chosen with the card as well"
    assert "請求はされていません" in refused.page.text
    assert "2001" in refused.page.text
    assert stock(demo_app) == before
    assert orders(demo_app) == 0
    assert count(demo_app, OutboxMail) == 0
    again = walker.get("/checkout/step3")
    assert "2001" not in Page(again.text).text, "the refusal is told once"
    assert OTHER_PLACE["ship_name"] in again.text
    number_of(walker.press(again, walker.card_token(VISA, Page(again.text))))
    assert len(simulator.payments()) == 2
    assert orders(demo_app) == 1


@pytest.mark.req("R-122", "R-153")
def test_the_same_press_twice_is_one_try_also_after_a_refusal(
    walker: StepsBuyer, demo_app: Flask, simulator: Simulator
) -> None:
    page = at_step3(walker)
    token = walker.card_token(REFUSED, Page(page.text))
    assert walker.press(page, token).path == "/checkout/step3"
    second = walker.press(page, walker.card_token(VISA, Page(page.text)))
    assert "2001" in second.page.text, "the second press came from the first page: it finds the first one's refusal"
    assert len(simulator.payments()) == 1
    again = walker.get("/checkout/step3")
    done = walker.press(again, walker.card_token(VISA, Page(again.text)))
    twice = walker.press(again, walker.card_token(VISA, Page(again.text)))
    assert done.path == twice.path
    assert orders(demo_app) == 1


@pytest.mark.req("R-122")
def test_no_try_is_left_out(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    ahead = walker.press(page, walker.card_token(VISA, Page(page.text)), attempt="7")
    assert ahead.path == "/checkout/step3"
    assert "もう一度ご確認ください" in ahead.page.text
    assert count(demo_app, Order) == 0


def test_no_card_token_no_order(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    assert "請求はされていません" in walker.press(page).page.text
    assert count(demo_app, Order) == 0


@pytest.mark.req("R-052")
def test_instalments_are_chosen_at_step_3_and_only_those_offered(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    assert "6" in Page(page.text).form("/checkout/place").offered["installments"]
    wrong = walker.press(page, walker.card_token(VISA, Page(page.text)), installments="7")
    assert wrong.response.status_code == 422
    assert "支払回数を選んでください" in wrong.page.text
    number_of(walker.press(page, walker.card_token(VISA, Page(page.text)), installments="6"))


@pytest.mark.one_database
@pytest.mark.req("R-021")
def test_the_note_on_instalments_stands_below_at_step_3_and_behind_a_mark_on_the_one_page(
    walker: StepsBuyer, demo_app: Flask
) -> None:
    change(demo_app, PaymentMethod.options, json.dumps({"instalments": "split", "use_3ds": "0", "instalments_note": "二回払いは不可"}))
    steps, zero = at_step3(walker).text, walker.get("/checkout/zero").text
    assert steps.index("<select") < steps.index("二回払いは不可")
    assert "？" not in steps
    assert zero.index("？") < zero.index("二回払いは不可") < zero.index("<select", zero.index("？"))


@pytest.mark.one_database
def test_cash_needs_no_card_and_no_script(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker, CASH)
    assert "data-script-url" not in page.text
    number_of(walker.press(page))
    assert orders(demo_app)


@pytest.mark.one_database
@pytest.mark.req("R-018", "R-288")
def test_step_3_says_what_the_law_asks_for(walker: StepsBuyer) -> None:
    page = at_step3(walker)
    for word in ("支払総額", "お支払時期", "引渡時期", "撤回・解除", "注意書き", "数量", "特定商取引法に基づく表記"):
        assert word in page.text
    for step in STEPS:
        assert "特定商取引法に基づく表記" in walker.get(step).text


@pytest.mark.req("R-290")
def test_the_page_as_shown_is_kept_with_the_order(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    number_of(walker.press(page, walker.card_token(VISA, Page(page.text)), installments="6"))
    with demo_app.app_context():
        kept = db.session.scalars(select(Order.snapshot)).one()
    receipt, last = kept.split("</div>\n", 1)[0], kept[kept.rindex("<dl") :]
    assert receipt
    assert receipt in page.text
    assert "6回払い" in last
    assert "新しいクレジットカードで購入する" in last


@pytest.mark.req("R-162")
def test_an_open_attempt_leads_every_step_to_the_pending_page(walker: StepsBuyer, simulator: Simulator) -> None:
    page = at_step3(walker)
    token = walker.card_token(VISA, Page(page.text))
    simulator.fault("reset", "020", "after")
    pending = walker.press(page, token)
    assert pending.path == "/checkout/pending"
    assert [path_of(walker.get(step)) for step in STEPS] == ["/checkout/pending"] * 3


@pytest.mark.req("R-153")
def test_both_carts_see_the_same_basket_and_order_it_once(walker: StepsBuyer, demo_app: Flask) -> None:
    page = at_step3(walker)
    confirmed = walker.confirm()
    number_of(walker.place(confirmed, walker.card_token()))
    late = walker.press(page, "tok_never_used")
    assert late.public_id is not None, "the other tab finds the order that stands"
    assert orders(demo_app) == 1


@pytest.mark.req("R-107", "R-136")
def test_who_logs_in_at_step_3_confirms_again_and_orders_as_a_member(
    walker: StepsBuyer, demo_app: Flask, simulator: Simulator
) -> None:
    guest_s = Page(at_step3(walker).text).form("/checkout/place").fields
    member = join(Member(walker.shop_url), demo_app)
    member.session = walker.session
    member.log_in()
    assert path_of(walker.get("/checkout/step3")) == "/checkout/step1", "who buys is another now"
    forged = guest_s | {"csrf_token": member.token(), "card_token": walker.card_token()}
    assert "もう一度ご確認ください" in walker.post("/checkout/place", forged).text
    assert (count(demo_app, Order), simulator.payments()) == (0, []), "what a guest confirmed is no member's order"
    walker.step1()
    page = walker.step2()
    number_of(walker.press(page, walker.card_token(VISA, Page(page.text))))
    assert count(demo_app, Order, member_id=member.member_id) == 1


@pytest.mark.one_database
def test_switching_the_language_confirms_in_that_language(walker: StepsBuyer) -> None:
    at_step3(walker)
    token = Page(walker.get("/checkout/step3").text).form("/checkout/place").fields["csrf_token"]
    walker.post("/language/en", {"csrf_token": token})
    again = walker.get("/checkout/step3")
    assert (path_of(again), "The language has changed." in Page(again.text).text) == ("/checkout/step2", True)
    assert "Total" in walker.step2().text


@pytest.mark.req("R-111", "R-316")
def test_a_card_number_in_a_wrong_field_is_refused_and_forgotten(walker: StepsBuyer, demo_app: Flask) -> None:
    walker.put_into_cart(TEA)
    answer = walker.step1(address2="4242 4242 4242 4242")
    assert answer.status_code == 422
    assert "4242 4242" not in answer.text
    with demo_app.app_context():
        assert "4242" not in db.session.scalars(select(Cart.form)).one()


def test_whole_purchases_are_one_call(live_server: LiveServer, demo_app: Flask) -> None:
    assert buy_in_steps(live_server.url, TEA).public_id
    assert buy(live_server.url, CUP).public_id


@pytest.mark.req("R-121", "P-14")
@pytest.mark.parametrize("corrected", ["address", "payment"])
def test_what_was_corrected_in_another_tab_is_not_ordered_as_it_was(
    walker: StepsBuyer, demo_app: Flask, simulator: Simulator, corrected: str
) -> None:
    page = at_step3(walker)
    if corrected == "address":
        walker.step1(address1="千代田区千代田9-9")
    else:
        walker.step2(CASH, note="代金引換に変えました")
    answer = walker.press(page, walker.card_token(VISA, Page(page.text)))
    assert answer.public_id is None
    assert "もう一度ご確認ください" in answer.response.text
    assert (orders(demo_app), simulator.payments()) == (0, [])


@pytest.mark.req("R-107")
def test_each_checkout_places_its_own_confirmation_only(walker: StepsBuyer, demo_app: Flask) -> None:
    """STEP3 asks of the card what the one page has asked before."""
    token = Page(at_step3(walker, CASH).text).form("/checkout/place").fields["confirmation_token"]
    form = Page(walker.get("/checkout/zero").text).form("/checkout/zero/confirm")
    walker.post("/checkout/zero/place", {"csrf_token": form.fields["csrf_token"], "confirmation_token": token})
    assert orders(demo_app) == 0


@pytest.mark.one_database
@pytest.mark.req("R-111", "R-117")
def test_showing_the_courier_without_script_keeps_what_is_typed_but_no_card_number(walker: StepsBuyer) -> None:
    walker.put_into_cart(TEA)
    walker.step1()
    form = Page(walker.get("/checkout/step2").text).form("/checkout/step2")
    again = walker.post("/checkout/step2", form.fields | {"refresh": "1", "note": "夕方に"})
    assert (path_of(again), "夕方に" in again.text) == ("/checkout/step2", True)
    assert VISA not in walker.post("/checkout/step2", form.fields | {"refresh": "1", "note": VISA}).text
