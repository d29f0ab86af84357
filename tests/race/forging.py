"""Notices as an attacker would send them: built from a genuine one, each bent in one place."""

import hashlib
import random
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, urlencode

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO

#: What the provider signs, in this order; the rest of a notice is not covered by its digest.
SIGNED = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
UNSIGNED = ("change_date", "payment_status", "payment_init_date", "cancel_date", "payment_date")
FORM = "application/x-www-form-urlencoded"


def digest(fields: dict[str, str], key: str = DEMO.notice_hash_key) -> str:
    return hashlib.sha256(("".join(fields[name] for name in SIGNED) + key).encode()).hexdigest()


def notice(serial: int, payment_id: str, trading_id: str, amount: int, status: str = "20", key: str = "") -> dict[str, str]:
    """A notice as the provider sends it; ``key`` signs it instead of the merchant's own."""
    fields = {
        "payment_notice_id": str(serial), "change_date": "20261121120000", "payment_id": payment_id,
        "trading_id": trading_id, "payment_type": "02", "payment_status": status, "payment_amount": str(amount),
        "payment_init_date": "20261121115900", "payment_limit_date": "", "cancel_date": "", "payment_date": "",
    }  # fmt: skip
    return fields | {"hc": digest(fields, key or DEMO.notice_hash_key)}


def encoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields, encoding="cp932", errors="replace").encode()


#: Values put into a field: nothing, more, less, other widths and signs, control characters, very long.
BENDS = (
    lambda value: "",
    lambda value: value + "1",
    lambda value: value[:-1] or "9",
    lambda value: " " + value,
    lambda value: value + "\n",
    lambda value: "-" + value,
    lambda value: value.translate(str.maketrans("0123456789", "０１２３４５６７８９")) or "０",
    lambda value: value + "\x00",
    lambda value: "9" * 3000,
)


def bent(genuine: dict[str, str], names: tuple[str, ...]) -> Iterator[bytes]:
    """Each field with each wrong value; the digest stays."""
    for name in names:
        for bend in BENDS:
            value = bend(genuine[name])
            if value != genuine[name]:
                yield encoded(genuine | {name: value})


def without_digest(genuine: dict[str, str]) -> Iterator[bytes]:
    """Missing, empty, shortened, in other letters or of another key or algorithm."""
    hc, plain = genuine["hc"], {name: value for name, value in genuine.items() if name != "hc"}
    text = "".join(genuine[name] for name in SIGNED)
    yield encoded(plain)
    others = [
        "", hc[:-1], hc[:32], hc + "0", hc[::-1], "0" * 64, "null", "true", f" {hc}x",
        digest(genuine, ""), digest(genuine, DEMO.threeds_hash_key), digest(genuine, DEMO.token_hash_key),
        hashlib.md5((text + DEMO.notice_hash_key).encode(), usedforsecurity=False).hexdigest(),
        hashlib.sha256((DEMO.notice_hash_key + text).encode()).hexdigest(),
    ]  # fmt: skip
    for other in others:
        yield encoded(plain | {"hc": other})


def repeated(genuine: dict[str, str]) -> Iterator[bytes]:
    """Parameter pollution: a signed field twice, the false one before or after the true one."""
    body = encoded(genuine)
    for name in (*SIGNED, "hc", "payment_status"):
        false = urlencode({name: "1"}).encode()
        yield body + b"&" + false
        yield false + b"&" + body


def broken(genuine: dict[str, str]) -> Iterator[bytes]:
    """Cut off, flipped bytes, other encodings, no form at all."""
    body = encoded(genuine)
    for end in range(0, len(body) - 1, 7):
        yield body[:end]
    dice = random.Random(20261121)
    # The digest comes last; a flipped byte there, or in what it covers, must not pass.
    for _ in range(40):
        place = dice.randrange(body.index(b"&hc=") + 4, len(body))
        yield body[:place] + bytes([body[place] ^ 1 << dice.randrange(4)]) + body[place + 1 :]
    yield b""
    yield b"\x00" * 400
    yield "\ufeff".encode() + body
    yield b'{"payment_status": "40"}'
    yield quote_from_bytes(body).encode()
    yield body.decode().encode("utf-16")


def other_contents(genuine: dict[str, str]) -> Iterator[bytes]:
    """The genuine digest over somebody else's order, amount or number."""
    yield encoded(genuine | {"payment_amount": "1"})
    yield encoded(genuine | {"trading_id": "202611211200000000000000", "payment_id": "1"})
    for serial in range(40):
        yield encoded(genuine | {"payment_notice_id": str(10**6 + serial)})


def forged(genuine: dict[str, str]) -> list[bytes]:
    return [
        *without_digest(genuine), *bent(genuine, SIGNED), *repeated(genuine), *broken(genuine), *other_contents(genuine),
    ]  # fmt: skip
