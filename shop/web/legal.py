"""What the law wants said: the 特定商取引法 table and the facts of the final confirmation (法12条の6)."""

import json

from shop.core.i18n import gettext as _
from shop.core.i18n import language
from shop.core.shopinfo import ShopInfo
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod


def texts(info: ShopInfo) -> dict[str, object]:
    """The shop's own texts in this request's language, Japanese where a translation is missing."""
    stored = json.loads(info.texts)
    return dict(stored.get("ja", {})) | dict(stored.get(language(), {}))


def final_page_texts(info: ShopInfo, courier: Delivery, method: PaymentMethod) -> dict[str, str]:
    """支払時期・方法, 引渡時期, 撤回・解除 and 申込期間 as the final page must state them (R-285)."""
    own = texts(info)
    if method.kind == "card":
        timing = _("ご注文時にカードの与信を行います。ご請求日はカード会社の締め日により異なります。")
    else:
        timing = _("商品と引き換えに、配達員へお支払いください。")
    return {
        "payment_timing": timing,
        "delivery_timing": courier.lead_time,
        "cancellation": str(own.get("cancellation", "")),
        "period": str(own.get("period", "")),
    }
