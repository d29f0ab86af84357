"""Secrets at rest: only the same key opens them, only in their place, and only unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.core.crypto import CannotDecrypt, Vault

VALUES = {"connect_password": "Pw0rd0001", "name": "つきのわ"}
SEALED = Vault("key one").seal(VALUES, "account:1")


@pytest.mark.req("T-099")
def test_sealed_and_opened() -> None:
    assert Vault("key one").open(SEALED, "account:1") == VALUES
    assert b"Pw0rd0001" not in SEALED
    assert Vault("key one").seal(VALUES, "account:1") != SEALED


@pytest.mark.parametrize(("key", "purpose"), [("key two", "account:1"), ("", "account:1"), ("key one", "account:2"), ("key one", "")])
def test_wrong_key_or_place(key: str, purpose: str) -> None:
    with pytest.raises(CannotDecrypt):
        Vault(key).open(SEALED, purpose)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, change: int) -> None:
    bent = bytearray(SEALED)
    bent[position] ^= change
    with pytest.raises(CannotDecrypt):
        Vault("key one").open(bytes(bent), "account:1")


@pytest.mark.parametrize("length", [0, 1, 7, 12, 20, len(SEALED) - 1])
def test_cut_off(length: int) -> None:
    with pytest.raises(CannotDecrypt):
        Vault("key one").open(SEALED[:length], "account:1")
