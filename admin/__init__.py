"""The shopkeeper's front end: pages under ``/admin`` over the same services as the shop. Knows no ``shop.web``."""

from flask import Flask

# Importing these modules puts their pages on the blueprint.
from admin import (  # noqa: F401
    auth,
    card_guard,
    cart_design,
    coupons,
    customers,
    dashboard,
    deliveries,
    design,
    filing,
    holds,
    log,
    mail_check,
    mails,
    member_settings,
    method_page,
    methods,
    money,
    order_edit,
    order_page,
    order_review,
    orders,
    passwords,
    products,
    second_step,
    staff,
    testimony,
    two_step,
    watch,
)
from admin.blueprint import init_app as attach


def init_app(app: Flask) -> None:
    """Register every admin page and the log-in that guards them."""
    attach(app)
