"""P-09: the provider's notification may come early, late, often or in any order. The end is always the same."""

from typing import Any

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import is_complete
from tests.race.products import TELLING, Product, Turns
from tests.race.shopping import CARD, Shop
from tests.support.forging import forge

CODE = "TK-050"
_TURNS = Turns()
#: Whose providers tell what staff do on their console.
_WATCHED = [product for product in TELLING if forge(product.provider).TELLS_CONSOLE]
#: How notices are sent, and what happens to the answer that tells of the authorization.
WAYS: dict[str, tuple[dict[str, object], str]] = {
    "before the answer": ({"mode": "before_answer"}, ""),
    "after the answer": ({"mode": "normal", "delay": 0.1}, ""),
    "answer lost": ({"mode": "normal", "delay": 0.1}, "reset"),
    "before the lost answer": ({"mode": "before_answer"}, "close"),
    "twenty times": ({"mode": "normal", "delay": 0.0, "duplicate": 19}, ""),
    "twenty times, answer lost": ({"mode": "before_answer", "duplicate": 19}, "garbage"),
    "never, answer lost": ({"mode": "hold"}, "half"),
    "held": ({"mode": "hold"}, ""),
}


def _buy(shop: Shop) -> Any:
    browser, confirmation = shop.ready_buyer(shop.variant(CODE), CARD)
    path, _ = browser.follow(browser.place(confirmation, shop.practice.token()), through_issuer=True)
    browser.close()
    assert is_complete(path), path
    return shop.order_of(path)


def _end(shop: Shop, order: Any) -> dict[str, object]:
    """Everything that must not depend on the way the news came."""
    payment = shop.rows("SELECT * FROM payment WHERE order_id = :id", id=order.id)[0]
    operations = shop.rows("SELECT verb, state FROM payment_operation WHERE payment_id = :id ORDER BY id", id=payment.id)
    mails = shop.rows("SELECT kind FROM outbox_mail WHERE order_id = :id ORDER BY kind", id=order.id)
    # Whether it is in doubt depends on what the other buyers of this shop have done.
    history = shop.rows("SELECT id FROM order_history WHERE order_id = :id AND actor <> 'job:review'", id=order.id)
    return {
        "order": order.state,
        "status": payment.status,
        "yen": (payment.authorized_yen - order.total_yen, payment.captured_yen),
        "operations": [tuple(row) for row in operations],
        "mails": [row.kind for row in mails],
        "history": len(history),
    }


IN_ORDER = {
    "order": "placed",
    "status": "authorized",
    "yen": (0, 0),
    "operations": [("authorize", "succeeded")],
    "mails": ["order_notice", "thanks"],
    "history": 2,
}


@pytest.mark.req("P-09", "S-016", "S-026")
@_TURNS.cases("way", [(way,) for way in WAYS], TELLING)
def test_every_way_of_a_notice_ends_alike(shop: Shop, product: Product, way: str) -> None:
    disorder, answer = WAYS[way]
    shop.stock(CODE, 5)
    shop.practice.control("notices", **disorder)
    if answer:
        shop.practice.fault(product.deciding_call, answer, "after")
    order = _buy(shop)
    shop.settle()
    copies = 20 if "twenty" in way else 1
    shop.eventually(lambda: _all_arrived(shop, order, copies), "a notice is still on its way")
    assert _end(shop, order) == IN_ORDER
    assert_books_agree(shop)


def _all_arrived(shop: Shop, order: Any, copies: int = 1) -> bool:
    """Whether the provider has no notice left to send, every copy of the order's was received, and each was looked into."""
    if shop.practice.books()["busy"] or shop.value("SELECT count(*) FROM provider_notice WHERE state = 'waiting'"):
        return False
    told = "SELECT n.received FROM provider_notice n JOIN payment p ON p.id = n.payment_id WHERE p.order_id = :id"
    return [row.received for row in shop.rows(told, id=order.id) if row.received >= copies] != []


@_TURNS.each(_WATCHED)
@pytest.mark.req("P-09", "S-028")
def test_a_capture_overtakes_its_authorization(shop: Shop, product: Product) -> None:
    """Captured on the provider's console; both notices held, then sent newest first: the status never falls back."""
    shop.stock(CODE, 5)
    shop.practice.control("notices", mode="hold", reorder=True)
    order = _buy(shop)
    payment = shop.rows("SELECT * FROM payment WHERE order_id = :id", id=order.id)[0]
    shop.practice.console(payment.handle, "capture")
    shop.practice.control("notices", mode="normal", reorder=True, duplicate=4, release=True)
    shop.eventually(lambda: _end(shop, order)["status"] == "captured", "the capture was not seen")
    shop.settle()
    shop.eventually(lambda: _all_arrived(shop, order), "a notice is still on its way")
    end = _end(shop, order)
    assert end["status"] == "captured"
    assert end["operations"] == [("authorize", "succeeded"), ("capture", "succeeded")]
    assert end["mails"] == IN_ORDER["mails"]
    assert_books_agree(shop)
