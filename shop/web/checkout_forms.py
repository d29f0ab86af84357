"""The forms of the two checkouts, put together from the same fields."""

from shop.web.forms import BuyerFields, CardFields, CheckedForm, ChoiceFields
from shop.web.member_forms import RegistrationFields


class CheckoutForm(BuyerFields, RegistrationFields, ChoiceFields, CardFields, CheckedForm):
    """Zero-step 注文手続き画面."""


class Step1Form(BuyerFields, RegistrationFields, CheckedForm):
    """STEP1 購入者情報入力."""


class Step2Form(ChoiceFields, CheckedForm):
    """STEP2 支払い方法・配送指定."""


class Step3Form(CardFields, CheckedForm):
    """STEP3: what is chosen with the card."""
