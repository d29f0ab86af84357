"""Runs the jobs in-process: APScheduler in every worker, one leader by lease (study §3.8).

What is due is a query on our tables, never a stored schedule, so a missed tick loses nothing and a restart replays
nothing twice.
"""

import logging
import os
import socket

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.jobs import lease
from shop.jobs.joblist import JOBS, Job
from shop.jobs.models import JobRun

log = logging.getLogger(__name__)


class Runner:
    """One worker's part in running jobs."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{ids.public_id(6)}"

    def run(self, job: Job) -> bool:
        """Renew or try the lease and, as leader, run ``job``. Returns whether this worker leads."""
        with self._app.app_context():
            try:
                epoch = lease.acquire(self.holder, moment())
                if epoch is not None:
                    run_job(job, self.holder, epoch)
            except Exception:
                log.exception("job runner failed", extra={"job": job.name})
                return False
            return epoch is not None


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
        if job.daily:
            _give_day_back(job.name, day, epoch)
        return 0
    if job.daily:
        _finish_day(job.name, day, epoch, count)
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


def _give_day_back(name: str, day: str, epoch: int) -> None:
    """A run that failed has not had its day: the next look tries again – unless a newer leader has resumed it."""
    with db.write() as session:
        own = (JobRun.name == name, JobRun.period == day, JobRun.epoch == epoch)
        session.execute(delete(JobRun).where(*own, JobRun.finished_at.is_(None)))


def _finish_day(name: str, day: str, epoch: int, count: int) -> None:
    """Write down that this leader's run of the day is done – one that a newer leader has resumed is that leader's – and
    that it made up for earlier ones which were killed at work and not resumed before midnight: a daily job looks at all
    that is due, whenever that fell due."""
    now = moment()
    with db.write() as session:
        done = update(JobRun).where(JobRun.name == name, JobRun.period == day, JobRun.epoch == epoch)
        session.execute(done.values(finished_at=now, report=str(count)))
        left = update(JobRun).where(JobRun.name == name, JobRun.period < day, JobRun.finished_at.is_(None))
        made_up = session.execute(left.values(finished_at=now, report=f"made up for on {day}"))
    if made_up.rowcount:  # type: ignore[attr-defined]
        log.warning("a daily job made up for days cut short", extra={"job": name, "count": made_up.rowcount})  # type: ignore[attr-defined]


def start(app: Flask) -> BackgroundScheduler:
    """Start this worker's scheduler: each job on its own clock, so that a slow one keeps no other waiting.

    Called after the worker process exists, never in tests or commands.
    """
    runner = Runner(app)
    scheduler = BackgroundScheduler(
        timezone="Asia/Tokyo",
        executors={"default": ThreadPoolExecutor(len(JOBS))},
        job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": 3600},
    )
    for job in JOBS:
        scheduler.add_job(runner.run, "interval", args=[job], seconds=job.every, id=job.name)
    scheduler.start()
    app.extensions["shop.jobs"] = scheduler
    return scheduler
