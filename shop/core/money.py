"""Yen. An ``int`` from form to wire; the only arithmetic beyond adding is the tax contained in an inclusive price."""

from collections.abc import Iterable

from shop.core.i18n import gettext

#: 標準税率 in percent. Shipping and fees are always taxed at this rate (R-282).
STANDARD_RATE = 10
#: 軽減税率 in percent – food and drink.
REDUCED_RATE = 8


def tax_included(total_yen: int, rate_percent: int) -> int:
    """Tax contained in a tax-inclusive total, rounded down once for the whole sum (消費税, per rate per document)."""
    return total_yen * rate_percent // (100 + rate_percent)


def totals_per_rate(amounts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Sum ``(yen, rate)`` pairs per tax rate, highest rate first. Rates without an amount are absent."""
    sums: dict[int, int] = {}
    for yen, rate in amounts:
        sums[rate] = sums.get(rate, 0) + yen
    return {rate: sums[rate] for rate in sorted(sums, reverse=True) if sums[rate]}


def format_yen(yen: int) -> str:
    """``12800`` → ``12,800円``, in the language of the request."""
    return gettext("%(amount)s円", amount=f"{yen:,}")
