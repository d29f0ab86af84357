"""The forms of the two checkouts, put together from the same fields.

Fields stand in the order they are written, whichever form takes them: what is chosen comes after 会員登録, as on the page, for the
summary of a refused form lists mistakes in that order.
"""

from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField

from shop.core.i18n import lazy_gettext as _l
from shop.core.text import clean_line, clean_lines
from shop.promotions.models import CODE_LENGTH
from shop.web.forms import AtMost, BuyerFields, CheckedForm, filtered, text_field
from shop.web.member_forms import RegistrationFields


class ChoiceFields:
    """支払い方法・配送指定: STEP2, and the second half of the one-page checkout."""

    delivery_id = SelectField(_l("配送方法"), coerce=str, validate_choice=False)
    payment_method_id = SelectField(_l("お支払い方法"), coerce=str, validate_choice=False)
    coupon = text_field(_l("クーポンコード"), AtMost(CODE_LENGTH))
    note = TextAreaField(_l("備考"), validators=[AtMost(500)], filters=filtered(clean_lines))


class CardFields:
    """What goes with a card besides the card itself, whose fields are no part of any form: they never come to us."""

    installments = SelectField(_l("支払回数"), coerce=str, validate_choice=False, default="1")
    #: ``stored`` = ご登録のクレジットカードで購入する, ``new`` = another card; blank where there is nothing to choose.
    card_source = StringField(filters=filtered(clean_line))
    #: カード情報を保持し次回も利用する.
    keep_card = BooleanField()
    #: What the page said of the member's card (:func:`~shop.payments.cards.linking.terms`).
    card_terms = StringField(filters=filtered(clean_line))

    def asked_of_the_card(self) -> bool:
        """Whether what goes with a card was on the page that was posted: it is silent while another method is chosen."""
        form: Any = self
        return bool(form.installments.raw_data)


class CheckoutForm(BuyerFields, RegistrationFields, ChoiceFields, CardFields, CheckedForm):
    """Zero-step 注文手続き画面."""


class Step1Form(BuyerFields, RegistrationFields, CheckedForm):
    """STEP1 購入者情報入力."""


class Step2Form(ChoiceFields, CheckedForm):
    """STEP2 支払い方法・配送指定."""


class Step3Form(CardFields, CheckedForm):
    """STEP3: what is chosen with the card."""
