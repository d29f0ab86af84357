"""The page of a list that an address of the admin asks for: fifty rows, by ``before`` or ``after``."""

from flask import request
from sqlalchemy.orm import InstrumentedAttribute, Session

from shop.core import paging
from shop.core.paging import Page, Rows
from shop.core.text import small_number

SIZE = 50


def page_by_id(session: Session, query: Rows, key: InstrumentedAttribute[int]) -> Page:
    """The page of ``query`` that the request asks for. The query must select ``id``."""
    before, after = (small_number(request.args.get(name)) for name in ("before", "after"))
    return paging.page_by_id(session, query, key, SIZE, before, after)
