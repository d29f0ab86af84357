"""郵便番号 → 住所 over HTTP: the address scripts ask, and 住所を検索 of the form without one."""

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete

from shop.catalogue.models import Product
from shop.checkout.models import Confirmation
from shop.core.db import write
from shop.delivery.models import PostalCode
from tests.support.buying import ADDRESS, CASH, Buyer, StepsBuyer
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import count_statements
from tests.web.counter import TEA, change, count, number_of, path_of

pytestmark = pytest.mark.one_database

MATSUMOTO, SHARED, UNKNOWN = "3900811", "6180000", "1234567"
OYAMAZAKI, SHIMAMOTO = "京都府乙訓郡大山崎町", "大阪府三島郡島本町"
NOT_FOUND = "見つかりませんでした。住所はそのまま入力できます。"
DIFFERS = "入力されている住所と違います。置きかえる場合だけ選んでください。"
#: The form with no address in it.
NO_PLACE = ADDRESS | {"postal_code": "", "prefecture": "", "address1": ""}


@pytest.fixture
def typing(shopper: Buyer) -> Buyer:
    """A buyer at the form."""
    shopper.put_into_cart(TEA)
    return shopper


def search(buyer: Buyer, asked: str = "postal_code", **typed: str) -> requests.Response:
    """Press 住所を検索, or a place it offered, in a form with no address but what is typed."""
    answer = buyer.confirm(CASH, **NO_PLACE | {"lookup": asked} | typed)
    assert answer.status_code == 200
    return answer


def fields(answer: requests.Response) -> dict[str, str]:
    return Page(answer.text).form("/checkout/zero/confirm").fields


def address(answer: requests.Response, prefix: str = "") -> tuple[str, str]:
    filled = fields(answer)
    return filled[f"{prefix}prefecture"], filled[f"{prefix}address1"]


def offered(answer: requests.Response) -> list[str]:
    """What the buttons of the places send."""
    buttons = Page(answer.text).find("button", name="lookup")
    return [button["value"] for button in buttons if " " in button["value"]]


def focused(answer: requests.Response) -> list[str]:
    """Where the page puts the focus without script."""
    return [attributes["name"] for _tag, attributes in Page(answer.text).elements if "autofocus" in attributes]


# ---- what scripts ask ----


@pytest.mark.req("U-006", "T-056")
def test_the_places_of_a_code_are_public_and_nothing_else_is(typing: Buyer, demo_app: Flask, client: FlaskClient) -> None:
    number_of(typing.place(typing.confirm(CASH, postal_code="150-8999", address1="渋谷区秘密町9-8-7")))
    with count_statements(demo_app) as seen:
        answers = {code: client.get(f"/postal/{code}") for code in (MATSUMOTO, SHARED, UNKNOWN, "1508999")}
    assert len(seen) == len(answers)
    assert all(each.lstrip().startswith("SELECT") for each in seen.seen), str(seen)
    told = {code: answer.get_json()["places"] for code, answer in answers.items()}
    assert told == {
        MATSUMOTO: [{"prefecture": "長野県", "address1": "松本市中央"}],
        SHARED: [
            {"prefecture": "京都府", "address1": "乙訓郡大山崎町"}, {"prefecture": "大阪府", "address1": "三島郡島本町"},
        ],
        UNKNOWN: [], "1508999": [],
    }  # fmt: skip
    for answer in answers.values():
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert "Set-Cookie" not in answer.headers
    for junk in ("390081", "39008111", "390-0811", "３９００８１１", "abcdefg", "390081%00", "39008 1", "%25%25%25%25%25%25%25"):
        assert client.get(f"/postal/{junk}").status_code in (400, 404), junk
    assert client.get("/postal/").status_code == 404


# ---- the button, without script ----


@pytest.mark.req("U-006", "U-016", "R-126")
def test_the_button_fills_in_the_address_and_keeps_the_rest(typing: Buyer, demo_app: Flask) -> None:
    typed = {"postal_code": "〒３９０ー０８１１", "email": "taro@", "phone": "", "note": "玄関の前へ", "address2": "月見荘 203"}
    shown = search(typing, **typed)
    assert address(shown) == ("長野県", "松本市中央")
    kept = fields(shown)
    assert {name: kept[name] for name in ("email", "phone", "note", "address2", "buyer_name")} == {
        "email": "taro@", "phone": "", "note": "玄関の前へ", "address2": "月見荘 203", "buyer_name": ADDRESS["buyer_name"],
    }  # fmt: skip
    assert "住所が見つかりました。" in Page(shown.text).text
    assert focused(shown) == ["address1"]
    assert 'aria-invalid="true"' not in shown.text, "nothing is judged yet"
    assert "送料" in shown.text
    assert count(demo_app, Confirmation) == 0


@pytest.mark.req("U-006")
def test_several_places_are_offered_and_none_is_guessed(typing: Buyer) -> None:
    shown = search(typing, postal_code=SHARED)
    assert address(shown) == ("", "")
    assert offered(shown) == [f"postal_code {OYAMAZAKI}", f"postal_code {SHIMAMOTO}"]
    assert "住所の候補がいくつかあります。" in Page(shown.text).text
    assert focused(shown) == ["lookup"], "the first place"
    chosen = search(typing, offered(shown)[1], postal_code=SHARED)
    assert address(chosen) == ("大阪府", "三島郡島本町")
    assert offered(chosen) == []
    forged = search(typing, "postal_code 東京都どこか", postal_code=SHARED)
    assert address(forged) == ("", ""), "only what the code stands for"
    known = search(typing, postal_code=SHARED, prefecture="大阪府", address1="三島郡島本町桜井1-1")
    assert address(known) == ("大阪府", "三島郡島本町桜井1-1"), "it is one of them already"
    assert offered(known) == []


@pytest.mark.req("U-006", "U-013")
def test_what_was_typed_is_replaced_only_by_a_press(typing: Buyer) -> None:
    for prefecture, typed in (("東京都", "千代田区千代田1-1"), ("東京都", ""), ("", "1-2-3"), ("長野県", "松本市宵待町3-8-2")):
        shown = search(typing, postal_code=MATSUMOTO, prefecture=prefecture, address1=typed)
        assert address(shown) == (prefecture, typed)
        assert DIFFERS in Page(shown.text).text
        pressed = search(typing, *offered(shown), postal_code=MATSUMOTO, prefecture=prefecture, address1=typed)
        assert address(pressed) == ("長野県", "松本市中央")
    for begun in ("松本市中央1-2-3", "松本市中央", "松本市", ""):
        shown = search(typing, postal_code=MATSUMOTO, address1=begun)
        assert address(shown) == ("長野県", begun if begun.startswith("松本市中央") else "松本市中央")


@pytest.mark.req("U-006")
def test_another_address_to_deliver_to_has_a_look_up_of_its_own(typing: Buyer) -> None:
    other = {"ship_to": "other", "ship_postal_code": MATSUMOTO, "ship_prefecture": "", "ship_address1": ""}
    shown = search(typing, "ship_postal_code", **other | {"postal_code": SHARED})
    assert address(shown, "ship_") == ("長野県", "松本市中央")
    assert address(shown) == ("", "")
    assert fields(shown)["ship_to"] == "other"
    assert offered(shown) == []


@pytest.mark.req("U-006")
def test_without_data_or_without_a_code_everything_is_typed(typing: Buyer, demo_app: Flask) -> None:
    for code in ("", "390-08", "あ"):
        assert "郵便番号は7桁の数字で入力してください" in Page(search(typing, postal_code=code).text).text
    assert NOT_FOUND in Page(search(typing, postal_code=UNKNOWN).text).text
    assert focused(search(typing, postal_code=UNKNOWN)) == ["postal_code"]
    assert focused(typing.get("/checkout/zero")) == [], "only after a look-up"
    for junk in ("", "x", "csrf_token", "email", " ", "xpostal_code 長野県"):
        assert NOT_FOUND not in Page(search(typing, junk, postal_code=UNKNOWN).text).text
    with demo_app.app_context(), write() as session:
        session.execute(delete(PostalCode))
    shown = search(typing, postal_code=MATSUMOTO, address1="松本市中央1-2-3")
    assert NOT_FOUND in Page(shown.text).text
    assert address(shown) == ("", "松本市中央1-2-3")
    number_of(typing.place(typing.confirm(CASH, postal_code=MATSUMOTO)))


@pytest.mark.req("U-006", "R-126")
def test_step_1_of_the_3_step_cart_has_the_same_fields(live_server: LiveServer, demo_app: Flask) -> None:
    change(demo_app, Product.flow, "steps", code=TEA)
    walker = StepsBuyer(live_server.url)
    walker.put_into_cart(TEA)
    shown = walker.step1(**NO_PLACE | {"postal_code": MATSUMOTO, "lookup": "postal_code", "ship_to": "other"})
    filled = Page(shown.text).form("/checkout/step1").fields
    assert (shown.status_code, path_of(shown)) == (200, "/checkout/step1")
    assert (filled["prefecture"], filled["address1"], filled["ship_to"]) == ("長野県", "松本市中央", "other")
    assert "error-summary" not in shown.text
    assert path_of(walker.get("/checkout/step2")) == "/checkout/step1", "nothing is kept of it yet"


@pytest.mark.req("R-111")
def test_a_card_number_does_not_come_back_with_the_address(typing: Buyer) -> None:
    shown = search(typing, postal_code=MATSUMOTO, buyer_name="4111 1111 1111 1111", ship_postal_code="4111111111111111")
    assert "1111" not in shown.text
    assert "番号は消去しました。" in shown.text
    assert address(shown) == ("長野県", "松本市中央")
