"""What a card's number itself tells."""

from __future__ import annotations


def brand_of(number: str) -> str:
    """The brand by the leading digits, empty for brands that no provider here takes."""
    first_two = int(number[:2])
    if number[0] == "4":
        return "VISA"
    if 51 <= first_two <= 55 or 2221 <= int(number[:4]) <= 2720:
        return "MASTER"
    if first_two == 35:
        return "JCB"
    if first_two in (34, 37):
        return "AMEX"
    return "DINERS" if first_two in (30, 36, 38, 39) else ""


def check_sum(number: str) -> int:
    """0 where the check digit is right."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = [2 * digit - 9 if digit > 4 else 2 * digit for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10
