"""What is done from a prepared moment, and killed anywhere on the way."""

import time
from collections.abc import Callable

import requests

from tests.crash.moments import ABSENT_OVER, CALL_OVER, HOLD_OVER, through_issuer, to_issuer
from tests.crash.stage import Stage, State

Act = Callable[[Stage, requests.Session, State], None]

#: By which an amount change asks for the new amount, whatever the provider calls it.
RENEWING = ("authorize", "reauthorize", "change")


def press(stage: Stage, browser: requests.Session, state: State) -> None:
    """注文する, over the issuer's page if it leads there, or the button at the desk."""
    stage.press(browser, state.path, state.fields)
    through_issuer(stage, browser)


def press_losing(*verbs: str) -> Act:
    """The answer of the provider gets lost; the reconciler finds out."""

    def act(stage: Stage, browser: requests.Session, state: State) -> None:
        stage.fault(*verbs)
        press(stage, browser, state)
        stage.advance(CALL_OVER)
        stage.ask("job/reconcile")

    return act


def press_and_link(stage: Stage, browser: requests.Session, state: State) -> None:
    """The order stands, its card is registered, the one it replaces – or takes away – is removed."""
    press(stage, browser, state)
    stage.ask("job/dispatch_cards")
    stage.ask("job/dispatch_cards")


def press_and_link_losing(stage: Stage, browser: requests.Session, state: State) -> None:
    """The answer to the registration gets lost; the reconciler finds the card by asking what is kept."""
    # The member's first registration shows how many requests this product makes of one; the last of them keeps the card.
    needed = sum(call["verb"] == "store" for call in stage.books()["calls"])
    if needed > 1:
        stage.fault("store", mode="slow", seconds=0, times=needed - 1)
    stage.fault("store")
    press(stage, browser, state)
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
    stage.world.switch("notices", mode="before_answer")
    press(stage, browser, state)
    stage.ask("idle")


def pushed(stage: Stage, _browser: requests.Session, _state: State) -> None:
    """The provider lets its notices go."""
    stage.world.switch("notices", release=True)
    while stage.books()["busy"]:
        time.sleep(0.005)
        stage.ask("idle")
    stage.ask("idle")


def pushed_too_late(stage: Stage, browser: requests.Session, state: State) -> None:
    """… and what the shop finds must be undone; of the mails about it "outbox" knows more."""
    pushed(stage, browser, state)
    stage.ask("job/dispatch")


def told_before_the_return(stage: Stage, browser: requests.Session, state: State) -> None:
    """The provider authorises while the buyer is away and says so before they are back."""
    stage.press(browser, state.path, state.fields)
    back = to_issuer(stage, browser)
    pushed(stage, browser, state)
    stage.send(browser, back)


def never_back(stage: Stage, browser: requests.Session, state: State) -> None:
    """The provider authorises, and neither the buyer nor a notice comes; before the hold ends the shop asks."""
    stage.press(browser, state.path, state.fields)
    to_issuer(stage, browser)
    stage.advance(HOLD_OVER)
    stage.ask("job/release_holds")
    stage.ask("job/reconcile")


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
    stage.fault("query", mode="http_500", phase="before", times=None)
    stage.advance(HOLD_OVER)
    stage.ask("job/release_holds")
    stage.world.switch("faults", clear=True)
    stage.advance(CALL_OVER)
    stage.ask("job/reconcile")
