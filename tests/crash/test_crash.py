"""``kill -9`` at every point that a clean run passes, then one sweep, then three ledgers that must tell one story.

Short form: each scenario wherever something has just happened that lasts – a commit, a request, a mail, an answer; of some
scenarios every found point. Ordering, capturing and the issuer's page with every installed product, all else with the product
whose turn it is. Long form (``-m evidence``): all points again and again, everything with every product that can, and kills
from outside at random microseconds, 2,000 in all.
"""

import re
from collections.abc import Callable

import pytest

from providers.ports import Provider
from shop.orders.models import Order
from shop.payments.cards.models import StoredCard
from shop.payments.models import Payment
from tests.crash.buyers import OTHER_CARD
from tests.crash.campaign import Campaign
from tests.crash.scenarios import SCENARIOS, Scenario, players, turns, whose_turn
from tests.crash.stage import Stage, State
from tests.support.evidence import Series

pytestmark = pytest.mark.timeout(900)

_BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}
_ANSWERED = re.compile(r"call (\w+) \| answer received")
#: The provider has authorised, be it that the buyer came back from the issuer.
_AUTHORISED = re.compile(r"call (authorize|resume)\b.*\| answer received")
#: The last points of each way to place an order, as the buyer meets them.
_ANSWER = ["answer | before", "answer | after"]


def played(*names: str) -> pytest.MarkDecorator:
    """These scenarios, by the products whose turn it is. What a killed process leaves in the database depends on the database, and what
    a provider has to be asked on the provider, but neither on both: one product is played on either."""
    runs = [
        pytest.param(name, product, id=f"{name}, {product.code}", marks=() if product is whose_turn(_BY_NAME[name]) else pytest.mark.one_database)
        for name in names for product in turns(_BY_NAME[name])
    ]  # fmt: skip
    return pytest.mark.parametrize(("name", "product"), runs)


def kill_everywhere(stage: Stage, beginning: State, name: str) -> Campaign:
    campaign = Campaign(stage, beginning, _BY_NAME[name])
    campaign.at_every_point(sparing=True)
    report = campaign.report
    print(report.table())
    assert not report.problems, "\n".join(report.problems)
    if _BY_NAME[name].concurrent:  # two threads may pass fewer points in a run, but not none
        assert report.kills >= len(report.aimed) // 3
    else:
        assert report.kills == len(report.aimed)
    return campaign


def answered(points: list[str]) -> list[str]:
    """Verbs that the provider answered, in order."""
    return [verb[1] for point in points if (verb := _ANSWERED.fullmatch(point))]


@pytest.fixture
def beginning(beginnings: Callable[[Provider], State], product: Provider) -> State:
    return beginnings(product)


@pytest.mark.req("P-01", "R-151", "R-152")
@played("place card", "place card in steps, registering, captured at once")
def test_a_card_order_survives_a_kill_at_every_point(stage: Stage, beginning: State, name: str) -> None:
    report = kill_everywhere(stage, beginning, name).report
    end = max(n for n, point in enumerate(report.found, 1) if _AUTHORISED.fullmatch(point))
    written, called, settled = report.found[:2], report.found[2:5], report.found[end : end + 2]
    assert all("payment_operation" in point for point in written), "the intention is committed first"
    assert [point.split(" | ")[1] for point in called] == ["before sending", "sent", "answer received"]
    assert all("outbox_mail" in point and "stock_hold" in point for point in settled), "one commit settles all"
    assert report.found[end + 2 : end + 4] == _ANSWER, "the card is linked once the order stands"


@pytest.mark.req("P-01", "P-12", "R-151")
@played("another card in steps")
def test_an_order_that_links_its_card_survives_a_kill_at_every_point(stage: Stage, beginning: State, name: str) -> None:
    """A member in the 3-step cart pays by another card than the linked one."""
    found = kill_everywhere(stage, beginning, name).report.found
    assert answered(found)[-2:] == ["store_card", "remove_card"]
    (card,) = stage.rows(StoredCard)
    assert card.last_four == OTHER_CARD[-4:], "killed after the last point, the change had happened"


@pytest.mark.req("P-01", "R-151")
@played("place cash on delivery")
def test_a_cash_order_survives_a_kill_at_every_point(stage: Stage, beginning: State, name: str) -> None:
    report = kill_everywhere(stage, beginning, name).report
    assert report.found[2:] == _ANSWER, "one commit is the whole order"


@pytest.mark.req("P-01", "P-12", "R-151")
@played("place over the issuer's page")
def test_an_authenticated_order_survives_a_kill_at_every_point(stage: Stage, beginning: State, name: str) -> None:
    kill_everywhere(stage, beginning, name)


@pytest.mark.req("P-01", "R-089", "R-095")
@played("notice before the return", "never back")
def test_money_taken_while_the_buyer_is_away_has_its_order_after_any_kill(
    stage: Stage, beginning: State, name: str
) -> None:
    kill_everywhere(stage, beginning, name)


@pytest.mark.req("P-01", "P-03", "P-05")
@played("place, answer lost", "place, notice before answer", "notice of an unknown payment")
def test_an_unknown_outcome_is_found_out_after_any_kill(stage: Stage, beginning: State, name: str) -> None:
    kill_everywhere(stage, beginning, name)


@pytest.mark.req("P-03", "R-152", "S-022")
@played("reconcile what never left", "hold ends before the answer", "approval too late")
def test_no_authorisation_is_left_behind_when_the_finding_out_is_killed(
    stage: Stage, beginning: State, name: str
) -> None:
    kill_everywhere(stage, beginning, name)


@pytest.mark.req("P-26", "P-03")
@played("capture", "capture, answer lost", "cancel before capture", "refund after capture")
def test_a_press_at_the_desk_has_one_effect_whenever_it_is_killed(
    stage: Stage, beginning: State, name: str
) -> None:
    kill_everywhere(stage, beginning, name)


@pytest.mark.req("R-064", "P-26", "P-03")
@played("amount change", "amount change, answer lost", "amount change, answer of the void lost")
def test_an_amount_change_ends_with_one_authorisation_whenever_it_is_killed(
    stage: Stage, beginning: State, name: str
) -> None:
    kill_everywhere(stage, beginning, name)
    (order,), (payment,) = stage.tables(Order, Payment)
    assert payment.authorized_yen == order.total_yen, "killed after the last point, the change had happened"


@pytest.mark.req("R-130", "R-136", "R-137")
@played("another card, answer lost")
def test_a_member_has_one_card_when_the_finding_out_is_killed(stage: Stage, beginning: State, name: str) -> None:
    found = kill_everywhere(stage, beginning, name).report.found
    assert answered(found)[-2:] == ["list_cards", "remove_card"]
    (card,) = stage.rows(StoredCard)
    assert card.last_four == OTHER_CARD[-4:]


@pytest.mark.req("R-133", "R-136")
@played("an order takes the card away")
def test_a_card_that_an_order_takes_away_is_gone_whenever_it_is_killed(stage: Stage, beginning: State, name: str) -> None:
    found = kill_everywhere(stage, beginning, name).report.found
    assert answered(found) == ["authorize", "remove_card"]
    assert stage.rows(StoredCard) == []


@pytest.mark.req("R-142", "R-144", "R-137")
@played("the card page")
def test_a_press_at_the_card_page_has_one_effect_whenever_it_is_killed(stage: Stage, beginning: State, name: str) -> None:
    """A card is registered in the place of another one, and removed."""
    found = kill_everywhere(stage, beginning, name).report.found
    assert answered(found) == ["store_card", "remove_card", "remove_card"]


@pytest.mark.req("P-04", "R-151")
@played("outbox")
def test_no_mail_is_lost_or_doubled_by_a_kill(stage: Stage, beginning: State, name: str) -> None:
    report = kill_everywhere(stage, beginning, name).report
    assert report.found.count("mail | after hand-over") == 2, "buyer and shop"


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-01", "P-03", "P-04")
def test_two_thousand_kills(stage: Stage, beginnings: Callable[[Provider], State]) -> None:
    """Every scenario with every product that can play it; half of the kills at points, half at random microseconds."""
    series, problems = Series("kills", 2000, stage.engine.dialect.name), list[str]()
    every = [(scenario, product) for scenario in SCENARIOS for product in players(scenario)]
    left: list[tuple[Scenario, Provider]] = []
    while series.more():
        left = left or series.chance.sample(every, len(every))
        scenario, product = left.pop()
        campaign = Campaign(stage, beginnings(product), scenario)
        campaign.at_every_point()
        for _ in campaign.report.found:
            campaign.at_random(series.chance)
        series.done += campaign.report.kills
        problems += campaign.report.problems
        print(campaign.report.table(), flush=True)
    assert not problems, f"{len(problems)} after {series.done} kills:\n" + "\n".join(problems)
    series.end()
