"""The simulators of the practice world, one line each. The only place of this folder that names a provider."""

from providers.escott.simulator import EscottSimulator
from providers.paygent.simulator import PaygentSimulator
from providers.sandbox.practice import Simulator
from providers.veritrans4g.simulator import VeriTrans4GSimulator

SIMULATORS: tuple[type[Simulator], ...] = (PaygentSimulator, EscottSimulator, VeriTrans4GSimulator)
