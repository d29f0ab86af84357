"""Migrations and models tell the same story, and rows that are there survive a new chapter."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from shop.checkout.models import Cart
from shop.core.db import db
from shop.core.pictures import WithLogo
from shop.core.runtime import now
from shop.core.shopinfo import ShopInfo
from shop.orders.models import Order
from shop.payments.models import PaymentMethod
from shop.staff.models import StaffUser
from tests.domain.desk import Desk
from tests.support.shop import OWNER


def test_the_models_are_what_the_migrations_make(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []


def test_a_shop_of_before_has_neither_colour_nor_logo(demo_app: Flask) -> None:
    with demo_app.app_context():
        downgrade(revision="0001")
        db.session.execute(text("SELECT name FROM shop_info")).one()
        db.session.rollback()
        upgrade()
        shop = db.session.scalars(select(ShopInfo)).one()
        methods = db.session.scalars(select(PaymentMethod)).all()
        assert shop.accent == ""
        carriers: list[WithLogo] = [shop, *methods]
        assert [(each.logo, each.logo_alt) for each in carriers] == [(None, "")] * 3
        db.session.rollback()


@pytest.mark.req("T-055")
def test_staff_of_before_keep_every_right_as_owners(demo_app: Flask) -> None:
    with demo_app.app_context():
        downgrade(revision="0012")
        insert = "INSERT INTO staff_user (login, name, password_hash, active, created_at) VALUES ('ume', 'x', 'x', :yes, :now)"
        db.session.execute(text(insert), {"yes": True, "now": now()})
        db.session.commit()
        upgrade()
        before = {each.login: each.owner for each in db.session.scalars(select(StaffUser))}
        assert before == {OWNER: True, "ume": True}
        # … and nobody becomes one by being written without a word about it.
        db.session.execute(text(insert.replace("'ume'", "'take'")), {"yes": True, "now": now()})
        assert not db.session.scalars(select(StaffUser).where(StaffUser.login == "take")).one().owner
        db.session.rollback()


def test_an_order_of_before_has_neither_deductions_nor_a_cool_fee(desk: Desk) -> None:
    placed = desk.place()
    with desk.app.app_context():
        downgrade(revision="0003")
        db.session.execute(text("SELECT number FROM shop_order")).one()
        db.session.rollback()
        upgrade()
        order = db.session.scalars(select(Order)).one()
        assert (order.points_yen, order.discount_yen, order.cool_yen, order.total_yen) == (0, 0, 0, placed.yen)
        db.session.rollback()


@pytest.mark.req("T-050")
def test_the_number_of_an_order_s_cart_is_nobody_else_s(desk: Desk) -> None:
    """One cart of before is gone, the number of another has come again: its visitor's press must not find the order."""
    gone, again = desk.place(), desk.place()
    of_orders = {each.order_id: desk.row(Order, id=each.order_id).cart_id for each in (gone, again)}
    with desk.app.app_context():
        downgrade(revision="0020")
        for table in ("confirmation", "cart_item"):
            db.session.execute(text(f"DELETE FROM {table}"))
        db.session.execute(text("DELETE FROM cart WHERE id = :id"), {"id": of_orders[gone.order_id]})
        db.session.execute(text("UPDATE cart SET version = 1, key = 'another' WHERE id = :id"), {"id": of_orders[again.order_id]})
        db.session.commit()
        upgrade()
        versions = dict(db.session.execute(select(Cart.id, Cart.version)).all())
        ordered = dict(db.session.execute(select(Order.cart_id, Order.cart_version)).all())
        assert set(of_orders.values()) <= versions.keys()
        assert all(versions[cart] > ordered[cart] for cart in ordered)
        db.session.rollback()
