"""What the checkout pages offer: deliveries, payment methods, the card form – as they look from the page."""

from dataclasses import dataclass

from flask import url_for

from providers.kept_cards import Linking
from providers.ports import BuyerMessage, Endpoint
from shop.checkout.quote import Choice
from shop.core import db
from shop.core.i18n import gettext as _
from shop.core.pictures import Picture
from shop.core.runtime import now as moment
from shop.delivery import service as delivery
from shop.payments import accounts, methods
from shop.payments.cards import book, linking, rules
from shop.payments.cards.book import Registered
from shop.payments.models import PaymentMethod
from shop.web import legal, security
from shop.web.filters import instalment_word
from shop.web.member import current_member


@dataclass(frozen=True, slots=True)
class Kept:
    """What the page says about the member's card at this method (features B4)."""

    #: The linked card to choose, or ``None``: then the form only.
    stored: Registered | None
    #: Show 「カード情報を保持し次回も利用する」.
    keep: bool
    #: A card is linked or on its way, also one that cannot be chosen: leaving the box unchecked takes it away.
    linked: bool
    #: The order takes the link away, whichever card pays it (R-139).
    unlinks: bool
    #: When the page makes tokens to link with: ``always``, ``ask`` – the check box – ``register`` – a guest who registers –
    #: or never.
    link: str
    #: How many tokens one card then takes.
    tokens: int
    #: All this in a word, for the press to tell whether it still holds.
    terms: str

    def takes_away(self, keep: bool) -> bool:
        """Whether the order removes the link, with the box left like this."""
        return self.unlinks or (self.keep and self.linked and not keep)


@dataclass(frozen=True, slots=True)
class CardForm:
    """What the page needs to make a card token in the browser."""

    script_url: str
    module_url: str
    public: dict[str, str]
    messages: dict[str, str]
    default_message: str
    #: Behind or below 支払回数, above the form and below it.
    note: str
    lead: str
    below: str
    kept: Kept


@dataclass(frozen=True, slots=True)
class MethodChoice:
    id: int
    kind: str
    name: str
    #: 決済サービスロゴ画像 and its ALT.
    logo: Picture | None
    logo_alt: str
    note: str
    #: What happens next, in sentences: when it is paid, and whether the issuer asks (U-026).
    what_next: tuple[str, ...]
    #: Yen, tax included; ``None`` = 別途連絡.
    fee: int | None
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


def delivery_choice(choice: Choice, prefecture: str, *, with_card: bool) -> DeliveryChoice:
    """A courier with its methods for goods that go to ``prefecture``; the card form only where the page asks for the card."""
    courier = choice.delivery
    return DeliveryChoice(
        id=courier.id,
        name=courier.name,
        fee_yen=courier.fee_yen,
        lead_time=courier.lead_time,
        methods=tuple(method_choice(method, with_card=with_card) for method in choice.methods),
        apart_prefectures=tuple(courier.apart_prefectures),
        apart=delivery.shipping(courier, prefecture) is None,
        apart_ids=tuple(method.id for method in choice.methods_apart),
    )


def method_choice(method: PaymentMethod, *, with_card: bool, registering: bool | None = None) -> MethodChoice:
    """``registering``: whether a guest becomes a member with this order; ``None`` where the page itself asks."""
    counts = tuple((str(count), instalment_word(count)) for count in methods.instalments(method))
    note = method.note if method.note_at_choice else ""
    return MethodChoice(
        id=method.id,
        kind=method.kind,
        name=method.name,
        logo=method.logo,
        logo_alt=method.logo_alt,
        note=note,
        what_next=_what_next(method),
        fee=method.fee,
        instalments=counts,
        card=_card_form(method, registering) if with_card else None,
    )


def _what_next(method: PaymentMethod) -> tuple[str, ...]:
    issuer = (_("ご注文の途中で、カード会社の本人認証（3Dセキュア）があります。"),) if methods.authenticates(method) else ()
    return (legal.payment_timing(method), *issuer)


def _card_form(method: PaymentMethod, registering: bool | None) -> CardForm | None:
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
        lead=options.get("card_lead", ""),
        below=options.get("card_note", ""),
        kept=kept(method, registering),
    )


def kept(method: PaymentMethod, registering: bool | None = None) -> Kept:
    """What the truth table says for who is looking; ``registering`` as for :func:`method_choice`."""
    how, member, terms = linking.mode(method), current_member(), card_terms(method)  # before the card it speaks of
    assert method.account is not None
    assert how is not None
    card = linked_card(method)
    linked = member is not None and (card is not None or book.linked(db.db.session(), member.member_id, method.account.id))
    offer = rules.offer(how, member is not None, card is not None)
    unlinks = not offer.keep and rules.will_unlink(how, member is not None, linked, kept=False)
    tokens = accounts.provider_of(method.account).capabilities.tokens_to_link
    link = _link(how, member is not None, registering)
    return Kept(card if offer.choice else None, offer.keep, linked, unlinks, link, tokens, terms)


def card_terms(method: PaymentMethod) -> str:
    """What a page says of the card of who is logged in; blank for guests, of whom nothing is kept."""
    member = current_member()
    return linking.terms(db.db.session(), member.member_id, method) if member else ""


def linked_card(method: PaymentMethod) -> Registered | None:
    """The card that who is logged in can pay this method with."""
    member = current_member()
    if member is None or method.account_id is None:
        return None
    card = book.stored(db.db.session(), member.member_id, method.account_id, moment())
    return card if card and card.usable else None


def _link(how: Linking, member: bool, registering: bool | None) -> str:
    if how == Linking.ALWAYS and not member and registering is None:
        return "register"
    if how == Linking.ALWAYS:
        return "always" if member or registering else ""
    return "ask" if how == Linking.ASK and member else ""


def _card_words(message: BuyerMessage) -> str:
    sentence = _(message.text)
    return _("%(words)s（エラーコード: %(code)s）", words=sentence, code=message.code) if message.code else sentence
