"""Zero-step 注文手続き画面: one form, one confirmation, one order."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    flash,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Field

from providers.contract import N_
from providers.ports import BuyerMessage, Endpoint
from shop.checkout import cart as carts
from shop.checkout import confirm, placement
from shop.checkout.cart import CartView
from shop.checkout.confirm import Agreement, CannotConfirm
from shop.checkout.models import Confirmation
from shop.checkout.quote import Choice, choices, quote
from shop.core import db, ids
from shop.core.i18n import gettext as _
from shop.core.i18n import language
from shop.core.pictures import Picture
from shop.core.runtime import now as moment
from shop.core.text import small_number
from shop.delivery import service as delivery
from shop.payments import accounts, cardguard, stepup
from shop.payments.engine import engine
from shop.payments.models import PaymentMethod
from shop.web import attempt, card_limits, legal, security
from shop.web.advice import Advice
from shop.web.cart import cart_key
from shop.web.forms import CheckoutForm

blueprint = Blueprint("checkout", __name__)


@dataclass(frozen=True, slots=True)
class CardForm:
    """What the page needs to make a card token in the browser."""

    script_url: str
    module_url: str
    public: dict[str, str]
    messages: dict[str, str]
    default_message: str
    note: str
    #: The issuer learns who the buyer is: they are told so (3-D Secure).
    authenticates: bool


@dataclass(frozen=True, slots=True)
class MethodChoice:
    id: int
    kind: str
    name: str
    #: 決済サービスロゴ画像 and its ALT.
    logo: Picture | None
    logo_alt: str
    note: str
    fee_yen: int
    instalments: tuple[tuple[str, str], ...]
    card: CardForm | None


@dataclass(frozen=True, slots=True)
class DeliveryChoice:
    id: int
    name: str
    fee_yen: int
    lead_time: str
    methods: tuple[MethodChoice, ...]
    #: 別途連絡: to these prefectures, to where the form says, and the methods that are left then.
    apart_prefectures: tuple[str, ...]
    apart: bool
    apart_ids: tuple[int, ...]

    @property
    def offered_ids(self) -> tuple[int, ...]:
        return self.apart_ids if self.apart else tuple(method.id for method in self.methods)


@blueprint.get("/checkout/zero")
def zero() -> Any:
    """The form, filled with what the buyer typed before; with the refusal of the last attempt on top."""
    reading = db.db.session()
    cart = carts.view(reading, cart_key())
    if placement.open_attempt(reading, cart.cart_id):
        return redirect(url_for("attempt.pending"))
    if cart.is_empty:
        return redirect(url_for("cart.show"))
    form = CheckoutForm(data=confirm.latest_form(reading, cart.cart_id or 0))
    return _form_page(form, cart, refusal=attempt.last_refusal())


@blueprint.post("/checkout/zero/confirm")
def confirm_zero() -> Any:
    """Validate; show the confirmation as a fragment for the dialog or, without script, as a page."""
    reading = db.db.session()
    cart = carts.view(reading, cart_key())
    if placement.open_attempt(reading, cart.cart_id):
        return _elsewhere(url_for("attempt.pending"))
    if cart.is_empty:
        return _elsewhere(url_for("cart.show"))
    form = CheckoutForm()
    if request.form.get("refresh"):
        return _form_page(form, cart)
    valid = form.validate()
    agreement = _agreed(form, cart)
    if not valid or agreement is None:
        return _form_page(form, cart, status=422)
    return _confirmation(form, agreement)


@blueprint.get("/checkout/zero/confirm")
def confirmation_again() -> BaseResponse:
    """The address of the confirmation, reloaded or come back to: the form, filled as it was (U-023)."""
    return redirect(url_for("checkout.zero"), 303)


@blueprint.post("/checkout/zero/check")
def check_zero() -> dict[str, dict[str, object]]:
    """What is wrong with the fields sent along, or may be a slip. A script asks for them as they are left (U-012);
    nothing is kept."""
    form = CheckoutForm()
    form.validate()
    advised = form.advice()
    return {name: _verdict(form[name], advised.get(name)) for name in form.cleaned() if name in request.form}


@blueprint.post("/checkout/zero/place")
def place_zero() -> Any:
    """Order what was confirmed. Always answers with a redirect: reload and back cannot repeat it."""
    reading = db.db.session()
    confirmation = confirm.find(reading, request.form.get("confirmation_token", ""), cart_key())
    return press(confirmation, {"card_token": request.form.get("card_token", "").strip()[:200]})


def press(confirmation: Confirmation | None, brought: Mapping[str, str]) -> BaseResponse:
    """注文する, with what the page brought along – at once, or once the buyer's e-mail address is proven."""
    if confirmation is None:
        flash(_("確認画面の有効期限が切れました。ご注文はまだ確定していません。内容をもう一度ご確認ください。"), "changed")
        return redirect(url_for("checkout.zero"), 303)
    buyer = placement.Buyer(_device(), request.remote_addr or "", language())
    try:
        placed = placement.place(confirmation, cart_key(), brought["card_token"], buyer)
    except placement.ConfirmAgain as error:
        flash(_changed(error.problem, error.product_names), "changed")
        return redirect(url_for("checkout.zero"), 303)
    except placement.TokenMissing:
        flash(_("カード情報が受け付けられていません。カード情報を入力して、もう一度ご確認ください。請求はされていません。"), "changed")
        return redirect(url_for("checkout.zero"), 303)
    except placement.TryLater:
        flash(_("カード決済が混み合っています。請求はされていません。少し待ってから、もう一度お試しください。"), "changed")
        return redirect(url_for("checkout.zero"), 303)
    except cardguard.TooMany as error:
        flash(card_limits.too_many(error.until), "changed")
        return redirect(url_for("checkout.zero"), 303)
    except cardguard.StepUp:
        return redirect(url_for("verify.show" if _keep(confirmation, brought) else "checkout.zero"), 303)
    session["attempt"] = placed.order_id
    return redirect(attempt.onward(placed.order_id, first=True), 303)


def _keep(confirmation: Confirmation, brought: Mapping[str, str]) -> bool:
    """Let the press wait for the code that is mailed now; ``False`` when no further one may be."""
    who, token, form = card_limits.who(), confirmation.token, json.loads(confirmation.form)
    browser, address = cardguard.session_key(who.session), cardguard.address_range(who.address)
    try:
        with db.write() as writing:
            stepup.begin(writing, browser, address, form["email"], token, brought, moment())
    except stepup.TooManyCodes as error:
        flash(card_limits.too_many_codes(error.until), "changed")
        return False
    return True


@blueprint.get("/pay/a/<provider>/browser.js")
def browser_module(provider: str) -> Response:
    """The provider's token module, from its folder."""
    found = next((p for p in engine().registry if p.code == provider), None)
    if found is None:
        abort(404)
    return Response(found.browser_module, mimetype="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


def _verdict(field: Field, advice: Advice | None) -> dict[str, object]:
    return {
        "error": " ".join(field.errors),
        "advice": advice.text if advice else "",
        "instead": advice.instead if advice else "",
        #: What is left of it where something was taken out.
        "kept": field.data if field.raw_data is None else None,
    }


def _elsewhere(url: str) -> BaseResponse:
    """A redirect that also reaches a page that asked by script."""
    if _by_script():
        return Response(status=409, headers={"X-Location": url})
    return redirect(url, 303)


def _by_script() -> bool:
    return request.headers.get("X-Requested-With") == "fetch"


def _form_page(
    form: CheckoutForm, cart: CartView, *, status: int = 200, refusal: attempt.Refusal | None = None
) -> tuple[str, int]:
    # First: with it comes the row that the choices ask for as well.
    standing = cardguard.standing(db.db.session(), card_limits.who(), moment())
    offered = choices(db.db.session(), cart.goods_yen)
    prefecture = confirm.ship_prefecture(form.cleaned())
    courier = next((c for c in offered if str(c.delivery.id) == form.delivery_id.data), offered[0] if offered else None)
    methods = courier.methods_to(prefecture) if courier else ()
    method = next((m for m in methods if str(m.id) == form.payment_method_id.data), methods[0] if methods else None)
    form.delivery_id.data = str(courier.delivery.id) if courier else ""
    form.payment_method_id.data = str(method.id) if method else ""
    shown = [_delivery_choice(choice, prefecture) for choice in offered]
    template = "shop/_checkout_form.html" if _by_script() else "shop/checkout_zero.html"
    page = render_template(
        template,
        form=form,
        cart=cart,
        quote=quote(cart, courier.delivery if courier else None, method, prefecture),
        choices=shown,
        resting=dict.fromkeys(method.name for choice in offered for method in choice.resting),
        card_notice=_card_notice(offered, standing),
        refusal=refusal,
        changed=_flashed("changed"),
    )
    return page, status


def _card_notice(offered: list[Choice], standing: cardguard.Standing) -> str:
    """What stands at the choice of a method, where a card is among those that are, or would be, offered."""
    cards = [method for choice in offered for method in (*choice.methods, *choice.stopped) if method.kind == "card"]
    return card_limits.advance_notice(db.db.session(), standing, moment()) if cards else ""


def _flashed(category: str) -> list[str]:
    return [str(message) for message in get_flashed_messages(category_filter=[category])]


def _delivery_choice(choice: Choice, prefecture: str) -> DeliveryChoice:
    courier = choice.delivery
    return DeliveryChoice(
        id=courier.id,
        name=courier.name,
        fee_yen=courier.fee_yen,
        lead_time=courier.lead_time,
        methods=tuple(_method_choice(method) for method in choice.methods),
        apart_prefectures=tuple(courier.apart_prefectures),
        apart=delivery.shipping(courier, prefecture) is None,
        apart_ids=tuple(method.id for method in choice.methods_apart),
    )


def _method_choice(method: PaymentMethod) -> MethodChoice:
    counts = tuple((str(count), instalment_word(count)) for count in _instalments(method))
    note = method.note if method.note_at_choice else ""
    return MethodChoice(
        id=method.id,
        kind=method.kind,
        name=method.name,
        logo=method.logo,
        logo_alt=method.logo_alt,
        note=note,
        fee_yen=method.fee_yen,
        instalments=counts,
        card=_card_form(method),
    )


def instalment_word(count: int) -> str:
    """一括払い, 3回払い, ボーナス一括払い."""
    if count == 0:
        return _("ボーナス一括払い")
    return _("一括払い") if count == 1 else _("%(count)s回払い", count=count)


def _card_form(method: PaymentMethod) -> CardForm | None:
    if method.kind != "card" or method.account is None:
        return None
    provider = accounts.provider_of(method.account)
    settings = accounts.current_settings(db.db.session(), method.account)
    endpoint = Endpoint(method.account.endpoint)
    tokens = provider.browser(settings, accounts.base_url(method.account), endpoint)
    security.allow_origins(tokens.origins)
    options = accounts.method_options(method)
    messages = {code: _card_words(message) for code, message in provider.browser_messages().items()}
    return CardForm(
        script_url=tokens.script_url,
        module_url=url_for("checkout.browser_module", provider=provider.code),
        public=dict(tokens.public),
        messages=messages,
        default_message=messages.get("", ""),
        note=options.get("instalments_note", ""),
        authenticates=provider.capabilities.authenticates(options),
    )


def _card_words(message: BuyerMessage) -> str:
    sentence = _(message.text)
    return _("%(words)s（エラーコード: %(code)s）", words=sentence, code=message.code) if message.code else sentence


def _agreed(form: CheckoutForm, cart: CartView) -> Agreement | None:
    """The choice as an agreement, or ``None`` with a sentence at the field that is wrong – about the goods above the form,
    for they are no field; each line of them says what there is left."""
    delivery_id, method_id = small_number(form.delivery_id.data), small_number(form.payment_method_id.data)
    try:
        prefecture = confirm.ship_prefecture(form.cleaned())
        agreement = confirm.agree(db.db.session(), cart, delivery_id or 0, method_id or 0, prefecture)
    except CannotConfirm as error:
        said = _changed(error.problem, error.product_names)
        if error.problem in ("stock", "empty"):
            flash(said, "changed")
        else:
            field = form.delivery_id if error.problem == "delivery" else form.payment_method_id
            field.errors = [*field.errors, said]
        return None
    counts = _instalments(agreement.method) or (1,)
    form.installments.data = (form.installments.data if agreement.method.kind == "card" else "") or "1"
    if form.installments.data not in {str(count) for count in counts}:
        form.installments.errors = [_("支払回数を選んでください。")]
        return None
    return agreement


def _instalments(method: PaymentMethod) -> tuple[int, ...]:
    if method.account is None:
        return ()
    return accounts.provider_of(method.account).capabilities.instalments(accounts.method_options(method))


def _confirmation(form: CheckoutForm, agreement: Agreement) -> str:
    values = form.cleaned()
    courier, method = agreement.delivery, agreement.method
    context = {
        "lines": agreement.cart.lines,
        "quote": agreement.quote,
        "buyer": values,
        "advised": form.advice(),
        "delivery": {"name": courier.name, "fee_yen": courier.fee_yen, "lead_time": courier.lead_time},
        "method": {"name": method.name, "note": method.note, "fee_yen": method.fee_yen, "kind": method.kind},
        "instalments": instalment_word(int(values["installments"])) if method.kind == "card" else "",
        "is_card": method.kind == "card",
        "texts": legal.final_page_texts(courier, method),
        "legal_url": url_for("storefront.legal", page="commerce"),
    }
    token = ids.public_id()
    shape = {} if _by_script() else {"heading": "h1", "page_version": True}
    panel = Markup(render_template("shop/_confirm_panel.html", confirmation_token=token, **shape, **context))
    with db.write() as writing:
        confirm.store(writing, token, agreement, values, panel, moment())
    return panel if _by_script() else render_template("shop/checkout_confirm.html", panel=panel)


def _changed(problem: str, names: tuple[str, ...]) -> str:
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
        case "apart":
            return _("送料が別途連絡のため、カードではお支払いいただけません。ほかのお支払い方法を選んでください。")
        case "empty":
            return _("カートに商品がありません。")
        case _:
            return _("確認のあとで内容（カート、金額、配送方法、お支払方法のいずれか）が変わりました。ご注文はまだ確定していません。もう一度ご確認ください。")


def _device() -> str:
    """購入端末の種別: a coarse word from the browser's own name."""
    agent = request.user_agent.string
    return N_("スマートフォン") if any(word in agent for word in ("Mobile", "iPhone", "Android")) else N_("パソコン")
