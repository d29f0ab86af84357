"""Who may open which address of the admin: one table. What is not in it opens for nobody, the owner included.

Buttons and menu entries ask the same table (``may`` in templates), so what is shown and what is answered cannot differ.
"""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from shop.staff.rights import Right
from shop.staff.service import Identity


class Door(Enum):
    """What opens an address besides a right."""

    #: No log-in at all.
    OPEN = auto()
    #: Whoever is logged in.
    STAFF = auto()
    OWNER = auto()
    NOBODY = auto()


Need = Right | Door

_ENDPOINTS: Mapping[Need, str] = {
    Door.OPEN: "login log_in second_step take_code invitation accept_invitation",
    Door.STAFF: """
        dashboard choose_language log_out own_password change_own_password
        two_step set_up_two_step switch_on_two_step forget_device ask_for_codes renew_codes ask_to_switch_off switch_off_two_step
        orders order refresh_payment payment_attention payment_attempts holds products mails mail
    """,
    Door.OWNER: "staff_log",
    Right.ORDERS: "save_memo confirm_move move_order confirm_release release_hold retry_mail confirm_copy copy_mail clear_order",
    Right.CAPTURE: "console_check say_console console_deed tell_console",
    Right.PRICE: "edit_order save_row",
    Right.PRODUCTS: "change_flow",
    Right.CUSTOMERS: "customers customer customer_history",
    Right.SETTINGS: """
        payment_methods payment_method confirm_payment_method revise_payment_method check_payment_method save_payment_method
        add_payment_method move_payment_method confirm_removal remove_payment_method
        deliveries delivery confirm_delivery revise_delivery save_delivery
        coupons coupon confirm_coupon revise_coupon save_coupon
        member_settings confirm_member_settings revise_member_settings save_member_settings
        mail_check send_test_mail check_mail_domain
        design confirm_design revise_design save_design
        cart_design confirm_cart_design revise_cart_design save_cart_design
        card_guard confirm_card_guard revise_card_guard save_card_guard stop_cards release_cards
    """,
    Right.STAFF: """
        staff_list new_staff add_staff staff_member change_staff suspend_staff reactivate_staff send_staff_link
    """,
}
NEEDS = {f"admin.{name}": need for need, names in _ENDPOINTS.items() for name in names.split()}
#: The buttons of the payment box share two addresses.
_BY_VERB = frozenset({"admin.confirm_money", "admin.act_on_money"})
_VERBS = {"capture": Right.CAPTURE, "cancel": Right.REFUND, "update": Right.PRICE}


def need(endpoint: str | None, arguments: Mapping[str, Any]) -> Need:
    """What opens ``endpoint`` with these arguments of its address."""
    if endpoint in _BY_VERB:
        return _VERBS.get(arguments.get("verb", ""), Door.NOBODY)
    return NEEDS.get(endpoint or "", Door.NOBODY)


def admits(identity: Identity, wanted: Need) -> bool:
    """Whether this member of staff passes."""
    if isinstance(wanted, Right):
        return identity.may(wanted)
    return wanted in (Door.OPEN, Door.STAFF) or (wanted is Door.OWNER and identity.owner)
