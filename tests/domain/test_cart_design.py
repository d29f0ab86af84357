"""The rows of the carts' design: made on first use, one a cart, changed one after the other."""

from flask import Flask
from sqlalchemy import func, select

from shop.core.cart_design import CartDesign, stored, to_change
from shop.core.db import db, write
from shop.core.pictures import Picture

LOGO = Picture("logos/x.webp", 600, 200)


def test_a_row_is_made_once_and_then_found(app: Flask) -> None:
    with app.app_context():
        blank = stored(db.session(), "zero")
        assert (blank.logo, blank.accent, blank.all_texts) == (None, "", {})
        for accent in ("#24508c", "#7a2f1d"):
            with write() as session:
                to_change(session, "zero").accent = accent
        with write() as session:
            design = to_change(session, "zero")
            assert design.accent == "#7a2f1d"
            assert design.set_logo(LOGO, "市") == ""
        assert db.session.scalar(select(func.count()).select_from(CartDesign)) == 1
        assert stored(db.session(), "zero").logo == LOGO
        assert stored(db.session(), "steps").logo is None


def test_empty_texts_are_not_kept(app: Flask) -> None:
    with app.app_context():
        with write() as session:
            to_change(session, "steps").set_texts({"ja": {"cart": "品書き", "step1": ""}, "en": {"cart": ""}})
        assert stored(db.session(), "steps").all_texts == {"ja": {"cart": "品書き"}, "en": {}}
