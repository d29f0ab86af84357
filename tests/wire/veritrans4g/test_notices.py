"""結果通知 over a real socket, as the practice provider pushes it: genuine, bent, and of several orders at once."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.contract import Notice, NoticeReading
from providers.veritrans4g.adapter import Veritrans4GGateway
from providers.veritrans4g.provider import PROVIDER
from tests.sandbox.veritrans4g_world import Shop, VeriTransWorld
from tests.support.world import VISA
from tests.wire.veritrans4g import forging
from tests.wire.veritrans4g.practice import Practice

FAILS = "4980000000087607"
OPENED = Veritrans4GGateway(PROVIDER.practice_settings(), "http://nowhere.invalid", before_send=lambda: None, record=lambda _: None)
BENT = ("wrong_key", "tampered", "other_merchant", "no_header", "unsigned_v_only")


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


def pushed(practice: Practice, shop: Shop, times: int = 1, **more: Any) -> str:
    """A payment whose buyer has been at the issuer, and whose result has arrived; its order."""
    before = len(shop.received)
    charge, asked = practice.authenticating(notice_url=shop.url, **more)
    practice.walk(asked)
    VeriTransWorld.eventually(lambda: len(shop.received) >= before + times)
    return charge.merchant_ref


def read(practice: Practice, shop: Shop, place: int = -1, **settings: str) -> NoticeReading:
    body, header = shop.received[place]
    return practice.gateway(**settings).read_notice("POST", body, {} if header is None else {"content-hmac": header})


@pytest.mark.parametrize(
    ("number", "raw", "code"),
    [(VISA, "success/success", "VerifyNotify:G011A00100000000"), (FAILS, "failure/", "AuthorizeConfirm:GE23000000000000")],
)
def test_a_genuine_push_names_its_order_and_no_more(
    either: Practice, shop: Shop, number: str, raw: str, code: str
) -> None:
    """It is a reason to ask: what it says of the money is not taken over."""
    ref = pushed(either, shop, number=number)
    assert read(either, shop) == NoticeReading(
        True, (Notice(f"{ref}:{code}", ref, "", None, None, None, raw_status=raw),), b"OK"
    )


@pytest.mark.parametrize("mode", BENT)
@pytest.mark.req("T-020")
def test_a_bent_push_is_nobodys(either: Practice, shop: Shop, mode: str) -> None:
    either.spoil("pushes", mode=mode)
    pushed(either, shop)
    assert read(either, shop) == NoticeReading(False, (), b"", reason="content-hmac")


@pytest.mark.parametrize(
    "bend",
    [
        lambda body: body + b"\n", lambda body: body + b"&orderId0001=x&mpiMstatus0001=success", lambda body: body[:-1],
        lambda body: body.replace(b"orderId0000", b"orderId0009"), lambda body: b"", lambda body: b"\xef\xbb\xbf" + body,
    ],
    ids=["newline", "record added", "cut", "field renamed", "empty", "BOM"],
)  # fmt: skip
@pytest.mark.req("T-021")
def test_each_byte_counts(practice: Practice, shop: Shop, bend: Any) -> None:
    pushed(practice, shop)
    assert read(practice, shop).genuine
    body, header = shop.received[-1]
    shop.received.append((bend(body), header))
    assert not read(practice, shop).genuine


_PIECES = [b"orderId", b"mpiMstatus", b"dummy", b"0000", b"0001", b"9999", b"=", b"&", b"%", b"%00", b"%ff", b"1", "٣".encode(), b"\0", b";"]


@given(st.binary(min_size=1, max_size=200) | st.lists(st.sampled_from(_PIECES), min_size=1).map(b"".join))
@pytest.mark.req("R-105")
def test_whatever_is_signed_can_be_read(body: bytes) -> None:
    told = forging.signed(PROVIDER, body)
    reading = OPENED.read_notice("POST", told.body, told.headers)
    assert (reading.genuine, reading.acknowledgement) == (True, b"OK")
    assert all(notice.merchant_ref for notice in reading.notices)


def test_records_of_several_orders(either: Practice, shop: Shop) -> None:
    refs = [pushed(either, shop), pushed(either, shop)]
    either.spoil("pushes", mode="multi")
    refs.append(pushed(either, shop))
    assert [notice.merchant_ref for notice in read(either, shop).notices] == refs


def test_the_same_push_twice_has_the_same_name(practice: Practice, shop: Shop) -> None:
    """The provider numbers each sending anew; the shop goes by what is said."""
    practice.world.control("notices", duplicate=1)
    pushed(practice, shop, times=2)
    first, second = shop.received
    assert first != second
    assert read(practice, shop, 0) == read(practice, shop, 1)


@pytest.mark.req("T-021")
def test_a_push_of_the_other_world_is_acknowledged_only(practice: Practice, shop: Shop) -> None:
    pushed(practice, shop)
    assert read(practice, shop, dummy="0") == NoticeReading(True, (), b"OK")


@pytest.mark.req("T-021")
def test_a_push_with_the_key_of_another_contract(practice: Practice, shop: Shop) -> None:
    pushed(practice, shop)
    assert not read(practice, shop, merchant_key="0" * 64).genuine
    assert not read(practice, shop, merchant_ccid="A" * 24).genuine


def test_there_is_no_feed(practice: Practice) -> None:
    assert list(practice.gateway().poll_notices()) == []
    assert practice.exchanges == []
