"""The Paygent simulator: an independent reading of the protocol, with its own books.

It shares nothing with the shop's client of the same provider, so that each is a check on the other.
"""

from providers.paygent.simulator.hosted import PaygentSimulator

__all__ = ["PaygentSimulator"]
