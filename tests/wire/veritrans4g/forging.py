"""結果通知: genuine ones, and each of them bent in one place (protocol §13)."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from providers.ports import Provider
from tests.support.forging import BENDS, About, Push, broken

#: txnType, vResultCode, mpiMstatus and cardMstatus.
SAYINGS = (
    "VerifyNotify G011A00100000000 success success",
    "VerifyNotify G011AG0300000000 success failure",
    "VerifyNotify G011AG0300000000 success pending",
    "AuthorizeConfirm GE23000000000000 failure -",
    "Capture A001000000000000 success success",
    "Cancel A001000000000000 success success",
    "HeardOfByNobody ZZZZ000000000000 unheard unheard",
    "- - - -",
)
#: Whether what staff do on the provider's console is told.
TELLS_CONSOLE = False


def body_of(about: About, said: str = SAYINGS[0]) -> bytes:
    kind, code, mpi, card = (word.strip("-") for word in said.split(" "))
    record = {
        "orderId": about.reference, "vResultCode": code, "txnType": kind, "mpiMstatus": mpi, "cardMstatus": card, "dummy": "1",
    }  # fmt: skip
    return _numbered([record], about.serial)


def _numbered(records: Sequence[Mapping[str, str]], serial: int) -> bytes:
    head = {"numberOfNotify": str(len(records)), "pushTime": "20261121120000", "pushId": f"{serial % 10**8:08}"}
    fields = {f"{name}{number:04}": value for number, record in enumerate(records) for name, value in record.items()}
    return urlencode(head | fields).encode()


def digest(body: bytes, key: str) -> str:
    return hmac.new(bytes.fromhex(key), body, hashlib.sha256).hexdigest()


def header(ccid: str, value: str) -> dict[str, str]:
    return {"content-hmac": f"h=HmacSHA256;s={ccid};v={value}"}


def signed(provider: Provider, body: bytes, **other: str) -> Push:
    keys = dict(provider.practice_settings()) | other
    return Push(body, header(keys["merchant_ccid"], digest(body, keys["merchant_key"])))


def notice(provider: Provider, about: About, said: str = SAYINGS[0]) -> Push:
    return signed(provider, body_of(about, said))


def together(provider: Provider, abouts: Sequence[About]) -> Push:
    """One genuine push about several orders."""
    paid = {"vResultCode": "G011A00100000000", "txnType": "VerifyNotify", "mpiMstatus": "success", "cardMstatus": "success", "dummy": "1"}
    return signed(provider, _numbered([{"orderId": about.reference} | paid for about in abouts], abouts[0].serial))


def of_another(provider: Provider, about: About) -> Push:
    return signed(provider, body_of(about), merchant_ccid="A10000000000000000othrcc", merchant_key="ab" * 32)


def untrue(provider: Provider, about: About) -> list[Push]:
    """Bodies with a value bent in them, signed as they are: whoever holds the key may say anything."""
    return [signed(provider, body) for body in _bent(body_of(about)) if about.reference.encode() in body]


def forged(provider: Provider, about: About) -> list[Push]:
    body = body_of(about)
    genuine = notice(provider, about).headers
    bodies = (_bent(body), _repeated(body), broken(body), _rewritten(body), _other_contents(about))
    return [
        *(Push(bent, genuine) for kind in bodies for bent in kind if bent != body),
        *(Push(body, bent) for bent in _other_headers(provider, body)),
    ]


def _bent(body: bytes) -> Iterator[bytes]:
    """Each field with each wrong value."""
    fields = parse_qsl(body.decode(), keep_blank_values=True)
    for place, (name, value) in enumerate(fields):
        for bend in BENDS:
            yield urlencode([*fields[:place], (name, bend(value)), *fields[place + 1 :]]).encode()


def _repeated(body: bytes) -> Iterator[bytes]:
    """Parameter pollution: a field twice, or a record more, before or after what is true."""
    for name in ("orderId0000", "mpiMstatus0000", "cardMstatus0000", "dummy0000", "orderId0001", "numberOfNotify"):
        false = urlencode({name: "success"}).encode()
        yield body + b"&" + false
        yield false + b"&" + body


def _rewritten(body: bytes) -> Iterator[bytes]:
    """What says the same in other bytes."""
    yield body + b"\n"
    yield body + b"&"
    yield b"&".join(reversed(body.split(b"&")))
    yield body.replace(b"orderId", b"%6frderId")
    yield body.replace(b"=success", b"=s%75ccess")


def _other_contents(about: About) -> Iterator[bytes]:
    """The genuine digest over other orders and numbers."""
    for serial in range(1, 40):
        yield body_of(About(about.serial + serial, about.handle, about.reference, about.amount_yen))
    yield body_of(About(about.serial, about.handle, "92611211200000000000", about.amount_yen))


def _other_headers(provider: Provider, body: bytes) -> Iterator[dict[str, str]]:
    """Missing, shortened, of another key, algorithm, form or merchant."""
    keys = provider.practice_settings()
    ccid, key = keys["merchant_ccid"], keys["merchant_key"]
    true = digest(body, key)
    yield {}
    others = ["", true[:-1], true[:32], true + "0", true[::-1], true.upper(), "0" * 64, "null", "true", f"{true};v={'0' * 64}"]
    others += [digest(body, "00" * 32), hmac.new(key.encode(), body, hashlib.sha256).hexdigest(), hashlib.sha256(body).hexdigest()]
    others += [hashlib.sha256(bytes.fromhex(key) + body).hexdigest(), hmac.new(bytes.fromhex(key), body, hashlib.sha1).hexdigest()]
    for other in others:
        yield header(ccid, other)
    yield header("A10000000000000000othrcc", true)
    yield header("", true)
    for text in (true, f"v={true}", f"s={ccid};v={true}", f"h=none;s={ccid};v={true}", f"h=HmacSHA256;v={true}", f"h=HmacSHA256,s={ccid},v={true}"):
        yield {"content-hmac": text}
    yield {"x-content-hmac": header(ccid, true)["content-hmac"]}
