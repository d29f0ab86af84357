"""The page of a list that an address of the shop asks for, by ``before`` or ``after``."""

from flask import request
from sqlalchemy.orm import InstrumentedAttribute

from shop.core import paging
from shop.core.db import db
from shop.core.paging import Page, Rows
from shop.core.text import small_number

SIZE = 20


def page_by_id(query: Rows, key: InstrumentedAttribute[int]) -> Page:
    """The page of ``query`` that the request asks for. The query must select ``id``."""
    before, after = (small_number(request.args.get(name)) for name in ("before", "after"))
    return paging.page_by_id(db.session(), query, key, SIZE, before, after)
