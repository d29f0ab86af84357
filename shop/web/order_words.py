"""An order and its money in the buyer's words; what happened to the money comes first (U-035)."""

from shop.core.i18n import gettext as _
from shop.core.i18n import lazy_gettext as _l
from shop.orders.models import Order
from shop.payments import settle
from shop.payments.models import Payment

#: The filing of an order, with its tone.
FILED = {
    "open": (_l("受付済み"), "wait"),
    "completed": (_l("手続き完了"), "good"),
    "cancelled": (_l("キャンセル"), "plain"),
}


def just_placed(payment: Payment) -> str:
    """What the complete page says first."""
    return _on_delivery() if payment.kind == "cash_on_delivery" else _("お支払いの手続きが完了しました。")


def money(order: Order, payment: Payment) -> str:
    """How the payment of an order stands now."""
    if said := ended(order, payment):
        return said
    match payment.status:
        case _status if payment.kind == "cash_on_delivery":
            return _on_delivery()
        case "authorized":
            return _("カードのご利用枠を確保しています。発送時に請求が確定します。")
        case "captured":
            return _("お支払いが完了しました。")
        case _status:
            return _("お支払いの状況を確認しています。")


def ended(order: Order, payment: Payment) -> str:
    """What a page says instead once the order, or the money behind it, was taken back; empty while it stands."""
    match payment.status:
        case "refunded":
            return _("このご注文のお支払いは返金されました。カードのご利用明細には、カード会社により数日から数週間で反映されます。")
        case "voided":
            return _("このご注文のお支払いは取り消されました。請求はありません。")
        case "expired":
            return _("このご注文のお支払いは期限が切れました。請求はありません。")
    if order.filed != "cancelled":
        return ""
    if settle.is_live(payment.status):
        return _("このご注文はキャンセルされました。お支払いについては、店からご連絡します。")
    return _("このご注文はキャンセルされました。請求はありません。")


def _on_delivery() -> str:
    return _("代金は、商品と引き換えに配達員へお支払いください。")
