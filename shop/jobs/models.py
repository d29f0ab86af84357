"""Tables of jobs."""

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop.core.db import Base, Key, Moment, OptionalMoment


class JobLease(Base):
    """Who runs the jobs now. ``epoch`` grows with each change of holder and fences a leader that woke up late."""

    __tablename__ = "job_lease"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    epoch: Mapped[int]
    expires_at: Mapped[Moment]


class JobRun(Base):
    """One period of one periodic job: the unique key makes its effect happen once (P-16)."""

    __tablename__ = "job_run"
    __table_args__ = (UniqueConstraint("name", "period"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(40))
    epoch: Mapped[int]
    started_at: Mapped[Moment]
    finished_at: Mapped[OptionalMoment] = mapped_column(default=None)
    report: Mapped[str] = mapped_column(Text, default="")
