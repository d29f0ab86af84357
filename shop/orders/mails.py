"""The words of order mails. One body for buyer and shop (R-218); written when the order is placed, sent later."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from providers.contract import Verb
from shop.core import ids, shopinfo
from shop.core.clock import jst
from shop.core.i18n import DEFAULT, force_locale
from shop.core.i18n import gettext as _
from shop.core.money import format_yen
from shop.core.runtime import runtime
from shop.core.shopinfo import ShopInfo
from shop.core.text import postal_code
from shop.orders.models import Order
from shop.outbox import service as outbox
from shop.payments.models import PaymentOperation

#: The kind of the mail by which a buyer asks to cancel.
CANCEL_REQUEST = "cancel_request"


def placed(session: Session, order: Order, info: ShopInfo, now: datetime, *, in_doubt: bool = False) -> None:
    """Thanks mail to the buyer and 【受注通知メール】 to the shop, both from the same body; at its end each has where *its* reader
    looks the order up. Of an order that is ``in_doubt`` (:mod:`shop.orders.review`) the shop's says so in a line before it."""
    with force_locale(order.language):
        subject = _("【%(shop)s】ご注文ありがとうございます（%(number)s）", shop=info.called, number=order.number)
        body = placed_body(order, info)
        thanks = body + _for_the_buyer(order, info)
    outbox.queue(session, "thanks", order.id, order.email, subject, thanks, now)
    with force_locale(DEFAULT):
        notice = f"【受注通知メール】{order.number} {format_yen(order.total_yen)}"
        body += _lines(_("■管理画面の受注明細"), f"{runtime().config.base_url}/admin/orders/{order.number}")
        if in_doubt:
            body = _("要確認（不正利用の疑い）：売上確定と発送の前に、管理画面の受注明細で理由を確かめてください。") + "\n\n" + body
    outbox.queue(session, "order_notice", order.id, info.email, notice, body, now)


def placed_body(order: Order, info: ShopInfo) -> str:
    """The body of the contract's part H, with tax per rate and the footnote for reduced lines."""
    lines = [
        f"{line.code} {line.name}{'※' if line.reduced else ''} "
        f"{format_yen(line.unit_yen)} × {line.quantity} = {format_yen(line.amount_yen)}"
        for line in order.lines
    ]
    parts = [
        _("※このメールはご注文完了時にお送りしている自動配信メールとなります。後ほど、正式なご案内メールをお送りいたします。"),
        _("%(name)s様", name=order.buyer_name),
        _(
            "この度は%(shop)sをご利用頂きまして誠にありがとうございます。ご注文につきまして下記の通り承りましたのでご連絡致します。",
            shop=info.called,
        ),
        _("ご利用店：%(shop)s", shop=info.called),
        _("ご購入日：%(at)s", at=jst(order.placed_at).strftime("%Y-%m-%d %H:%M:%S") if order.placed_at else ""),
        _("■ご注文内容"),
        _("注文番号：%(number)s", number=order.number),
        *lines,
        *_sums(order),
    ]
    if any(line.reduced for line in order.lines):
        parts.append(_("※は軽減税率対象商品です。"))
    parts += [
        _("■お支払方法"),
        order.payment_name,
        *filter(None, [order.payment_note]),
        _("■お届け先"),
        _("%(name)s様", name=order.ship_name),
        f"{postal_code(order.ship_postal_code)} {order.ship_prefecture}{order.ship_address1}",
        *filter(None, [order.ship_address2]),
        _("配送方法：%(name)s", name=order.delivery_name),
    ]
    return _lines(*parts)


def _for_the_buyer(order: Order, info: ShopInfo) -> str:
    """Where the order can be seen – a member's in マイページ, a guest's by a link that is asked for – and whom to ask."""
    path = f"/mypage/orders/{order.public_id}" if order.member_id else "/orders/lookup"
    return _lines(_("■ご注文の照会・お問い合わせ"), runtime().config.base_url + path, *filter(None, [info.email]))


def _lines(*parts: str) -> str:
    return "".join(f"{part}\n" for part in parts)


def _sums(order: Order) -> list[str]:
    """小計 … 合計 and the totals per rate; of what not every order has, only what this one has."""
    parts = [_("小計：%(yen)s", yen=format_yen(order.goods_yen))]
    if order.coupon_code:
        parts.append(_("クーポン（%(code)s）：%(yen)s", code=order.coupon_code, yen=format_yen(-order.coupon_yen)))
    if order.points_yen:
        parts.append(_("ポイント：%(yen)s", yen=format_yen(-order.points_yen)))
    if order.discount_yen:
        parts.append(_("値引き：%(yen)s", yen=format_yen(-order.discount_yen)))
    parts.append(_("送料：%(yen)s", yen=_("別途連絡") if order.shipping_apart else format_yen(order.shipping_yen)))
    if order.fee_yen or order.fee_apart:
        parts.append(_("手数料：%(yen)s", yen=_("別途連絡") if order.fee_apart else format_yen(order.fee_yen)))
    if order.cool_yen:
        parts.append(_("クール料金：%(yen)s", yen=format_yen(order.cool_yen)))
    parts.append(_("合計：%(yen)s", yen=format_yen(order.total_yen)))
    if order.shipping_apart:
        parts.append(_("送料は別途ご連絡します。合計には含まれていません。"))
    if order.fee_apart:
        parts.append(_("手数料は別途ご連絡します。合計には含まれていません。"))
    return parts + [_("（%(rate)s%%対象 %(yen)s）", rate=rate, yen=format_yen(yen)) for rate, yen in order.per_rate.items()]


def not_placed(session: Session, order: Order, now: datetime) -> None:
    """To the buyer, when an attempt of unknown outcome turned out to have charged nothing."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        subject = _("【%(shop)s】ご注文は成立していません（請求はありません）", shop=info.called)
        body = _(
            "%(name)s様\n\nご請求はありません。\n\n"
            "カード決済の結果を確認していたご注文（%(yen)s）は、お支払いが完了していないことが分かりました。"
            "ご注文は成立しておらず、商品の確保も解除しました。\n"
            "よろしければ、もう一度お手続きください。\n\n%(shop)s\n",
            name=order.buyer_name, yen=format_yen(order.total_yen), shop=info.called,
        )  # fmt: skip
    outbox.queue(session, "not_placed", order.id, order.email, subject, body, now)


#: Kind of the mail with the way back to the waiting page.
STILL_OPEN = "still_open"


def still_open_key(order: Order) -> str:
    """What :func:`still_open` is promised under: once per order."""
    return f"{STILL_OPEN}:{order.id}"


def still_open(session: Session, order: Order, token: str, now: datetime) -> None:
    """To the buyer, while the outcome is not known: what they see on the waiting page, and the way back to it. Says when it was
    so, for the outcome's own mail may overtake it. The link is sealed beside the body until it is sent."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        subject = _("【%(shop)s】お支払いの結果を確認しています", shop=info.called)
        body = _(
            "%(name)s様\n\n"
            "%(at)s現在、ご注文（%(yen)s）のお支払いの結果を、カード会社に確認しています。\n"
            "同じご注文が二重になることはありません。結果が分かるまで、もう一度注文しないでください。\n\n"
            "結果が決まりしだい、メールでお知らせします。いまの状況は、次のページでご覧いただけます。\n\n%(link)s\n\n"
            "ご注文の時刻：%(ordered)s\n確認番号：%(id)s\n\n%(contact)s\n",
            name=order.buyer_name, at=_minute(now), yen=format_yen(order.total_yen), ordered=_minute(order.created_at),
            id=order.public_id, contact="\n".join(filter(None, [info.called, info.email])),
            link=f"{runtime().config.base_url}/checkout/waiting/link/{outbox.SECRET}",
        )  # fmt: skip
    outbox.queue(session, STILL_OPEN, order.id, order.email, subject, body, now, still_open_key(order), secret=token)


def _minute(moment: datetime) -> str:
    return jst(moment).strftime("%Y-%m-%d %H:%M")


def money_back(session: Session, order: Order, operation: PaymentOperation, now: datetime) -> None:
    """To the buyer of a placed order, whose payment staff have cancelled: by a refund, if it had been captured. When the money is
    back only the card company knows; what is certain is the day we sent it."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        facts = {
            "name": order.buyer_name, "number": order.number, "yen": format_yen(operation.amount_yen),
            "day": jst(now).strftime("%Y-%m-%d"),
        }  # fmt: skip
        if operation.verb == Verb.REFUND:
            subject = _("【%(shop)s】お支払いを返金しました（%(number)s）", shop=info.called, number=order.number)
            body = _(
                "%(name)s様\n\nご注文のお支払いを、全額返金しました。\n\n注文番号：%(number)s\n返金額：%(yen)s\n手続きをした日：%(day)s\n\n"
                "返金の時期は、カード会社の締め日によって変わります。ご利用明細には請求と返金の両方が載り、いったん引き落とされた"
                "あとに返金されることもあります。時期については、カード会社にお問い合わせください。\n\n",
                **facts,
            )
        else:
            subject = _("【%(shop)s】お支払いを取り消しました（%(number)s）", shop=info.called, number=order.number)
            body = _(
                "%(name)s様\n\nご注文のお支払いを、ご請求の前に取り消しました。\n\n注文番号：%(number)s\n取り消した金額：%(yen)s\n手続きをした日：%(day)s\n\n"
                "カードのご利用枠が戻る時期は、カード会社によって変わり、数日かかることがあります。デビットカードなどですでに引き落とされて"
                "いるときは、カード会社から返金されます。\n\n",
                **facts,
            )
        body += _for_the_buyer(order, info)
    outbox.queue(session, "money_back", order.id, order.email, subject, body, now, f"money_back:{operation.id}")


def order_cancelled_key(order: Order) -> str:
    """What :func:`order_cancelled` is promised under: once per order."""
    return f"order_cancelled:{order.id}"


def order_cancelled(session: Session, order: Order, now: datetime) -> None:
    """To the buyer of an order that no provider's money goes with: it was cancelled."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        subject = _("【%(shop)s】ご注文をキャンセルしました（%(number)s）", shop=info.called, number=order.number)
        body = _(
            "%(name)s様\n\n次のご注文をキャンセルしました。\n\n注文番号：%(number)s\n合計：%(yen)s\nお支払方法：%(method)s\n\n",
            name=order.buyer_name, number=order.number, yen=format_yen(order.total_yen), method=order.payment_name,
        ) + _for_the_buyer(order, info)  # fmt: skip
    outbox.queue(session, "order_cancelled", order.id, order.email, subject, body, now, order_cancelled_key(order))


def payment_cancelled(session: Session, order: Order, now: datetime, *, captured: bool) -> None:
    """To buyer and shop, when money that came too late for its order was given back; ``captured``: by a refund."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        facts = {"name": order.buyer_name, "yen": format_yen(order.total_yen), "shop": info.called}
        if captured:
            subject = _("【%(shop)s】お支払いを全額返金しました", shop=info.called)
            body = _(
                "%(name)s様\n\n"
                "お支払い（%(yen)s）が遅れて確定しましたが、ご注文は成立していなかったため、全額を返金しました。\n"
                "カードのご利用明細には請求と返金の両方が載ることがあり、反映までカード会社により数日から数週間かかります。\n\n%(shop)s\n",
                **facts,
            )
        else:
            subject = _("【%(shop)s】お支払いを取り消しました（請求はありません）", shop=info.called)
            body = _(
                "%(name)s様\n\nご請求はありません。\n\n"
                "お支払い（%(yen)s）の承認が遅れて届きましたが、ご注文は成立していなかったため、承認を取り消しました。\n"
                "カードのご利用枠が戻るまで、カード会社により数日かかることがあります。\n\n%(shop)s\n",
                **facts,
            )
    outbox.queue(session, "payment_cancelled", order.id, order.email, subject, body, now)
    outbox.queue(session, "payment_cancelled_notice", order.id, info.email, subject, body, now)


def payment_not_cancelled(session: Session, order: Order, now: datetime) -> None:
    """To buyer and shop, when money that came too late for its order could not be given back by itself."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        subject = _("【%(shop)s】お支払いの取り消しを進めています", shop=info.called)
        body = _(
            "%(name)s様\n\n"
            "ご注文は成立していません。お支払い（%(yen)s）の承認が遅れて届いたため取り消しを試みましたが、まだ完了していません。\n"
            "ショップの担当者が決済代行会社で確認し、取り消します。商品代金をいただくことはありません。\n\n%(shop)s\n",
            name=order.buyer_name, yen=format_yen(order.total_yen), shop=info.called,
        )  # fmt: skip
    outbox.queue(session, "payment_not_cancelled", order.id, order.email, subject, body, now)
    outbox.queue(session, "payment_not_cancelled_notice", order.id, info.email, subject, body, now)


def console_check(session: Session, order: Order, operation: PaymentOperation, now: datetime) -> None:
    """To the shop, once: a payment whose outcome only a look into the provider's console tells."""
    info = shopinfo.get(session)
    with force_locale(DEFAULT):
        subject = _("【要確認】決済会社の管理画面での確認をお願いします（%(yen)s）", yen=format_yen(operation.amount_yen))
        body = _(
            "カード決済の返事が届かなかったため、与信が取れたかどうか分かりません。この決済は自動では確認できません。\n"
            "決済会社の管理画面で次の決済番号を検索し、確認結果を登録してください。登録されるまで、購入者には「確認中」と表示されます。\n\n"
            "決済番号　%(ref)s\n金額　　　%(yen)s\n日時　　　%(time)s\n\n%(link)s\n",
            ref=operation.merchant_ref or "", yen=format_yen(operation.amount_yen), time=_minute(operation.created_at),
            link=f"{runtime().config.base_url}/admin/payments/{operation.payment_id}/console",
        )  # fmt: skip
    key = f"console_check:{operation.public_id}"
    outbox.queue(session, "console_check", order.id, info.email, subject, body, now, key)


def lookup_link(session: Session, order: Order, token: str, lifetime: timedelta, now: datetime) -> None:
    """To the buyer: a page that shows the order for a while. The link is sealed beside the body until it is sent."""
    info = shopinfo.get(session)
    with force_locale(order.language):
        shop = info.called
        subject = _("【%(shop)s】ご注文の照会（%(number)s）", shop=shop, number=order.number)
        body = _(
            "%(name)s様\n\nご注文の照会のお申し込みを受け付けました。次のページでご覧いただけます（%(minutes)s分以内）。\n\n%(link)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。リンクを知らないかたには、ご注文は表示されません。\n\n%(shop)s\n",
            name=order.buyer_name, minutes=int(lifetime.total_seconds()) // 60, shop=shop,
            link=f"{runtime().config.base_url}/orders/lookup/link/{outbox.SECRET}",
        )  # fmt: skip
    key = f"order_lookup:{ids.public_id()}"
    outbox.queue(session, "order_lookup", order.id, order.email, subject, body, now, key, secret=token)


def cancel_request_key(order: Order) -> str:
    """What :func:`cancel_request` is promised under: once per order."""
    return f"{CANCEL_REQUEST}:{order.id}"


def cancel_request(session: Session, order: Order, reason: str, now: datetime) -> None:
    """To the shop: the buyer asks to cancel; what to do is done in the admin. ``reason`` may be empty."""
    info = shopinfo.get(session)
    with force_locale(DEFAULT):
        subject = _("【キャンセルの依頼】%(number)s %(yen)s", number=order.number, yen=format_yen(order.total_yen))
        body = _(
            "ご注文者からキャンセルの依頼がありました。受注と決済はまだそのままです。\n\n"
            "注文番号：%(number)s\nご注文者：%(name)s様（%(email)s）\n理由：%(reason)s\n\n"
            "受注明細で確認し、ご注文者へご連絡ください。\n%(link)s\n",
            number=order.number, name=order.buyer_name, email=order.email, reason=reason or _("（記入なし）"),
            link=f"{runtime().config.base_url}/admin/orders/{order.number}",
        )  # fmt: skip
    outbox.queue(session, CANCEL_REQUEST, order.id, info.email, subject, body, now, cancel_request_key(order))
