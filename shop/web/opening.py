"""Opening a real shop on an empty database: its name, its address, and the methods to be filled in by the owner."""

import json
from datetime import datetime

from sqlalchemy.orm import Session

from providers.ports import Provider
from shop.core.shopinfo import ShopInfo
from shop.delivery import service as delivery
from shop.delivery.models import Delivery
from shop.orders.models import OrderNumber
from shop.payments import methods


def open_shop(session: Session, provider: Provider, name: str, email: str, prefix: str, now: datetime) -> None:
    """One courier, an account without credentials, the provider's method and 代金引換 both 未設定 and unpaired.

    Nothing can be bought until the owner has set and paired a method and entered products.
    """
    session.add(ShopInfo(name=name, email=email, order_prefix=prefix, legal="[]", texts=json.dumps({"ja": {}})))
    session.add(OrderNumber(last=0))
    session.add(Delivery(admin_name="宅配便", name="宅配便", fee_yen=0, position=1))
    session.add_all(delivery.others())
    methods.add_linked(session, provider, now)
    for kind in methods.BASIC:
        methods.add_basic(session, kind)
