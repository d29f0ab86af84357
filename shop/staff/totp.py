"""Codes of an authenticator app: RFC 6238 over RFC 4226, with SHA-1, six digits and 30 seconds – what every app can read.

Pure: the moment is the caller's.
"""

import base64
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
#: Bytes of a key, as many as SHA-1 has (RFC 4226 §4, R6).
_KEY_BYTES = 20
#: Steps that phone and shop may differ by (RFC 6238 §5.2).
_SKEW = 1


def new_key() -> str:
    """A random key in base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(_KEY_BYTES)).decode()


def step_at(moment: datetime) -> int:
    """The step of time ``moment`` lies in."""
    return int(moment.timestamp()) // STEP_SECONDS


def code(key: str, step: int) -> str:
    """What the app shows for ``key`` during ``step``."""
    digest = hmac.digest(base64.b32decode(key), step.to_bytes(8), "sha1")
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def step_of(key: str, typed: str, now: datetime) -> int | None:
    """The newest step around ``now`` whose code ``typed`` is, or ``None``."""
    middle = step_at(now)
    steps = range(middle - _SKEW, middle + _SKEW + 1)
    found = [step for step in steps if hmac.compare_digest(code(key, step).encode(), typed.encode())]
    return max(found, default=None)


def address(key: str, shop: str, login: str) -> str:
    """What the QR code says: the app names the entry after shop and log-in."""
    label = quote(f"{shop}:{login}")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': shop}, quote_via=quote)}"
