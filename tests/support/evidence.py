"""A long form in progress: how much it is to try, with which seed, and what it may say when nothing failed (decision 34)."""

import os
import random
import time
from dataclasses import dataclass, field


@dataclass
class Series:
    """So many tries of one thing. ``EVIDENCE_SHARE`` (0…1) asks for a part of them, ``EVIDENCE_SEED`` for those of another run."""

    #: What is counted, in the plural.
    what: str
    #: How many a full run makes.
    full: int
    database: str
    #: Minutes after which no new try begins: the long forms have an hour in all. What was reached is printed.
    minutes: float = 60.0
    done: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        share = float(os.environ.get("EVIDENCE_SHARE", 1))
        self.wanted = max(1, round(self.full * share))
        self.seed = int(os.environ.get("EVIDENCE_SEED", time.time_ns() % 10**9))
        self.chance = random.Random(self.seed)
        self._started = time.monotonic()
        self._until = self._started + self.minutes * 60 * share
        print(f"\n{self.what} on {self.database}: {self.wanted} wanted, seed {self.seed}", flush=True)

    def more(self) -> bool:
        return self.done < self.wanted and time.monotonic() < self._until

    def end(self, remark: str = "") -> None:
        """Nothing failed: what that says about the rate of failures."""
        seconds = time.monotonic() - self._started
        print(
            f"n = {self.done} {self.what} on {self.database}, seed {self.seed}, {seconds:.0f} s, 0 failures:"
            f" rate below 3/n = {3 / self.done:.4%} at 95 %{'; ' if remark else ''}{remark}",
            flush=True,
        )
