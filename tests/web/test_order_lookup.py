"""ご注文の照会: a guest's order opens by the link mailed to the address on it, for half an hour, and by nothing else."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from shop.core.db import db, write
from shop.core.runtime import now
from shop.members import boxes
from shop.members.boxes import PER_RECIPIENT
from shop.members.links import PER_NETWORK
from shop.orders import lookup
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import MovableClock, mails, run_jobs
from tests.web.counter import TEA, change, count, everything_stored, number_of, path_of

#: Pages and sentences, nothing of SQL that other tests do not run on both databases.
pytestmark = pytest.mark.one_database

MAIL = "hanako@example.jp"
LINK = re.compile(r"http://\S+(/orders/lookup/link/\S+)")
PERSONAL = ("山田 花子", "千代田区千代田1-1", MAIL, "03-1234-5678", "0312345678")


@pytest.fixture
def number(shopper: Buyer) -> str:
    """An order placed by a guest, in another browser than the one that looks it up."""
    return number_of(buy(shopper.shop_url, TEA, method=CASH))


def ask(browser: Buyer, number: str, email: str = MAIL) -> requests.Response:
    fields = Page(browser.get("/orders/lookup").text).form("/orders/lookup").fields
    return browser.post("/orders/lookup", fields | {"order_number": number, "email": email})


def letters(app: Flask) -> list[tuple[str, str, str]]:
    """Recipient, subject and body of the mails with a link, oldest first."""
    run_jobs(app, "outbox")
    found = [(str(mail["To"]), str(mail["Subject"]), str(mail.get_content())) for mail in mails(app)]
    return [each for each in found if LINK.search(each[2])]


def link(app: Flask) -> str:
    found = LINK.search(letters(app)[-1][2])
    assert found
    return found[1]


def said(answer: requests.Response) -> str:
    return Page(answer.text).text


@pytest.mark.req("U-064", "T-050")
def test_the_link_in_the_mail_shows_the_order_and_nothing_else_does(shopper: Buyer, number: str, demo_app: Flask) -> None:
    asked = ask(shopper, f" {number.replace('order', 'ｏｒｄｅｒ')} ", "Hanako@Example.jp")
    assert not [word for word in PERSONAL if word in asked.text]
    (to, subject, body) = letters(demo_app)[-1]
    assert (to, number in subject, "30分以内" in body) == (MAIL, True, True)
    opened = shopper.get(link(demo_app))
    assert path_of(opened) == "/orders/found"
    assert [word for word in (number, "山田 花子 様", "千代田区千代田1-1", "商品と引き換えに") if word not in said(opened)] == []
    assert "もう一度注文する" not in said(opened)
    assert opened.headers["Cache-Control"] == "no-store"
    elsewhere = Buyer(shopper.shop_url)
    assert path_of(elsewhere.get("/orders/found")) == "/orders/lookup"
    assert count(demo_app, OutboxMail, kind="order_lookup") == 1


@pytest.mark.req("T-038")
def test_the_secret_leaves_the_address_and_stands_nowhere(shopper: Buyer, number: str, demo_app: Flask) -> None:
    ask(shopper, number)
    path = link(demo_app)
    answer = shopper.session.get(shopper.shop_url + path, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/orders/found")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert path.rpartition("/")[2] not in everything_stored(demo_app)


@pytest.mark.req("T-039", "T-050")
@pytest.mark.parametrize("wrong", ["mail", "number", "both", "draft"])
def test_the_answer_is_the_same_when_they_do_not_go_together(
    shopper: Buyer, number: str, demo_app: Flask, wrong: str
) -> None:
    fitting = ask(shopper, number)
    before = len(letters(demo_app))
    if wrong == "draft":
        with demo_app.app_context():
            order_id = db.session.scalars(select(Order.id)).one()
        tried, email = str(order_id), MAIL
    else:
        tried = number if wrong == "mail" else "order00009999"
        email = MAIL if wrong == "number" else "someone@example.jp"
    answer = ask(shopper, tried, email)
    assert (answer.status_code, answer.url) == (fitting.status_code, fitting.url)
    assert said(answer).replace(email, "*") == said(fitting).replace(MAIL, "*")
    assert len(letters(demo_app)) == before


@pytest.mark.req("T-050")
def test_a_link_opens_its_order_for_half_an_hour(
    shopper: Buyer, number: str, demo_app: Flask, clock: MovableClock
) -> None:
    ask(shopper, number)
    path = link(demo_app)
    clock.advance(29 * 60)
    assert number in said(shopper.get(path))
    clock.advance(61)
    for address in (path, "/orders/found"):
        late = shopper.get(address)
        assert path_of(late) == "/orders/lookup"
        assert "リンクの期限が切れています。" in said(late)
        assert not [word for word in (number, *PERSONAL) if word in late.text]


@pytest.mark.req("T-050")
def test_a_bent_link_opens_nothing(shopper: Buyer, number: str, demo_app: Flask) -> None:
    ask(shopper, number)
    path = link(demo_app)
    token = path.rpartition("/")[2]
    for bent in (token[:-5], token[:20] + ("A" if token[20] != "A" else "B") + token[21:], "x", "1", token[::-1], "あ" * 9):
        other = Buyer(shopper.shop_url)
        assert path_of(other.get(path.replace(token, bent))) == "/orders/lookup", bent
    with demo_app.app_context():
        order_id = db.session.scalars(select(Order.id)).one()
        assert lookup.opened(db.session(), token, now()) is not None
        sealed_elsewhere = demo_app.extensions["shop.runtime"].vault.seal({"order": order_id, "until": 2**40}, "draft")
        assert lookup.opened(db.session(), sealed_elsewhere.hex(), now()) is None


@pytest.mark.req("T-045")
def test_nobody_s_box_is_flooded(
    shopper: Buyer, number: str, demo_app: Flask, clock: MovableClock, one_network: str
) -> None:
    for _ in range(PER_NETWORK):
        assert ask(shopper, number).status_code == 200
    assert len(letters(demo_app)) == PER_RECIPIENT
    refused = ask(shopper, number)
    assert refused.status_code == 429
    assert "以降にもう一度お試しください。" in said(refused)
    assert ask(shopper, "order00009999", "someone@example.jp").status_code == 429, "whether they go together or not"
    clock.advance(31 * 60)
    assert ask(shopper, number).status_code == 200
    assert len(letters(demo_app)) == PER_RECIPIENT + 1


@pytest.mark.req("T-045", "T-091")
def test_many_orders_to_one_mailbox_are_no_way_to_flood_it(shopper: Buyer, demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has ordered for somebody else's address knows the numbers; the owner's network has a turn of its own."""
    monkeypatch.setattr(boxes, "PER_KIND", 2)
    numbers = [number_of(buy(shopper.shop_url, TEA, method=CASH)) for _ in range(4)]
    for address, asked in (("61.9.0.1", numbers), ("61.9.1.1", numbers[3:])):
        for each in asked:
            with demo_app.app_context(), write() as session:
                lookup.ask(session, each, MAIL, address, now())
    assert [subject.count(each) for each, (_to, subject, _body) in zip((*numbers[:2], numbers[3]), letters(demo_app), strict=True)] == [1] * 3


def test_an_order_in_english_is_looked_up_in_english(shopper: Buyer, number: str, demo_app: Flask) -> None:
    change(demo_app, Order.language, "en")
    ask(shopper, number)
    (_to, subject, body) = letters(demo_app)[-1]
    assert "Look at your order" in subject
    assert "for 30 minutes" in body
    form = Page(shopper.get("/orders/lookup").text).form("/language/en")
    shopper.post(form.action, form.fields)
    assert "Order number" in said(shopper.get("/orders/lookup"))


def test_what_is_missing_is_said_at_its_field(shopper: Buyer, demo_app: Flask) -> None:
    answer = ask(shopper, "", "x")
    assert answer.status_code == 422
    assert "注文番号を入力してください。" in said(answer)
    assert "「@」がありません" in said(answer)
    card = ask(shopper, "4111111111111111")
    assert "4111111111111111" not in card.text


@pytest.mark.req("U-044", "U-064")
def test_the_way_there_is_found(shopper: Buyer, demo_app: Flask) -> None:
    placed = buy(shopper.shop_url, TEA, method=CASH, buyer=shopper)
    for path in ("/", "/login", urlsplit(placed.url).path):
        assert 'href="/orders/lookup"' in re.sub(r"<footer.*", "", shopper.get(path).text, flags=re.DOTALL) or path == "/"
        assert 'href="/orders/lookup"' in shopper.get(path).text


@pytest.mark.req("U-064")
def test_a_guest_asks_to_cancel_while_the_link_shows_the_order(
    shopper: Buyer, number: str, demo_app: Flask, clock: MovableClock
) -> None:
    ask(shopper, number)
    opened = shopper.get(link(demo_app))
    way = "/orders/found/cancel"
    assert f'href="{way}"' in opened.text
    fields = Page(shopper.get(way).text).form(way).fields
    elsewhere = Buyer(shopper.shop_url)
    assert path_of(elsewhere.get(way)) == "/orders/lookup"
    assert path_of(elsewhere.post(way, elsewhere_token(elsewhere))) == "/orders/lookup"
    assert count(demo_app, OutboxMail, kind="cancel_request") == 0
    asked = shopper.post(way, fields)
    assert path_of(asked) == "/orders/found"
    assert "キャンセルのご依頼を受け付けました。ショップからの連絡をお待ちください。" in said(asked)
    assert f'href="{way}"' not in asked.text
    clock.advance(31 * 60)
    assert path_of(shopper.post(way, fields)) == "/orders/lookup"
    assert count(demo_app, OutboxMail, kind="cancel_request") == 1


def elsewhere_token(browser: Buyer) -> dict[str, str]:
    return {"csrf_token": Page(browser.get("/products").text).forms[0].fields["csrf_token"]}
