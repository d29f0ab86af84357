"""Whatever bytes arrive, an answer is either a telegram or Garbled – never another exception."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from providers.paygent import client

KINDS = ("020", "022", "027", "091", "094", "450")
PIECES = st.sampled_from(
    [b"result=0", b"result=1", b"\r\n", b"\n", b"=", b"payment_id=1", b"out_acs_html=", b"<p>", b'"1","0","",""', b'"2",',
     b'"3",', b'"4","1"', b'"', b",", b"\x00", b"\r", "表示".encode("cp932"), b"\xff\x81"]
)  # fmt: skip
BODIES = st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=30).map(b"".join))


@given(st.sampled_from(KINDS), BODIES)
@example("027", b'"1","0","",""\r\n"2","a\r')
def test_any_bytes(kind: str, body: bytes) -> None:
    try:
        telegram = client.parse(kind, body)
    except client.Garbled:
        return
    assert telegram.result in ("0", "1", "2", "7")


def test_a_huge_csv_item() -> None:
    with pytest.raises(client.Garbled):
        client.parse("027", b'"1","0","",""\r\n"2","' + b"a" * 200_000 + b'"\r\n')


#: Without line breaks and the six letters that come back as their twins.
VALUES = st.text(st.characters(codec="cp932", exclude_characters="\r\n¢£¬‖−〜"))


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), VALUES, max_size=8))
def test_lines_come_back_as_written(fields: dict[str, str]) -> None:
    plain = {key: value for key, value in fields.items() if not key.endswith("_html") and not key.startswith("res")}
    text = "\r\nresult=0\r\n" + "\r\n".join(f"{key}={value}" for key, value in plain.items())
    assert client.parse("094", text.encode("cp932")).fields == plain


def test_html_swallows_the_rest() -> None:
    telegram = client.parse("420", b"result=0\r\nredirect_html=\r\n<form>\r\nresult=1\r\n</form>")
    assert telegram.ok
    assert telegram.fields == {"redirect_html": "<form>\r\nresult=1\r\n</form>"}


@pytest.mark.parametrize("body", [b"", b"\r\n\r\n", b"result=", b"result=9", b"RESULT=0", b"result =0", b"result=00"])
def test_no_result_no_telegram(body: bytes) -> None:
    with pytest.raises(client.Garbled):
        client.parse("020", body)
