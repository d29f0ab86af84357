"""What is killed: each scenario prepares a moment once, and then acts from it as often as there are points."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
import sqlalchemy as sa

from shop.orders.models import Order
from shop.payments.models import PaymentOperation, ProviderAccount
from tests.crash import buyers
from tests.crash.buyers import Ready
from tests.crash.stage import Died, Stage, State
from tests.support.buying import CARD, CASH, Buyer, Purchase
from tests.support.issuer import FRICTIONLESS, way_back
from tests.support.pages import Page
from tests.support.shop import OWNER, OWNER_PASSWORD

#: Past the time a caller is believed to be at work, a request may be on its way, and units are held. Seconds.
CALL_OVER, ABSENT_OVER, HOLD_OVER = 50.0, 180.0, 20 * 60.0

Prepare = Callable[[Stage], State]
Act = Callable[[Stage, requests.Session, State], None]


@dataclass(frozen=True)
class Scenario:
    """``prepare`` makes a moment from the base state, where a server is alive; ``act`` may be killed anywhere."""

    name: str
    prepare: Prepare
    act: Act
    #: How the order and its money end when nobody is killed; nothing may "agree" by never happening. ``None``: there is none.
    ends: tuple[str, str] | None
    #: Two threads are at work, so the points may come in another order each time.
    concurrent: bool = False
    #: The first point at which this is not the scenario it varies: at those before, that one has been killed.
    varies_from: str = ""
    #: Also the short form kills at all its points, those included that leave nothing new behind.
    shows_all: bool = False


def base(stage: Stage) -> State:
    """The demo shop, its notice address registered, nothing sold yet; every server knows the pages already."""
    untouched = stage.freeze("untouched", stage.browser())
    stage.provider.calm()
    with stage.rehearsal():
        _rehearse(stage)
    stage.thaw(untouched)
    (account,) = stage.rows(ProviderAccount)
    stage.provider.register(f"{stage.url}/pay/n/{account.key}")
    return stage.freeze("base", stage.browser())


def _rehearse(stage: Stage) -> None:
    """One order through everything that is killed later: found out, changed, captured, refunded, told by notices."""
    ready = buyers.on_one_page(stage)
    stage.provider.switch("faults", kind="020", mode="reset", phase="after")
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
    buyers.set_card_method(stage, linking="always")
    _press(stage, buyers.at_step3(stage, linking=True, email="kaede@example.jp", **buyers.JOIN))
    other = buyers.on_one_page(stage, card=buyers.OTHER_CARD, browser=buyers.member_with_card(stage), linking=True)
    stage.ask("sweep")
    stage.provider.switch("faults", kind="025", mode="reset", phase="after")
    _press(stage, other)
    stage.ask("job/dispatch_cards")
    stage.advance(CALL_OVER)


# ---- prepared moments -----------------------------------------------------------------------------------------------


def confirmed(method: str = CARD, *, capture: bool = False) -> Prepare:
    """A buyer with two pieces in the cart looks at the confirmation, the card token at hand."""

    def prepare(stage: Stage) -> State:
        buyers.set_card_method(stage, capture=capture)
        return _ready(stage, buyers.on_one_page(stage, method))

    return prepare


def registering_in_steps(stage: Stage) -> State:
    """A guest at STEP3 becomes a member with the order, and the card is to be linked with it; 同時売上."""
    buyers.set_card_method(stage, capture=True, linking="always")
    return _ready(stage, buyers.at_step3(stage, linking=True, **buyers.JOIN))


def changing_the_card(stage: Stage) -> State:
    """A member with a card is at STEP3 of an order by another one, which is to take its place; 3-D Secure."""
    buyers.set_card_method(stage, secure=True, linking="always")
    member = buyers.member_with_card(stage)
    return _ready(stage, buyers.at_step3(stage, FRICTIONLESS, member, linking=True))


def taking_the_card_away(stage: Stage) -> State:
    """A member with a card confirmed an order by it that leaves none behind (12-3)."""
    member = buyers.member_with_card(stage)
    buyers.set_card_method(stage, linking="never")
    return _ready(stage, buyers.on_one_page(stage, browser=member))


def at_the_card_page(stage: Stage) -> State:
    """A member with a card has typed another one in マイページ."""
    return _ready(stage, buyers.with_another_card_typed(stage, buyers.member_with_card(stage)))


def _ready(stage: Stage, ready: Ready) -> State:
    return stage.freeze("confirmed", ready.browser, ready.path, ready.fields)


def _press(stage: Stage, ready: Ready) -> None:
    assert "/complete" in stage.press(ready.browser, ready.path, ready.fields)


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
    stage.provider.switch("faults", kind="020", mode="reset", phase="after")
    assert "/checkout/pending" in stage.press(buyer, state.path, state.fields)
    return stage.freeze("answer_lost", buyer)


def never_sent(stage: Stage) -> State:
    """Killed between the written intention and the first byte: the order of a member by another card than the one kept, which
    it would have replaced."""
    buyers.set_card_method(stage, linking="always")
    member = buyers.member_with_card(stage)
    state = _ready(stage, buyers.on_one_page(stage, card=buyers.OTHER_CARD, browser=member, linking=True))
    buyer = stage.resume(state)
    stage.ask("arm/0")
    stage.press(buyer, state.path, state.fields)
    fatal = stage.points().index("telegram 020 | before sending") + 1
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
    stage.provider.authorise(operation.merchant_ref, operation.amount_yen)
    return stage.freeze("believed_absent", buyer)


# ---- acts -----------------------------------------------------------------------------------------------------------


def press(stage: Stage, browser: requests.Session, state: State) -> None:
    """注文する, or the button at the desk."""
    stage.press(browser, state.path, state.fields)


def press_and_authenticate(stage: Stage, browser: requests.Session, state: State) -> None:
    """注文する, over the issuer's page, and back."""
    away = stage.look(browser, stage.press(browser, state.path, state.fields))
    stage.look(browser, way_back(Purchase(Buyer(stage.url), away)))


def press_losing(kind: str) -> Act:
    """The answer to the telegram gets lost; the reconciler finds out."""

    def act(stage: Stage, browser: requests.Session, state: State) -> None:
        stage.provider.switch("faults", kind=kind, mode="reset", phase="after")
        press(stage, browser, state)
        stage.advance(CALL_OVER)
        stage.ask("job/reconcile")

    return act


def press_and_link(stage: Stage, browser: requests.Session, state: State) -> None:
    """The order stands, its card is registered, the one it replaces – or takes away – is removed."""
    press(stage, browser, state)
    stage.ask("job/dispatch_cards")
    stage.ask("job/dispatch_cards")


def authenticate_and_link(stage: Stage, browser: requests.Session, state: State) -> None:
    """The same over the issuer's page."""
    press_and_authenticate(stage, browser, state)
    stage.ask("job/dispatch_cards")
    stage.ask("job/dispatch_cards")


def authenticate_and_link_losing(stage: Stage, browser: requests.Session, state: State) -> None:
    """The answer to the registration gets lost; the reconciler finds the card by asking what is kept."""
    stage.provider.switch("faults", kind="025", mode="reset", phase="after")
    press_and_authenticate(stage, browser, state)
    stage.ask("job/dispatch_cards")
    stage.advance(CALL_OVER)
    stage.ask("job/reconcile_cards")
    stage.ask("job/dispatch_cards")


def change_and_remove(stage: Stage, browser: requests.Session, state: State) -> None:
    """変更, which removes the first card, and then 削除."""
    press(stage, browser, state)
    stage.press(browser, state.path.replace("/form", "/remove"), state.fields)


def press_overtaken(stage: Stage, browser: requests.Session, state: State) -> None:
    """The notification comes before the answer."""
    stage.provider.switch("notices", mode="before_answer")
    press(stage, browser, state)
    stage.ask("idle")


def pushed(stage: Stage, _browser: requests.Session, _state: State) -> None:
    """The provider lets its notices go."""
    stage.provider.switch("notices", release=True)
    while stage.provider.working():
        time.sleep(0.005)
        stage.ask("idle")
    stage.ask("idle")


def pushed_too_late(stage: Stage, browser: requests.Session, state: State) -> None:
    """… and what the shop finds must be undone; of the mails about it "outbox" knows more."""
    pushed(stage, browser, state)
    stage.ask("job/dispatch")


def mails_sent(stage: Stage, _browser: requests.Session, _state: State) -> None:
    stage.ask("job/outbox")


def found_absent(stage: Stage, _browser: requests.Session, _state: State) -> None:
    """The reconciler asks, waits, asks again, and lets the attempt lapse."""
    for passing in (CALL_OVER, ABSENT_OVER):
        stage.advance(passing)
        stage.ask("job/reconcile")
    stage.ask("job/outbox")


def hold_ended(stage: Stage, _browser: requests.Session, _state: State) -> None:
    """The provider is silent until the hold is over; then it shows an authorisation."""
    stage.provider.switch("faults", kind="094", mode="http_500", times=None)
    stage.advance(HOLD_OVER)
    stage.ask("job/release_holds")
    stage.provider.switch("faults", clear=True)
    stage.advance(CALL_OVER)
    stage.ask("job/reconcile")


SCENARIOS = (
    Scenario("place card", confirmed(), press, ("placed", "authorized"), shows_all=True),
    Scenario("place card in steps, registering, captured at once", registering_in_steps, press_and_link, ("placed", "captured")),
    Scenario("place cash on delivery", confirmed(CASH), press, ("placed", "created")),
    Scenario("place, answer lost", confirmed(), press_losing("020"), ("placed", "authorized"), varies_from="telegram 020 | sent"),
    Scenario("place, notice before answer", confirmed(), press_overtaken, ("placed", "authorized"), concurrent=True),
    Scenario("notice of an unknown payment", answer_lost, pushed, ("placed", "authorized"), concurrent=True, shows_all=True),
    Scenario("capture", at_the_desk("capture"), press, ("placed", "captured")),
    Scenario("capture, answer lost", at_the_desk("capture"), press_losing("022"), ("placed", "captured"), varies_from="telegram 022 | sent"),
    Scenario("cancel before capture", at_the_desk("cancel"), press, ("placed", "voided")),
    Scenario("refund after capture", at_the_desk("cancel", captured=True), press, ("placed", "refunded")),
    Scenario("amount change", edited, press, ("placed", "authorized")),
    Scenario("amount change, answer lost", edited, press_losing("020"), ("placed", "authorized"), varies_from="telegram 020 | sent"),
    Scenario("amount change, answer of the void lost", edited, press_losing("021"), ("placed", "authorized"), varies_from="telegram 021 | sent"),
    Scenario("another card in steps, authenticated", changing_the_card, authenticate_and_link, ("placed", "authorized")),
    Scenario("another card, answer lost", changing_the_card, authenticate_and_link_losing, ("placed", "authorized"), varies_from="telegram 025 | sent"),
    Scenario("an order takes the card away", taking_the_card_away, press_and_link, ("placed", "authorized"), varies_from="telegram 020 | answer received"),
    Scenario("the card page", at_the_card_page, change_and_remove, None),
    Scenario("outbox", placed, mails_sent, ("placed", "authorized"), shows_all=True),
    Scenario("reconcile what never left", never_sent, found_absent, ("lapsed", "created")),
    Scenario("hold ends before the answer", answer_lost, hold_ended, ("placed", "authorized")),
    Scenario("approval too late", believed_absent, pushed_too_late, ("lapsed", "voided"), concurrent=True),
)
