"""What the jobs ask every few seconds, and 要確認 on every page, is answered from an index, however long the tables have grown."""

from typing import Any

import pytest
from sqlalchemy import event, text

from admin import watch
from admin.order_query import Search, countable, listed
from shop.core import db
from shop.core.runtime import now
from shop.orders import review
from shop.orders.models import Order
from shop.payments.models import Payment
from tests.domain.desk import Desk

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize("job", ["dispatch", "inbox", "reconcile", "release_holds", "outbox", "attention", "review"])
def test_nothing_reads_a_whole_table_to_find_its_work(desk: Desk, job: str) -> None:
    asked: list[tuple[str, Any]] = []
    placed = desk.place() if job == "review" else None
    with desk.app.app_context():

        @event.listens_for(db.db.engine, "before_cursor_execute")
        def listen(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
            asked.append((statement, values))

        if job == "attention":
            assert not watch.concerns(db.db.session(), now(), 100)
        elif placed:
            order, payment = db.db.session.get_one(Order, placed.order_id), db.db.session.get_one(Payment, placed.payment_id)
            order.member_id = 1
            asked.clear()
            assert not review.signals(db.db.session(), order, payment, now())
        else:
            desk.run(job)
        event.remove(db.db.engine, "before_cursor_execute", listen)
        cursor = db.db.engine.raw_connection().cursor()
        looked = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
        assert looked
        for statement, values in looked:
            plan = [row[3] for row in cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values).fetchall()]
            whole = {f"SCAN {table}" for table in db.Base.metadata.tables}
            assert not whole.intersection(plan), (statement, plan)


@pytest.mark.req("R-024")
@pytest.mark.parametrize("search", [Search(mode="later"), Search(method=1), Search(method=1, mode="later", todo="uncaptured")])
def test_orders_of_a_method_and_its_mode_are_found_by_an_index(desk: Desk, search: Search) -> None:
    with desk.app.app_context():
        for query in (listed("open", search), countable("open", search)):
            asked = query.compile(db.db.engine, compile_kwargs={"literal_binds": True})
            plan = [row[3] for row in db.db.session.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
            assert any("ix_payment_mode" in step or "ix_payment_listed" in step for step in plan), plan
            assert "SCAN payment" not in plan, plan
