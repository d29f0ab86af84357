"""What of a call is shown to staff: everything but what would be worth stealing."""

import json

import pytest

from providers.charge import CardSource
from providers.contract import Exchange
from providers.kept_cards import StoredCardSource
from providers.veritrans4g.provider import PROVIDER
from tests.support.net import free_port
from tests.wire.veritrans4g.practice import BROWSER, BUYER, NOW, Practice

MEMBER = "mk3v0canary"
HOLDER = "HANAKO YAMADA"


def everything(practice: Practice) -> None:
    """Each kind of call, and one that is not answered."""
    gateway = practice.gateway()
    handle = practice.authorized()
    gateway.capture(handle, 3000)
    gateway.refund(handle, 3000)
    gateway.query(handle=handle)
    charge, asked = practice.authenticating()
    gateway.resume(charge, asked.secret, practice.walk(asked))
    gateway.store_card(MEMBER, CardSource(practice.world.token(practice.product)))
    (card,) = gateway.list_cards(MEMBER).cards  # type: ignore[union-attr]
    practice.authorized(source=StoredCardSource(MEMBER, card.card_ref))
    gateway.remove_card(MEMBER, card.card_ref)
    practice.world.fault("garbage", "Authorize/card")
    gateway.authorize(practice.charge())


@pytest.mark.req("R-317")
def test_no_secret_reaches_the_timeline(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = []
    issue = practice.world.token

    def noted(*args: str, **more: str) -> str:
        tokens.append(issue(*args, **more))  # type: ignore[arg-type]
        return tokens[-1]

    monkeypatch.setattr(practice.world, "token", noted)
    everything(practice)
    shown = "".join(exchange.request + exchange.response for exchange in practice.exchanges)
    assert len(tokens) == 4
    for canary in (
        *tokens, practice.product.demo.merchant_key, practice.product.demo.token_api_key, BUYER.email, "09012345678", HOLDER,
        BROWSER.address, "411111******1111", "/3ds/start", "authHash",
    ):  # fmt: skip
        assert canary
        assert canary not in shown, canary
    assert shown.count("[hidden]") > 8
    assert '"amount": "3130"' in shown


@pytest.mark.req("R-317")
def test_each_call_is_recorded_with_its_outcome_and_duration(practice: Practice) -> None:
    everything(practice)
    told = [(exchange.label, exchange.outcome, exchange.answered) for exchange in practice.exchanges]
    assert told == [
        *((kind, "ok", True) for kind in (
            "Authorize/card", "Capture/card", "Cancel/card", "Search/search", "Authorize/mpi", "GetResult/mpi", "Add/account",
            "Add/cardinfo", "Get/cardinfo", "Authorize/card", "Get/cardinfo", "Delete/cardinfo",
        )),
        ("Authorize/card", "unknown: no JSON", False),
    ]  # fmt: skip
    assert all(exchange.duration_ms >= 0 for exchange in practice.exchanges)


def test_a_refusal_shows_its_code_and_words(practice: Practice) -> None:
    practice.gateway().capture("nobody", 1)
    (exchange,) = practice.exchanges
    assert (exchange.outcome, exchange.answered) == ("NZ21".ljust(16, "0"), True)
    assert json.loads(exchange.request) == {"orderId": "nobody", "amount": "1"}
    assert json.loads(exchange.response)["result"]["merrMsg"] == "取引が見つかりません。"


def test_a_call_that_never_left_is_in_the_timeline_as_such() -> None:
    exchanges: list[Exchange] = []
    nowhere = f"http://127.0.0.1:{free_port()}"
    gateway = PROVIDER.open(
        PROVIDER.practice_settings(), nowhere, before_send=lambda: None, record=exchanges.append, now=lambda: NOW
    )
    gateway.void("1")
    (exchange,) = exchanges
    assert (exchange.outcome, exchange.answered) == ("not sent: NewConnectionError", False)
