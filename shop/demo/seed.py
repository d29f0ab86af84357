"""Fills an empty database with the demo shop. Does nothing to a shop that already has its row."""

import json
import secrets
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.ports import Endpoint, Provider
from shop.catalogue.models import Category, Product, Variant
from shop.core.clock import jst
from shop.core.shopinfo import ShopInfo
from shop.core.text import folded
from shop.delivery import postal
from shop.delivery import service as delivery
from shop.delivery.models import Delivery, DeliveryPayment
from shop.demo import artwork, texts
from shop.demo import postal as demo_postal
from shop.demo.catalogue import CATEGORIES, PRODUCTS
from shop.demo.member import ADDRESSES, MEMBER
from shop.demo.texts import Bilingual
from shop.members import accounts as members
from shop.members.models import MemberAddress
from shop.orders.models import OrderNumber
from shop.payments import accounts
from shop.payments.models import PaymentMethod
from shop.promotions.models import Coupon

OWNER = "owner"
#: 会員ID of the demo member.
MEMBER_LOGIN = "hanako"
#: 500 yen off, as often as it is typed.
COUPON = "ARIGATO500"
_COURIER_FEE = 600
_COD_FEE = 330


def is_empty(session: Session) -> bool:
    """Whether no shop was set up here yet."""
    return session.scalar(select(ShopInfo.id).limit(1)) is None


def load(session: Session, provider: Provider, now: datetime) -> None:
    """The demo shop: texts, products, one courier, a practice card account and 代金引換, all paired, and a coupon; メール便 and
    店頭渡し stand ready but are not in use."""
    session.add(_shop())
    session.add(OrderNumber(last=0))
    _products(session)
    postal.replace_all(session, demo_postal.rows())
    courier = Delivery(
        admin_name="宅配便（全国一律）", name="宅配便", fee_yen=_COURIER_FEE, position=1,
        lead_time="平日13時までのご注文は当日、それ以降は翌営業日に発送します。発送から1〜3日でお届けします。",
    )  # fmt: skip
    account = accounts.create(session, provider, Endpoint.PRACTICE, provider.practice_settings(), now)
    card = PaymentMethod(
        kind="card", account_id=account.id, name="クレジットカード決済(トークン方式)", configured=True, position=1,
        shown_from_yen=1, options=json.dumps({"instalments": "split", "bonus": "0", "use_3ds": "0"}),
    )  # fmt: skip
    cash = PaymentMethod(
        kind="cash_on_delivery", name="代金引換", configured=True, fee_yen=_COD_FEE, position=2,
        note="商品と引き換えに、配達員へ現金でお支払いください。", note_at_choice=True,
    )  # fmt: skip
    session.add_all([courier, *delivery.others(), card, cash])
    session.add(_coupon(now))
    session.flush()
    session.add_all(
        [DeliveryPayment(delivery_id=courier.id, payment_method_id=method.id) for method in (card, cash)]
    )


def _coupon(now: datetime) -> Coupon:
    """To try a coupon by, for a year."""
    today = jst(now).date()
    return Coupon(
        code=COUPON, folded=folded(COUPON), name="ありがとうクーポン", kind="yen", value=500, starts_on=today,
        ends_on=today + timedelta(days=365), created_at=now,
    )  # fmt: skip


def add_member(session: Session, password_hash: str, now: datetime) -> None:
    """The demo member, with two addresses in the book: to try マイページ by."""
    member = members.create(session, MEMBER, MEMBER_LOGIN, password_hash, now, proven=True)
    session.add_all(MemberAddress(member_id=member.id, created_at=now, **place) for place in ADDRESSES)


def _shop() -> ShopInfo:
    legal = [[label.ja, text.ja] for label, text in texts.LEGAL_NOTICE]
    return ShopInfo(
        name=texts.SHOP.name.ja, email=texts.SHOP.mail, order_prefix="order",
        legal=json.dumps(legal, ensure_ascii=False),
        texts=json.dumps({code: _texts(code) for code in ("ja", "en")}, ensure_ascii=False),
    )  # fmt: skip


def _texts(code: str) -> dict[str, object]:
    def say(text: Bilingual) -> str:
        return str(getattr(text, code))

    story = texts.FRONT_STORY
    return {
        "name": say(texts.SHOP.name),
        "description": say(texts.SHOP.description),
        "story": {
            "title": say(story.title),
            "image": f"scene-{story.scene}.svg",
            "paragraphs": [say(paragraph) for paragraph in story.paragraphs],
        },
        "news": [{"day": line.day.isoformat(), "text": say(line.text)} for line in texts.NEWS],
        "shipping_line": say(texts.SHIPPING_DEADLINE),
        "banners": {category.code: f"scene-{category.code}.svg" for category in CATEGORIES},
        "legal": [[say(label), say(text)] for label, text in texts.LEGAL_NOTICE],
        "privacy": say(texts.PRIVACY),
        "shipping": say(texts.SHIPPING_GUIDE),
        "cancellation": say(texts.CANCELLATION),
    }


def _products(session: Session) -> None:
    categories = {
        category.code: Category(
            code=category.code,
            name=category.name,
            name_en=category.name_en,
            lead=category.lead,
            position=position,
        )
        for position, category in enumerate(CATEGORIES, 1)
    }
    session.add_all(categories.values())
    session.flush()
    for position, product in enumerate(PRODUCTS, 1):
        row = Product(
            code=product.code, name=product.name, category_id=categories[product.category].id, story=product.story,
            story_en=product.story_en, details=json.dumps(product.details, ensure_ascii=False),
            image=f"{product.artwork}.svg", reduced_tax=product.reduced_tax, published=product.published,
            position=position, flow=product.flow,
        )  # fmt: skip
        row.variants = [
            Variant(code=v.code, name=v.name, price_yen=v.price_yen, on_hand=v.on_hand, position=place)
            for place, v in enumerate(product.variants, 1)
        ]
        session.add(row)


def draw(instance: Path) -> None:
    """Write the pictures into ``instance/media``."""
    folder = instance / "media"
    folder.mkdir(parents=True, exist_ok=True)
    artwork.write_all(folder)


def owner_password(instance: Path) -> str:
    """The demo owner's password: made once, random, kept readable beside the database it opens."""
    return _kept_password(instance / "demo-password")


def member_password(instance: Path) -> str:
    """The same for the demo member."""
    return _kept_password(instance / "demo-member-password")


def _kept_password(path: Path) -> str:
    if not path.exists():
        path.touch(0o600)
        path.write_text(secrets.token_urlsafe(12))
    return path.read_text()
