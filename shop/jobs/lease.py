"""Election: one conditional update decides who runs the jobs. Correctness never depends on it – every job claims its
rows – it only saves work. The epoch fences a leader that was stopped and woke up late."""

from datetime import datetime, timedelta

from sqlalchemy import insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from shop.core import db
from shop.jobs.models import JobLease

NAME = "jobs"
#: A leader that has not renewed for this long is taken for dead.
LENGTH = timedelta(seconds=15)


def acquire(holder: str, now: datetime) -> int | None:
    """Take or renew the lease. Returns the epoch while ``holder`` leads, else ``None``.

    Reads first: followers and a leader with time left do not queue for the write lock at every tick.
    """
    row = db.db.session.execute(
        select(JobLease.holder, JobLease.epoch, JobLease.expires_at).where(JobLease.name == NAME)
    ).one_or_none()
    db.end_read()
    # An expiry far ahead comes from a clock that was set back since: it binds nobody.
    if row is not None and now < row.expires_at <= now + 2 * LENGTH:
        if row.holder != holder:
            return None
        if row.expires_at > now + LENGTH / 2:
            return int(row.epoch)
    try:
        with db.write() as session:
            return _take(session, holder, now)
    except IntegrityError:  # another worker made the first row
        return None


def _take(session: Session, holder: str, now: datetime) -> int | None:
    row = session.execute(select(JobLease.holder, JobLease.epoch).where(JobLease.name == NAME)).one_or_none()
    if row is None:
        session.execute(insert(JobLease).values(name=NAME, holder=holder, epoch=1, expires_at=now + LENGTH))
        return 1
    epoch = int(row.epoch) if row.holder == holder else int(row.epoch) + 1
    free = or_(JobLease.holder == holder, JobLease.expires_at <= now, JobLease.expires_at > now + 2 * LENGTH)
    taken = session.execute(
        update(JobLease)
        .where(JobLease.name == NAME, JobLease.epoch == row.epoch, free)
        .values(holder=holder, epoch=epoch, expires_at=now + LENGTH)
    )
    return epoch if taken.rowcount == 1 else None  # type: ignore[attr-defined]


def still_leads(session: Session, holder: str, epoch: int) -> bool:
    """Whether ``holder`` is the leader of this epoch – asked inside the transaction of a periodic effect."""
    query = select(JobLease.epoch).where(JobLease.name == NAME, JobLease.holder == holder, JobLease.epoch == epoch)
    return session.scalar(query) is not None


def leader(session: Session, now: datetime) -> str | None:
    """Who leads now, for ``/readyz``."""
    return session.scalar(select(JobLease.holder).where(JobLease.name == NAME, JobLease.expires_at > now))
