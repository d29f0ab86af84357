"""Identifiers that must not be guessable or repeat."""

import hashlib
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def public_id(length: int = 22) -> str:
    """A random lower-case id (5 bits a character) for addresses, tokens and provider references."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def derived(purpose: str, secret: str) -> str:
    """An id that whoever has ``secret`` arrives at every time, and nobody else."""
    return hashlib.sha256(f"{purpose}:{secret}".encode()).hexdigest()[:32]
