"""送信ドメインの確認 against a name server that answers on the wire: what is there, what is not, and what nobody can tell."""

from collections.abc import Callable, Iterator

import pytest

from shop.outbox import domain
from tests.support.nameserver import NameServer
from tests.support.net import free_port

SHOP = "shop.example.jp"
KEY = f"m1._domainkey.{SHOP}"
GOOD = {
    SHOP: ['"google-site-verification=x"', '"v=spf1 include:_spf.mail.example ~all"'],
    KEY: ['"v=DKIM1; k=rsa; " "p=MIGfMA0GCSq"'],
    f"_dmarc.{SHOP}": ['"v=DMARC1; p=reject; rua=mailto:dmarc@example.jp"'],
}
Look = Callable[..., dict[str, str]]


@pytest.fixture
def look() -> Iterator[Look]:
    """Changes to the good zone → what the check says, by item."""
    servers = []

    def states(changes: dict[str, list[str] | None], selector: str = "m1", without: str = "") -> dict[str, str]:
        zone = {name: records for name, records in (GOOD | changes).items() if name != without}
        servers.append(NameServer(zone))
        found = domain.examine(SHOP, selector, domain.Resolver(["127.0.0.1"], servers[-1].port))
        return {each.what: each.state for each in found}

    yield states
    for server in servers:
        server.close()


@pytest.mark.req("U-065")
def test_all_three_are_found(look: Look) -> None:
    assert look({}) == {"SPF": "found", "DKIM": "found", "DMARC": "found"}


@pytest.mark.req("U-065")
@pytest.mark.parametrize(
    ("name", "records", "what", "state"),
    [
        (SHOP, ['"google-site-verification=x"'], "SPF", "missing"),
        (SHOP, ['"v=spf1 -all"', '"v=spf1 mx -all"'], "SPF", "several"),
        (SHOP, ['"v=spf10 -all"'], "SPF", "missing"),
        (SHOP, ['"V=SPF1 +ALL"'], "SPF", "open"),
        (SHOP, None, "SPF", "not_told"),
        (KEY, [], "DKIM", "missing"),
        (KEY, ['"v=DKIM1; p="'], "DKIM", "revoked"),
        (KEY, None, "DKIM", "not_told"),
        (f"_dmarc.{SHOP}", ['"v=DMARC1; p=none"'], "DMARC", "watching"),
        (f"_dmarc.{SHOP}", ['"v=DMARC1; p=reject"', '"v=DMARC1; p=none"'], "DMARC", "several"),
        (f"_dmarc.{SHOP}", ['"v=spf1 -all"'], "DMARC", "missing"),
        (f"_dmarc.{SHOP}", None, "DMARC", "not_told"),
    ],
)
def test_what_is_wrong_is_named(look: Look, name: str, records: list[str] | None, what: str, state: str) -> None:
    good = {"SPF": "found", "DKIM": "found", "DMARC": "found"}
    assert look({name: records}) == good | {what: state}


def test_a_name_that_is_not_there_is_no_record(look: Look) -> None:
    assert look({}, without=KEY)["DKIM"] == look({}, without=f"_dmarc.{SHOP}")["DMARC"] == "missing"


def test_without_a_selector_no_key_is_looked_for(look: Look) -> None:
    assert look({KEY: None}, selector="")["DKIM"] == "no_selector"


@pytest.mark.parametrize(("policy", "state"), [("p=reject", "found"), ("p=reject; sp=none", "watching")])
def test_the_domain_above_speaks_for_one_that_says_nothing(look: Look, policy: str, state: str) -> None:
    assert look({"_dmarc.example.jp": [f'"v=DMARC1; {policy}"']}, without=f"_dmarc.{SHOP}")["DMARC"] == state


def test_a_record_too_long_for_a_datagram_is_read() -> None:
    server = NameServer({SHOP: ['"v=spf1 " ' + " ".join('"' + f"ip4:192.0.2.{i} ".ljust(200) + '"' for i in range(4)) + ' "-all"']})
    try:
        (record,) = domain.Resolver(["127.0.0.1"], server.port).texts(SHOP)
    finally:
        server.close()
    assert record.endswith("-all")
    assert [way for _name, _kind, way in server.asked] == ["udp", "tcp"]


@pytest.mark.parametrize("name", [SHOP, "a" * 64 + ".jp", "a..jp", ""])
def test_no_answer_and_no_name_are_not_taken_for_no_record(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "_LONGEST", 0.2)
    with pytest.raises(domain.NotTold):
        domain.Resolver(["127.0.0.1"], free_port()).texts(name)


def test_the_domain_of_a_sender() -> None:
    for sender in ("shop@Shop.Example.jp", "つきのわ商店 <shop@shop.example.jp>", '"A, B" <x@shop.example.jp>'):
        assert domain.of(sender) == SHOP
