"""本人認証 by the service ``mpi``: the way out, the way back – genuine and bent –, and GetResult, which alone decides."""

from dataclasses import replace
from datetime import timedelta

import pytest

from providers import transport
from providers.charge import Cardholder, CardSource, Charge
from providers.contract import (
    Absent,
    Approved,
    Authentication,
    AuthenticationOutcome,
    Category,
    Declined,
    Liability,
    MoneyStatus,
    NeedsBuyer,
    NotSent,
    RemoteState,
    Result,
    Unknown,
)
from providers.veritrans4g import mpi
from tests.support.world import VISA
from tests.wire.veritrans4g.practice import BROWSER, BUYER, LOST, NOW, RETURN, Practice

#: Cards by what the issuer says without asking the buyer.
CARDS = {"Y": "4980000000057600", "A": "4980000000037610", "U": "4980000000017612", "N": "4980000000087607"}
REFUSED, PENDING, NO_3DS, DEAD_END = "4980000000058202", "4980000000079000", "4980000000047601", "4980000000067690"
ISSUER, MERCHANT = Liability.ISSUER, Liability.MERCHANT
PASSES = {
    "complete": ("Y", Authentication(AuthenticationOutcome.AUTHENTICATED, ISSUER)),
    "company": ("YA", Authentication(AuthenticationOutcome.PASSED, ISSUER)),
    "merchant": ("YAU", Authentication(AuthenticationOutcome.PASSED, MERCHANT)),
}
#: What somebody without the key does to a return, and to which. A success has nothing to hide under another name.
BENDING = [
    *((mode, card) for mode in ("bent_hash", "shifted", "no_authparams", "bent_amount") for card in (VISA, REFUSED, CARDS["N"])),
    *((mode, card) for mode in ("relabelled", "dropped_name") for card in (REFUSED, CARDS["N"])),
]


def resumed(practice: Practice, charge: Charge, asked: NeedsBuyer, fields: list[tuple[str, str]]) -> Result:
    return practice.gateway().resume(replace(charge, source=CardSource("")), asked.secret, fields)


# ---- the way out -----------------------------------------------------------------------------------------------------


def test_the_buyer_is_sent_to_the_providers_page(either: Practice) -> None:
    charge, asked = either.authenticating()
    assert asked.url.startswith(f"{either.world.url}/veritrans4g/3ds/start?r=")
    assert (asked.html, asked.until) == ("", NOW + timedelta(minutes=16))
    assert mpi.Secret.unpacked(asked.secret) == mpi.Secret(charge.merchant_ref, 3130, "company")
    assert either.booked(charge.merchant_ref) == ("pending", 3130)


@pytest.mark.req("R-035")
@pytest.mark.parametrize("kind", mpi.TYPES)
def test_the_chosen_type_is_sent(either: Practice, kind: str) -> None:
    either.authenticating(kind=kind)
    assert f'"serviceOptionType": "mpi-{kind}"' in either.sent()


@pytest.mark.parametrize("options", [{}, {"authentication": "off"}, {"authentication": "none"}])
def test_without_a_type_the_card_is_charged_at_once(practice: Practice, options: dict[str, str]) -> None:
    assert isinstance(practice.gateway().authorize(practice.charge(options=options)), Approved)
    assert (practice.calls("Authorize/mpi"), practice.calls("Authorize/card")) == (0, 1)


def test_what_the_issuer_is_told() -> None:
    charge = Charge("1", 1, CardSource("t"), capture=False, return_url=RETURN, cardholder=BUYER, browser=BROWSER)
    told = mpi.request(charge, "merchant")
    assert told == {
        "serviceOptionType": "mpi-merchant", "redirectionUri": RETURN, "pushUrl": "", "httpAccept": "text/html",
        "httpUserAgent": BROWSER.user_agent, "browserDeviceCategory": "0", "deviceChannel": "02", "verifyResultLink": "1",
        "verifyTimeout": "15", "cardholderNameOmitFlag": "", "cardholderEmail": BUYER.email, "cardholderMobilePhoneCountry": "81",
        "cardholderMobilePhoneNumber": "09012345678", "customerIp": BROWSER.address,
    }  # fmt: skip
    silent = mpi.request(replace(charge, cardholder=Cardholder()), "merchant")
    assert {silent[name] for name in silent if name.startswith("cardholder")} == {""}


def test_a_refusal_before_the_buyer_leaves(either: Practice) -> None:
    charge = either.charge(NO_3DS, options={"authentication": "company"})
    result = either.gateway().authorize(charge)
    assert isinstance(result, Declined)
    assert (result.category, result.code[:4]) == (Category.AUTHENTICATION, "GE23")
    assert either.booked(charge.merchant_ref) == ("refused", 3130)


@pytest.mark.req("P-05")
@pytest.mark.parametrize("mode", LOST)
def test_a_lost_way_out(practice: Practice, mode: str) -> None:
    """Nobody was sent to the issuer: whatever the provider has begun, nothing gets reserved."""
    never, begun = (practice.charge(options={"authentication": "company"}) for _ in range(2))
    practice.world.fault(mode, "Authorize/mpi", "before")
    assert isinstance(practice.gateway().authorize(never), Unknown)
    assert practice.gateway().query(merchant_ref=never.merchant_ref) == Absent()
    practice.world.fault(mode, "Authorize/mpi", "after")
    assert isinstance(practice.gateway().authorize(begun), Unknown)
    state = practice.gateway().query(merchant_ref=begun.merchant_ref)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.CREATED, None)


# ---- the way back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", CARDS)
@pytest.mark.parametrize("kind", PASSES)
def test_who_passes_and_who_bears_the_loss(practice: Practice, kind: str, status: str) -> None:
    charge, asked = practice.authenticating(CARDS[status], kind)
    fields = practice.walk(asked)
    assert practice.gateway().read_return(asked.secret, fields).genuine
    result = resumed(practice, charge, asked, fields)
    passing, authentication = PASSES[kind]
    if status in passing:
        assert isinstance(result, Approved)
        assert (result.handle, result.status, result.authentication) == (
            charge.merchant_ref, MoneyStatus.AUTHORIZED, authentication,
        )  # fmt: skip
        assert practice.booked(charge.merchant_ref) == ("authorized", 3130)
    else:
        assert isinstance(result, Declined)
        assert result.category == Category.AUTHENTICATION
        assert practice.booked(charge.merchant_ref) == ("refused", 3130)


@pytest.mark.parametrize(("choice", "passes"), [("authenticate", True), ("attempt_0", True), ("unable", False), ("refused", False)])
def test_the_buyer_answers_the_issuer(either: Practice, choice: str, passes: bool) -> None:
    charge, asked = either.authenticating(capture=True)
    result = resumed(either, charge, asked, either.walk(asked, choice))
    if passes:
        assert isinstance(result, Approved)
        assert result.status == MoneyStatus.CAPTURED
    assert isinstance(result, Approved if passes else Declined)
    assert either.booked(charge.merchant_ref) == ("captured" if passes else "refused", 3130)


def test_authenticated_and_then_refused_by_the_card_company(either: Practice) -> None:
    charge, asked = either.authenticating(REFUSED)
    fields = either.walk(asked)
    assert either.gateway().read_return(asked.secret, fields).genuine
    result = resumed(either, charge, asked, fields)
    assert isinstance(result, Declined)
    assert (result.category, result.code) == (Category.CARD_REFUSED, "G011AG3300000000")


def test_authenticated_and_then_no_word_from_the_card_company(either: Practice) -> None:
    charge, asked = either.authenticating(PENDING)
    assert isinstance(resumed(either, charge, asked, either.walk(asked)), Unknown)
    state = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.AUTHORIZED, 3130)


def test_coming_twice_is_told_the_same(either: Practice) -> None:
    charge, asked = either.authenticating()
    fields = either.walk(asked)
    assert either.walk(asked) == fields
    for _ in range(2):
        result = resumed(either, charge, asked, fields)
        assert isinstance(result, Approved)
        assert (result.handle, result.status) == (charge.merchant_ref, MoneyStatus.AUTHORIZED)
    assert either.booked(charge.merchant_ref) == ("authorized", 3130)


def test_an_authenticated_payment_is_captured_and_given_back_like_any_other(either: Practice) -> None:
    charge, asked = either.authenticating()
    resumed(either, charge, asked, either.walk(asked))
    assert isinstance(either.gateway().capture(charge.merchant_ref, 3000), Approved)
    assert isinstance(either.gateway().refund(charge.merchant_ref, 3000), Approved)
    state = either.gateway().query(handle=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert (state.status, state.amount_yen) == (MoneyStatus.REFUNDED, 3000)


@pytest.mark.parametrize(("mode", "card"), BENDING)
def test_a_bent_return_is_refused_and_could_not_lie_either(either: Practice, mode: str, card: str) -> None:
    charge, asked = either.authenticating(card)
    either.spoil("returns", mode=mode)
    fields = either.walk(asked)
    assert not either.gateway().read_return(asked.secret, fields).genuine
    result = resumed(either, charge, asked, fields)
    assert isinstance(result, Approved if card == VISA else Declined)
    assert either.booked(charge.merchant_ref) == ("authorized" if card == VISA else "refused", 3130)


def test_the_return_of_another_order_is_refused(either: Practice) -> None:
    earlier = either.authenticating()[1]
    old = either.walk(earlier)
    charge, asked = either.authenticating(REFUSED)
    either.spoil("returns", mode="replayed")
    fields = either.walk(asked)
    assert fields == old
    assert either.gateway().read_return(earlier.secret, fields).genuine
    assert not either.gateway().read_return(asked.secret, fields).genuine
    assert isinstance(resumed(either, charge, asked, fields), Declined)


def test_nothing_is_known_before_the_issuer_has_answered(either: Practice) -> None:
    charge, asked = either.authenticating()
    assert isinstance(resumed(either, charge, asked, []), Unknown)
    assert either.walk(asked, "abandon") == []
    assert isinstance(resumed(either, charge, asked, []), Unknown)
    state = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.CREATED


@pytest.mark.parametrize("card", [VISA, DEAD_END], ids=["buyer away", "page that leads nowhere"])
def test_after_its_time_nothing_can_be_authorized_any_more(either: Practice, card: str) -> None:
    """The provider's own limit ends before the shop stops waiting."""
    charge, asked = either.authenticating(card)
    assert timedelta(minutes=mpi.MINUTES) < asked.until - NOW < timedelta(minutes=20)
    either.walk(asked, "abandon")
    either.world.control("clock", advance=mpi.LIFE.total_seconds())
    result = resumed(either, charge, asked, [])
    assert isinstance(result, Declined)
    assert (result.category, result.code[:4]) == (Category.AUTHENTICATION, "G083")
    either.walk(asked)
    assert either.booked(charge.merchant_ref) == ("refused", 3130)


def test_no_return_at_all(either: Practice) -> None:
    """The provider shows an error, and the card was authorized all the same: GetResult and the search both tell."""
    charge, asked = either.authenticating()
    either.spoil("returns", mode="never")
    assert either.walk(asked) == []
    state = either.gateway().query(merchant_ref=charge.merchant_ref)
    assert isinstance(state, RemoteState)
    assert state.status == MoneyStatus.AUTHORIZED
    assert isinstance(resumed(either, charge, asked, []), Approved)


@pytest.mark.req("P-05")
@pytest.mark.parametrize("mode", LOST)
def test_a_lost_answer_to_getresult(practice: Practice, mode: str) -> None:
    charge, asked = practice.authenticating()
    fields = practice.walk(asked)
    practice.world.fault(mode, "GetResult/mpi")
    assert isinstance(resumed(practice, charge, asked, fields), Unknown)
    assert isinstance(resumed(practice, charge, asked, fields), Approved)


def test_a_refused_question_decides_nothing(practice: Practice) -> None:
    charge, asked = practice.authenticating()
    fields = practice.walk(asked)
    practice.world.fault("code", "GetResult/mpi", code="NH41")
    assert resumed(practice, charge, asked, fields) == Unknown("NH41".ljust(16, "0"))


def test_a_question_that_could_not_be_asked_decides_nothing(practice: Practice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is refused as the buyer comes back: the provider has authorized all the same."""
    charge, asked = practice.authenticating()
    fields = practice.walk(asked)
    monkeypatch.setattr(transport, "post", lambda *_, **__: NotSent("refused"))
    assert resumed(practice, charge, asked, fields) == Unknown("refused")
    monkeypatch.undo()
    assert isinstance(resumed(practice, charge, asked, fields), Approved)
