"""What must be nowhere: card numbers and tokens with us, secrets on pages, buyers in logs."""

import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from providers.installed import INSTALLED
from providers.paygent.demo import DEMO_PAYGENT_MERCHANT
from shop.checkout.models import Confirmation
from shop.core import card_numbers
from shop.core.db import db
from shop.core.runtime import runtime
from shop.orders.models import Order
from shop.payments.models import Payment
from tests.support.buying import ADDRESS, CASH, Buyer, Purchase, buy
from tests.support.pages import Page
from tests.support.products import Product, through
from tests.support.servers import LiveServer
from tests.support.shop import mails, run_jobs
from tests.support.world import Simulator
from tests.web.conftest import Traffic
from tests.web.counter import TEA, Desk, buttons, count, everything_stored, number_of

#: A number used by nobody else, authorised as every ordinary one, and its security code.
PAN, CODE = "4539148803436467", "8642"
REFUSED_PAN = "4980000000038261"
LETTERS = "CARD NUMBER HOLDER"
SECRETS = (DEMO_PAYGENT_MERCHANT.connect_password, DEMO_PAYGENT_MERCHANT.notice_hash_key, DEMO_PAYGENT_MERCHANT.threeds_hash_key)


def written(number: str) -> re.Pattern[str]:
    """The number as typed, with blanks or hyphens, or percent-encoded."""
    return re.compile(r"(?:[ \-+]|%20|%2D)?".join(number))


def card_token(shopper: Buyer, number: str = PAN) -> str:
    return shopper.card_token(number, card_cvc=CODE, card_name=LETTERS)


@pytest.fixture(params=INSTALLED, ids=[provider.code for provider in INSTALLED])
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install()
    return made


def order_with(product: Product, token: str) -> Purchase:
    """By the card of ``token``, through the issuer's page where there is one."""
    buyer = Buyer(product.shop_url)
    buyer.put_into_cart(TEA)
    return through(buyer.place(buyer.confirm(), token))


def marked_token(product: Product, number: str = PAN) -> str:
    return product.world.token(product.provider, number, cvc=CODE, name=LETTERS)


def secrets_of(product: Product) -> list[str]:
    """Of the contract, and those that the provider gave for single payments."""
    known = product.provider.practice_settings()
    found = [known[each.key] for each in product.provider.settings if each.secret and known.get(each.key)]
    with product.app.app_context():
        for payment in db.session.scalars(select(Payment).where(Payment.sealed_keys.is_not(None))):
            kept = runtime().vault.open(payment.sealed_keys or b"", f"payment:{payment.id}")["keys"]
            # Our own reference stands among them.
            found += set(re.findall(r"[0-9A-Za-z]{12,}", kept)) - {payment.merchant_ref}
    return found


def act(desk: Desk, number: str, verb: str) -> None:
    """The button of the payment box, where this product has it at this time."""
    if buttons(desk.order(number)).get(verb):
        desk.press(number, verb)


@pytest.mark.req("R-111", "T-095", "R-316")
def test_a_marked_card_is_nowhere_with_us(
    traffic: Traffic, log: io.StringIO, product: Product, desk: Desk, demo_app: Flask
) -> None:
    assert order_with(product, marked_token(product, REFUSED_PAN)).public_id is None
    token = marked_token(product)
    number = number_of(order_with(product, token))
    for page in ("", f"/orders/{number}", "/orders", "/payments/attempts"):
        desk.page(f"/admin{page}")
    act(desk, number, "capture")
    act(desk, number, "cancel")
    run_jobs(demo_app)

    places = {
        "traffic": str(traffic), "database": everything_stored(demo_app), "log": log.getvalue(),
        "mails": "\n".join(mail.as_string() for mail in mails(demo_app)),
    }  # fmt: skip
    assert token in places["traffic"], "the order post carries the token, and this test listens"
    for name, said in places.items():
        for secret in (PAN, REFUSED_PAN):
            assert not written(secret).search(said), (name, secret)
        assert LETTERS not in said, name
        assert not re.search(rf"(?<![0-9A-Za-z.]){CODE}(?![0-9A-Za-z])", said), name
    for name in ("database", "log", "mails"):
        assert token not in places[name], name


@pytest.mark.req("T-099", "R-317")
def test_no_secret_of_a_contract_or_a_payment_is_shown_stored_or_logged(
    log: io.StringIO, product: Product, desk: Desk, demo_app: Flask
) -> None:
    number = number_of(product.buy())
    hidden = secrets_of(product)
    assert hidden
    method = "/admin/settings/payment-methods/1"
    pages = [desk.press_on(desk.get(method), method, "test").text]
    act(desk, number, "capture")
    desk.refresh(number)
    act(desk, number, "cancel")
    run_jobs(demo_app)
    paths = (method, "/admin/settings/payment-methods", f"/admin/orders/{number}", "/admin/payments/attempts", "/admin/log")
    pages += [desk.get(path).text for path in paths] + [Buyer(product.shop_url).get("/checkout/zero").text]
    assert "API操作履歴" in pages[3]
    for said in (*pages, everything_stored(demo_app), log.getvalue()):
        assert not [secret for secret in hidden if secret in said]


@pytest.mark.req("R-111")
def test_the_order_post_carries_the_token_only(traffic: Traffic, shopper: Buyer) -> None:
    shopper.put_into_cart(TEA)
    token, shown = card_token(shopper), shopper.confirm()
    assert set(Page(shown.text).form("/checkout/zero/place").fields) == {
        "csrf_token", "confirmation_token", "card_token", "link_token", "card_brand",
    }  # fmt: skip
    shopper.place(shown, token)
    page = Page(shopper.put_into_cart(TEA).text)
    fields = [a for tag, a in page.elements if tag == "input" and "data-card" in a]
    assert len(fields) == 4
    assert not any("name" in a for a in fields)


@pytest.mark.req("R-111", "T-095")
def test_a_card_number_in_another_field_is_refused_there_and_forgotten(
    shopper: Buyer, demo_app: Flask, log: io.StringIO
) -> None:
    shopper.put_into_cart(TEA)
    for name in ("note", "buyer_name", "address2", "ship_name"):
        for shape in (PAN, "4539 1488 0343 6467", "4539-1488-0343-6467", "４５３９１４８８０３４３６４６７", "4539　1488　0343　6467"):
            answer = shopper.confirm(CASH, **{name: f"カード {shape} です"})
            assert answer.status_code == 422, (name, shape)
            words = Page(answer.text).text
            assert "カード番号はこの欄に入力しないでください。番号は消去しました。" in words
            assert shape not in answer.text
            kept = Page(answer.text).form("/checkout/zero/confirm").fields[name]
            assert name == "ship_name" or kept.split() == ["カード", "です"], "all else is kept – where it is not for another address"
            assert f'id="{name}-error"' in answer.text
    assert count(demo_app, Confirmation) == 0
    assert not written(PAN).search(everything_stored(demo_app) + log.getvalue())


@pytest.mark.req("R-111")
def test_a_card_number_is_known_by_any_separator(shopper: Buyer, demo_app: Flask) -> None:
    """A Japanese keyboard types full-width hyphens and long-vowel marks; others type dots."""
    shopper.put_into_cart(TEA)
    shapes = ("４５３９－１４８８－０３４３－６４６７", "4539ー1488ー0343ー6467", "4539.1488.0343.6467", "4539‐1488‐0343‐6467")
    taken = [shape for shape in shapes if shopper.confirm(CASH, note=shape).status_code != 422]
    assert not taken
    assert count(demo_app, Confirmation) == 0


@pytest.mark.req("R-111")
def test_a_card_number_in_any_other_form_is_refused(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    form = Page(shopper.confirm(CASH).text).form("/checkout/zero/place").fields
    for path in ("/cart/items", "/checkout/zero/place", "/language/en"):
        answer = shopper.post(path, form | {"card_token": PAN, "return_to": PAN, "quantity": PAN})
        assert answer.status_code == 400
        assert "カード番号のような数字が含まれていました" in Page(answer.text).text
        assert PAN not in answer.text
    assert count(demo_app, Order) == 0


@pytest.mark.req("R-316")
def test_staff_cannot_store_a_card_number_either(shopper: Buyer, desk: Desk, demo_app: Flask, log: io.StringIO) -> None:
    """A number told on the phone: memo, settings and editing refuse it beside the field; nothing else is lost."""
    shopper.put_into_cart(TEA)
    number = number_of(shopper.place(shopper.confirm(CASH)))
    answer = desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/memo", memo=f"電話で {PAN} と聞いた")
    assert answer.status_code == 422
    assert "電話で ************6467 と聞いた" in answer.text
    assert re.search(r'id="memo-error">.*?<span>カード番号は保存できません。', answer.text, re.S)
    answer = desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/memo", memo="あ" * 2001)
    assert re.search(r'id="memo-error">.*?<span>2000文字以内', answer.text, re.S)

    for path, field in (
        ("/admin/settings/deliveries/1", "lead_time"), ("/admin/settings/payment-methods/1", "note"), ("/admin/design", "logo_alt"),
    ):  # fmt: skip
        answer = desk.confirm(path, **{field: f"番号 {PAN}"})
        assert answer.status_code == 422, path
        assert re.search(rf'id="{field}-error">.*?<span>カード番号はこの欄に入力しないでください。', answer.text, re.S), path
        assert PAN not in answer.text
    assert not written(PAN).search(everything_stored(demo_app) + log.getvalue())


@pytest.mark.req("R-316")
def test_no_address_holds_a_card_number(shopper: Buyer, desk: Desk, log: io.StringIO) -> None:
    """A search for one is not made: the browser is sent to the address without it, where the field says why."""
    for field in ("reference", "number", "name"):
        answer = desk.get(f"/admin/orders?list=open&{field}=4539+1488+0343+6467")
        assert [step.status_code for step in answer.history] == [303]
        assert answer.url.endswith("/admin/orders?list=open")
        assert re.search(rf'id="{field}-error">.*?<span>カード番号はこの欄に入力しないでください。', answer.text, re.S)
        assert Page(desk.get("/admin/orders").text).text.count("カード番号") == 0, "it is said once"
    assert desk.get("/admin/orders?reference=263408240000000657").url.endswith("=263408240000000657"), "a payment's own number"
    assert shopper.get(f"/products?q={PAN}").url.endswith("/products")
    assert shopper.post(f"/cart/items?q={PAN}", {}).status_code == 400
    signed = "/pay/r/an-operation/its-token?3ds_auth_id=f9d449c6-3840-4809-9290-29ebd4f7fd06"
    assert card_numbers.present(signed)
    assert shopper.get(signed).url.endswith(signed), "signed as it stands: nothing is taken out of it"
    assert not written(PAN).search(log.getvalue())


@pytest.mark.req("T-099", "R-026")
def test_the_provider_s_secrets_are_readable_nowhere(
    shopper: Buyer, desk: Desk, demo_app: Flask, log: io.StringIO, simulator: Simulator
) -> None:
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    method = "/admin/settings/payment-methods/1"
    typed = desk.get(method)
    steps = [
        desk.press_on(typed, method, "test", account_connect_password="rotated-secret-77"),
        desk.press_on(typed, method, "confirm", account_connect_password="rotated-secret-77", name=""),
        confirmed := desk.confirm(method, account_connect_password="rotated-secret-77", name="カード"),
        desk.session.post(
            f"{desk.shop_url}{method}/revise", data=Page(confirmed.text).form(method).fields
        ),
        saved := desk.agree(confirmed, method),
    ]
    assert "支払方法を設定しました。" in Page(saved.text).text
    number_of(buy(shopper.shop_url, TEA, method=CASH))
    desk.press(number, "capture")
    run_jobs(demo_app)
    pages = [
        desk.get(path).text
        for path in (
            method, "/admin/settings/payment-methods", f"/admin/orders/{number}", "/admin/payments/attempts", "/admin/log"
        )
    ]  # fmt: skip
    pages += [shopper.get("/checkout/zero").text, *(step.text for step in steps)]
    everywhere = "\n".join([*pages, everything_stored(demo_app), log.getvalue()])
    for secret in (*SECRETS, "rotated-secret-77"):
        assert secret not in everywhere
    assert "••••••••" in pages[0]
    assert "接続ID/パスワード" in pages[4]


@pytest.mark.req("T-099")
def test_a_renewed_password_serves_the_old_order_too(
    number_after_rotation: tuple[str, Desk], simulator: Simulator
) -> None:
    number, desk = number_after_rotation
    simulator.control("paygent/merchants", connect_password="rotated-secret-77")
    assert "決済状況を更新しました。" in desk.refresh(number).text


@pytest.fixture
def number_after_rotation(shopper: Buyer, desk: Desk) -> tuple[str, Desk]:
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    desk.set_up("/admin/settings/payment-methods/1", account_connect_password="rotated-secret-77")
    return number, desk


@pytest.mark.req("T-100")
def test_the_log_holds_no_cards_tokens_or_buyers(log: io.StringIO, product: Product, desk: Desk, demo_app: Flask) -> None:
    product.fault("authenticate" if product.sends_away else "authorize", "garbage")
    tokens = [marked_token(product)]
    order_with(product, tokens[0])
    other = Buyer(product.shop_url)
    other.put_into_cart(TEA)
    other.confirm(CASH, note=PAN)
    tokens.append(marked_token(product))
    through(other.place(other.confirm(), tokens[-1]))
    other.get("/nowhere?card_number=" + PAN)
    run_jobs(demo_app)
    desk.page("/admin/payments/attempts")
    lines = log.getvalue().splitlines()
    assert lines, "something was logged"
    for line in lines:
        json.loads(line)
        assert not card_numbers.present(line), line
        assert not re.search(r"(?i)cvc|cvv|security.?code", line), line
        for private in (*tokens, *(ADDRESS[n] for n in ("buyer_name", "buyer_kana", "email", "phone", "address1")), "0312345678"):
            assert private not in line, line


@pytest.mark.req("R-317")
def test_the_timeline_shows_each_call_masked_with_its_duration(shopper: Buyer, desk: Desk, simulator: Simulator) -> None:
    shopper.put_into_cart(TEA)
    token = card_token(shopper)
    simulator.fault("slow", kind="020", seconds=0.3)
    number = number_of(shopper.place(shopper.confirm(), token))
    words = desk.order(number).text
    timeline = words[words.index("API操作履歴") :]
    took = re.search(r"通信 020 .*? ([\d,]+) ミリ秒", timeline)
    assert took
    assert int(took[1].replace(",", "")) >= 300, "the provider was slow on purpose"
    assert "connect_password" in timeline
    assert "card_token" in timeline
    for secret in (*SECRETS, token):
        assert secret not in words


def test_the_session_cookie_holds_no_typing(demo_app: Flask, client: FlaskClient) -> None:
    form = Page(client.get(f"/products/{TEA}").text).form("/cart/items")
    client.post("/cart/items", data=form.fields)
    confirm = Page(client.get("/checkout/zero").text).form("/checkout/zero/confirm")
    client.post("/checkout/zero/confirm", data=confirm.fields | ADDRESS)
    with demo_app.app_context():
        assert "hanako" in (db.session.scalar(select(Confirmation.form)) or "")
    with client.session_transaction() as session:
        chosen = session.pop("card_choice")
        assert set(session) <= {"cart", "csrf_token", "browser", "language", "attempt", "person", "coupon_tried", "_fresh"}
    assert set(chosen.values()) <= {chosen["cart"], "", "new", "stored", "1"}, "choices among ours, no words of the buyer's"
