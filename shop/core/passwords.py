"""Passwords as argon2id. It takes a tenth of a second by design, so it never runs while a transaction is open."""

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


class WeakPassword(ValueError):
    """The password is shorter than the rule asks; ``least`` characters are needed."""

    def __init__(self, least: int) -> None:
        super().__init__(f"shorter than {least} characters")
        self.least = least


def hashed(password: str, least: int) -> str:
    """argon2id of ``password``. Raises :class:`WeakPassword` when it has fewer than ``least`` characters."""
    typed = _typed(password)
    if len(typed) < least:
        raise WeakPassword(least)
    return _hasher.hash(typed)


def matches(stored: str, password: str) -> bool:
    """Whether ``password`` is the one that was hashed; ``False`` for what is no hash."""
    try:
        return _hasher.verify(stored, _typed(password))
    except (VerificationError, InvalidHashError):
        return False


def renewed(stored: str, password: str) -> str | None:
    """A hash by today's parameters for a password that has just matched, or ``None`` when ``stored`` has them already."""
    return _hasher.hash(_typed(password)) if _hasher.check_needs_rehash(stored) else None


@cache
def nobody() -> str:
    """Verified for unknown names, so that the answer takes as long as for known ones. Made at the first log-in."""
    return _hasher.hash(secrets.token_hex(16))


def _typed(password: str) -> str:
    """The same characters whatever keyboard composed them."""
    return unicodedata.normalize("NFKC", password)
