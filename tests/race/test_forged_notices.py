"""P-10: what is not signed is refused, counted and logged; what is signed but untrue changes nothing."""

from typing import Any

import pytest

from tests.race import forging
from tests.race.books import assert_books_agree
from tests.race.browser import Browser, is_complete
from tests.race.shopping import CARD, Shop
from tests.support.evidence import Series

CODE = "TK-050"
_MONEY = (
    "SELECT id, state, number, filed, total_yen FROM shop_order ORDER BY id",
    "SELECT id, status, handle, merchant_ref, authorized_yen, captured_yen, remote_status, remote_problem FROM payment ORDER BY id",
    "SELECT id, verb, state, amount_yen FROM payment_operation ORDER BY id",
    "SELECT id, on_hand, allocated, held FROM variant ORDER BY id",
    "SELECT id, kind FROM outbox_mail ORDER BY id",
)


class Post:
    """The notification address of the shop's account, and one paid order to aim at."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._forget()
        shop.stock(CODE, 5)
        browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
        path, _ = browser.follow(browser.place(confirmation, shop.practice.token()))
        browser.close()
        assert is_complete(path)
        shop.settle()
        order = shop.order_of(path)
        self.payment = shop.rows("SELECT * FROM payment WHERE order_id = :id", id=order.id)[0]
        self.genuine = self.notice(10**9)
        self._browser = Browser(shop.port)
        self.before = self.state()

    def notice(self, serial: int, status: str = "20", amount: int = 0, key: str = "") -> dict[str, str]:
        payment = self.payment
        return forging.notice(
            serial, payment.handle, payment.merchant_ref, amount or payment.authorized_yen, status, key
        )

    def send(self, body: bytes, path: str = "", content_type: str = forging.FORM) -> int:
        path = path or f"/pay/n/{self.shop.account_key()}"
        return self._browser.request("POST", path, body, Content_Type=content_type).status

    def state(self) -> list[Any]:
        return [self.shop.rows(statement) for statement in _MONEY]

    def refused(self) -> tuple[int, int]:
        """Counted on the account, and lines in the log."""
        log = self.shop.server.log().count('"message": "notification refused"')
        return int(self.shop.account("rejected_notices")), log

    def nothing_happened(self) -> None:
        self.shop.sweep(2)
        assert self.state() == self.before
        self._browser.close()
        # Their waiting is over for the tests that follow.
        self._forget()
        assert_books_agree(self.shop)

    def _forget(self) -> None:
        self.shop.change("DELETE FROM provider_notice WHERE length(serial) > 6")


@pytest.fixture
def post(shop: Shop) -> Post:
    return Post(shop)


def _all_refused(post: Post, bodies: list[bytes]) -> None:
    counted, logged = post.refused()
    statuses = [post.send(body) for body in bodies]
    wrong = [(status, body[:300]) for status, body in zip(statuses, bodies, strict=True) if status != 403]
    assert not wrong, f"{len(wrong)} of {len(bodies)}: {wrong[:3]}"
    post.shop.eventually(
        lambda: post.refused() == (counted + len(bodies), logged + len(bodies)), "not all refusals were counted and logged"
    )
    post.nothing_happened()


@pytest.mark.req("P-10", "T-020", "T-025")
def test_no_forged_notice_passes(post: Post) -> None:
    bodies = forging.forged(post.genuine)
    print(f"{len(bodies)} forged notices")
    assert len(bodies) >= 200
    _all_refused(post, bodies)


@pytest.mark.evidence
@pytest.mark.timeout(900)
def test_ten_thousand_forged_notices(post: Post) -> None:
    series = Series("forged notices", 10_000, post.shop.database)
    bodies: list[bytes] = []
    # Numbers that nobody has used, another row of them for every seed.
    serial = 10**9 + series.chance.randrange(10**8)
    while len(bodies) < series.wanted:
        bodies += forging.forged(post.notice(serial))
        serial += 1
    _all_refused(post, bodies)
    series.done = len(bodies)
    series.end()


@pytest.mark.req("P-10", "R-105", "T-021")
def test_signed_but_untrue_changes_nothing(post: Post) -> None:
    """Genuine digests over other orders, amounts, statuses: acknowledged, looked into, without effect."""
    own = [post.notice(10**9 + number, status) for number, status in enumerate(("32", "40", "60", "11", "33", "10", "99", ""))]
    strange = [
        post.notice(10**9 + 100, amount=1),
        post.notice(10**9 + 101, "40", amount=9_999_999),
        forging.notice(10**9 + 102, "123456789012345678", "no-such-order", 1000),
        forging.notice(10**9 + 103, "", "", 1000),
        forging.notice(10**9 + 104, post.payment.handle, "no-such-order", 1000, "32"),
        forging.notice(10**9 + 105, "123456789012345678", post.payment.merchant_ref, 1000, "32"),
    ]
    bodies = [forging.encoded(fields) for fields in [*own, *strange]]
    bodies += forging.bent(post.notice(10**9 + 200), forging.UNSIGNED)
    statuses = [post.send(body) for body in bodies]
    assert set(statuses) == {200}, list(zip(statuses, bodies, strict=True))
    post.nothing_happened()


@pytest.mark.req("P-10", "R-105", "T-022")
def test_a_replayed_notice_is_counted_once(post: Post) -> None:
    body = forging.encoded(post.genuine)
    assert {post.send(body) for _ in range(100)} == {200}
    serial = post.genuine["payment_notice_id"]
    rows = post.shop.rows("SELECT received FROM provider_notice WHERE serial = :serial", serial=serial)
    assert [row.received for row in rows] == [100]
    post.nothing_happened()


@pytest.mark.req("P-10", "T-021")
def test_another_merchant_and_another_address(post: Post) -> None:
    """Another merchant's key does not open this account, and an unknown address is nobody's."""
    other = forging.encoded(post.notice(10**9 + 300, key="noticekey_OTHER001"))
    assert post.send(other) == 403
    good = forging.encoded(post.genuine)
    assert post.send(good, "/pay/n/nosuchaccount") == 404
    assert post.send(good, "/pay/n/") in (400, 404, 405)
    post.nothing_happened()


@pytest.mark.req("T-021", "T-025")
def test_a_shifted_digest_does_not_silence_a_true_notice(post: Post) -> None:
    """The digest covers the fields without separators: characters moved between fields leave it right. A notice made
    so must not take the number of a true one that is still to come."""
    true = post.notice(2_000_000_011)
    shifted = true | {
        "payment_notice_id": true["payment_notice_id"] + true["payment_id"][0], "payment_id": true["payment_id"][1:],
    }  # fmt: skip
    assert forging.digest(shifted) == true["hc"]
    assert post.send(forging.encoded(shifted)) in (200, 403)
    post.shop.practice.control("notices", mode="hold")
    post.shop.practice.console(post.payment.handle, "capture")
    coming = post.notice(int(shifted["payment_notice_id"]), "40")
    assert post.send(forging.encoded(coming)) == 200
    post.shop.eventually(
        lambda: post.shop.value("SELECT status FROM payment WHERE id = :id", id=post.payment.id) == "captured",
        "the true notice was taken for a repetition of the false one", seconds=5, sweeping=False,
    )  # fmt: skip
