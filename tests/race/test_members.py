"""Members at the same moment: one of two who want a 会員ID gets it, and a member has one card whatever is pressed at once."""

from functools import partial

import pytest

from tests.race.books import assert_books_agree
from tests.race.browser import STEPS, ZERO, Answer, Browser, is_complete
from tests.race.practice import GOOD, KEPT_UNHEARD
from tests.race.products import ASKING, EVERY, Product, Turns
from tests.race.shopping import CARD, CASH, Shop, at_once
from tests.support import members
from tests.support.pages import Page

CODE = "TK-050"
JCB = "3580000000001000"
_TURNS = Turns()
#: Where the card's provider has nothing to do with it, the first one will do.
_CASH = (EVERY[0], CASH)


def _login(name: str, product: Product) -> str:
    """All products are met in one shop."""
    return f"{name}.{product}".replace(" ", ".")


def _press(browser: Browser, confirmation: str, token: str, door: str) -> str:
    path, _page = browser.follow(browser.place(confirmation, token, door), through_issuer=True)
    browser.close()
    return path


@pytest.mark.req("R-272", "P-02")
@_TURNS.cases("kind", [(CARD,)], besides=[_CASH])
def test_one_login_wanted_by_two_orders_at_once(shop: Shop, product: Product, kind: str) -> None:
    """In steps and on the one page: both orders stand, one of the two buyers is the member, the other is told by mail."""
    shop.stock(CODE, 50)
    wanted, presses = _login(f"r.{kind}"[:10], product), []
    for number, steps in enumerate((True, False)):
        browser = shop.browser()
        browser.add(shop.variant(CODE))
        join = {"register_member": "y", "login_id": wanted, "new_password": members.PASSWORD}
        confirmation = shop.confirm(browser, kind, steps=steps, email=f"{number}.{wanted}@example.jp", **join)
        token = shop.practice.token() if kind == CARD else ""
        presses.append(partial(_press, browser, confirmation, token, STEPS if steps else ZERO))
    paths = at_once(presses)
    assert all(map(is_complete, paths)), paths
    orders = [shop.order_of(path) for path in paths]
    assert {order.state for order in orders} == {"placed"}
    shop.settle()
    registered = shop.rows("SELECT id, email FROM member WHERE login = :login", login=wanted)
    assert [order.member_id for order in orders if order.member_id] == [member.id for member in registered]
    told = {row.recipient: row.kind for row in shop.rows("SELECT kind, recipient FROM outbox_mail WHERE kind LIKE 'member%'")}
    kinds = [told[order.email] for order in orders]
    assert sorted(kinds) == ["member_not_registered", "member_welcome"]
    assert_books_agree(shop)


@pytest.mark.req("R-137", "R-142")
@_TURNS.each(ASKING)
def test_two_tabs_change_the_card_at_once(shop: Shop, product: Product) -> None:
    """Each time the provider is left with one card, the linked one."""
    member = members.other(shop.server.url, shop.app, _login("kaoru", product))
    member.log_in()
    form = f"/mypage/cards/{shop.account('id')}/form"
    fields = member.submit_form(form, form)
    tabs = []
    for _ in range(4):
        tab = members.Member(shop.server.url)
        tab.session.cookies.update(member.session.cookies)
        tabs.append(partial(tab.post, form, fields | {"card_token": shop.practice.token()}))
    answers = at_once(tabs)
    assert {answer.status_code for answer in answers} == {200}
    shop.settle()
    customer = shop.rows("SELECT customer_ref FROM stored_card WHERE member_id = :id", id=member.member_id)
    assert len(customer) == 1
    assert_books_agree(shop)


@pytest.mark.req("R-130", "R-137", "R-138")
@_TURNS.each(ASKING)
def test_two_devices_link_a_card_at_once(shop: Shop, product: Product) -> None:
    """A member's one cart is at the till of either checkout, at two devices, each with a card to be linked; two processes send
    and ask meanwhile. Twice, the second time by another card while nobody knows what became of the first one."""
    member = members.other(shop.server.url, shop.app, _login("minato", product))
    variant = shop.stock(CODE, 50)
    for card in (KEPT_UNHEARD, JCB):
        devices = [_device(shop, member) for _ in range(2)]
        devices[0].add(variant)
        presses = [_with_two_tokens(shop, browser, card, door) for browser, door in zip(devices, (ZERO, STEPS), strict=True)]
        answers = at_once([*presses, shop.sweep, shop.sweep])[:2]
        paths = [browser.follow(answer)[0] for browser, answer in zip(devices, answers, strict=True)]
        assert len(set(filter(is_complete, paths))) == 1, paths
        for browser in devices:
            browser.close()
        shop.sweep()  # sent by now: one that waits would be given up for the next order's
    shop.settle()
    assert _asked_about(shop, member) == 1
    assert shop.rows("SELECT last_four FROM stored_card WHERE member_id = :id", id=member.member_id) == [(JCB[-4:],)]
    assert shop.value("SELECT count(*) FROM shop_order WHERE member_id = :id AND state = 'placed'", id=member.member_id) == 2
    assert_books_agree(shop)


def _device(shop: Shop, member: members.Member) -> Browser:
    """The member logs in at another one."""
    member.session.cookies.clear()
    member.log_in()
    return Browser(shop.port, dict(member.session.cookies))


def _asked_about(shop: Shop, member: members.Member) -> int:
    """The registrations whose answer was lost indeed."""
    asked = "SELECT count(*) FROM card_operation WHERE member_id = :id AND verb = 'store' AND checks > 0"
    return int(shop.value(asked, id=member.member_id))


def _with_two_tokens(shop: Shop, browser: Browser, card: str, door: str) -> partial[Answer]:
    """About to press 注文する, the box on."""
    asked: dict[str, str] = {"card_source": "new", "keep_card": "y"}
    fields: dict[str, object] = {name: shop.practice.token(card) for name in ("card_token", "link_token")}
    fields["confirmation_token"] = shop.confirm(browser, CARD, steps=door == STEPS, **asked)
    if door == STEPS:
        fields |= asked | {"card_terms": Page(browser.get("/checkout/step3").text).form(STEPS).fields["card_terms"]}
    return partial(browser.post, door, fields)


@pytest.mark.req("R-132", "R-137")
@_TURNS.each(ASKING)
def test_a_later_no_races_the_card_on_its_way(shop: Shop, product: Product) -> None:
    """An order links another card, and the answer is lost; the next one, box off, is pressed while two processes send that
    registration and ask about it."""
    member = members.other(shop.server.url, shop.app, _login("nagi", product))
    member.log_in()
    member.submit(f"/mypage/cards/{shop.account('id')}/form", card_token=shop.practice.token())
    browser = Browser(shop.port, dict(member.session.cookies))
    variant = shop.stock(CODE, 50)

    def ready(card: str, keep: str = "") -> partial[Answer]:
        browser.add(variant)
        confirmation = shop.confirm(browser, CARD, card_source="new", keep_card=keep)
        tokens = {name: shop.practice.token(card) for name in ("card_token", "link_token")}
        return partial(browser.post, ZERO, {"confirmation_token": confirmation, **tokens})

    for _ in range(2):  # in the place of a linked card, then as the first one
        assert is_complete(browser.follow(ready(KEPT_UNHEARD, "y")())[0])
        answer, *_others = at_once([ready(GOOD), shop.sweep, shop.sweep])
        assert is_complete(browser.follow(answer)[0])
        shop.settle()
        assert shop.rows("SELECT id FROM stored_card WHERE member_id = :id", id=member.member_id) == []
        assert_books_agree(shop)
    browser.close()
