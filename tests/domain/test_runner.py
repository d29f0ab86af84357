"""The runner as production starts it: in every worker, whatever the environment says about development."""

import time
from collections.abc import Callable

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from shop.core import db
from shop.core.runtime import now
from shop.jobs import runner
from shop.jobs.joblist import JOBS
from shop.jobs.models import JobLease
from shop.outbox import service as outbox
from tests.support.buying import CASH, buy
from tests.support.servers import GranianServer
from tests.support.shop import mails
from tests.web.counter import count


def test_every_job_is_scheduled_once_and_a_late_one_is_caught_up_once(demo_app: Flask) -> None:
    scheduler: BackgroundScheduler = runner.start(demo_app)
    try:
        scheduled = {job.id: job for job in scheduler.get_jobs()}
        assert set(scheduled) == {job.name for job in JOBS}
        for job in scheduled.values():
            assert job.max_instances == 1
            assert job.coalesce, "missed runs are one run"
            assert job.misfire_grace_time >= 3600, "a late run is not dropped in silence"
    finally:
        scheduler.shutdown()


@pytest.mark.timeout(90)
@pytest.mark.req("S-088")
def test_jobs_run_where_the_shop_is_served(granian_server: GranianServer, demo_app: Flask) -> None:
    """No variable of a development server is looked at: who serves also sends the mails."""
    assert buy(granian_server.url, "T-001", method=CASH).public_id
    _wait(lambda: len(mails(demo_app)) == 2)


@pytest.mark.timeout(90)
@pytest.mark.req("S-087")
def test_work_that_comes_while_the_runner_is_idle_is_found_without_a_wake_up(
    granian_server: GranianServer, demo_app: Flask
) -> None:
    """There is a leader and it has nothing to do; nothing tells it that a mail is due now."""
    _wait(lambda: count(demo_app, JobLease) == 1)
    with demo_app.app_context(), db.write() as session:
        outbox.queue(session, "test", None, "hanako@example.jp", "件名", "本文", now())
    _wait(lambda: len(mails(demo_app)) == 1)


def _wait(found: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not found():
        assert time.monotonic() < until
        time.sleep(0.1)
