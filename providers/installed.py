"""The installed providers, one line each. Imported by the assembly and by tests only."""

from providers.escott import PROVIDER as ESCOTT
from providers.paygent import PROVIDER as PAYGENT
from providers.payresort import PROVIDER as PAYRESORT
from providers.ports import Provider
from providers.veritrans4g.provider import PROVIDER as VERITRANS4G

INSTALLED: tuple[Provider, ...] = (PAYGENT, PAYRESORT, ESCOTT, VERITRANS4G)
