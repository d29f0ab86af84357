"""Yen. An ``int`` from form to wire; the only arithmetic beyond adding: the tax in an inclusive price, and apportioning."""

from collections.abc import Iterable, Sequence

from shop.core.i18n import gettext

#: 標準税率 in percent. Shipping, fees and クール料金 are always taxed at this rate (R-282).
STANDARD_RATE = 10
#: 軽減税率 in percent – food and drink.
REDUCED_RATE = 8


def tax_included(total_yen: int, rate_percent: int) -> int:
    """Tax contained in a tax-inclusive total, rounded down once for the whole sum (消費税, per rate per document)."""
    return total_yen * rate_percent // (100 + rate_percent)


def totals_per_rate(amounts: Iterable[tuple[int, int]], deduction_yen: int = 0) -> dict[int, int]:
    """Sum ``(yen, rate)`` pairs per tax rate, highest rate first. Rates without an amount are absent.

    What is deducted from the whole (値引き, ポイント) is apportioned in the ratio of the sums, as 国税庁 has it for one
    discount over goods of both rates (軽減通達15: 価額の比率によりあん分). The totals add up to the sum of the amounts less
    the deduction, and none is below 0. Raises ``ValueError`` when more is deducted than there is.
    """
    sums: dict[int, int] = {}
    for yen, rate in amounts:
        sums[rate] = sums.get(rate, 0) + yen
    rates = sorted(sums, reverse=True)
    borne = apportion(deduction_yen, [sums[rate] for rate in rates])
    left = {rate: sums[rate] - part for rate, part in zip(rates, borne, strict=True)}
    return {rate: yen for rate, yen in left.items() if yen}


def order_totals_per_rate(
    goods: Iterable[tuple[int, int]], charges_yen: int, coupon_yen: int = 0, deduction_yen: int = 0
) -> dict[int, int]:
    """The same for a whole order: ``(yen, rate)`` pairs of its goods, its charges, its coupon and what else is deducted.

    A coupon is a discount on the goods and borne by *their* rates alone (L-018): goods that it pays leave nothing at theirs.
    What is deducted besides, or by a coupon beyond the goods – of an edited order –, comes off the whole.
    """
    lines = list(goods)
    on_goods = min(coupon_yen, sum(yen for yen, _ in lines))
    left = [(yen, rate) for rate, yen in totals_per_rate(lines, on_goods).items()]
    return totals_per_rate([*left, (charges_yen, STANDARD_RATE)], coupon_yen - on_goods + deduction_yen)


def apportion(yen: int, weights: Sequence[int]) -> list[int]:
    """Split ``yen`` in the ratio of the ``weights``, to whole yen, by largest remainder; equal remainders in their order.

    So each part is less than one yen off its exact share and never above its weight. The last one taking the rest would
    add up as well, but with three weights or more be off by several yen. Raises ``ValueError`` when ``yen`` exceeds the
    weights together.
    """
    whole = sum(weights)
    if yen > whole:
        raise ValueError(f"{yen} yen out of {whole}")
    if not yen:
        return [0] * len(weights)
    parts = [yen * weight // whole for weight in weights]
    most_cut_off = sorted(range(len(weights)), key=lambda i: yen * weights[i] % whole, reverse=True)
    for i in most_cut_off[: yen - sum(parts)]:
        parts[i] += 1
    return parts


def format_yen(yen: int) -> str:
    """``12800`` → ``12,800円``, ``-500`` → ``-500円``, in the language of the request."""
    amount = gettext("%(amount)s円", amount=f"{abs(yen):,}")
    return f"-{amount}" if yen < 0 else amount
