"""The VeriTrans4G simulator: an independent reading of the protocol, with its own books.

It shares nothing with the shop's client of the same provider but the demo credentials, so that each is a check on the other.
"""

from providers.veritrans4g.simulator.simulator import VeriTrans4GSimulator

__all__ = ["VeriTrans4GSimulator"]
