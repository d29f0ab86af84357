"""The three ledgers – ours, the provider's, the mails – and whether they agree at rest (invariants I-1 … I-5)."""

from collections import Counter

from shop.jobs import selfcheck
from tests.race.shopping import Shop


def assert_books_agree(shop: Shop) -> None:
    """At rest: every yen, unit and mail is explained, on both sides."""
    assert shop.open_work() == []
    _money(shop)
    _stock(shop)
    _mails(shop)
    _cards(shop)
    with shop.app.app_context():
        assert selfcheck.differences() == []


def _money(shop: Shop) -> None:
    """Each placed card order has exactly its amount at the provider, and the provider has nothing else of ours."""
    assert shop.practice.live() == explained_money(shop) | shop.orphans


def explained_money(shop: Shop) -> dict[str, list[int]]:
    """What the provider must have, by our reference."""
    placed = shop.rows(
        "SELECT p.merchant_ref, o.total_yen, p.status FROM shop_order o JOIN payment p ON p.order_id = o.id"
        " WHERE o.state = 'placed' AND p.kind = 'card'"
    )
    return {row.merchant_ref: [row.total_yen] for row in placed if row.status in ("authorized", "captured")}


def _stock(shop: Shop) -> None:
    variants = shop.rows("SELECT code, on_hand, allocated, held FROM variant")
    sold = Counter(
        {
            row.code: int(row.units)
            for row in shop.rows(
                "SELECT v.code, sum(l.quantity) AS units FROM order_line l JOIN variant v ON v.id = l.variant_id"
                " JOIN shop_order o ON o.id = l.order_id WHERE o.state = 'placed' GROUP BY v.code"
            )
        }
    )
    for row in variants:
        assert row.held == 0, row
        assert row.allocated == sold[row.code], row
        assert row.on_hand - row.allocated >= 0, row


def _mails(shop: Shop) -> None:
    """One pair for each order, one word at most while its outcome was open, each handed over once: as many files as promises."""
    placed = {row.id for row in shop.rows("SELECT id FROM shop_order WHERE state = 'placed'")}
    for kind in ("thanks", "order_notice"):
        sent = Counter(row.order_id for row in shop.rows("SELECT order_id FROM outbox_mail WHERE kind = :kind", kind=kind))
        assert sent == Counter(dict.fromkeys(placed, 1))
    waiting = [row.order_id for row in shop.rows("SELECT order_id FROM outbox_mail WHERE kind = 'still_open'")]
    assert len(waiting) == len(set(waiting))
    assert len(list((shop.instance / "mails").glob("*.eml"))) == shop.value("SELECT count(*) FROM outbox_mail")


def _cards(shop: Shop) -> None:
    """The provider keeps the cards that members' links name, each once, and no other."""
    links = shop.rows("SELECT customer_ref, card_ref FROM stored_card")
    kept = [card for card in shop.practice.books()["cards"] if card["alive"]]
    assert Counter((card["customer"], card["card"]) for card in kept) == Counter(map(tuple, links))
