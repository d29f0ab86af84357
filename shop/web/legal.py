"""The facts of the final confirmation page (法12条の6), R-285."""

from shop.core.i18n import gettext as _
from shop.delivery.models import Delivery
from shop.payments.models import PaymentMethod
from shop.web.filters import shop_text


def final_page_texts(courier: Delivery, method: PaymentMethod) -> dict[str, str]:
    """支払時期・方法, 引渡時期, 撤回・解除 and 申込期間 as the page must state them."""
    return {
        "payment_timing": payment_timing(method),
        "delivery_timing": courier.lead_time,
        "cancellation": shop_text("cancellation"),
        "period": shop_text("period"),
    }


def payment_timing(method: PaymentMethod) -> str:
    """支払時期: what happens to the buyer's money, and when."""
    if method.kind == "cash_on_delivery":
        return _("商品と引き換えに、配達員へお支払いください。")
    if method.capture_at_once:
        return _("ご注文時にカードへ請求します。引き落とし日はカード会社の規約によります。")
    return _("ご注文時にカードのご利用枠を確保し、発送時に請求を確定します。引き落とし日はカード会社の規約によります。")
