"""Whatever bytes arrive, an answer is either one of this protocol or Garbled – never another exception."""

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.escott import client

HEAD = "TransactionId=1&OperateId=1Auth&"
PIECES = st.sampled_from(
    [b"TransactionId=1", b"ResponseCd=OK", b"ResponseCd=", b"K22", b"|", b"%7C", b"&", b"=", b"%", b"%zz", b"+", b" ", b"\r\n", b"\x00",
     "表示".encode(), b"\xff\x81", b"<html>", b"OperateId=1Auth"]
)  # fmt: skip
BODIES = st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=30).map(b"".join))


@given(BODIES)
@example(b"TransactionId=1&ResponseCd=%00")
def test_any_bytes(body: bytes) -> None:
    try:
        answer = client.parse(body, 200)
    except client.Garbled:
        return
    assert answer.ok or all(len(code) == 3 for code in answer.codes)
    assert answer.get("TransactionId")


@pytest.mark.parametrize(
    ("told", "codes"),
    [
        ("OK", ()), ("OK   ", ()), ("OK+++", ()), ("OK%20", ()), ("K22", ("K22",)), ("K22|K23", ("K22", "K23")),
        ("K22%7CK23", ("K22", "K23")), ("K22%7cKBX|KI2", ("K22", "KBX", "KI2")), (" G55 ", ("G55",)),
    ],
)  # fmt: skip
def test_codes_in_every_way_of_writing(told: str, codes: tuple[str, ...]) -> None:
    for body in (f"{HEAD}ResponseCd={told}&CompanyCd=Y2", f"ResponseCd={told}&{HEAD}", f"{HEAD}ResponseCd={told}\r\n"):
        answer = client.parse(body.encode(), 200)
        assert (answer.codes, answer.ok) == (codes, not codes)
        assert answer.code == "|".join(codes)


@pytest.mark.parametrize("told", ["", "NG", "ok", "OK|OK", "OK|K22", "K22|", "|K22", "K22||K23", "K2", "K222", "K22,K23", "k22", "Ｋ22", "K22%257CK23"])
def test_what_is_no_code_is_no_answer(told: str) -> None:
    with pytest.raises(client.Garbled):
        client.parse(f"{HEAD}ResponseCd={told}".encode(), 200)


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"\r\n", b"OK", b"ResponseCd", b"ResponseCd=OK", b"TransactionId=&ResponseCd=OK", b"TransactionId=1", b"responsecd=OK&TransactionId=1",
        b"<!DOCTYPE html><p>TransactionId=1", b"\xef\xbb\xbfTransactionId=1&ResponseCd=OK", "TransactionId=1&ResponseCd=OK&x=半".encode("cp932"),
    ],
)  # fmt: skip
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(client.Garbled):
        client.parse(body, 200)


@pytest.mark.parametrize("status", [201, 204, 302, 403, 404, 500, 503])
def test_only_status_200_is_an_answer(status: int) -> None:
    with pytest.raises(client.Garbled, match=str(status)):
        client.parse(f"{HEAD}ResponseCd=OK".encode(), status)


#: What a form cannot carry is a blank at an end of a value: it counts as padding.
VALUES = st.text(st.characters(codec="utf-8"), max_size=30).map(str.strip)


@given(VALUES, st.sampled_from([quote, quote_plus]), st.sampled_from(["", "   ", "%20", "+"]))
def test_a_value_comes_back_however_it_was_escaped(value: str, escape, padding: str) -> None:
    answer = client.parse(f"{HEAD}MerchantFree2={escape(value, safe='')}{padding}&ResponseCd=OK".encode(), 200)
    assert answer.get("MerchantFree2") == value


def test_of_a_field_that_stands_twice_the_first_counts() -> None:
    answer = client.parse(f"{HEAD}ResponseCd=G55&ResponseCd=OK&Amount=1&Amount=2".encode(), 200)
    assert (answer.codes, answer.get("Amount"), answer.get("nothing")) == (("G55",), "1", "")


def test_a_value_may_hold_an_equals_sign() -> None:
    assert client.parse(f"{HEAD}ResponseCd=OK&FreeArea=a=b==".encode(), 200).get("FreeArea") == "a=b=="


def test_empty_fields_are_left_out_and_the_order_stays() -> None:
    fields = [("B", "半 図"), ("Token", ""), ("A", "a&b=c|+~*")]
    assert client.encode(fields) == b"B=%E5%8D%8A+%E5%9B%B3&A=a%26b%3Dc%7C%2B%7E%2A"
