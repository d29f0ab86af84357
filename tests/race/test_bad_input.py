"""T-115, T-028: floods and broken bodies are refused before they cost anything; the shop stays open."""

import re
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.race.browser import Browser
from tests.race.shopping import CARD, CASH, Shop

CODE = "TK-050"
FORM = "application/x-www-form-urlencoded"
#: The line was cut before an answer could be read: the server refused to take more. Also a refusal.
CUT = 0
REFUSED = (400, 403, 413, CUT)
#: What a worker may grow by over all floods of a test, kB. One unbounded body of this test would be seen many times over.
_GROWTH = 48 * 1024


def _multipart(parts: int) -> bytes:
    part = b'--b\r\nContent-Disposition: form-data; name="quantity"\r\n\r\n1\r\n'
    return part * parts + b"--b--\r\n"


def _nested(depth: int) -> bytes:
    """Multipart in multipart in multipart …"""
    body = b"x"
    for level in range(depth):
        mark = b"b%d" % level
        body = (
            b"--" + mark + b'\r\nContent-Disposition: form-data; name="f"\r\nContent-Type: multipart/mixed; boundary=b%d'
            % (level - 1)
            + b"\r\n\r\n" + body + b"\r\n--" + mark + b"--\r\n"
        )  # fmt: skip
    return body


#: name: body, content type
FLOODS: dict[str, tuple[bytes, str]] = {
    "100,000 fields": (b"&".join(b"f%d=1" % number for number in range(100_000)), FORM),
    "one megabyte": (b"quantity=" + b"1" * 1024 * 1024, FORM),
    "one megabyte of JSON": (b"[" * 1024 * 1024, "application/json"),
    "10,000 parts": (_multipart(10_000), "multipart/form-data; boundary=b"),
    "a thousand parts": (_multipart(1_000), "multipart/form-data; boundary=b"),
    "a big file": (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 1024 * 1024 + b"\r\n--b--\r\n",
        "multipart/form-data; boundary=b",
    ),
    "many fields under the limit": (b"a=1&" * 60_000, FORM),
    "nested multipart": (_nested(60), "multipart/form-data; boundary=b59"),
    "multipart without an end": (_multipart(10)[:-20], "multipart/form-data; boundary=b"),
    "no boundary": (_multipart(3), "multipart/form-data"),
    "long boundary": (b"--" + b"b" * 100_000, "multipart/form-data; boundary=" + "b" * 5_000),
    "bytes that are no text": (bytes(range(256)) * 100, FORM),
    "digits and blanks": (b"note=" + b"4 " * 100_000, FORM),
}


def _targets(shop: Shop) -> tuple[str, ...]:
    return ("/cart/items", "/checkout/zero/confirm", "/checkout/zero/place", f"/pay/n/{shop.account_key()}")


def _memory(shop: Shop) -> int:
    """Highest memory of any worker, kB."""

    def peak(pid: int) -> int:
        with open(f"/proc/{pid}/status") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1])

    return max(peak(pid) for pid in shop.workers())


@pytest.mark.req("T-115", "T-028")
def test_floods_are_refused_within_bounds(shop: Shop) -> None:
    browser, _ = shop.ready_buyer(shop.stock(CODE, 5), CASH)
    orders, before = shop.newest_order(), _memory(shop)
    seen = {}
    for name, (body, content_type) in FLOODS.items():
        for path in _targets(shop):
            head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
            seen[name, path] = _status(shop, head.encode() + body)
    wrong = {where: status for where, status in seen.items() if status not in REFUSED}
    assert not wrong
    assert shop.newest_order() == orders
    growth = _memory(shop) - before
    print(f"{len(seen)} floods of up to 1 MB: peak memory of a worker grew by {growth} kB")
    assert growth < _GROWTH
    assert browser.get("/products").status == 200
    browser.close()


@pytest.mark.req("T-115")
def test_an_announced_gigabyte_is_refused_unread(shop: Shop) -> None:
    for path in _targets(shop):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {1024**3}\r\n\r\na=1"
        assert _status(shop, head.encode()) in REFUSED, path


@pytest.mark.req("T-028")
def test_an_endless_body_is_cut_off(shop: Shop) -> None:
    """Chunked, without a length: read up to the limit only."""
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    for path in _targets(shop):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert _status(shop, head.encode() + chunk * 16 + b"0\r\n\r\n") in REFUSED, path


def _status(shop: Shop, request: bytes) -> int:
    """The status a raw request is answered with, also when the server stops reading in the middle of it."""
    with socket.create_connection(("127.0.0.1", shop.port), timeout=30) as line:
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(request)
        with suppress(ConnectionResetError):
            return int(line.recv(400).split(b" ")[1])
    return CUT


_NEXT = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
_LONG = b"Content-Length: %d\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
#: Heads with two ends of one body – a proxy may believe the one, and this server the other – and what follows them.
SMUGGLED: dict[str, tuple[bytes, bytes]] = {
    "length and chunks": (_LONG % (5 + len(_NEXT)) + _CHUNKED, b"0\r\n\r\n" + _NEXT),
    "chunks and length": (_CHUNKED + _LONG % 4, b"%x\r\n%s\r\n0\r\n\r\n" % (len(_NEXT), _NEXT)),
    "two lengths": (_LONG % 0 + _LONG % len(_NEXT), _NEXT),
    "an unknown encoding": (_LONG % 4 + b"Transfer-Encoding: xchunked\r\n", b"1\r\n\r\n" + _NEXT),
    "a blank before the colon": (_LONG % 4 + b"Transfer-Encoding : chunked\r\n", b"1\r\n\r\n" + _NEXT),
    "a sign before the length": (b"Content-Length: +0\r\n", _NEXT),
}


@pytest.mark.req("T-079")
@pytest.mark.parametrize("how", SMUGGLED)
def test_one_request_is_answered_once(shop: Shop, how: str) -> None:
    """What is hidden behind a request is no request of its own."""
    ends, rest = SMUGGLED[how]
    answers = b""
    with socket.create_connection(("127.0.0.1", shop.port), timeout=30) as line:
        line.sendall(b"POST /cart/items HTTP/1.1\r\nHost: x\r\nContent-Type: " + FORM.encode() + b"\r\n" + ends + b"\r\n" + rest)
        with suppress(ConnectionResetError):
            while part := line.recv(65536):
                answers += part
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"400"]


#: Text that a database or a parser may choke on.
AWKWARD = ("\x00", "a\x00b", "9" * 5000, "１" * 100, "𠮷" * 60, "'", "%00", "../..", "\ud7ff", "١٢٣", "1e9", "-1", "0x1")


@pytest.mark.req("T-115")
@pytest.mark.parametrize("field", ["variant_id", "quantity", "confirmation_token", "card_token", "csrf_token"])
def test_awkward_values_are_answered(shop: Shop, field: str) -> None:
    browser, confirmation = shop.ready_buyer(shop.stock(CODE, 5), CASH)
    variant = shop.variant(CODE)
    senders: dict[str, Callable[[str], tuple[str, dict[str, object]]]] = {
        "variant_id": lambda value: ("/cart/items", {"variant_id": value, "quantity": 1}),
        "quantity": lambda value: ("/cart/items", {"variant_id": variant, "quantity": value}),
        "confirmation_token": lambda value: ("/checkout/zero/place", {"confirmation_token": value}),
        "card_token": lambda value: ("/checkout/zero/place", {"confirmation_token": confirmation + "x", "card_token": value}),
        "csrf_token": lambda value: ("/cart/items", {"csrf_token": value, "variant_id": variant, "quantity": 1}),
    }
    for value in AWKWARD:
        path, fields = senders[field](value)
        assert browser.post(path, fields).status < 500, (field, value[:20])
    browser.close()


@pytest.mark.req("T-115")
@pytest.mark.parametrize("path", ["/products/{}", "/orders/{}/complete", "/pay/n/{}", "/pay/a/{}/browser.js", "/legal/{}"])
def test_awkward_addresses_are_answered(shop: Shop, path: str) -> None:
    browser = Browser(shop.port)
    for part in ("%00", "a%00b", "%FF%FE", "9" * 3000, "%F0%A0%AE%B7", "..%2f..", "%27"):
        method = "POST" if path.startswith("/pay/n/") else "GET"
        assert browser.request(method, path.format(part), b"a=1").status in (400, 404), part
        browser.close()


@pytest.mark.req("R-111", "P-02")
def test_a_provider_token_full_of_digits_is_no_card_number(shop: Shop) -> None:
    """Tokens are random: some hold a run of digits that would pass as a card number. Such a buyer is not turned away."""
    browser, confirmation = shop.ready_buyer(shop.stock(CODE, 5), CARD)
    answer = browser.place(confirmation, "tok_4111111111111111abcdef00")
    assert answer.status == 303, answer.text[:1500]
    browser.close()
    shop.settle()
