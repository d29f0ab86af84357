"""Buyers on their way to 注文する: in either cart, as a guest, with 会員登録, or as a member with a card."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import requests
import sqlalchemy as sa

from providers.kept_cards import Linking
from shop.members import names
from shop.members.models import Member
from shop.payments.models import PaymentMethod, ProviderAccount
from tests.crash import products
from tests.crash.stage import Stage
from tests.support import members
from tests.support.buying import ADDRESS, CARD, Buyer, StepsBuyer, any_product
from tests.support.pages import Page
from tests.support.world import VISA

#: Whoever orders uses it: its uses are part of every story.
COUPON = "ARIGATO500"

ZERO, STEPS = "/checkout/zero/place", "/checkout/place"
#: What a member changes to.
OTHER_CARD = "3530111333300000"
#: 会員登録する, as typed at STEP1.
JOIN = {"register_member": "y", "login_id": "kaede", "new_password": members.PASSWORD}


@dataclass(frozen=True)
class Ready:
    """A browser before its press on 注文する."""

    browser: requests.Session
    path: str
    fields: dict[str, str] = field(default_factory=dict)


def set_card_method(stage: Stage, *, capture: bool = False, secure: bool = False, linking: Linking = Linking.NEVER) -> None:
    """``secure`` = 3-D Secure, ``linking`` = クレジットカード紐づけ設定; as far as the product leaves the choice."""
    options = json.dumps(products.options(stage.product, secure=secure, linking=linking))
    card = sa.update(PaymentMethod).where(PaymentMethod.kind == CARD)
    stage.change(card.values(capture_at_once=capture, options=options))


def on_one_page(
    stage: Stage, method: str = CARD, card: str = VISA, *, browser: requests.Session | None = None, linking: bool = False
) -> Ready:
    """Two pieces confirmed on the one page, the card's token at hand; ``linking`` = and a second one to link it with."""
    buyer = Buyer(stage.url)
    buyer.session = browser or stage.browser()
    buyer.put_into_cart(any_product(buyer), 2)
    tokens = _tokens(buyer, card, buyer.checkout_form()[0], linking=linking) if method == CARD else {"card_token": ""}
    other = {"card_source": "new"} if linking else {}
    form = Page(buyer.confirm(method, coupon=COUPON, **other).text).form(ZERO)
    return Ready(buyer.session, ZERO, form.fields | tokens)


def at_step3(
    stage: Stage, card: str = VISA, browser: requests.Session | None = None, /, *, linking: bool = False, **typed: str
) -> Ready:
    """The same in the 3-step cart."""
    buyer = StepsBuyer(stage.url)
    buyer.session = browser or stage.browser()
    buyer.put_into_cart(any_product(buyer), 2)
    buyer.step1(**typed)
    page = Page(buyer.step2(coupon=COUPON).text)
    other = {"card_source": "new"} if browser and linking else {}
    return Ready(buyer.session, STEPS, page.form(STEPS).fields | other | _tokens(buyer, card, page, linking=linking))


def _tokens(buyer: Buyer, card: str, shown: Page, *, linking: bool) -> dict[str, str]:
    names = ("card_token", "link_token") if linking else ("card_token",)
    return {name: buyer.card_token(card, shown) for name in names}


def member_with_card(stage: Stage) -> requests.Session:
    """A member, logged in, whose card the provider keeps already."""
    stage.change(
        sa.insert(Member).values(
            public_id="hanako", login="hanako", email=ADDRESS["email"], email_key=ADDRESS["email"],
            password_hash=names.hashed(members.PASSWORD), name=ADDRESS["buyer_name"], created_at=datetime.now(UTC),
        )
    )  # fmt: skip
    member = members.Member(stage.url)
    member.session = stage.browser()
    member.log_in()
    ready = with_another_card_typed(stage, member.session, VISA)
    assert stage.press(member.session, ready.path, ready.fields) == ready.path.removesuffix("/form")
    return member.session


def with_another_card_typed(stage: Stage, browser: requests.Session, card: str = OTHER_CARD) -> Ready:
    """A member at ご登録カード管理 before 登録 or 変更."""
    member = members.Member(stage.url)
    member.session = browser
    (account,) = stage.rows(ProviderAccount)
    form = f"/mypage/cards/{account.id}/form"
    page = Page(member.get(form).text)
    return Ready(browser, form, page.form(form).fields | {"card_token": member.card_token(card, page)})
