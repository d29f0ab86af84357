"""The installed providers, one line each. Imported by the assembly and by tests only."""

from providers.contract import Provider
from providers.paygent import PROVIDER as PAYGENT

INSTALLED: tuple[Provider, ...] = (PAYGENT,)
