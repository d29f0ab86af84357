"""The whole provider over TLS, demanding a client certificate made for this run: right, missing, of another authority, expired."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from providers.charge import CardSource, Charge
from providers.contract import Absent, Approved, MoneyStatus, NotSent, Unknown
from providers.paygent.adapter import PaygentGateway
from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as MERCHANT
from providers.sandbox import serve
from providers.sandbox.server import Sandbox
from tests.support.authority import Authority, demanding_context, pem

ACCOUNT = {
    "merchant_id": MERCHANT.merchant_id, "connect_id": MERCHANT.connect_id, "connect_password": MERCHANT.connect_password,
    "token_generate_key": MERCHANT.token_generate_key,
}  # fmt: skip


class World:
    """A provider that demands a certificate, and one client that always gets in to look at its books."""

    def __init__(self, folder: Path) -> None:
        self.servers, self.merchants = Authority("servers"), Authority("merchants")
        self.sandbox: Sandbox = serve("127.0.0.1", 0, folder / "state", demanding_context(folder, self.servers, self.merchants))
        chain, key = self.merchants.issue("observer")
        for name, text in (("ca", pem(self.servers.certificate)), ("me", chain + key)):
            (folder / f"{name}.pem").write_text(text)
        self.look: dict[str, Any] = {"verify": str(folder / "ca.pem"), "cert": str(folder / "me.pem")}

    def gateway(self, chain: str, key: str) -> PaygentGateway:
        certificate = {"client_certificate": chain, "client_key": key, "ca_certificates": pem(self.servers.certificate)}
        url = f"https://127.0.0.1:{self.sandbox.port}/paygent"
        return PaygentGateway(ACCOUNT | certificate, url, before_send=lambda: None, record=lambda _: None)

    def token(self) -> str:
        card = {
            "merchant_id": MERCHANT.merchant_id, "token_generate_key": MERCHANT.token_generate_key,
            "card_number": "4111111111111111", "card_expire_year": "40", "card_expire_month": "01", "card_cvc": "123",
            "card_name": "TARO YAMADA",
        }  # fmt: skip
        answer = requests.post(f"https://127.0.0.1:{self.sandbox.port}/paygent/n/token/request", data=card, **self.look)
        return str(answer.json()["tokenizedCardObject"]["token"])

    def books(self) -> dict[str, Any]:
        books: dict[str, Any] = requests.get(f"https://127.0.0.1:{self.sandbox.port}/console/paygent/ledger.json", **self.look).json()
        return books


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    built = World(tmp_path)
    yield built
    built.sandbox.close()


def test_with_the_right_certificate_money_moves(world: World) -> None:
    gateway = world.gateway(*world.merchants.issue("shop"))
    assert isinstance(gateway.query(merchant_ref="nothing"), Absent)
    approved = gateway.authorize(Charge("order1", 1_000, CardSource(world.token()), capture=False))
    assert isinstance(approved, Approved)
    captured = gateway.capture(approved.handle, 1_000)
    assert isinstance(captured, Approved)
    assert captured.status == MoneyStatus.CAPTURED
    assert [(each["status"], each["amount"]) for each in world.books()["payments"]] == [("40", 1_000)]


@pytest.mark.parametrize("whose", ["nobody", "another authority", "expired"])
def test_without_it_nothing_arrives(world: World, whose: str) -> None:
    certificate = {
        "nobody": ("", ""),
        "another authority": Authority("strangers").issue("shop"),
        "expired": world.merchants.issue("shop", until=-1),
    }[whose]
    charge = Charge("order1", 1_000, CardSource(world.token()), capture=False)
    assert isinstance(world.gateway(*certificate).authorize(charge), (NotSent, Unknown))
    books = world.books()
    assert books["payments"] == []
    assert not books["telegrams"].get("020")


def test_a_provider_that_cannot_prove_itself_gets_nothing(world: World) -> None:
    world.servers = Authority("other servers")  # the only ones this client trusts
    assert isinstance(world.gateway(*world.merchants.issue("shop")).query(merchant_ref="x"), NotSent)
    assert not world.books()["telegrams"].get("094")
