"""決済通知: genuine ones, and each of them bent in one place (protocol §8)."""

import hashlib
from collections.abc import Iterator
from urllib.parse import urlencode

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.ports import Provider
from tests.support.forging import BENDS, About, Push, broken

#: What the provider signs, in this order; the rest of a notice is not covered by its digest.
SIGNED = ("payment_notice_id", "payment_id", "trading_id", "payment_type", "payment_amount")
UNSIGNED = ("change_date", "payment_status", "payment_init_date", "cancel_date", "payment_date")
#: payment_status.
SAYINGS = ("20", "32", "40", "60", "11", "33", "10", "99", "")
#: Whether what staff do on the provider's console is told.
TELLS_CONSOLE = True


def digest(fields: dict[str, str], key: str = DEMO.notice_hash_key) -> str:
    return hashlib.sha256(("".join(fields[name] for name in SIGNED) + key).encode()).hexdigest()


def fields_of(about: About, status: str = "20", key: str = DEMO.notice_hash_key) -> dict[str, str]:
    fields = {
        "payment_notice_id": str(about.serial), "change_date": "20261121120000", "payment_id": about.handle,
        "trading_id": about.reference, "payment_type": "02", "payment_status": status, "payment_amount": str(about.amount_yen),
        "payment_init_date": "20261121115900", "payment_limit_date": "", "cancel_date": "", "payment_date": "",
    }  # fmt: skip
    return fields | {"hc": digest(fields, key)}


def encoded(fields: dict[str, str]) -> bytes:
    return urlencode(fields, encoding="cp932", errors="replace").encode()


def notice(provider: Provider, about: About, said: str = "20") -> Push:
    return Push(encoded(fields_of(about, said)))


def of_another(provider: Provider, about: About) -> Push:
    return Push(encoded(fields_of(about, key="noticekey_OTHER001")))


def untrue(provider: Provider, about: About) -> list[Push]:
    """What the digest does not cover, with each wrong value."""
    return [Push(body) for body in _bent(fields_of(about), UNSIGNED)]


def shifted(about: About) -> tuple[Push, int]:
    """The digest covers the fields without separators: with characters moved between two of them it is right as before. The notice,
    and the number that it takes."""
    true = fields_of(about)
    moved = true | {
        "payment_notice_id": true["payment_notice_id"] + true["payment_id"][0], "payment_id": true["payment_id"][1:],
    }  # fmt: skip
    assert digest(moved) == true["hc"]
    return Push(encoded(moved)), int(moved["payment_notice_id"])


def forged(provider: Provider, about: About) -> list[Push]:
    genuine = fields_of(about)
    body = encoded(genuine)
    # The digest comes last; a flipped byte there must not pass, nor one in what it covers.
    covered = body.index(b"&hc=") + 4
    bodies = (_without_digest(genuine), _bent(genuine, SIGNED), _repeated(genuine), broken(body, covered), _other_contents(genuine))
    return [Push(body) for kind in bodies for body in kind]


def _bent(genuine: dict[str, str], names: tuple[str, ...]) -> Iterator[bytes]:
    """Each field with each wrong value; the digest stays."""
    for name in names:
        for bend in BENDS:
            value = bend(genuine[name])
            if value != genuine[name]:
                yield encoded(genuine | {name: value})


def _without_digest(genuine: dict[str, str]) -> Iterator[bytes]:
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


def _repeated(genuine: dict[str, str]) -> Iterator[bytes]:
    """Parameter pollution: a signed field twice, the false one before or after the true one."""
    body = encoded(genuine)
    for name in (*SIGNED, "hc", "payment_status"):
        false = urlencode({name: "1"}).encode()
        yield body + b"&" + false
        yield false + b"&" + body


def _other_contents(genuine: dict[str, str]) -> Iterator[bytes]:
    """The genuine digest over somebody else's order, amount or number."""
    yield encoded(genuine | {"payment_amount": "1"})
    yield encoded(genuine | {"trading_id": "202611211200000000000000", "payment_id": "1"})
    for serial in range(40):
        yield encoded(genuine | {"payment_notice_id": str(10**6 + serial)})
