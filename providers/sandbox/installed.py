"""The simulators of the practice world, one line each."""

from __future__ import annotations

from providers.paygent.simulator import PaygentSimulator
from providers.sandbox.practice import Simulator

SIMULATORS: tuple[type[Simulator], ...] = (PaygentSimulator,)
