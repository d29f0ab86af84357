"""The installed providers, one line each. Imported by the assembly and by tests only."""

from providers.paygent import PROVIDER as PAYGENT
from providers.ports import Provider

INSTALLED: tuple[Provider, ...] = (PAYGENT,)
