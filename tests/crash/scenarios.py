"""What is killed: each scenario prepares a moment once, and then acts from it as often as there are points."""

from dataclasses import dataclass

from providers.installed import INSTALLED
from providers.ports import Provider
from tests.crash import acts, moments, products
from tests.crash.acts import Act, press, press_losing
from tests.crash.moments import Prepare, answer_lost, at_the_desk, changing_the_card, confirmed, edited
from tests.crash.products import Needs
from tests.support.buying import CASH

#: The end of a point's name: at the first one a request has left.
FIRST_SENT = "| sent"


@dataclass(frozen=True)
class Scenario:
    """``prepare`` makes a moment from the base state, where a server is alive; ``act`` may be killed anywhere."""

    name: str
    prepare: Prepare
    act: Act
    #: How the order and its money end when nobody is killed; nothing may "agree" by never happening. ``None``: there is none.
    ends: tuple[str, str] | None
    #: What a product must be able to do.
    needs: Needs = products.anything
    #: Two threads are at work, so the points may come in another order each time.
    concurrent: bool = False
    #: The first point at which this is not the scenario it varies: at those before, that one has been killed.
    varies_from: str = ""
    #: Also the short form kills at all its points, those included that leave nothing new behind – with the product whose turn it is.
    shows_all: bool = False
    #: Also the short form plays it with every product that can.
    by_all: bool = False


def players(scenario: Scenario) -> list[Provider]:
    """Products that can do all that it needs."""
    return [product for product in INSTALLED if scenario.needs(product)]


def turns(scenario: Scenario) -> list[Provider]:
    """Those of the short form: all, or the one whose turn it is."""
    return players(scenario) if scenario.by_all else [whose_turn(scenario)]


def whose_turn(scenario: Scenario) -> Provider:
    """One product that can, and another one for the next scenario."""
    can = players(scenario)
    return can[SCENARIOS.index(scenario) % len(can)]


SCENARIOS = (
    Scenario("place card", confirmed(), press, ("placed", "authorized"), shows_all=True, by_all=True),
    Scenario("place card in steps, registering, captured at once", moments.registering_in_steps, acts.press_and_link, ("placed", "captured"), products.keeps_cards),
    Scenario("place cash on delivery", confirmed(CASH), press, ("placed", "created")),
    Scenario("place over the issuer's page", confirmed(secure=True), press, ("placed", "authorized"), products.leaves_the_choice, by_all=True),
    Scenario("notice before the return", confirmed(secure=True), acts.told_before_the_return, ("placed", "authorized"), products.tells_while_away, concurrent=True),
    Scenario("never back", confirmed(secure=True), acts.never_back, ("placed", "authorized"), products.charges_while_away),
    Scenario("place, answer lost", confirmed(), press_losing("authorize"), ("placed", "authorized"), products.charges_directly, varies_from=FIRST_SENT),
    Scenario("place, notice before answer", confirmed(), acts.press_overtaken, ("placed", "authorized"), products.tells_all, concurrent=True),
    Scenario("notice of an unknown payment", answer_lost, acts.pushed, ("placed", "authorized"), products.tells_all, concurrent=True, shows_all=True),
    Scenario("capture", at_the_desk("capture"), press, ("placed", "captured"), by_all=True),
    Scenario("capture, answer lost", at_the_desk("capture"), press_losing("capture"), ("placed", "captured"), varies_from="call capture | sent"),
    Scenario("cancel before capture", at_the_desk("cancel"), press, ("placed", "voided")),
    Scenario("refund after capture", at_the_desk("cancel", captured=True), press, ("placed", "refunded"), products.refunds),
    Scenario("amount change", edited, press, ("placed", "authorized"), products.changes),
    Scenario("amount change, answer lost", edited, press_losing(*acts.RENEWING), ("placed", "authorized"), products.changes, varies_from=FIRST_SENT),
    Scenario("amount change, answer of the void lost", edited, press_losing("void"), ("placed", "authorized"), products.replaces, varies_from="call void | sent"),
    Scenario("another card in steps", changing_the_card, acts.press_and_link, ("placed", "authorized"), products.keeps_cards),
    Scenario("another card, answer lost", changing_the_card, acts.press_and_link_losing, ("placed", "authorized"), products.keeps_cards, varies_from="call store_card | sent"),
    Scenario("an order takes the card away", moments.taking_the_card_away, acts.press_and_link, ("placed", "authorized"), products.keeps_cards, varies_from="call authorize | answer received"),
    Scenario("the card page", moments.at_the_card_page, acts.change_and_remove, None, products.keeps_cards),
    Scenario("outbox", moments.placed, acts.mails_sent, ("placed", "authorized"), shows_all=True),
    Scenario("reconcile what never left", moments.never_sent, acts.found_absent, ("lapsed", "created")),
    Scenario("hold ends before the answer", answer_lost, acts.hold_ended, ("placed", "authorized"), products.can_be_asked),
    Scenario("approval too late", moments.believed_absent, acts.pushed_too_late, ("lapsed", "voided"), products.tells_all, concurrent=True),
)
