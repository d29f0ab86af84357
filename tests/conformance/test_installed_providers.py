"""Every installed provider keeps the contract, whatever its protocol: this file names none of them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import product

import pytest

from providers.charge import CardSource, Charge, Reauthorization
from providers.contract import (
    Approved,
    Category,
    Exchange,
    MoneyStatus,
    NotSent,
    Recovery,
    Snapshot,
    Verb,
    Verdict,
)
from providers.installed import INSTALLED
from providers.kept_cards import CARD_BRANDS, Linking, StoredCardSource
from providers.ports import Endpoint, Gateway, Provider
from providers.registry import Registry, UnknownProvider
from providers.settings import CAPTURE, CAPTURE_AT_ONCE, CAPTURE_LATER, Finding
from tests.support.forging import About, forge, makes_notices
from tests.support.net import free_port
from tests.support.world import Simulator, world_code

NOW = datetime(2026, 11, 21, tzinfo=UTC)
#: Verbs that send one request; what a provider without kept cards says to some of them is its own affair.
SENDING = (
    "authorize", "reauthorize", "change", "capture", "void", "refund", "query", "store_card", "list_cards", "remove_card", "authorize_stored",
)  # fmt: skip
every = pytest.mark.parametrize("provider", INSTALLED, ids=[provider.code for provider in INSTALLED])


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What each provider gives us to keep for a payment – which is made for it in the practice world."""
    world = Simulator(tmp_path_factory.mktemp("practice"))
    found = {}
    for provider in INSTALLED:
        settings, url = provider.practice_settings(), provider.base_url(Endpoint.PRACTICE, world.url)
        opened = provider.open(settings, url, before_send=lambda: None, record=lambda _: None, now=lambda: datetime.now(UTC))
        token = world.token(provider)
        made = opened.authorize(Charge(provider.new_merchant_ref(NOW), 100, CardSource(token), capture=False))
        found[provider.code] = made.keys if isinstance(made, Approved) else ""
    world.close()
    return found


def gateway(
    provider: Provider, tape: list[Exchange] | None = None, before_send=lambda: None, keys: Mapping[str, str] | None = None
) -> Gateway:
    """Opened with the practice contract, at an address nobody listens on."""
    kept = [] if tape is None else tape
    url = f"http://127.0.0.1:{free_port()}"
    return provider.open(provider.practice_settings(), url, before_send=before_send, record=kept.append, now=lambda: NOW,
        keys=(keys or {}).get(provider.code, ""), seed="seed",
    )


def calls(opened: Gateway) -> dict[str, object]:
    return {
        "authorize": lambda: opened.authorize(Charge("9" * 20, 100, CardSource("tok_secret"), capture=False)),
        "reauthorize": lambda: opened.reauthorize(Reauthorization("9" * 20, 100, "8" * 20, "1")),
        "capture": lambda: opened.capture("1", 100),
        "void": lambda: opened.void("1"),
        "refund": lambda: opened.refund("1", 100),
        "query": lambda: opened.query(handle="1"),
        "change": lambda: opened.change("1", 100),
        "store_card": lambda: opened.store_card("m1", CardSource("tok_secret")),
        "list_cards": lambda: opened.list_cards("m1"),
        "remove_card": lambda: opened.remove_card("m1", "1"),
        "authorize_stored": lambda: opened.authorize(Charge("9" * 20, 100, StoredCardSource("m1", "1"), capture=False)),
        "check_settings": lambda: opened.check_settings(NOW),
    }


def lacks(provider: Provider, call: str) -> bool:
    """Whether the provider has no such verb: one of the two ways of 取引更新, or none of the verbs of kept cards."""
    if call in ("reauthorize", "change"):
        return call != provider.capabilities.update_verb
    return call in ("store_card", "list_cards", "remove_card", "authorize_stored") and not provider.capabilities.tokens_to_link


def test_codes_are_unique_and_found() -> None:
    registry = Registry(INSTALLED)
    assert {provider.code for provider in registry} == {provider.code for provider in INSTALLED}
    assert all(registry.get(provider.code) is provider for provider in INSTALLED)
    with pytest.raises(UnknownProvider):
        registry.get("nobody")
    with pytest.raises(ValueError, match="two providers"):
        Registry([*INSTALLED, *INSTALLED])


@every
def test_words_for_people(provider: Provider) -> None:
    assert re.fullmatch(r"[a-z0-9]+", provider.code)
    assert all((provider.name, provider.console_name))
    for status in (MoneyStatus.AUTHORIZED, MoneyStatus.CAPTURED, MoneyStatus.VOIDED, MoneyStatus.REFUNDED):
        assert provider.status_words[status]


@every
def test_settings_are_a_form(provider: Provider) -> None:
    keys = [setting.key for setting in provider.settings]
    assert len(keys) == len(set(keys))
    for setting in provider.settings:
        assert setting.label
        assert setting.group
        assert setting.kind in ("text", "secret", "lines", "radio", "check", "pem")
        assert setting.scope in ("account", "method")
        assert (setting.kind == "radio") == bool(setting.choices)
        assert setting.kind != "radio" or setting.default in dict(setting.choices)
        assert setting.kind != "secret" or setting.secret
        assert not setting.secret or (setting.scope == "account" and not setting.default)
        assert bool(setting.pattern) == bool(setting.pattern_help)
        if setting.only_if:
            other = next(each for each in provider.settings if each.key == setting.only_if[0])
            assert setting.only_if[1] in dict(other.choices)
    named = [setting for setting in provider.settings if setting.contract]
    assert named, "what tells another contract from renewed credentials of the same one (R-030)"
    assert all(setting.scope == "account" and not setting.secret for setting in named)
    (capture,) = (setting for setting in provider.settings if setting.key == CAPTURE)
    assert [value for value, _label in capture.choices] == [CAPTURE_LATER, CAPTURE_AT_ONCE]
    required = {setting.key for setting in provider.settings if setting.required and not setting.default}
    assert required <= provider.practice_settings().keys()


@every
def test_capabilities_are_declared(provider: Provider) -> None:
    can = provider.capabilities
    assert can.max_yen > 0
    assert 0 < can.call_deadline < can.absent_after
    assert all(isinstance(recovery, Recovery) for recovery in can.recovery.values())
    # What was authorized without an answer must be findable by what we knew before the call.
    for verb in (Verb.AUTHORIZE, Verb.REAUTHORIZE):
        assert can.recovery.get(verb, Recovery.BY_CONSOLE) in (Recovery.BY_MERCHANT_REF, Recovery.BY_CONSOLE)
    # The page for people asks one thing, whether the authorization is there: "found" would make a lost cancel a done one.
    assert {verb for verb, how in can.recovery.items() if how == Recovery.BY_CONSOLE} <= {Verb.AUTHORIZE}
    assert can.instalments({})[0] == 1


@every
@pytest.mark.parametrize("verb", Verb)
def test_every_verdict_can_be_given_and_explained(provider: Provider, verb: Verb) -> None:
    for status, readable in product(MoneyStatus, (True, False)):
        verdict = provider.capabilities.verdict(verb, Snapshot(status, 100, 100, False, status, 100, readable, NOW), NOW)
        assert isinstance(verdict, Verdict), (status, readable)
        assert verdict.allowed != bool(verdict.reason), (status, readable)
        amounts = 0 < verdict.min_yen <= verdict.max_yen <= provider.capabilities.max_yen
        assert not verdict.allowed or (readable and amounts), (status, readable)


@every
def test_members_have_a_name_of_their_own_at_each_provider(provider: Provider) -> None:
    members = ["".join(chr(97 + (n >> shift) % 26) for shift in range(22)) for n in range(100)]
    names = [provider.customer_ref(member, 1) for member in members]
    assert len(set(names)) == len(set(members))
    assert names == [provider.customer_ref(member, 1) for member in members]
    assert all(re.fullmatch(r"[0-9A-Za-z_]{1,25}", name) for name in names)


@every
def test_whether_cards_are_kept_is_declared(provider: Provider) -> None:
    assert provider.capabilities.tokens_to_link in (0, 1, 2)
    offered = [setting for setting in provider.settings if setting.key == "card_linking"]
    modes = [mode for setting in offered for mode, _label in setting.choices]
    assert [provider.capabilities.linking({"card_linking": mode}) for mode in modes] == list(Linking)[: len(modes)]
    assert provider.capabilities.linking({}) == Linking.NEVER
    assert len(CARD_BRANDS) == len(set(CARD_BRANDS))


@every
def test_references_do_not_repeat(provider: Provider) -> None:
    made = [provider.new_merchant_ref(NOW) for _ in range(1000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[0-9A-Za-z_]{1,64}", ref) for ref in made)


@every
def test_live_and_practice_are_different_places(provider: Provider) -> None:
    simulator = "http://localhost:5001"
    live, practice = (provider.base_url(endpoint, simulator) for endpoint in (Endpoint.LIVE, Endpoint.PRACTICE))
    assert live.startswith("https://")
    assert practice.startswith(simulator)
    for endpoint, base in ((Endpoint.LIVE, live), (Endpoint.PRACTICE, practice)):
        tokens = provider.browser(provider.practice_settings(), base, endpoint)
        (asked,) = (url for url in (tokens.script_url, *tokens.public.values()) if url.startswith("http"))
        assert asked.startswith("https://" if endpoint == Endpoint.LIVE else simulator)
        assert any(asked.startswith(origin) for origin in tokens.origins)


@every
def test_nothing_secret_reaches_the_browser(provider: Provider) -> None:
    settings = provider.practice_settings()
    secret = {settings[setting.key] for setting in provider.settings if setting.secret and setting.key in settings}
    shown = provider.browser(settings, "http://localhost:5001", Endpoint.PRACTICE).public
    assert not secret & set(shown.values())
    assert "export" in provider.browser_module


@every
@pytest.mark.parametrize("call", SENDING)
def test_a_refused_connection_is_not_sent_and_recorded_without_secrets(
    provider: Provider, call: str, keys: Mapping[str, str]
) -> None:
    tape: list[Exchange] = []
    result = calls(gateway(provider, tape, keys=keys))[call]()  # type: ignore[operator]
    if isinstance(result, NotSent) and lacks(provider, call) and not tape:
        return
    assert isinstance(result, NotSent), f"{call} answers {result} where nobody listens"
    assert len(tape) == 1, f"{call} answers {result} and records {len(tape)} exchanges: each request is one, sent or not"
    (exchange,) = tape
    settings = provider.practice_settings()
    secrets = [settings[setting.key] for setting in provider.settings if setting.secret and setting.key in settings]
    assert not [each for each in (*secrets, "tok_secret") if each in exchange.request + exchange.response]


@every
@pytest.mark.parametrize("call", [*SENDING, "check_settings"])
def test_every_call_asks_before_it_sends(provider: Provider, call: str, keys: Mapping[str, str]) -> None:
    def forbid() -> None:
        raise RuntimeError("a transaction is open")

    if lacks(provider, call):
        return
    ask = calls(gateway(provider, before_send=forbid, keys=keys))[call]
    with pytest.raises(RuntimeError, match="transaction"):
        pytest.fail(f"{call} answers {ask()} without before_send: requests leave through providers.transport")  # type: ignore[operator]


@every
def test_a_connection_test_without_an_answer_finds_nothing(provider: Provider) -> None:
    found = gateway(provider).check_settings(NOW)
    assert {check.finding for check in found} == {Finding.NO_ANSWER, Finding.FIRST_PAYMENT}, (
        "check_settings sorts every group of values: what was asked about has no answer, the rest shows at the first payment"
    )
    keys = [key for check in found for key in check.keys]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {setting.key for setting in provider.settings}
    assert all(check.keys and check.text for check in found)


@every
def test_an_unreachable_feed_is_empty(provider: Provider) -> None:
    assert tuple(gateway(provider).poll_notices()) == ()


@every
@pytest.mark.req("T-020")
@pytest.mark.parametrize("body", [b"", b"a=1", b"\xff" * 100, b"&" * 1000, b'{"a": 1}'])
def test_no_stranger_is_believed(provider: Provider, body: bytes) -> None:
    reading = gateway(provider).read_notice("POST", body, {})
    assert (reading.genuine, reading.notices) == (False, ())


TELLING = [provider for provider in INSTALLED if provider.sends_notices]


@pytest.mark.parametrize("provider", TELLING, ids=[provider.code for provider in TELLING])
@pytest.mark.req("T-020")
def test_a_notice_is_believed_as_it_was_sent_and_no_forgery_of_it(provider: Provider) -> None:
    """More of them reach a running shop in tests/race/test_forged_notices.py."""
    assert makes_notices(provider), (
        f"whoever sends_notices brings tests/wire/{world_code(provider)}/forging.py, the Forge of tests/support/forging.py"
    )
    opened, about = gateway(provider), About(10**8, "1", "9" * 20, 1000)
    genuine = forge(provider).notice(provider, about)
    assert opened.read_notice("POST", genuine.body, genuine.headers).genuine
    forged = [*forge(provider).forged(provider, about), forge(provider).of_another(provider, about)]
    assert [push for push in forged if opened.read_notice("POST", push.body, push.headers).genuine] == []


@every
@pytest.mark.req("U-033")
def test_a_buyer_is_told_which_kind_of_refusal_it_was(provider: Provider) -> None:
    """Put the input right, use another card, authenticate, or wait a little – or, where the contract says so, nothing at all about
    the reason. What is not known yet the shop says itself."""
    kinds = (Category.CARD_DATA, Category.CARD_REFUSED, Category.AUTHENTICATION, Category.TEMPORARY, Category.OTHER)
    assert len({provider.buyer_message(kind, "unheard of").text for kind in kinds}) in (1, len(kinds))


@every
@pytest.mark.parametrize("category", Category)
def test_a_buyer_is_told_something_about_every_refusal(provider: Provider, category: Category) -> None:
    assert provider.buyer_message(category, "unheard of").text
    assert provider.browser_messages()[""].text
