"""What must never be written: card numbers, security codes, tokens, passwords – whoever logs them, and however."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core import logs
from shop.core.card_numbers import luhn_valid, present
from shop.core.logs import JsonFormatter, redact

CARDS = ["4111111111111111", "5555555555554444", "3530111333300000", "378282246310005", "30569309025904"]


def line(message: str, *args: object, error: BaseException | None = None, **extra: object) -> str:
    """A record as it is written."""
    record = logging.getLogger("t").makeRecord(
        "t", logging.INFO, __file__, 1, message, args, (type(error), error, error.__traceback__) if error else None, extra=extra
    )
    return JsonFormatter().format(record)


def grouped(number: str, mark: str) -> str:
    return mark.join(number[at : at + 4] for at in range(0, len(number), 4))


@pytest.mark.req("T-100")
@pytest.mark.parametrize("number", CARDS)
@pytest.mark.parametrize(
    "shape",
    ["{}", "card {}.", "「{}」", "2026-11-21 {}", "3 {}", "{} 3", "order00000012 {}", "{}\n{}", "a{}b"],
)
def test_card_number_in_any_place(number: str, shape: str) -> None:
    for written in (number, grouped(number, " "), grouped(number, "-")):
        text = shape.replace("{}", written)
        assert present(text)
        assert written not in redact(text)
        assert written not in line(text)
        assert written not in line("%s", text)
        assert written not in line("m", note=text)


@pytest.mark.req("T-100")
def test_card_number_in_full_width() -> None:
    text = "４１１１１１１１１１１１１１１１"
    assert present(text)
    assert text not in redact(text)


def test_card_number_in_a_trace() -> None:
    try:
        raise ValueError("refused 4111111111111111 token=tok_abc")
    except ValueError as error:
        written = line("failed", error=error)
    assert "4111111111111111" not in written
    assert "tok_abc" not in written
    assert "ValueError" in written


@pytest.mark.parametrize("text", ["取引ID 90056908190000063933", "26690819000006393", "03-1234-5678", "2026-11-21 12:34:56", "¥1,234,567", "order00000012"])
def test_other_numbers_stay_readable(text: str) -> None:
    assert redact(text) == text
    assert not present(text)


@given(st.integers(4 * 10**15, 5 * 10**15 - 1).map(str))
def test_exactly_the_numbers_with_a_right_check_digit(number: str) -> None:
    assert present(number) == luhn_valid(number)
    assert (number in redact(number)) == (not luhn_valid(number))


SECRET = "s3cret-Value"


@pytest.mark.req("T-100", "T-099")
@pytest.mark.parametrize(
    "name",
    ["password", "connect_password", "card_number", "card_conf_number", "cvc", "cvv", "security_code", "card_token", "token",
     "token_generate_key", "hc", "secret", "cookie", "authorization"],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["{}={}", "{}: {}", '"{}": "{}"', "'{}': '{}'", "a=1&{}={}&b=2", "{} = {}"])
def test_secret_fields(name: str, shape: str) -> None:
    for written in (name, name.upper()):
        assert SECRET not in redact(shape.format(written, SECRET))


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abc.s3cret-Value",
        "Cookie: theme=dark; session=s3cret-Value",
        '"password": "two words s3cret-Value"',
    ],
)
def test_secret_of_several_words(text: str) -> None:
    assert SECRET not in redact(text)


def test_secret_extra_is_hidden_by_its_name() -> None:
    assert SECRET not in line("m", password=SECRET, card_token=SECRET)
    entry = json.loads(line("m", count=3, ratio=0.5, nothing=None))
    assert (entry["count"], entry["ratio"], entry["nothing"]) == (3, 0.5, None)


@pytest.mark.req("T-072")
def test_a_line_break_cannot_forge_a_line() -> None:
    written = line("buyer %s", 'x\r\n{"level": "error"}', note="a\nb")
    assert len(written.splitlines()) == 1
    assert json.loads(written)["message"] == 'buyer x\\r\\n{"level": "error"}'


@given(st.text(max_size=50))
def test_any_text_is_one_line_of_json(text: str) -> None:
    written = line("%s", text)
    assert json.loads(written)["logger"] == "t"
    assert "\n" not in written
    assert "\r" not in written


def test_configure_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    kept = logging.getLogger().handlers[:]
    try:
        logs.configure()
        logs.configure()
        logging.getLogger("t").info("once")
    finally:
        logging.getLogger().handlers[:] = kept
    assert capsys.readouterr().err.count("once") == 1
