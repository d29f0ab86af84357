"""Who may open what (P-24): every address of the route table, every method it takes, asked for by everyone with everyone's ids:
a guest's for the shop's and the desk's addresses, a member's for those of members.

A route without a rule in :data:`RULES` fails by its name. Forms carry a valid token of their own session, so that what
refuses them is the rule and not the guard against forged forms (that one is tested in ``test_every_page``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select, update

from admin import access
from shop.checkout.models import Cart, CartItem, Confirmation
from shop.core.db import Base, db, write
from shop.core.runtime import now
from shop.members import models
from shop.members.models import MemberAddress, MemberEvent, MemberSession
from shop.orders.models import Order, OrderHistory, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments import hop
from shop.payments.cards.models import CardOperation, StoredCard
from shop.payments.models import AccountVersion, Payment, PaymentOperation, ProviderAccount, ProviderNotice
from shop.staff.models import StaffUser
from shop.staff.rights import Right
from shop.staff.service import Identity
from tests.support.buying import CASH, Buyer, buy
from tests.support.members import Member
from tests.support.members import other as named_member
from tests.support.pages import Page
from tests.support.staff import Clerk
from tests.web.counter import CUP, TEA, Desk, number_of
from tests.web.test_every_page import VALUES, addresses


class Rule(Enum):
    """What opens an address."""

    PUBLIC = auto()
    #: Shows and changes only what belongs to the session that asks.
    OWN = auto()
    #: The address itself cannot be guessed; whoever else has it sees nothing personal.
    TOKEN = auto()
    #: Members, each for what is theirs.
    MEMBER = auto()
    STAFF = auto()
    #: The owner of the shop alone.
    OWNER = auto()
    #: The provider's signature.
    SIGNED = auto()


#: What opens the admin: for some addresses a right, told apart in ``test_each_right_opens_its_own_and_nothing_else``.
DESK = (Rule.STAFF, Rule.OWNER, *Right)
#: Who passes the log-in of a rule.
LOGGED_IN: Mapping[Rule | Right, frozenset[str]] = {
    Rule.MEMBER: frozenset({"member", "other member"}), **dict.fromkeys(DESK, frozenset({"staff"})),
}  # fmt: skip
WHO = ("stranger", "other buyer", "buyer", "member", "other member", "staff")


def owner_of(rule: Rule | Right) -> str:
    """Whose ids stand in the addresses that are asked for."""
    return "member" if rule is Rule.MEMBER else "buyer"


RULES: Mapping[Rule | Right, str] = {
    Rule.PUBLIC: """
        static bootstrap.static health.healthz health.readyz checkout.browser_module
        storefront.front storefront.products storefront.product storefront.legal storefront.choose_language storefront.picture storefront.design
        postal.places field_checks.check
        account.login account.log_in account.log_out account.register account.ask_to_register account.register_link
        account.forgotten account.ask_to_reset account.password_link account_settings.email_link account_settings.proof_link account_settings.gone
        order_lookup.show order_lookup.ask order_lookup.link waiting.link
        admin.login admin.log_in admin.invitation admin.accept_invitation
    """,
    Rule.OWN: """
        cart.add cart.show cart.change checkout.zero checkout.check_zero checkout.confirm_zero checkout.confirmation_again checkout.place_zero
        wizard.step1 wizard.take_step1 wizard.check_step1 wizard.step2 wizard.take_step2 wizard.check_step2 wizard.step3 wizard.step3_again wizard.place
        attempt.pending attempt.check attempt.abort_attempt verify.show verify.prove verify.resend
        account.join_after_order account.register_details account.finish_registration account.new_password account.set_password
        account_settings.new_email account_settings.set_email order_lookup.found
        order_lookup.cancel_form order_lookup.ask_to_cancel waiting.show waiting.check waiting.over
    """,
    Rule.MEMBER: """
        account_settings.login_id account_settings.change_login_id account_settings.password account_settings.change_password
        account_settings.email account_settings.ask_to_change_email account_settings.leave account_settings.take_leave
        account_settings.email_proof account_settings.prove_email account_settings.mail_proof
        mypage.top mypage.profile mypage.save_profile mypage.check_profile mypage.events mypage.subscriptions
        mypage.address_list mypage.new_address mypage.add_address mypage.address mypage.change_address mypage.check_address
        mypage.confirm_address_removal mypage.remove_address my_orders.order_list my_orders.order my_orders.again
        my_orders.cancel_form my_orders.ask_to_cancel
        cards.overview cards.card cards.form cards.register cards.confirm_removal cards.remove cards.check
    """,
    Rule.TOKEN: "attempt.complete hop.leave hop.come_back hop.sent_back",
    Rule.SIGNED: "provider.notice",
    Rule.STAFF: """
        admin.dashboard admin.choose_language admin.log_out admin.own_password admin.change_own_password
        admin.second_step admin.take_code admin.two_step admin.set_up_two_step admin.switch_on_two_step admin.forget_device
        admin.ask_for_codes admin.renew_codes admin.ask_to_switch_off admin.switch_off_two_step
        admin.orders admin.order admin.refresh_payment admin.payment_attention admin.payment_attempts admin.holds
        admin.products admin.mails admin.mail
    """,
    Rule.OWNER: "admin.staff_log",
    Right.ORDERS: """
        admin.save_memo admin.confirm_move admin.move_order admin.confirm_release admin.release_hold admin.retry_mail
        admin.confirm_copy admin.copy_mail
        admin.clear_order
    """,
    Right.PRICE: "admin.edit_order admin.save_row",
    # And the other buttons of the payment box, each by its right.
    Right.CAPTURE: "admin.confirm_money admin.act_on_money admin.console_check admin.say_console admin.console_deed admin.tell_console",
    Right.PRODUCTS: "admin.change_flow",
    Right.CUSTOMERS: "admin.customers admin.customer admin.customer_history",
    Right.SETTINGS: """
        admin.card_guard admin.confirm_card_guard admin.revise_card_guard admin.save_card_guard admin.stop_cards admin.release_cards
        admin.member_settings admin.confirm_member_settings admin.revise_member_settings admin.save_member_settings
        admin.mail_check admin.send_test_mail admin.check_mail_domain
        admin.design admin.confirm_design admin.revise_design admin.save_design
        admin.cart_design admin.confirm_cart_design admin.revise_cart_design admin.save_cart_design
        admin.coupons admin.coupon admin.confirm_coupon admin.revise_coupon admin.save_coupon
        admin.deliveries admin.delivery admin.confirm_delivery admin.revise_delivery admin.save_delivery
        admin.payment_methods admin.payment_method admin.confirm_payment_method admin.revise_payment_method
        admin.check_payment_method admin.save_payment_method admin.add_payment_method admin.move_payment_method
        admin.confirm_removal admin.remove_payment_method
    """,
    Right.STAFF: """
        admin.staff_list admin.new_staff admin.add_staff admin.staff_member admin.change_staff admin.suspend_staff
        admin.reactivate_staff admin.send_staff_link
    """,
}
RULE_OF = {endpoint: rule for rule, endpoints in RULES.items() for endpoint in endpoints.split()}
#: They end the session, so they are asked for last.
LAST = ("account.log_out", "admin.log_out")
SECRETS = {
    "buyer_name": "秘野 守子", "buyer_kana": "ヒノ モリコ", "email": "himitsu@example.jp", "phone": "0399998888",
    "postal_code": "1508999", "address1": "渋谷区秘密町9-8-7", "note": "誰にも見せないでください",
}  # fmt: skip
MEMBER_SECRETS: dict[str, Any] = SECRETS | {
    "buyer_name": "奥山 会子", "buyer_kana": "オクヤマ カイコ", "email": "okuyama@example.jp", "phone": "0366667777",
    "postal_code": "1508111", "address1": "渋谷区奥山1-2-3", "note": "会員だけが読めます",
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What leads to one buyer's things: ids for addresses, and the words nobody else may read."""

    ids: Mapping[str, str]
    operation: Mapping[str, str]
    personal: tuple[str, ...]
    member_id: int = 0

    def address(self, app: Flask, endpoint: str, method: str) -> list[str]:
        values = {**VALUES, **self.ids, **(self.operation if endpoint.startswith("hop.") else {})}
        return [path for name, path in addresses(app, method, values) if name == endpoint]


@pytest.fixture
def owner(shopper: Buyer) -> Buyer:
    """A buyer with an order and goods in the basket again, all confirmed."""
    shopper.put_into_cart(TEA)
    number_of(shopper.place(shopper.confirm(**SECRETS), shopper.card_token()))
    shopper.put_into_cart(CUP)
    assert SECRETS["email"] in shopper.confirm(**SECRETS).text
    return shopper


@pytest.fixture
def known(owner: Buyer, demo_app: Flask) -> Known:
    return known_of(demo_app, SECRETS, ("秘野", "9-8-7"))


@pytest.fixture
def member(owner: Buyer, demo_app: Flask) -> Member:
    """A member with an order, a basket, an address in the book and a card."""
    member = named_member(owner.shop_url, demo_app, login="okuyama", name=MEMBER_SECRETS["buyer_name"])
    member.log_in()
    number_of(buy(owner.shop_url, CUP, quantity=1, method=CASH, buyer=member, **MEMBER_SECRETS))
    member.put_into_cart(CUP)
    with demo_app.app_context(), write() as session:
        place = {name: MEMBER_SECRETS[name] for name in ("phone", "postal_code", "address1")}
        session.add(MemberAddress(member_id=member.member_id, name="奥山 会子", prefecture="東京都", created_at=now(), **place))
        account = session.scalars(select(AccountVersion)).one()
        contract = {"account_id": account.account_id, "account_version_id": account.id}
        session.add(
            StoredCard(member_id=member.member_id, customer_ref="m", card_ref="7", last_four="8642", created_at=now(), **contract)
        )
    return member


@pytest.fixture
def members_own(known: Known, member: Member, demo_app: Flask) -> Known:
    with demo_app.app_context():
        address = str(db.session.scalars(select(MemberAddress.id)).one())
    own = known_of(demo_app, MEMBER_SECRETS, ("奥山", "1-2-3", "okuyama", "8642"), Order.member_id == member.member_id)
    return replace(own, ids={**own.ids, "address_id": address}, member_id=member.member_id)


def known_of(app: Flask, secrets: Mapping[str, str], parts: tuple[str, ...], *which: Any) -> Known:
    """The newest order with what belongs to it, and the newest line of a basket."""
    with app.app_context():
        order = db.session.scalars(select(Order).where(*which)).one()
        operation = db.session.scalars(select(PaymentOperation)).one()
        ids = {
            "number": order.number or "", "order_id": str(order.id), "public_id": order.public_id,
            "mail_id": str(db.session.scalars(select(OutboxMail.id).where(OutboxMail.order_id == order.id)).first()),
            "item_id": str(db.session.scalar(select(CartItem.id).order_by(CartItem.id.desc()).limit(1))),
            "key": db.session.scalars(select(ProviderAccount.key)).one(),
        }  # fmt: skip
        way = {"public_id": operation.public_id, "token": hop.token(operation.public_id)}
    return Known(ids, way, (*secrets.values(), *parts))


@pytest.fixture
def asker(
    who: str, known: Known, members_own: Known, owner: Buyer, member: Member, demo_app: Flask, request: pytest.FixtureRequest
) -> requests.Session:
    """The browser of ``who``; people who own nothing here have something of their own."""
    url = owner.shop_url
    match who:
        case "buyer" | "member":
            return (owner if who == "buyer" else member).session
        case "staff":
            desk: Desk = request.getfixturevalue("desk")
            return desk.session
        case "other buyer":
            number_of(buy(url, TEA, buyer=(other := Buyer(url))))
        case "other member":
            other = named_member(url, demo_app, login="taro", name="佐藤 太郎")
            other.log_in()
        case _:
            return Buyer(url).session
    other.put_into_cart(TEA)
    return other.session


def test_every_route_has_a_rule(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert sorted(routes - RULE_OF.keys()) == [], "say in RULES who may open it"
    assert sorted(RULE_OF.keys() - routes) == [], "no such route any more"


@pytest.mark.one_database
@pytest.mark.req("P-24", "T-050")
@pytest.mark.parametrize("who", WHO)
def test_everyone_opens_what_the_rule_says(
    who: str, asker: requests.Session, known: Known, members_own: Known, owner: Buyer, demo_app: Flask
) -> None:
    whose = {"buyer": known, "member": members_own}
    others = [theirs for name, theirs in whose.items() if name != who]
    before = [belongings(demo_app, theirs) for theirs in others]
    for endpoint, method, answer in knock(asker, owner.shop_url, whose, demo_app):
        rule, said = RULE_OF[endpoint], f"{method} {endpoint}: {answer.status_code}"
        assert answer.status_code < 500 or endpoint == "health.readyz", said
        admitted = who in LOGGED_IN.get(rule, WHO)
        assert sent_to_log_in(answer) is not admitted or endpoint in LAST, said
        if rule is Rule.SIGNED:
            assert answer.status_code == 403, said
        if not (rule in DESK and admitted):
            for theirs in others:
                assert_nothing_told(answer, theirs, with_number=rule is Rule.TOKEN, said=said)
    if who != "staff":
        assert [belongings(demo_app, theirs) for theirs in others] == before


#: Pages of the desk where buttons and links to everything else stand.
SHOWN = (
    "/admin", "/admin/orders", "/admin/orders/{number}", "/admin/holds", "/admin/products", "/admin/mails", "/admin/mails/1",
    "/admin/payments/attention", "/admin/payments/attempts", "/admin/customers", "/admin/staff", "/admin/password", "/admin/settings/card-guard",
)  # fmt: skip
BUTTONS = {"capture": Right.CAPTURE, "cancel": Right.REFUND, "update": Right.PRICE}


@pytest.mark.one_database
@pytest.mark.req("P-24", "T-055")
def test_each_right_opens_its_own_and_nothing_else(known: Known, demo_app: Flask) -> None:
    """Somebody without any, somebody with just that one, the owner: what is refused is refused as a look and as a deed,
    changes nothing, and no button or link leads there."""
    with demo_app.app_context(), write() as session:
        session.execute(update(OutboxMail).values(state="failed"))
    clerks: list[tuple[str, Clerk, frozenset[Right]]] = [
        ("none", Clerk(demo_app, "nobody"), frozenset()),
        *((right.value, Clerk(demo_app, right.value, right), frozenset({right})) for right in Right),
        ("owner", Clerk(demo_app, "boss", owner=True), frozenset(Right)),
    ]
    shown: dict[str, set[tuple[str, str]]] = {}
    for name, clerk, granted in clerks:
        wanted = {Rule.STAFF, *granted} | ({Rule.OWNER} if name == "owner" else set())
        shown[name] = leads(clerk, known.ids["number"], demo_app)
        for endpoint, path in sorted(shown[name]):
            assert need_of(endpoint, path) in wanted, f"{name} is shown {path}"
        before = [belongings(demo_app, known), desk_belongings(demo_app)]
        for endpoint, method, path in tried(name, desk_addresses(known, demo_app)):
            if need_of(endpoint, path) not in wanted:
                answer = clerk.get(path) if method == "GET" else clerk.post(path, remove="1", memo="x", amount_yen="1")
                assert answer.status_code == 403, (name, method, path)
                assert "権限がありません" in answer.text, (name, method, path)
            elif method == "GET" and need_of(endpoint, path) is not Rule.STAFF:
                assert clerk.get(path).status_code in (200, 303, 404), (name, path)
        assert [belongings(demo_app, known), desk_belongings(demo_app)] == before, name
    for right in (*Right,):
        assert shown[right.value] - shown["none"], f"nothing is shown for {right}"
        assert shown[right.value] <= shown["owner"]


def tried(name: str, addresses: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """All of them by who has no right; by the others all that are theirs, and of each other kind one look and one deed –
    that the table behind the door says the same of the rest is asked of the table below."""
    if name in ("none", "owner"):
        return addresses
    first = {(need_of(endpoint, path), method): path for endpoint, method, path in reversed(addresses)}
    return [each for each in addresses if need_of(each[0], each[2]) == name or each[2] in first.values()]


@pytest.mark.one_database
@pytest.mark.req("P-24", "T-055")
def test_the_table_behind_the_door_is_the_one_written_here(app: Flask) -> None:
    """For every address of the route table and every single right."""
    people = [(frozenset({right}), False) for right in Right] + [(frozenset(), False), (frozenset(Right), True)]
    for granted, owner in people:
        identity = Identity(1, "x", "x", now_of(app), owner, granted)
        for endpoint, rule in RULE_OF.items():
            for verb in BUTTONS if "money" in endpoint else ("",):
                wanted = BUTTONS.get(verb, rule)
                may = wanted in (Rule.STAFF, Rule.PUBLIC, *granted) or (owner and wanted is Rule.OWNER)
                if endpoint.startswith("admin."):
                    assert access.admits(identity, access.need(endpoint, {"verb": verb})) is may, (endpoint, verb, granted)


def now_of(app: Flask) -> datetime:
    with app.app_context():
        return now()


def need_of(endpoint: str, path: str) -> Rule | Right:
    verb = path.rpartition("/payment/")[2] if endpoint in ("admin.confirm_money", "admin.act_on_money") else ""
    return BUTTONS.get(verb.partition("?")[0]) or RULE_OF[endpoint]


def desk_addresses(known: Known, app: Flask) -> list[tuple[str, str, str]]:
    """Every address of the desk behind the log-in, with its method; the payment box's with every button."""
    found = []
    for endpoint, rule in RULE_OF.items():
        for method in ("GET", "POST") if rule in DESK and endpoint not in LAST else ():
            for path in known.address(app, endpoint, method):
                bent = {path.replace("/payment/capture", f"/payment/{verb}") for verb in BUTTONS}
                found += [(endpoint, method, each) for each in sorted(bent)]
    return found


def leads(clerk: Clerk, number: str, app: Flask) -> set[tuple[str, str]]:
    """Where the links and forms of the pages this person can open lead to within the desk."""
    routes = app.url_map.bind("localhost")
    found = set()
    for path in SHOWN:
        page = clerk.get(path.format(number=number))
        for tag, attributes in Page(page.text).elements if page.status_code == 200 else ():
            method = attributes.get("method", "get").upper() if tag == "form" else "GET"
            target = attributes.get("action" if tag == "form" else "href", "").partition("#")[0].partition("?")[0]
            if target.startswith("/admin"):
                found.add((str(routes.match(target, method=method)[0]), target))
    return found


def desk_belongings(app: Flask) -> list[Any]:
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(StaffUser.__table__).order_by(StaffUser.id))]


@pytest.mark.req("P-24", "T-050")
def test_an_address_that_is_not_quite_right_opens_nothing(known: Known, owner: Buyer, demo_app: Flask) -> None:
    """Not even for the buyer whose order it is."""
    for endpoint in RULES[Rule.TOKEN].split():
        looked_at = known.address(demo_app, endpoint, "GET")
        if not looked_at:
            continue  # a form of the provider's; it is the same address
        (path,) = looked_at
        assert owner.get(path).status_code == 200, path
        right = (known.operation if endpoint.startswith("hop.") else {"public_id": known.ids["public_id"]}).values()
        for part in right:
            for bent in (part[:-1], part + "0", "1", part[:-1] + ("a" if part[-1] != "a" else "b")):
                assert owner.get(path.replace(part, bent)).status_code == 404, (endpoint, bent)


def knock(
    session: requests.Session, shop_url: str, whose: Mapping[str, Known], app: Flask
) -> Iterator[tuple[str, str, requests.Response]]:
    """Every endpoint with every method it takes, forms with a token of this session."""
    tokens = {desk: form_token(session, shop_url, desk=desk) for desk in (False, True)}
    foreign = what_only_its_owner_may_send(app, whose["member"])
    for endpoint in sorted(RULE_OF, key=lambda name: name in LAST):
        known = whose[owner_of(RULE_OF[endpoint])]
        for method in ("GET", "POST"):
            for path in known.address(app, endpoint, method):
                form = foreign | {"csrf_token": tokens[endpoint.startswith("admin.")], "memo": "x", "quantity": "3"}
                # A line of a basket is changed, and then removed.
                forms = [form, form | {"remove": "1"}] if endpoint == "cart.change" else [form | {"remove": "1"}]
                for sent in forms if method == "POST" else [{}]:
                    answer = session.request(method, shop_url + path, data=sent, allow_redirects=False)
                    refused = answer.status_code == 400 and "もう一度お試しください" in answer.text
                    assert not refused, f"{endpoint}: the form's token"
                    yield endpoint, method, answer


def what_only_its_owner_may_send(app: Flask, known: Known) -> dict[str, str]:
    """Fields that name a member's things: the address in the book, the newest confirmation, the card."""
    with app.app_context():
        token = db.session.scalars(select(Confirmation.token).order_by(Confirmation.id.desc())).first() or ""
    return {
        "ship_to": f"book-{known.ids['address_id']}", "confirmation_token": token, "card_source": "stored",
        "member_id": str(known.member_id),
    }  # fmt: skip


def form_token(session: requests.Session, shop_url: str, *, desk: bool) -> str:
    """Shop and desk have a session each, and so a token each."""
    page = Page(session.get(f"{shop_url}/admin/login" if desk else f"{shop_url}/products").text)
    return page.forms[0].fields["csrf_token"]


def sent_to_log_in(answer: requests.Response) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith(("/admin/login", "/login"))


def assert_nothing_told(answer: requests.Response, known: Known, *, with_number: bool, said: str) -> None:
    """A number that stands in the address tells nothing by coming back in it; the mark of a file is the time it was written,
    and any four digits may stand in that."""
    number = known.ids["number"]
    headers = {name: value for name, value in answer.headers.items() if name != "ETag"}
    words = known.personal if with_number or number in answer.url else (*known.personal, number)
    assert [word for word in words if word in answer.text + str(headers)] == [], said


def belongings(app: Flask, known: Known) -> dict[str, list[Any]]:
    """All that is stored of the owner's order, money, mails and basket."""
    order, item = int(known.ids["order_id"]), int(known.ids["item_id"])
    payment = select(Payment.id).where(Payment.order_id == order)
    cart = select(CartItem.cart_id).where(CartItem.id == item)
    theirs: dict[type[Base], Any] = {
        Order: Order.id == order, OrderLine: OrderLine.order_id == order, OrderHistory: OrderHistory.order_id == order,
        Payment: Payment.order_id == order, PaymentOperation: PaymentOperation.payment_id.in_(payment),
        OutboxMail: OutboxMail.order_id == order, ProviderNotice: ProviderNotice.payment_id.in_(payment),
        Cart: Cart.id.in_(cart), CartItem: CartItem.cart_id.in_(cart), Confirmation: Confirmation.cart_id.in_(cart),
        models.Member: models.Member.id == known.member_id, MemberAddress: MemberAddress.member_id == known.member_id,
        MemberSession: MemberSession.member_id == known.member_id, MemberEvent: MemberEvent.member_id == known.member_id,
        StoredCard: StoredCard.member_id == known.member_id, CardOperation: CardOperation.member_id == known.member_id,
    }  # fmt: skip
    with app.app_context():
        return {
            table.__tablename__: [tuple(row) for row in db.session.execute(select(table.__table__).where(condition))]
            for table, condition in theirs.items()
        }
