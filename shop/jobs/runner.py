"""Runs the jobs in-process: APScheduler in every worker, one leader by lease (study §3.8).

What is due is a query on our tables, never a stored schedule, so a missed tick loses nothing and a restart replays
nothing twice.
"""

import logging
import os
import socket
import threading
from datetime import datetime

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.jobs import lease
from shop.jobs.joblist import JOBS, Job
from shop.jobs.models import JobRun

_TICK = 2.0
log = logging.getLogger(__name__)


class Runner:
    """One worker's part in running jobs."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{ids.public_id(6)}"
        self._due: dict[str, float] = {}
        self._lock = threading.Lock()

    def tick(self) -> bool:
        """Renew or try the lease and, as leader, run what is due. Returns whether this worker leads."""
        if not self._lock.acquire(blocking=False):
            return True  # the previous tick is still at work
        try:
            with self._app.app_context():
                epoch = lease.acquire(self.holder, moment())
                if epoch is None:
                    return False
                self._run_due(epoch)
                return True
        except Exception:
            log.exception("job tick failed")
            return False
        finally:
            self._lock.release()

    def _run_due(self, epoch: int) -> None:
        elapsed = moment().timestamp()
        for job in JOBS:
            due = self._due.get(job.name)
            # A due time further ahead than the interval comes from before the clock was set back.
            if due is not None and elapsed < due <= elapsed + job.every:
                continue
            self._due[job.name] = elapsed + job.every
            run_job(job, self.holder, epoch)


def run_job(job: Job, holder: str, epoch: int) -> int:
    """Run one job once, its error kept inside. A daily job does nothing when its day is already taken."""
    day = runtime().clock.today().isoformat()
    if job.daily and not _begin_day(job.name, day, holder, epoch):
        return 0
    try:
        count = job.run()
    except Exception:
        db.db.session.rollback()
        log.exception("job failed", extra={"job": job.name})
        return 0
    if job.daily:
        _finish_day(job.name, day, count)
    elif count:
        log.info("job done", extra={"job": job.name, "count": count})
    return count


def _begin_day(name: str, day: str, holder: str, epoch: int) -> bool:
    """Take a job's day: the unique key lets one runner in, and only while its epoch leads."""
    taken = select(JobRun.id).where(JobRun.name == name, JobRun.period == day, JobRun.finished_at.is_not(None))
    if db.db.session.scalar(taken) is not None:
        return False
    now = moment()
    try:
        with db.write() as session:
            if epoch and not lease.still_leads(session, holder, epoch):
                return False
            resumed = session.execute(
                update(JobRun)
                .where(JobRun.name == name, JobRun.period == day, JobRun.finished_at.is_(None), JobRun.epoch < epoch)
                .values(epoch=epoch, started_at=now)
            )
            if resumed.rowcount == 0:  # type: ignore[attr-defined]
                session.execute(insert(JobRun).values(name=name, period=day, epoch=epoch, started_at=now, report=""))
    except IntegrityError:
        return False
    return True


def _finish_day(name: str, day: str, count: int) -> None:
    with db.write() as session:
        session.execute(
            update(JobRun)
            .where(JobRun.name == name, JobRun.period == day)
            .values(finished_at=moment(), report=str(count))
        )


def start(app: Flask) -> BackgroundScheduler:
    """Start this worker's scheduler. Called after the worker process exists, never in tests or commands."""
    runner = Runner(app)
    scheduler = BackgroundScheduler(timezone="Asia/Tokyo")
    scheduler.add_job(
        runner.tick, "interval", seconds=_TICK, id="tick", max_instances=1, coalesce=True, misfire_grace_time=3600,
        next_run_time=datetime.now().astimezone(),
    )  # fmt: skip
    scheduler.start()
    app.extensions["shop.jobs"] = scheduler
    return scheduler
