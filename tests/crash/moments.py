"""Prepared moments: what a scenario acts from, made once each from the base state, where a server is alive."""

from collections.abc import Callable

import requests
import sqlalchemy as sa

from providers.kept_cards import Linking
from providers.ports import Provider
from shop.orders.models import Order
from shop.payments.models import PaymentOperation
from tests.crash import buyers, products
from tests.crash.buyers import Ready
from tests.crash.stage import Died, Stage, State
from tests.support.buying import CARD, Buyer, Purchase
from tests.support.pages import Page
from tests.support.products import Request, lead
from tests.support.shop import OWNER, OWNER_PASSWORD
from tests.support.world import world_code

#: Past the time a caller is believed to be at work, a request may be on its way, and units are held. Seconds.
CALL_OVER, ABSENT_OVER, HOLD_OVER = 50.0, 180.0, 20 * 60.0
#: Where a buyer is led who is to go to the issuer's page.
_HOP = "/pay/h/"

Prepare = Callable[[Stage], State]


def rehearsed(stage: Stage) -> State:
    """The demo shop; every server knows the pages already."""
    untouched = stage.freeze("untouched", stage.browser())
    stage.world.calm()
    with stage.rehearsal():
        _rehearse(stage)
    return untouched


def base(stage: Stage, untouched: State, product: Provider) -> State:
    """The demo shop with this product, its notice address registered, nothing sold yet."""
    browser = stage.resume(untouched)
    stage.product = product
    address = stage.ask(f"install/{product.code}")
    stage.world.switch("register", provider=world_code(product), push_url=f"{stage.url}{address}")
    return stage.freeze(f"base_{product.code}", browser)


def _rehearse(stage: Stage) -> None:
    """One order through everything that is killed later: found out, changed, captured, refunded, told by notices."""
    ready = buyers.on_one_page(stage)
    stage.fault("authorize")
    stage.press(ready.browser, ready.path, ready.fields)
    stage.advance(CALL_OVER)
    stage.ask("sweep")
    _raise_total(stage)
    for verb in ("update", "capture", "cancel"):
        stage.press(*_go_to_desk(stage, verb))
    _rehearse_members(stage)
    stage.ask("job/poll_notices")
    stage.ask("sweep")


def _rehearse_members(stage: Stage) -> None:
    """Two become members' orders: in steps with 会員登録, and with another card, whose registration is found out."""
    buyers.set_card_method(stage, linking=Linking.ALWAYS)
    _press(stage, buyers.at_step3(stage, linking=True, email="kaede@example.jp", **buyers.JOIN))
    other = buyers.on_one_page(stage, card=buyers.OTHER_CARD, browser=buyers.member_with_card(stage), linking=True)
    stage.ask("sweep")
    stage.fault("store")
    _press(stage, other)
    stage.ask("job/dispatch_cards")
    stage.advance(CALL_OVER)


def confirmed(method: str = CARD, *, capture: bool = False, secure: bool = False) -> Prepare:
    """A buyer with two pieces in the cart looks at the confirmation, the card token at hand."""

    def prepare(stage: Stage) -> State:
        buyers.set_card_method(stage, capture=capture, secure=secure)
        return _ready(stage, buyers.on_one_page(stage, method))

    return prepare


def registering_in_steps(stage: Stage) -> State:
    """A guest at STEP3 becomes a member with the order, and the card is to be linked with it; 同時売上."""
    buyers.set_card_method(stage, capture=True, linking=Linking.ALWAYS)
    return _ready(stage, buyers.at_step3(stage, linking=True, **buyers.JOIN))


def changing_the_card(stage: Stage) -> State:
    """A member with a card is at STEP3 of an order by another one, which is to take its place; with 3-D Secure where there is any."""
    buyers.set_card_method(stage, secure=True, linking=Linking.ALWAYS)
    member = buyers.member_with_card(stage)
    return _ready(stage, buyers.at_step3(stage, buyers.OTHER_CARD, member, linking=True))


def taking_the_card_away(stage: Stage) -> State:
    """A member with a card confirmed an order by it that leaves none behind (12-3)."""
    member = buyers.member_with_card(stage)
    buyers.set_card_method(stage, linking=Linking.NEVER)
    return _ready(stage, buyers.on_one_page(stage, browser=member))


def at_the_card_page(stage: Stage) -> State:
    """A member with a card has typed another one in マイページ."""
    return _ready(stage, buyers.with_another_card_typed(stage, buyers.member_with_card(stage)))


def _ready(stage: Stage, ready: Ready) -> State:
    return stage.freeze("confirmed", ready.browser, ready.path, ready.fields)


def _press(stage: Stage, ready: Ready) -> None:
    stage.press(ready.browser, ready.path, ready.fields)
    through_issuer(stage, ready.browser)
    assert "/complete" in stage.told[-1]


def placed(stage: Stage, *, capture: bool = False) -> State:
    """A card order stands; its mails are promised and not sent."""
    buyer = stage.resume(state := confirmed(capture=capture)(stage))
    _press(stage, Ready(buyer, state.path, state.fields))
    return stage.freeze("placed", buyer)


def at_the_desk(verb: str, *, captured: bool = False) -> Prepare:
    """The shopkeeper looks at the question whether to ``verb`` a card order."""

    def prepare(stage: Stage) -> State:
        stage.resume(placed(stage, capture=captured))
        return stage.freeze("at_the_desk", *_go_to_desk(stage, verb))

    return prepare


def edited(stage: Stage) -> State:
    """The order's total was raised by 編集モード; the shopkeeper looks at the question of 取引更新."""
    stage.resume(placed(stage))
    _raise_total(stage)
    return stage.freeze("edited", *_go_to_desk(stage, "update"))


def _raise_total(stage: Stage) -> None:
    more = {"shipping_yen": Order.shipping_yen + 100, "total_yen": Order.total_yen + 100, "version": 2}
    stage.change(sa.update(Order).values(more))


def _go_to_desk(stage: Stage, verb: str) -> tuple[requests.Session, str, dict[str, str]]:
    staff = stage.browser()
    login = Page(staff.get(f"{stage.url}/admin/login").text).form("/admin/login")
    stage.press(staff, "/admin/login", login.fields | {"login": OWNER, "password": OWNER_PASSWORD})
    (order,) = stage.rows(Order)
    path = f"/admin/orders/{order.number}/payment/{verb}"
    return staff, path, Page(staff.get(f"{stage.url}{path}").text).form(path).fields


def answer_lost(stage: Stage) -> State:
    """The provider authorised, its answer got lost, the buyer waits on the pending page."""
    buyer = stage.resume(state := confirmed()(stage))
    stage.fault("authorize")
    assert "/checkout/pending" in stage.press(buyer, state.path, state.fields)
    return stage.freeze("answer_lost", buyer)


def never_sent(stage: Stage) -> State:
    """Killed between the written intention and the first byte: an order – where cards are kept, of a member by another card than
    the one kept, which it would have replaced."""
    buyers.set_card_method(stage, linking=Linking.ALWAYS)
    if products.keeps_cards(stage.product):
        member = buyers.member_with_card(stage)
        state = _ready(stage, buyers.on_one_page(stage, card=buyers.OTHER_CARD, browser=member, linking=True))
    else:
        state = _ready(stage, buyers.on_one_page(stage))
    buyer = stage.resume(state)
    stage.ask("arm/0")
    stage.press(buyer, state.path, state.fields)
    fatal = next(n for n, point in enumerate(stage.points(), 1) if point.endswith("| before sending"))
    buyer = stage.resume(state)
    stage.ask(f"arm/{fatal}")
    try:
        stage.press(buyer, state.path, state.fields)
    except Died:
        stage.reap()
    return stage.freeze("never_sent", buyer)


def believed_absent(stage: Stage) -> State:
    """The attempt has lapsed and the buyer was told so – and now the authorisation arrives at the provider after all."""
    buyer = stage.resume(never_sent(stage))
    for passing in (CALL_OVER, ABSENT_OVER):
        stage.advance(passing)
        stage.ask("sweep")
    (order,), (operation,) = stage.rows(Order), stage.rows(PaymentOperation)
    assert (order.state, operation.state) == ("lapsed", "absent")
    stage.world.authorise(stage.product, operation.merchant_ref, operation.amount_yen)
    return stage.freeze("believed_absent", buyer)


def through_issuer(stage: Stage, browser: requests.Session) -> None:
    if stage.told[-1].startswith(_HOP):
        stage.send(browser, to_issuer(stage, browser))


def to_issuer(stage: Stage, browser: requests.Session) -> Request:
    """The buyer authenticates there; what leads back to the shop, not yet sent."""
    return lead(Purchase(Buyer(stage.url), stage.look(browser, stage.told[-1])))
