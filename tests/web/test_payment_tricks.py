"""What a buyer – or somebody with a list of cards – tries at the payment itself: one confirmation for many cards, another cart
while it is being paid, and what a refusal gives away."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.checkout.models import CartItem
from shop.core.db import db
from shop.orders.models import Order, OrderLine
from shop.payments.guard_models import CardTry
from tests.support.buying import CARD, Buyer, buy
from tests.support.issuer import AUTHENTICATE, through
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import count_statements
from tests.support.world import VISA, Simulator
from tests.web.counter import CUP, SHIPPING_YEN, TEA, TEA_YEN, count, number_of, stock
from tests.web.test_three_ds import use

#: Rules and sentences; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

#: Refused by the issuer: every reason of one code. No good, or over its limit – and mistyped in
#: its security code, its number, its date.
REFUSED = {
    "2001": ("4980000000038261", "4980000000058202"),
    "2003": ("4980000000058244", "4980000000098265", "4980000000078283"),
}
#: Codes with one card each.
OTHERS = {"2002": "4980000000098000", "31001": "4980000000007001"}
REFUSAL = re.compile(r'<div id="refusal".*?</div>\s*</div>', re.S)
#: What differs between two visits whatever is said on them.
OF_THE_VISIT = re.compile(r'(?:value|data-public|data-confirmation)="[^"]*"')


@pytest.mark.req("S-092")
def test_one_confirmation_serves_one_card(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    """Pressed again with card after card: the first press is answered again, and the provider is asked once."""
    shopper.put_into_cart(TEA)
    shown = shopper.confirm()
    shopper.place(shown, shopper.card_token(REFUSED["2001"][0]))
    for card in (*REFUSED["2003"], VISA):
        assert shopper.place(shown, shopper.card_token(card)).public_id is None
    assert simulator.ledger()["telegrams"]["020"] == 1
    assert count(demo_app, Order) == 1
    assert count(demo_app, Order, state="placed") == 0


@pytest.mark.req("S-094", "S-098")
def test_goods_added_while_it_is_paid_wait_in_the_cart(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    """The buyer is away at the card issuer, and another tab adds goods: the order is what was confirmed, and none is lost."""
    use(demo_app)
    before = stock(demo_app)
    away = buy(shopper.shop_url, TEA, buyer=shopper)
    assert away.path.startswith("/pay/h/")
    shopper.put_into_cart(CUP)
    shopper.put_into_cart(TEA, quantity=2)
    done = through(away, AUTHENTICATE)
    assert number_of(done)
    assert "茎ほうじ茶" in done.page.text, "the page shows what was bought"
    assert [payment["amount"] for payment in simulator.payments()] == [TEA_YEN + SHIPPING_YEN]
    with demo_app.app_context():
        lines = db.session.execute(select(OrderLine.code, OrderLine.quantity)).all()
        assert db.session.scalars(select(Order.total_yen)).one() == TEA_YEN + SHIPPING_YEN
    assert [tuple(line) for line in lines] == [(TEA, 1)]
    after = stock(demo_app)
    assert {code for code in after if after[code] != before[code]} == {TEA}
    assert after[TEA][1:] == (before[TEA][1] + 1, 0)
    with demo_app.app_context():
        left = db.session.execute(select(Variant.code, CartItem.quantity).join(Variant, Variant.id == CartItem.variant_id)).all()
    assert sorted(map(tuple, left)) == [(TEA, 2), (CUP, 1)]


@pytest.mark.req("T-086")
def test_a_refusal_gives_away_its_code_and_nothing_else(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> None:
    """Decision 26: buyers see the provider's code and its sentence (R-069). Reasons under one code cannot be told apart – nor by a
    stop-watch: as many statements are run for each – and under different codes all but these two is the same: the page, its
    status, the address, the calls."""

    def refusal(card: str) -> tuple[str, tuple[str, int, str], int]:
        """What a fresh visitor is told of a card, all the rest of the answer, and how many statements it took."""
        buyer = Buyer(live_server.url)
        shown = Page(buyer.put_into_cart(TEA).text)
        token, confirmed = buyer.card_token(card, shown), buyer.confirm(CARD, shown)
        with count_statements(demo_app) as seen:
            done = buyer.place(confirmed, token)
        found = REFUSAL.search(done.response.text)
        assert found, done.page.text[:500]
        rest = OF_THE_VISIT.sub("", done.response.text.replace(found[0], ""))
        return found[0], (done.path, done.response.status_code, rest), len(seen)

    answers = {code: [refusal(card) for card in cards] for code, cards in REFUSED.items()}
    for code, same in answers.items():
        assert len({(text, statements) for text, _rest, statements in same}) == 1, code
        assert re.findall(r"<code>(.*?)</code>", same[0][0]) == [code]
    answers |= {code: [refusal(card)] for code, card in OTHERS.items()}
    every = [answer for same in answers.values() for answer in same]
    assert len({rest for _text, rest, _statements in every}) == 1
    work = [statements for _text, _rest, statements in every]
    assert max(work) - min(work) <= 2, "keeping the payment's number, where the provider gives one"
    assert len({re.sub(r"<p>.*?</p>|<code>.*?</code>", "", text) for text, _rest, _statements in every}) == 1, "around code and sentence"
    with demo_app.app_context():
        assert db.session.scalars(select(CardTry.state)).all() == ["failed"] * len(every), "counted alike"
    assert not [text for same in answers.values() for text, _rest, _statements in same if re.search("1G\\d\\d|2999", text)], "the issuer's own words"
    assert simulator.ledger()["telegrams"] == {"020": sum(len(same) for same in answers.values())}
