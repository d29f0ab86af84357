"""Cards kept for members, on every installed product that keeps any: the table of クレジットカード紐づけ設定 in both carts, and
ご登録カード管理. What is really kept is the practice provider's word."""

import pytest
from flask import Flask
from sqlalchemy import select

from providers.installed import INSTALLED
from shop.core.db import db
from shop.payments.cards.models import CardOperation, StoredCard
from tests.support.buying import ADDRESS, Purchase, StepsBuyer, method_id
from tests.support.members import Member, join
from tests.support.pages import Page
from tests.support.products import Product, through
from tests.support.servers import LiveServer
from tests.support.shop import MovableClock, run_jobs
from tests.support.turns import Turns
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA

#: Pages and wires; what services store and lock is tried on both databases by their own tests.
pytestmark = pytest.mark.one_database
JCB, REFUSED = "3530111333300000", "4980000000058202"
KEEPING = Turns((provider for provider in INSTALLED if provider.capabilities.tokens_to_link), name=lambda each: each.code)
ALWAYS, ASK, NEVER = "always", "ask", "never"
STORED = "ご登録のクレジットカードで購入する"
#: Which cart it is depends on no product.
FLOWS = ("zero", "steps")
LATE = 200.0


class Holder(Member):
    """A member who buys in one of the two carts and manages their card."""

    product: Product
    flow = "zero"

    @property
    def path(self) -> str:
        return f"/mypage/cards/{self.product.account_id}"

    def register(self, number: str = VISA) -> Page:
        page = Page(self.get(f"{self.path}/form").text)
        form = page.form(f"{self.path}/form")
        # The brand that the page's script makes out of the number, for a provider that names none.
        typed = {"card_token": self.card_token(number, page), "card_brand": "Visa" if number == VISA else "JCB"}
        return Page(self.post(form.action, form.fields | typed).text)

    def remove(self) -> Page:
        form = Page(self.get(f"{self.path}/remove").text).form(f"{self.path}/remove")
        return Page(self.post(form.action, form.fields).text)

    def card_page(self) -> Page:
        """Where the cart asks for the card, with goods in it."""
        self.put_into_cart(TEA)
        return Page(self._steps().step2().text) if self.flow == "steps" else Page(self.get("/checkout/zero").text)

    def order(self, number: str = VISA, *, source: str = "new", keep: bool | None = None) -> Purchase:
        """Order with a new card – two tokens, as the page makes them where a card may be kept – or with the linked one."""
        page = self.card_page()
        choice = {"card_source": source}
        tokens = {name: self.card_token(number, page) for name in ("card_token", "link_token")} if source == "new" else {}
        if self.flow == "steps":
            form = page.form("/checkout/place")
            made = Purchase(self, self.post("/checkout/place", _kept(form.fields | choice | tokens, keep)))
        else:
            asked = page.form("/checkout/zero/confirm")
            typed = asked.fields | ADDRESS | {"payment_method_id": method_id(page, asked, "card")} | choice
            shown = self.post("/checkout/zero/confirm", _kept(typed, keep))
            form = Page(shown.text).form("/checkout/zero/place")
            made = Purchase(self, self.post("/checkout/zero/place", form.fields | {"card_token": "", **tokens}))
        return through(made)

    def _steps(self) -> StepsBuyer:
        buyer = StepsBuyer(self.shop_url)
        buyer.session = self.session
        buyer.step1()
        return buyer


def _kept(fields: dict[str, str], keep: bool | None) -> dict[str, str]:
    """The check box, as a browser sends it: ticked, or not at all."""
    rest = {name: value for name, value in fields.items() if name != "keep_card"}
    return fields if keep is None else rest | ({"keep_card": "1"} if keep else {})


@pytest.fixture
def product(request: pytest.FixtureRequest, demo_app: Flask, simulator: Simulator, live_server: LiveServer) -> Product:
    made = Product(request.param, demo_app, simulator, live_server.url)
    made.install(card_linking=ALWAYS)
    return made


@pytest.fixture
def holder(product: Product, demo_app: Flask, live_server: LiveServer) -> Holder:
    made = Holder(live_server.url)
    made.product = product
    join(made, demo_app)
    made.log_in()
    return made


def kept(product: Product) -> list[str]:
    """Last digits of the cards that are kept there."""
    return [card["last_four"] for card in product.cards() if card["alive"]]


def linked(app: Flask) -> list[str]:
    """Last digits of the cards that are linked here."""
    with app.app_context():
        return list(db.session.scalars(select(StoredCard.last_four)))


def agree(product: Product, app: Flask, clock: MovableClock) -> list[str]:
    """After the jobs: what is kept there is what is linked here."""
    for _ in range(2):  # what follows from what was done in the first round
        run_jobs(app)
        clock.advance(1)
    assert kept(product) == linked(app)
    return kept(product)


@pytest.mark.req("R-129", "R-130", "R-138")
@KEEPING.pairs("flow", FLOWS)
def test_12_1_links_every_card(product: Product, holder: Holder, demo_app: Flask, clock: MovableClock, flow: str) -> None:
    holder.flow = flow
    assert STORED not in holder.card_page().text
    assert holder.order().public_id
    assert agree(product, demo_app, clock) == ["1111"]
    assert STORED in holder.card_page().text
    assert holder.order(JCB).public_id
    assert agree(product, demo_app, clock) == ["0000"]
    assert holder.order(source="stored").public_id
    assert agree(product, demo_app, clock) == ["0000"]
    assert len(product.held()) == 3


@pytest.mark.req("R-127", "R-128")
@KEEPING.every()
def test_the_linked_card_and_another_one_are_offered_in_the_words_of_the_guide(product: Product, holder: Holder) -> None:
    holder.register()
    for flow, other in (("zero", "ご登録のクレジットカードを変更して購入する"), ("steps", "新しいクレジットカードで購入する")):
        holder.flow = flow
        words = holder.card_page().text
        assert f"{STORED} Visa 下4桁 *****1111" in words
        assert other in words


@pytest.mark.req("R-131", "R-132")
@KEEPING.pairs("flow", FLOWS)
def test_12_2_asks(product: Product, holder: Holder, demo_app: Flask, clock: MovableClock, flow: str) -> None:
    product.set(card_linking=ASK)
    holder.flow = flow
    assert holder.order(keep=False).public_id
    assert agree(product, demo_app, clock) == []
    assert holder.order(keep=True).public_id
    assert agree(product, demo_app, clock) == ["1111"]
    assert holder.order(source="stored", keep=False).public_id
    assert agree(product, demo_app, clock) == []


@pytest.mark.req("R-133", "R-134", "R-139")
@KEEPING.pairs("flow", FLOWS)
def test_12_3_leaves_none(product: Product, holder: Holder, demo_app: Flask, clock: MovableClock, flow: str) -> None:
    holder.register()
    product.set(card_linking=NEVER)
    holder.flow = flow
    page = holder.card_page()
    assert STORED in page.text
    assert "ご登録のカードは削除されます" in page.text
    assert holder.order(source="stored").public_id
    assert agree(product, demo_app, clock) == []
    assert STORED not in holder.card_page().text


@pytest.mark.req("R-136")
@KEEPING.pairs("flow", FLOWS)
def test_a_failed_order_changes_no_link(product: Product, holder: Holder, demo_app: Flask, clock: MovableClock, flow: str) -> None:
    holder.register()
    holder.flow = flow
    assert holder.order(REFUSED).public_id is None
    assert agree(product, demo_app, clock) == ["1111"]
    assert product.held() == []


@pytest.mark.req("R-137")
@KEEPING.every()
def test_registering_another_card_replaces_it(product: Product, holder: Holder, demo_app: Flask, clock: MovableClock) -> None:
    holder.register()
    assert agree(product, demo_app, clock) == ["1111"]
    assert "カード変更が完了しました" in holder.register(JCB).text
    assert agree(product, demo_app, clock) == ["0000"]
    assert "ご登録のクレジットカードはありません。" in holder.remove().text
    assert agree(product, demo_app, clock) == []
    assert product.payments() == [], "registering authorizes nothing"


@pytest.mark.req("R-140")
@KEEPING.pairs("flow", FLOWS)
def test_a_card_that_vanished_asks_for_another(product: Product, holder: Holder, demo_app: Flask, flow: str) -> None:
    holder.register()
    holder.flow = flow
    product.vanish()
    refused = holder.order(source="stored")
    assert refused.public_id is None
    assert "ご登録のクレジットカードは、決済代行会社での登録がなくなっていました" in refused.page.text
    assert linked(demo_app) == []
    assert STORED not in holder.card_page().text


@KEEPING.pairs("phase", ["before", "after"])
@pytest.mark.parametrize("verb", ["store", "remove"])
def test_a_lost_answer_about_a_card_is_found_out(
    product: Product, holder: Holder, demo_app: Flask, clock: MovableClock, verb: str, phase: str
) -> None:
    if verb == "remove":
        holder.register()
    product.fault(verb, phase=phase)
    _page = holder.register() if verb == "store" else holder.remove()
    for _ in range(4):
        clock.advance(LATE)
        run_jobs(demo_app)
    agree(product, demo_app, clock)
    with demo_app.app_context():
        assert db.session.scalar(select(CardOperation.id).where(CardOperation.state.in_(("sent", "unknown", "intended")))) is None
