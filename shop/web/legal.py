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
        "cancellation": "\n\n".join(filter(None, [shop_text("cancellation"), money_back(method)])),
        "period": shop_text("period"),
    }


def money_back(method: PaymentMethod) -> str:
    """What becomes of the buyer's money when the order is cancelled: it depends on how it is paid, not on the shop's terms."""
    if method.kind == "cash_on_delivery":
        return _("商品をお受け取りになるまで、お支払いはありません。お受け取り後の返金の方法は、ご連絡の際にご案内します。")
    to_the_card = _("返金はご利用のカードへ行い、反映まで数日から1か月ほどかかることがあります。")
    if method.capture_at_once:
        return to_the_card
    return _("発送前に取り消されたご注文は、カードのご利用枠を戻す手続きを行い、請求しません。") + to_the_card


def payment_timing(method: PaymentMethod) -> str:
    """支払時期: what happens to the buyer's money, and when."""
    if method.kind == "cash_on_delivery":
        return _("商品と引き換えに、配達員へお支払いください。")
    if method.capture_at_once:
        return _("ご注文時にカードへ請求します。引き落とし日はカード会社の規約によります。")
    return _("ご注文時にカードのご利用枠を確保し、発送時に請求を確定します。引き落とし日はカード会社の規約によります。")
