"""Secrets at rest: AES-GCM under a key derived from the instance's secret key. The key never enters the database."""

import json
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class CannotDecrypt(RuntimeError):
    """The stored bytes were not written with this instance's key."""


class Vault:
    """Encrypts and decrypts small JSON objects. ``purpose`` binds a value to its place, so rows cannot be swapped."""

    def __init__(self, secret_key: str) -> None:
        kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"shop-vault-1")
        self._cipher = AESGCM(kdf.derive(secret_key.encode()))

    def seal(self, value: Mapping[str, object], purpose: str) -> bytes:
        nonce = os.urandom(_NONCE)
        plain = json.dumps(value, ensure_ascii=False).encode()
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> dict[str, str]:
        """Raises :class:`CannotDecrypt` when key or purpose differ."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
        except (InvalidTag, ValueError) as error:  # a cut-off value has no whole nonce
            raise CannotDecrypt(purpose) from error
        return dict(json.loads(plain))
