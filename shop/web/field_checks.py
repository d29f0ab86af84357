"""Verdicts on single fields of the forms about the account and about a guest's or member's order, for the script of their pages (U-012)."""

from collections.abc import Callable, Mapping

from flask import Blueprint, abort

from shop.web import flow
from shop.web.account import opened_link
from shop.web.cancelling import CancelForm
from shop.web.forms import CheckedForm
from shop.web.member_forms import AddressForm, ChangeLoginForm, LogInForm, RegisterForm
from shop.web.order_lookup import LookUpForm

blueprint = Blueprint("field_checks", __name__)


def _new_member() -> RegisterForm:
    link = opened_link("register")
    return RegisterForm(link.email if link else "")


_FORMS: Mapping[str, Callable[[], CheckedForm]] = {
    "login": LogInForm,
    "email": AddressForm,
    "member": _new_member,
    "login-id": ChangeLoginForm,
    "order": LookUpForm,
    "cancel": CancelForm,
}


@blueprint.post("/forms/<form>/check")
def check(form: str) -> dict[str, object]:
    """What is wrong with the fields sent along; nothing is kept. Passwords are never sent here."""
    kind = _FORMS.get(form) or abort(404)
    return flow.verdicts(kind())
