"""P-22: bots sort out stolen cards here, with fresh browsers, many addresses or mailboxes of their own – and honest buyers mistype.

Everybody comes straight into the application, each with an address of their own; the provider's ledger says how many
authorisations it was asked for.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from flask.testing import FlaskClient

from providers.sandbox.card_numbers import check_sum
from shop.core import ids
from tests.race.browser import BUYER
from tests.race.products import PLAIN, Product, Turns
from tests.race.shopping import Shop, by_many
from tests.support.evidence import Series

CODE = "TK-050"
#: What the shop begins with, and what the provider may see at most before the shop is on its guard (P-22).
PER_IDENTITY, SHOP_FAILURES, SHOP_MOST, AT_MOST = 10, 20, 30, 50
#: So many of a bot's browsers press at once.
THREADS = 4
#: So many good cards that the share of failures alone would let the attack go on.
SALES = 9
MISTYPED = ("4980000000058244", "4980000000038261")
GOOD = "4111111111111111"
_CSRF, _CONFIRMATION = (re.compile(rf'name="{name}_token" value="([^"]+)"') for name in ("csrf", "confirmation"))
_networks = itertools.count()
_TURNS = Turns()


def address() -> str:
    """An address in a network that nobody had before."""
    number = next(_networks)
    return f"{60 + number // 62_500}.{number // 250 % 250}.{number % 250}.7"


def stolen(number: int) -> str:
    """One of many cards that the provider refuses; its check digit is right, else a provider's script may make no token of it."""
    return next(card for digit in range(10) if not check_sum(card := f"4980{number:07}{digit}8261"))


@dataclass
class Visitor:
    """A browser at an address, with goods in its cart and a door of its own. Who has ``mail`` reads it."""

    shop: Shop
    at: str = field(default_factory=address)
    mail: str = field(default_factory=lambda: f"{ids.public_id()}@example.jp")
    steps: int = 0

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.shop.app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = self.at
        found = _CSRF.search(self.client.get("/legal/privacy").text)
        assert found
        self.csrf = found[1]
        self._post("/cart/items", variant_id=self.shop.variant(CODE), quantity=1)

    def try_card(self, number: str, *, reads_mail: bool = False) -> str:
        """Confirm, press 注文する, and see where it ends."""
        card = self.shop.value("SELECT id FROM payment_method WHERE kind = 'card'")
        courier = self.shop.value("SELECT min(id) FROM delivery")
        home = {"email": self.mail, "address1": f"松本市中央{self.mail.partition('@')[0]}"}
        choice = BUYER | home | {"delivery_id": courier, "payment_method_id": card, "installments": "1"}
        _, shown = self._post("/checkout/zero/confirm", **choice)
        confirmed = _CONFIRMATION.search(shown)
        if confirmed is None:
            return "not offered"
        card_token = self.shop.practice.token(number)
        where, _ = self._post("/checkout/zero/place", confirmation_token=confirmed[1], card_token=card_token)
        if where == "/checkout/verify" and reads_mail:
            self.steps += 1
            where, _ = self._post("/checkout/verify", mail_code=self._code())
        if where.endswith("/complete"):
            return "ordered"
        return self._said() if where == "/checkout/zero" else {"/checkout/verify": "asked for a proof"}.get(where, where)

    def _post(self, path: str, **fields: object) -> tuple[str, str]:
        answer = self.client.post(path, data={"csrf_token": self.csrf} | fields)
        assert answer.status_code < 500, answer.text[:1000]
        return answer.headers.get("Location", ""), answer.text

    def _said(self) -> str:
        """Refused by the provider, or never asked."""
        return "refused" if "請求はされていません。ご注文は確定していません。" in self.client.get("/checkout/zero").text else "held back"

    def _code(self) -> str:
        body = self.shop.rows("SELECT body FROM outbox_mail WHERE kind = 'card_code' AND recipient = :to ORDER BY id", to=self.mail)
        return str(body[-1][0].split("\n\n")[1])


@pytest.fixture
def guarded(shop: Shop) -> Iterator[Shop]:
    """The shop with the limits it begins with, and nothing counted."""
    calm(shop)
    shop.stock(CODE, 5_000)
    shop.change("UPDATE card_guard SET shop_failures = :n, shop_most = :most", n=SHOP_FAILURES, most=SHOP_MOST)
    yield shop
    shop.forget_card_failures()
    calm(shop)


def calm(shop: Shop) -> None:
    shop.change("UPDATE card_guard SET stage = 'off', stage_since = NULL, stage_until = NULL, counted_from = NULL")


def asked(shop: Shop) -> int:
    return sum(call["verb"] == "authorize" for call in shop.practice.books()["calls"])


def alarms(shop: Shop, since: int) -> int:
    return int(shop.value("SELECT count(*) FROM outbox_mail WHERE kind = 'card_testing' AND id > :id", id=since))


def newest_mail(shop: Shop) -> int:
    return int(shop.value("SELECT coalesce(max(id), 0) FROM outbox_mail"))


def spread_attack(shop: Shop, cards: int, *, reads_mail: bool = False) -> list[str]:
    """So many cards, each from an address and a browser of its own, some at once."""
    return by_many(lambda n: Visitor(shop).try_card(stolen(n), reads_mail=reads_mail), range(cards), threads=THREADS)


def honest(shop: Shop, _number: int = 0) -> Visitor:
    """Two mistyped cards, then the right one. Fails when that is no order, or asks for more than one step."""
    buyer = Visitor(shop)
    came = [buyer.try_card(card, reads_mail=True) for card in (*MISTYPED, GOOD)]
    assert came == ["refused", "refused", "ordered"], came
    assert buyer.steps <= 1
    return buyer


@pytest.mark.req("P-22", "T-082", "S-091")
@_TURNS.each(PLAIN)
def test_a_spread_attack_is_noticed(guarded: Shop, product: Product) -> None:
    """Forty cards from forty addresses, in a shop that sells; the owner's mail leaves, once."""
    assert {Visitor(guarded).try_card(GOOD) for _ in range(SALES)} == {"ordered"}
    before, mailed = asked(guarded), newest_mail(guarded)
    came = spread_attack(guarded, 40)
    assert set(came) == {"refused", "asked for a proof"}
    assert asked(guarded) - before == came.count("refused") <= SHOP_MOST + THREADS
    assert alarms(guarded, mailed) == 1
    guarded.eventually(
        lambda: guarded.rows("SELECT 1 FROM outbox_mail WHERE kind = 'card_testing' AND state = 'sent' AND id > :id", id=mailed),
        "the owner was not told",
    )


@pytest.mark.req("P-22", "T-082", "S-090")
@_TURNS.each(PLAIN)
def test_fresh_browsers_of_one_network_and_one_browser_of_many(guarded: Shop, product: Product) -> None:
    guarded.change("UPDATE card_guard SET shop_failures = 1000, shop_most = 1000")
    home, before = address(), asked(guarded)
    by_many(lambda n: Visitor(guarded, home).try_card(stolen(n)), range(14), threads=4)
    assert asked(guarded) - before == PER_IDENTITY
    wanderer, before = Visitor(guarded), asked(guarded)
    for number in range(9):
        wanderer.client.environ_base["REMOTE_ADDR"] = address()
        wanderer.try_card(stolen(number))
    assert asked(guarded) - before == 6


@pytest.mark.req("P-22")
@_TURNS.each(PLAIN)
def test_honest_buyers_who_mistype_are_not_locked_out(guarded: Shop, product: Product) -> None:
    by_many(lambda n: honest(guarded, n), range(8), threads=4)


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-22", "T-082", "S-091")
def test_a_thousand_cards_from_a_thousand_addresses(guarded: Shop) -> None:
    """With strangers' mailboxes and among sales, then with mailboxes of the bot's own, until cards stop; other methods stay."""
    by_many(lambda _: Visitor(guarded).try_card(GOOD), range(60), threads=4)
    before, mailed = asked(guarded), newest_mail(guarded)
    series = Series("stolen cards from addresses and browsers of their own", 1000, guarded.database)
    came = spread_attack(guarded, series.wanted)
    assert asked(guarded) - before == came.count("refused") <= AT_MOST
    assert alarms(guarded, mailed) == 1
    came += spread_attack(guarded, 60, reads_mail=True)
    assert came[-1] == "not offered"
    # What was at the provider while either stage began comes on top.
    assert asked(guarded) - before == came.count("refused") <= AT_MOST + 2 * THREADS
    assert alarms(guarded, mailed) == 2
    series.done = len(came)
    series.end(f"{came.count('refused')} authorisations reached the provider")


@pytest.mark.evidence
@pytest.mark.timeout(3600)
@pytest.mark.req("P-22")
def test_a_thousand_honest_buyers(guarded: Shop) -> None:
    series = Series("honest buyers with two mistyped cards", 1000, guarded.database)
    asked_for_a_proof = 0
    while series.more():
        buyers = by_many(lambda n: honest(guarded, n), range(min(100, series.wanted - series.done)), threads=4)
        asked_for_a_proof += sum(buyer.steps for buyer in buyers)
        series.done += len(buyers)
    series.end(f"{asked_for_a_proof} of them were asked for a proof of their mail address")
