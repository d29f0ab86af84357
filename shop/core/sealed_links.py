"""The secret of a link that carries what it is good for: sealed, for one purpose, until a time. Nothing is stored."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from shop.core.crypto import CannotDecrypt
from shop.core.runtime import runtime


def seal(value: Mapping[str, object], purpose: str, until: datetime) -> str:
    """The secret, safe in an address."""
    sealed = runtime().vault.seal({**value, "until": int(until.timestamp())}, purpose)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(token: str, purpose: str, now: datetime) -> dict[str, str] | None:
    """What was sealed for ``purpose``, while its time is not over; ``None`` for everything else that is sent here."""
    try:
        value = runtime().vault.open(base64.urlsafe_b64decode(token.encode() + b"=="), purpose)
    except (CannotDecrypt, binascii.Error, ValueError):
        return None
    return value if now.timestamp() < int(value["until"]) else None
