"""The runner as production starts it: in every worker, whatever the environment says about development."""

import time

import pytest
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from shop.jobs import runner
from shop.jobs.joblist import JOBS
from tests.support.buying import CASH, buy
from tests.support.servers import GranianServer
from tests.support.shop import mails


@pytest.mark.req("S-086", "S-085")
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
    until = time.monotonic() + 60
    while len(mails(demo_app)) < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert len(mails(demo_app)) == 2
