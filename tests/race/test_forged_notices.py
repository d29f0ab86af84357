"""P-10: what is not signed is refused, counted and logged; what is signed but untrue changes nothing."""

from dataclasses import replace
from typing import Any

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import Browser, is_complete
from tests.race.products import TELLING, Product, Turns
from tests.race.shopping import CARD, Shop
from tests.support.evidence import Series
from tests.support.forging import FORM, About, Push, forge, makes_notices
from tests.support.world import world_code

CODE = "TK-050"
_MONEY = (
    "SELECT id, state, number, filed, total_yen FROM shop_order ORDER BY id",
    "SELECT id, status, handle, merchant_ref, authorized_yen, captured_yen, remote_status, remote_problem FROM payment ORDER BY id",
    "SELECT id, verb, state, amount_yen FROM payment_operation ORDER BY id",
    "SELECT id, on_hand, allocated, held FROM variant ORDER BY id",
    "SELECT id, kind FROM outbox_mail ORDER BY id",
)


#: Whose digest does not say where a field ends.
UNDELIMITED = tuple(product for product in TELLING if hasattr(forge(product.provider), "shifted"))
#: The first of each protocol: how notices are signed does not depend on the product.
PROTOCOLS = tuple({world_code(product.provider): product for product in reversed(TELLING) if makes_notices(product.provider)}.values())
_TURNS = Turns()


class Post:
    """The notification address of the shop's account, and one paid order to aim at."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.provider = shop.practice.provider
        self.forge = forge(self.provider)
        shop.stock(CODE, 5)
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
        path, _ = browser.follow(browser.place(confirmation, shop.practice.token()), through_issuer=True)
        browser.close()
        assert is_complete(path)
        shop.settle()
        shop.eventually(self._at_rest, "a notice is still on its way or not looked into")
        order = shop.order_of(path)
        self.payment = shop.rows("SELECT * FROM payment WHERE order_id = :id", id=order.id)[0]
        self.newest = shop.value("SELECT coalesce(max(id), 0) FROM provider_notice")
        self._browser = Browser(shop.port)
        self.before = self.state()

    def _at_rest(self) -> bool:
        """Nothing of an earlier test is still to change what is compared."""
        waiting = self.shop.value("SELECT count(*) FROM provider_notice WHERE state = 'waiting'")
        return not waiting and not self.shop.practice.books()["busy"]

    def about(self, serial: int = 10**9) -> About:
        return About(serial, self.payment.handle, self.payment.merchant_ref, self.payment.authorized_yen)

    def notice(self, serial: int, said: str | None = None, **other: Any) -> Push:
        about = replace(self.about(serial), **other)
        return self.forge.notice(self.provider, about, *([] if said is None else [said]))

    def send(self, push: Push, path: str = "") -> int:
        path = path or f"/pay/n/{self.shop.account_key()}"
        return self._browser.request("POST", path, push.body, Content_Type=FORM, **push.headers).status

    def state(self) -> list[Any]:
        return [self.shop.rows(statement) for statement in _MONEY]

    def received(self) -> tuple[int, int]:
        """How many notices of this payment there are, and how often they came."""
        told = "SELECT count(*) AS notices, sum(received) AS times FROM provider_notice WHERE merchant_ref = :ref"
        (row,) = self.shop.rows(told, ref=self.payment.merchant_ref)
        return int(row.notices), int(row.times or 0)

    def refused(self) -> tuple[int, int]:
        """Counted on the account, and lines in the log."""
        log = self.shop.server.log().count('"message": "notification refused"')
        return int(self.shop.account("rejected_notices")), log

    def nothing_happened(self) -> None:
        self.shop.sweep(2)
        assert self.state() == self.before
        self._browser.close()
        # Their waiting is over for the tests that follow.
        self.shop.change("DELETE FROM provider_notice WHERE id > :newest", newest=self.newest)
        assert_books_agree(self.shop)


@pytest.fixture
def post(product: Product, shop: Shop) -> Post:
    return Post(shop)


def _all_refused(post: Post, pushes: list[Push]) -> None:
    counted, logged = post.refused()
    statuses = [post.send(push) for push in pushes]
    wrong = [(status, push.headers, push.body[:300]) for status, push in zip(statuses, pushes, strict=True) if status != 403]
    assert not wrong, f"{len(wrong)} of {len(pushes)}: {wrong[:3]}"
    post.shop.eventually(
        lambda: post.refused() == (counted + len(pushes), logged + len(pushes)), "not all refusals were counted and logged"
    )
    post.nothing_happened()


@pytest.mark.parametrize("product", PROTOCOLS, ids=str, indirect=True)
@pytest.mark.req("P-10", "T-020", "T-025")
def test_no_forged_notice_passes(post: Post) -> None:
    pushes = post.forge.forged(post.provider, post.about())
    print(f"{len(pushes)} forged notices")
    assert len(pushes) >= 200
    _all_refused(post, pushes)


@_TURNS.each(TELLING)
@pytest.mark.evidence
@pytest.mark.timeout(900)
def test_ten_thousand_forged_notices(post: Post) -> None:
    series = Series("forged notices", 10_000, post.shop.database)
    pushes: list[Push] = []
    # Numbers that nobody has used, another row of them for every seed.
    serial = 10**9 + series.chance.randrange(10**8)
    while len(pushes) < series.wanted:
        pushes += post.forge.forged(post.provider, post.about(serial))
        serial += 1
    _all_refused(post, pushes)
    series.done = len(pushes)
    series.end()


@pytest.mark.parametrize("product", PROTOCOLS, ids=str, indirect=True)
@pytest.mark.req("P-10", "R-105", "T-021")
def test_signed_but_untrue_changes_nothing(post: Post) -> None:
    """Genuine digests over other orders, amounts, statuses: acknowledged, looked into, without effect."""
    own = [post.notice(10**9 + number, said) for number, said in enumerate(post.forge.SAYINGS)]
    strange = [
        post.notice(10**9 + 100, amount_yen=1),
        post.notice(10**9 + 101, amount_yen=9_999_999),
        post.notice(10**9 + 102, handle="123456789012345678", reference="no-such-order"),
        post.notice(10**9 + 103, handle="", reference=""),
        post.notice(10**9 + 104, reference="no-such-order"),
        post.notice(10**9 + 105, handle="123456789012345678"),
    ]
    pushes = [*own, *strange, *post.forge.untrue(post.provider, post.about(10**9 + 200))]
    statuses = [post.send(push) for push in pushes]
    assert set(statuses) == {200}, list(zip(statuses, pushes, strict=True))
    post.nothing_happened()


@_TURNS.each(TELLING)
@pytest.mark.req("P-10", "R-105", "T-022")
def test_a_replayed_notice_is_counted_once(post: Post) -> None:
    push = post.notice(10**9)
    assert post.send(push) == 200
    notices, times = post.received()
    assert {post.send(push) for _ in range(100)} == {200}
    assert post.received() == (notices, times + 100)
    post.nothing_happened()


@_TURNS.each(TELLING)
@pytest.mark.req("P-10", "T-021")
def test_another_merchant_and_another_address(post: Post) -> None:
    """Another merchant's key does not open this account, and an unknown address is nobody's."""
    assert post.send(post.forge.of_another(post.provider, post.about(10**9 + 300))) == 403
    good = post.notice(10**9)
    assert post.send(good, "/pay/n/nosuchaccount") == 404
    assert post.send(good, "/pay/n/") in (400, 404, 405)
    post.nothing_happened()


@_TURNS.each(UNDELIMITED)
@pytest.mark.req("T-021", "T-025")
def test_a_shifted_digest_does_not_silence_a_true_notice(post: Post) -> None:
    """Characters moved between two fields leave the digest right. A notice made so must not take the number of a true one that is
    still to come."""
    shifted, number = post.forge.shifted(post.about(2_000_000_011))
    assert post.send(shifted) in (200, 403)
    post.shop.practice.control("notices", mode="hold")
    post.shop.practice.console(post.payment.handle, "capture")
    assert post.send(post.notice(number, "40")) == 200
    post.shop.eventually(
        lambda: post.shop.value("SELECT status FROM payment WHERE id = :id", id=post.payment.id) == "captured",
        "the true notice was taken for a repetition of the false one", seconds=5, sweeping=False,
    )  # fmt: skip
