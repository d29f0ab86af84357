"""会員ID, mail addresses and passwords: what may be one, and how they are compared."""

import re

from shop.core import passwords
from shop.core.text import narrow

#: No ``@`` in it, so a 会員ID is never somebody's mail address.
LOGIN = re.compile(r"[A-Za-z0-9._-]{4,30}")
PASSWORD_LENGTH = 8


class BadPassword(ValueError):
    """Said of a password that cannot be: ``short``, or ``name`` – it is the 会員ID or the mail address."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def fold(name: str) -> str:
    """A 会員ID or mail address as it is looked up: in any width and case."""
    return narrow(name).casefold()


def hashed(password: str, *names: str) -> str:
    """The hash of a new password that is none of ``names``. Takes a tenth of a second: never within a transaction.
    Raises :class:`BadPassword`."""
    if fold(password) in {fold(name) for name in names if name}:
        raise BadPassword("name")
    try:
        return passwords.hashed(password, PASSWORD_LENGTH)
    except passwords.WeakPassword:
        raise BadPassword("short") from None
