"""The e-SCOTT simulator: an independent reading of the protocol, with its own books.

It shares nothing with the shop's client of the same provider, so that each is a check on the other.
"""

from providers.escott.simulator.simulator import EscottSimulator

__all__ = ["EscottSimulator"]
