"""One checkout engine, two controllers: what the one-page checkout and the steps do alike – judge the choice, fix it as a
confirmation, press 注文する."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from flask import flash, get_flashed_messages, redirect, render_template, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response
from wtforms import Field

from providers.contract import N_
from shop.checkout import confirm, limits, placement
from shop.checkout.cart import CartView
from shop.checkout.confirm import Agreement, CannotConfirm
from shop.checkout.models import Confirmation
from shop.checkout.quote import Choice, choices, quote, without_cards
from shop.core import db, ids
from shop.core.i18n import gettext as _
from shop.core.i18n import language
from shop.core.money import format_yen
from shop.core.runtime import now as moment
from shop.core.text import clean_line, small_number
from shop.members import links, profile
from shop.payments import cardguard, methods, stepup
from shop.payments.models import PaymentMethod
from shop.web import attempt, card_limits, coupons, legal
from shop.web.advice import Advice
from shop.web.cart import cart_key
from shop.web.choices import delivery_choice, kept, linked_card
from shop.web.filters import instalment_word
from shop.web.forms import CheckedForm
from shop.web.member import browser_key, current_member, member_settings

#: What a press may be answered with besides an order: nothing was ordered then, and nothing charged.
_REFUSED = (
    placement.ConfirmAgain, placement.TokenMissing, placement.TryLater, cardguard.TooMany, limits.TooManyOrders, links.TooOften,
)  # fmt: skip
#: What a press that has to wait takes along.
_OF_A_PRESS = ("card_token", "link_token", "card_brand", "card_source", "keep_card", "card_terms", "installments", "attempt")


def begin(cart: CartView) -> dict[str, str]:
    """What stands in the form at first: what the buyer typed before, else what a member's profile says."""
    known, member = confirm.typed(cart), current_member()
    return known or (profile.as_form(db.db.session(), member.member_id) if member else {})


def open_registration(form: Any, cart: CartView, through: str) -> bool:
    """Whether 会員登録欄 and ログイン belong on this page: for guests, and in the one-page checkout unless the shop hides them
    there (R-125). What a forged form asks for all the same is not heard."""
    form.kept_hash = cart.password_hash
    allowed = current_member() is None and not (through == "zero" and member_settings().zero_step_hides)
    if not allowed:
        form.register_member.data = False
    return allowed


def offer(form: Any, cart: CartView, prefecture: str, *, with_card: bool) -> dict[str, Any]:
    """What the page shows of deliveries and methods for goods that go to ``prefecture``, with the sums of the choice in
    ``form`` – the first of each where nothing was chosen that fits."""
    coupon = coupons.applied(form, cart)
    # Before the choices: with it comes the row that they ask for as well.
    standing = cardguard.standing(db.db.session(), card_limits.who(), moment())
    offered = _payable_now(choices(db.db.session(), cart.goods_yen, coupon), standing)
    courier = _chosen_courier(offered, form.delivery_id.data)
    methods = courier.methods_to(prefecture) if courier else ()
    method = next((m for m in methods if str(m.id) == form.payment_method_id.data), methods[0] if methods else None)
    form.delivery_id.data = str(courier.delivery.id) if courier else ""
    form.payment_method_id.data = str(method.id) if method else ""
    return {
        "quote": quote(cart, courier.delivery if courier else None, method, prefecture, coupon),
        "choices": [delivery_choice(choice, prefecture, with_card=with_card) for choice in offered],
        "resting": dict.fromkeys(method.name for choice in offered for method in choice.resting),
        "too_little": _too_little(offered),
        **_card_words([method for choice in offered for method in (*choice.methods, *choice.stopped)], standing),
    }


def _payable_now(offered: list[Choice], standing: cardguard.Standing) -> list[Choice]:
    """Without cards for who has failed with too many: nobody types one for nothing."""
    if not standing.until:
        return offered
    cards = [tuple(method for method in choice.methods if method.kind == "card") for choice in offered]
    return [replace(c, methods=without_cards(c.methods), stopped=c.stopped + taken) for c, taken in zip(offered, cards, strict=True)]


def _too_little(offered: list[Choice]) -> list[str]:
    """Names of the methods that no courier leaves a yen to pay by (R-116)."""
    found = {method.id: method.name for choice in offered for method in choice.too_little}
    there = {method.id for choice in offered for method in choice.methods}
    return [name for method_id, name in found.items() if method_id not in there]


def _card_words(methods: Iterable[PaymentMethod], standing: cardguard.Standing) -> dict[str, str]:
    """Where a card is, or would be, among the ``methods``: why none is taken now, or that one more can be tried."""
    if all(method.kind != "card" for method in methods):
        return {"card_pause": "", "card_limit": "", "card_notice": ""}
    session, at = db.db.session(), moment()
    return {
        "card_pause": card_limits.pause(session, standing, at),
        "card_limit": card_limits.limit(session, standing, at),
        "card_notice": card_limits.advance_notice(standing),
    }


def card_words(method: PaymentMethod) -> dict[str, str]:
    """The same where the method is chosen already."""
    return _card_words([method], cardguard.standing(db.db.session(), card_limits.who(), moment()))


def _chosen_courier(offered: list[Choice], chosen: str | None) -> Choice | None:
    return next((c for c in offered if str(c.delivery.id) == chosen), offered[0] if offered else None)


def agreed(form: Any, cart: CartView, prefecture: str) -> Agreement | None:
    """The choice as an agreement, or ``None`` with a sentence at the field that is wrong – about the goods above the form,
    for they are no field; each line of them says what there is left."""
    delivery_id, method_id = small_number(form.delivery_id.data), small_number(form.payment_method_id.data)
    coupon = coupons.applied(form, cart)
    try:
        agreement = confirm.agree(db.db.session(), cart, delivery_id or 0, method_id or 0, prefecture, coupon)
        if form.coupon.errors:
            return None
        if said := card_words(agreement.method)["card_limit"]:
            form.payment_method_id.errors = [*form.payment_method_id.errors, said]
            return None
        return agreement
    except CannotConfirm as error:
        said = changed_words(error.problem, error.product_names)
        if error.problem in ("stock", "empty"):
            flash(said, "changed")
        else:
            field = form.delivery_id if error.problem == "delivery" else form.payment_method_id
            field.errors = [*field.errors, said]
        return None


def fits_instalments(form: Any, method: PaymentMethod) -> bool:
    """Whether 支払回数 is one the method offers; a sentence at its field when not. Where there is no card it is 1."""
    offered = methods.instalments(method) or (1,)
    form.installments.data = (form.installments.data if method.kind == "card" else "") or "1"
    if form.installments.data in {str(count) for count in offered}:
        return True
    form.installments.errors = [_("支払回数を選んでください。")]
    return False


def fix(
    flow: str, agreement: Agreement, values: Mapping[str, str], advised: Mapping[str, Advice], registration: str
) -> tuple[str, Markup] | None:
    """Write down what is confirmed. Returns the confirmation's token and the final page as shown (R-290) – or ``None``, with a
    sentence to be shown, when this is done too often."""
    courier, method = agreement.delivery, agreement.method
    with_card = flow == "zero" and method.kind == "card"  # at STEP3 it is still to come
    receipt = Markup(
        render_template(
            "shop/_receipt.html",
            lines=agreement.cart.lines,
            quote=agreement.quote,
            buyer=values,
            advised=advised,
            delivery=courier,
            method=method,
            instalments=instalment_word(int(values["installments"])) if with_card else "",
            stored=linked_card(method) if with_card and values["card_source"] == "stored" else None,
            card_fate=_card_fate(method, values, bool(registration)) if with_card else "",
            texts=legal.final_page_texts(courier, method),
            legal_url=url_for("storefront.legal", page="commerce"),
            registration=json.loads(registration) if registration else None,
        )
    )
    token, member = ids.public_id(), current_member()
    try:
        with db.write() as writing:
            limits.count_confirmation(writing, card_limits.who(), moment())
            confirm.store(
                writing, token, agreement, values, receipt, moment(), flow=flow, member_id=member.member_id if member else None,
                registration=registration,
            )  # fmt: skip
    except limits.TooManyConfirmations as error:
        flash(_("ご注文内容の確認が続いたため、いまは受け付けていません。%(time)s以降にもう一度お試しください。", time=card_limits.clock(error.until)), "changed")
        return None
    return token, receipt


def _card_fate(method: PaymentMethod, values: Mapping[str, str], registering: bool) -> str:
    """What the order does to the card that is kept, in a sentence; empty where it stays as it is (R-139, R-285)."""
    rule, keep = kept(method, registering), values.get("keep_card") == "1"
    if rule.takes_away(keep):
        return _("ご注文のあとで、ご登録のカードは削除されます。次のご注文では、カード情報の入力が必要です。")
    if values.get("card_source") != "stored" and (rule.link == "always" or (rule.link == "ask" and keep)):
        return _("お支払いに使ったカードは、次のご注文でも使えるように、決済代行会社に登録されます。マイページから削除できます。")
    return ""


def settle_card(form: Any, method: PaymentMethod) -> None:
    """Which card: the linked one unless another was asked for; nothing to choose where none is linked or no card is used."""
    stored = method.kind == "card" and form.card_source.data != "new" and linked_card(method) is not None
    form.card_source.data = "stored" if stored else "new" if method.kind == "card" else ""


def brought() -> dict[str, str]:
    """What the page brings along with a press: the tokens made by the provider's script in the buyer's browser."""
    return {
        "card_token": posted_token("card_token"),
        "link_token": posted_token("link_token"),
        "card_brand": clean_line(request.form.get("card_brand", ""))[:32],
    }


def press(confirmation: Confirmation | None, chosen: Mapping[str, str], *, through: str = "zero") -> Response:
    """注文する, with what was ``chosen`` and brought along for the card – at once, or once the buyer's e-mail address is
    proven. Always answers with a redirect: reload and back cannot repeat it. ``through`` is the checkout of a confirmation
    that is not there any more."""
    if confirmation is None:
        flash(changed_words("expired", ()), "changed")
        return redirect(url_for(attempt.HOME[through]), 303)
    home = redirect(url_for(attempt.HOME[confirmation.flow]), 303)
    member, number = current_member(), small_number(chosen.get("attempt", "")) or 1
    member_id = member.member_id if member else None
    buyer = placement.Buyer(_device(), request.remote_addr or "", language(), browser_key(), member_id, *_browser())
    try:
        placed = placement.place(confirmation, cart_key(), _card(confirmation, chosen), buyer, attempt=number)
    except cardguard.StepUp:
        return redirect(url_for("verify.show"), 303) if _keep(confirmation, chosen) else home
    except _REFUSED as error:
        flash(_refused_words(error), "changed")
        return home
    session["attempt"] = placed.order_id
    if confirm.form_of(confirmation).get("register_member"):
        attempt.ask_to_join(placed.order_id)
    return redirect(attempt.onward(placed.order_id, first=True), 303)


def _card(confirmation: Confirmation, chosen: Mapping[str, str]) -> placement.Card:
    return placement.Card(
        token=chosen.get("card_token", ""),
        instalments=int(chosen.get("installments") or "1"),
        stored=chosen.get("card_source") == "stored",
        keep=chosen.get("keep_card") == "1",
        link_token=chosen.get("link_token", ""),
        brand=chosen.get("card_brand", ""),
        terms=chosen.get("card_terms", ""),
        shown=str(_card_shown(confirmation, chosen)),
    )


def _card_shown(confirmation: Confirmation, chosen: Mapping[str, str]) -> Markup:
    """What STEP3 asks of the card below the receipt, as it was answered: kept with the order like the rest of the page
    (R-290). The one-page checkout has it in the receipt."""
    method = db.db.session.get_one(PaymentMethod, confirmation.payment_method_id)
    if confirmation.flow != "steps" or method.kind != "card":
        return Markup()
    stored = linked_card(method) if chosen.get("card_source") == "stored" else None
    count = instalment_word(int(chosen.get("installments") or "1"))
    fate = _card_fate(method, chosen, bool(confirmation.registration))
    return Markup(render_template("shop/_receipt_card.html", instalments=count, stored=stored, card_fate=fate))


def _refused_words(error: Exception) -> str:
    """Why nothing was ordered and nothing charged."""
    match error:
        case placement.ConfirmAgain(totals=(was, is_now)):
            return _("確認のあとで内容が変わり、支払総額が%(was)sから%(now)sになりました。ご注文はまだ確定していません。もう一度ご確認ください。", was=format_yen(was), now=format_yen(is_now))
        case placement.ConfirmAgain():
            return changed_words(error.problem, error.product_names)
        case placement.TokenMissing():
            return _("カード情報が受け付けられていません。カード情報を入力して、もう一度ご確認ください。請求はされていません。")
        case cardguard.TooMany():
            return card_limits.too_many(error.until)
        case limits.TooManyOrders():
            return _("ご注文が続いたため、いまは受け付けていません。ご注文は確定しておらず、請求もされていません。%(time)s以降にもう一度お試しください。", time=card_limits.clock(error.until))
        case links.TooOften():
            return _("会員登録のお申し込みが続いたため、いまは受け付けていません。ご注文は確定しておらず、請求もされていません。会員登録のチェックを外してご注文いただくか、%(time)s以降にもう一度お試しください。", time=card_limits.clock(error.until))
        case _:
            return _("カード決済が混み合っています。請求はされていません。少し待ってから、もう一度お試しください。")


def _keep(confirmation: Confirmation, chosen: Mapping[str, str]) -> bool:
    """Let the press wait for the code that is mailed now; ``False`` when no further one may be."""
    who, form = card_limits.who(), confirm.form_of(confirmation)
    browser, address = cardguard.session_key(who.session), cardguard.address_range(who.address)
    waiting = {name: chosen[name] for name in _OF_A_PRESS if name in chosen}
    try:
        with db.write() as writing:
            stepup.begin(writing, browser, address, form["email"], confirmation.token, waiting, moment())
    except stepup.TooManyCodes as error:
        flash(card_limits.too_many_codes(error.until), "changed")
        return False
    return True


def posted_token(name: str) -> str:
    """A token made by the provider's script in the buyer's browser."""
    return request.form.get(name, "").strip()[:200]


def emptied() -> str:
    """Where a press leads that finds the cart empty: to the cart, which says why nothing was ordered."""
    if request.method == "POST":
        flash(changed_words("empty", ()), "changed")
    return url_for("cart.show")


def flashed(category: str) -> list[str]:
    return [str(message) for message in get_flashed_messages(category_filter=[category])]


def verdicts(form: CheckedForm) -> dict[str, object]:
    """What is wrong with the fields sent along, or may be a slip. A script asks for them as they are left (U-012); nothing
    is kept."""
    form.validate()
    advised = form.advice()
    asked = [field for field in form if field.name in request.form and field.name != "csrf_token"]
    return {field.name: _verdict(field, advised.get(field.name)) for field in asked}


def _verdict(field: Field, advice: Advice | None) -> dict[str, object]:
    return {
        "error": " ".join(field.errors),
        "advice": advice.text if advice else "",
        "instead": advice.instead if advice else "",
        #: What is left of it where something was taken out.
        "kept": field.data if field.raw_data is None else None,
    }


def changed_words(problem: str, names: tuple[str, ...]) -> str:
    """Why the buyer must look again; says first that nothing was charged."""
    match problem:
        case "stock":
            return _("在庫が足りなくなりました：%(names)s。ご注文はまだ確定していません。", names="、".join(names))
        case "delivery":
            return _("配送方法を選んでください。")
        case "payment":
            return _("この配送方法で使えるお支払方法を選んでください。")
        case "resting":
            return _("このお支払方法は、決済代行会社の応答がないため、いまはご利用いただけません。請求はされていません。ほかのお支払方法を選ぶか、しばらくしてからお試しください。")
        case "stopped":
            return card_limits.stopped(db.db.session())
        case "expired":
            return _("確認画面の有効期限が切れました。ご注文はまだ確定していません。内容をもう一度ご確認ください。")
        case "too_little":
            return _("お支払いの合計が1円に満たないため、このお支払方法はご利用いただけません。")
        case "coupon":
            return _("クーポンが、いまはご利用いただけません。ご注文はまだ確定していません。クーポンコードの欄をご確認ください。")
        case "undecided":
            return _("このメールアドレスでの先ほどのお支払いが成立したかどうか、担当者が確認しています。二重のお支払いを防ぐため、結果が決まるまでご注文いただけません。結果はメールでお知らせします。")
        case "coupon_busy":
            return _("このクーポンは、お手続きの終わっていないほかのご注文で使われているため、いまはご利用いただけません。請求はされていません。クーポンを使わずにご注文いただくか、20分ほどたってからお試しください。")
        case "apart":
            return _("送料が別途連絡のため、カードではお支払いいただけません。ほかのお支払い方法を選んでください。")
        case "fee_apart":
            return _("手数料が別途連絡のため、カードではお支払いいただけません。ほかのお支払い方法を選んでください。")
        case "empty":
            return _("カゴが空になっています。別の画面で商品を削除したか、このカゴの注文を終えられたためです。終えられたご注文は、確認のメールでご覧いただけます。")
        case "card_terms":
            return _("ご登録のクレジットカードについての内容が、確認のあとで変わりました。請求はされていません。もう一度ご確認ください。")
        case "card":
            return _("ご登録のクレジットカードは、いまはご利用いただけません。請求はされていません。カード情報を入力して、もう一度ご確認ください。")
        case _:
            return _("確認のあとで内容（カート、金額、配送方法、お支払方法のいずれか）が変わりました。ご注文はまだ確定していません。もう一度ご確認ください。")


def _browser() -> tuple[str, str]:
    """Two headers by which the card's issuer knows the browser; longer than any real one they tell nothing."""
    return request.user_agent.string[:400], request.headers.get("Accept", "")[:400]


def _device() -> str:
    """購入端末の種別: a coarse word from the browser's own name."""
    agent = request.user_agent.string
    return N_("スマートフォン") if any(word in agent for word in ("Mobile", "iPhone", "Android")) else N_("パソコン")

