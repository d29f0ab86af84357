"""What stands in a timeline: every exchange, and in none of them a secret, a token or the buyer's name."""

from urllib.parse import quote, quote_plus

import pytest

from providers.charge import CardSource, Reauthorization
from providers.contract import Approved
from providers.escott import PROVIDER, cards
from providers.escott.adapter import Chain
from tests.support.world import VISA
from tests.wire.escott.desk import MEMBER, NAME, SEED, Desk

PASS = PROVIDER.practice_settings()["merchant_pass"]


def walk(desk: Desk) -> list[str]:
    """Everything that can be sent, by token and by member, accepted and refused. Returns what must not be seen anywhere."""
    desk.kept()
    tokens = [fields["Token"] for _, fields in desk.sent if "Token" in fields]
    desk.gateway().store_card(MEMBER, CardSource(tokens[0]))
    chains = []
    for member in ("", MEMBER):
        made = desk.paid(member=member)
        renewed = desk.gateway(made.keys).reauthorize(Reauthorization("9" * 20, 4980, "", made.handle))
        assert isinstance(renewed, Approved)
        chains += [Chain.unpacked(made.keys), Chain.unpacked(renewed.keys)]
        gateway = desk.gateway(renewed.keys)
        gateway.change(made.handle, 5980)
        gateway.change(made.handle, 5980)
        gateway.capture(made.handle, 5980)
        gateway.query(handle=made.handle)
        gateway.refund(made.handle, 5980)
        gateway.void(made.handle)
    desk.gateway().authorize(desk.charge(capture=True, number="4980000000058202"))
    desk.gateway().remove_card(MEMBER, MEMBER)
    desk.gateway().check_settings(desk.now())
    pairs = [value for chain in chains if chain for value in (chain.process_id, chain.process_pass)]
    tokens = [fields["Token"] for _, fields in desk.sent if "Token" in fields]
    assert len(set(pairs)) == 8
    assert len(tokens) == 4
    return [PASS, SEED, cards.kaiin_pass(SEED, MEMBER), VISA, *pairs, *tokens]


@pytest.mark.req("R-317")
@pytest.mark.parametrize("encoding", ["raw", "percent"])
def test_no_secret_stands_in_a_timeline(desk: Desk, encoding: str) -> None:
    desk.world.control("escott/replies", encoding=encoding, pad=True)
    secrets = walk(desk)
    told = "\n".join(map(repr, desk.tape))
    assert {exchange.label for exchange in desk.tape} == {
        "1Auth", "1Gathering", "1Change", "1Capture", "1Search", "1Delete", "1ReAuth", "4MemAdd", "4MemRefM", "4MemInval", "4MemDel",
    }  # fmt: skip
    assert len(desk.tape) == len(desk.sent)
    assert not [secret for secret in secrets if secret in told]
    assert not [form for form in (NAME, quote(NAME), quote_plus(NAME), NAME[:2]) if form in told]
    # What staff need is there, and so is that something was hidden.
    assert all(word in told for word in ("MerchantFree2=[hidden]", "Amount=5980", "CardNo=****1111", f"KaiinId={MEMBER}"))


@pytest.mark.parametrize("mode", ["garbage", "html", "http_500", "half", "close"])
def test_a_failed_call_is_recorded_without_what_came(desk: Desk, mode: str) -> None:
    desk.fault("1Auth", mode, "after")
    charge = desk.charge()
    desk.gateway().authorize(charge)
    (exchange,) = desk.tape
    assert (exchange.label, exchange.answered) == ("1Auth", False)
    assert exchange.outcome.startswith("unknown: ")
    assert isinstance(charge.source, CardSource)
    assert not [secret for secret in (PASS, charge.source.token, NAME, "ProcessPass") if secret in repr(exchange)]


def test_an_answer_to_another_question_shows_no_secret_either(desk: Desk) -> None:
    desk.answering(b"TransactionId=1&OperateId=1Auth&MerchantFree1=other&ResponseCd=OK&ProcessId=PPP&ProcessPass=QQQ&CardNo=4111111111111111")
    desk.gateway(Chain("p", "q", "", "R").packed()).void("1")
    (exchange,) = desk.tape
    assert exchange.outcome == "unknown: answer to another question"
    assert not [secret for secret in ("PPP", "QQQ", "4111111111111111") if secret in exchange.response]


def test_the_keys_of_a_payment_show_themselves_to_nobody(desk: Desk) -> None:
    made = desk.paid()
    chain = Chain.unpacked(made.keys)
    assert chain is not None
    assert Chain.unpacked("") is None
    for secret in (chain.process_id, chain.process_pass):
        assert secret in made.keys
        assert secret not in repr(made) + repr(chain) + str(made)
