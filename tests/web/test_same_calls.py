"""What a card costs in calls to the provider: a linked one the very calls of a guest's, a card being linked exactly one more – and
where another was linked before, the one that deletes it."""

import json
from collections.abc import Callable

import pytest
from flask import Flask

from shop.payments.models import PaymentMethod
from tests.support.buying import Purchase, StepsBuyer
from tests.support.issuer import FRICTIONLESS, through
from tests.support.members import join
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, change, number_of
from tests.web.test_my_cards import CardHolder, kept

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

#: What any card order takes, with 本人認証 and without.
AUTHENTICATED, PLAIN = ["450", "020"], ["020"]


class Walker(CardHolder, StepsBuyer):
    """Who may take either cart: a member once logged in, till then anybody."""

    def order(self, cart: str, *, stored: bool = False, **typed: str) -> Purchase:
        """Buy in ``cart``, by the linked card or by a new one with all the tokens its page makes."""
        self.put_into_cart(TEA)
        if cart == "steps":
            self.step1(**typed)
            page = Page((step3 := self.step2()).text)
            tokens = {} if stored else self.tokens(page)
            return self.press(step3, **self.source(stored), **tokens)
        page, _ = self.checkout_form()
        confirmation = self.confirm("card", page, **self.source(stored), **typed)
        form = Page(confirmation.text).form("/checkout/zero/place")
        tokens = {} if stored else self.tokens(page, joining="register_member" in typed)
        return Purchase(self, self.post(form.action, form.fields | tokens))

    def source(self, stored: bool) -> dict[str, str]:
        return {"card_source": "stored" if stored else "new"}

    def tokens(self, page: Page, *, joining: bool = False) -> dict[str, str]:
        """As the script makes them: a second one only where the page asks for it, or where 会員登録 is ticked."""
        made = {"card_token": self.card_token(FRICTIONLESS, page), "card_brand": "Visa"}
        links = {"always": True, "register": joining}.get(page.having("data-card-panel")["data-link"], False)
        return made | ({"link_token": self.card_token(FRICTIONLESS, page)} if links else {})


BOTH_CARTS = pytest.mark.parametrize("cart", ["zero", "steps"])
Calls = Callable[[Callable[[], Purchase]], list[str]]


@pytest.fixture(params=[False, True], ids=["plain", "3-D Secure"])
def secured(request: pytest.FixtureRequest, demo_app: Flask) -> bool:
    """Every card is linked, with 本人認証 or without."""
    options = {"card_linking": "always", "use_3ds": str(int(request.param)), "attempt_control": "low"}
    change(demo_app, PaymentMethod.options, json.dumps(options), kind="card")
    return bool(request.param)


@pytest.fixture
def calls(secured: bool, demo_app: Flask, simulator: Simulator) -> Calls:
    """What the provider is asked for a purchase and all that follows it."""

    def made(buy: Callable[[], Purchase]) -> list[str]:
        before = len(simulator.ledger()["requests"])
        purchase = buy()
        number_of(through(purchase) if secured else purchase)
        for _ in range(2):  # what follows from what was done in the first round
            run_jobs(demo_app)
        return [each["kind"] for each in simulator.ledger()["requests"][before:]]

    return made


@pytest.mark.req("R-130", "R-150")
@BOTH_CARTS
def test_linking_takes_one_call_more_and_a_linked_card_none(
    cart: str, secured: bool, calls: Calls, live_server: LiveServer, demo_app: Flask, simulator: Simulator
) -> None:
    guest, member = Walker(live_server.url), Walker(live_server.url)
    join(member, demo_app).log_in()
    as_any = AUTHENTICATED if secured else PLAIN
    assert calls(lambda: guest.order(cart)) == as_any
    assert calls(lambda: member.order(cart)) == [*as_any, "025"]
    assert calls(lambda: member.order(cart, stored=True)) == as_any
    assert kept(simulator) == [FRICTIONLESS[-4:]]
    shown = f"Visa 下4桁 *****{FRICTIONLESS[-4:]}"
    mine = [link["href"] for link in member.page("/mypage/orders").find("a", class_="order-row")]
    assert len(mine) == 2
    assert all(shown in member.page(each).text for each in mine), "as the checkout has shown it, whether the provider names it or not"
    assert calls(lambda: member.order(cart)) == [*as_any, "025", "026"], "the one before goes once the new one is there"


@pytest.mark.req("R-150", "R-272")
@BOTH_CARTS
def test_who_registers_with_the_order_costs_what_a_member_does(cart: str, secured: bool, calls: Calls, live_server: LiveServer) -> None:
    joining = Walker(live_server.url)
    made = calls(lambda: joining.order(cart, register_member="y", login_id="Hanako.77", new_password="tsuki-no-wa-77"))
    assert made == [*(AUTHENTICATED if secured else PLAIN), "025"]
