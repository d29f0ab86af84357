"""Card numbers are found however people write them – and what a shop's texts are full of is not taken for one."""

import random

import pytest

from shop.core import card_numbers

PAN = "4539148803436467"
WRITTEN = (
    PAN, "4539 1488 0343 6467", "4539  1488  0343  6467", "4539\u00a01488\u00a00343\u00a06467", "4539\u20021488\u20020343\u20026467",
    "4539\r\n1488\r\n0343\r\n6467", "4539/1488/0343/6467", "4539・1488・0343・6467", "4539、1488、0343、6467", "4539 - 1488 - 0343 - 6467",
    "4539_1488_0343_6467", "4539ー1488ー0343ー6467", "45391488 03436467", " ".join(PAN), "-".join(PAN), "４５３９　１４８８　０３４３　６４６７",
    "3782 822463 10005", "30569309025904", "3530-1113-3330-0000", "5555555555554444",
)  # fmt: skip


@pytest.mark.req("R-316", "R-111")
@pytest.mark.parametrize("around", ["{}", "番号は{}です", "2026-11-28 {} 12/30 123", "order00000012 {}", "3 {}", "{} 3"])
def test_a_card_number_is_found_however_it_is_written(around: str) -> None:
    for written in WRITTEN:
        text = around.format(written)
        assert card_numbers.present(text), text
        assert not card_numbers.present(card_numbers.mask(text))
        assert card_numbers.cut(text) == around.format("").strip()


def test_what_could_begin_twice_is_cut_once() -> None:
    """Of five groups the first four pass, and so do the last four: nothing behind them is lost."""
    text = "番号 4000 4008 4000 4000 4000 です"
    assert card_numbers.present("4000 4008 4000 4000")
    assert card_numbers.present("4008 4000 4000 4000")
    assert card_numbers.cut(text) == "番号  4000 です"
    assert len(card_numbers.places("4111 1111 1111 1111 と 4000 4008 4000 4000")) == 2


def test_other_numbers_are_none() -> None:
    """Telephone and slip numbers, dates, JAN codes, payment ids: a note is not lost for them."""
    chance = random.Random(20261128)

    def digits(count: int) -> str:
        return "".join(chance.choice("0123456789") for _ in range(count))

    for _ in range(3_000):
        for text in (
            f"090-{digits(4)}-{digits(4)} 03-{digits(4)}-{digits(4)}", f"090{digits(8)} 03{digits(8)}",
            f"2026-11-28 090-{digits(4)}-{digits(4)}", f"〒{digits(3)}-{digits(4)} 090-{digits(4)}-{digits(4)}",
            f"{digits(4)}-{digits(4)}-{digits(4)} {digits(4)}-{digits(4)}-{digits(4)}", f"{digits(12)}\n{digits(12)}",
            f"49{digits(11)}", f"26{digits(16)}", digits(20),
        ):  # fmt: skip
            assert not card_numbers.present(text), text


def test_a_card_is_written_one_way_with_its_brand_or_without() -> None:
    assert card_numbers.shown("Visa", "************1111") == "Visa 下4桁 *****1111"
    assert card_numbers.shown("", "1111") == "下4桁 *****1111"


@pytest.mark.parametrize(
    "text", ["4539148803436468", "1234567890123452", "14539148803436467", "4539 1488-0343 6467", "4539abc1488abc0343abc6467", ""]
)
def test_check_digit_brand_length_and_separator_all_count(text: str) -> None:
    assert not card_numbers.present(text)
