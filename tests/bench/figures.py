"""One figure of the bench, with its limit."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

LIMITS = tomllib.loads(Path(__file__).with_name("limits.toml").read_text())


@dataclass(frozen=True)
class Line:
    """One figure, with its limit where it has one."""

    name: str
    figure: float
    unit: str
    limit: float | None = None
    note: str = ""

    @property
    def above(self) -> bool:
        return self.limit is not None and self.figure > self.limit

    def __str__(self) -> str:
        limit = "" if self.limit is None else f"at most {self.limit:g}"
        word = "  ABOVE THE LIMIT" if self.above else ""
        return f"{self.name:<44}{self.figure:>9.2f} {self.unit:<11}{limit:<14}{self.note}{word}"
