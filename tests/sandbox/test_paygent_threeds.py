"""EMV 3-D Secure of the Paygent simulator over real sockets: 450, the issuer's page, the way back, 020 after it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from providers.paygent.demo import DEMO_PAYGENT_MERCHANT as DEMO
from providers.paygent.simulator.cards import TEST_CARDS
from providers.paygent.simulator.outcomes import plan_of
from providers.paygent.simulator.returns import TROUBLES, return_hash

if TYPE_CHECKING:
    from tests.sandbox.conftest import Answer, Receiver, World

VISA = "4111111111111111"
FRICTIONLESS = "4980000000057600"
ATTEMPT_0, ATTEMPT_1 = "4980000000037610", "4980000000027611"
REFUSED, ERROR_PAGE = "4980000000087607", "4980000000067690"
MINUTE = 60
HOUR = 3600


def query(response: requests.Response) -> dict[str, str]:
    """What the shop would be told on the way back."""
    assert response.status_code == 303
    return dict(
        parse_qsl(urlsplit(response.headers["Location"]).query, keep_blank_values=True, strict_parsing=True)
    )


def passed(world: World, number: str = FRICTIONLESS, **fields: str) -> tuple[str, str]:
    """An authentication without asking: its identification, and the token it was made with."""
    token = world.token(number)
    answer = world.authenticate(card_token=token, **fields)
    world.browse(answer)
    return answer["3ds_auth_id"], token


def charge(world: World, auth_id: str, token: str, **fields: str) -> Answer:
    """020 with an authentication, as a shop sends it: without 3dsecure_ryaku."""
    terms = {"trading_id": "order1", "payment_amount": "1000", "card_token": token}
    return world.ask("020", **(terms | {"3dsecure_use_type": "2", "3ds_auth_id": auth_id} | fields))


def facts(world: World) -> dict[str, Any]:
    """The only authentication in the books."""
    (found,) = world.ledger()["authentications"]
    assert isinstance(found, dict)
    return found


# ---- 450 -----------------------------------------------------------------------------------------


def test_450_on_the_wire(world: World) -> None:
    response = world.send_authentication(bill_address_line1="神南１－２－３　髙橋ビル①")
    assert response.headers["Content-Type"] == "text/html; charset=UTF-8"
    head, _, html = response.content.decode("utf-8").partition("\r\nout_acs_html=\r\n")
    names = [line.partition("=")[0] for line in head.split("\r\n")]
    assert names == [
        *("", "result", "card_brand", "acq_id", "3ds_auth_id", "issur_class", "acq_name"),
        *("issur_name", "issur_id", "fingerprint", "masked_card_number"),
    ]
    answer = world.read(response)
    assert (answer["card_brand"], answer["acq_id"], answer["acq_name"]) == ("VISA", "50001", "NICOS")
    assert (answer["issur_name"], answer["masked_card_number"]) == ("ﾋﾞｻﾞ", "************1111")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", answer["3ds_auth_id"])

    assert html.startswith("<!DOCTYPE html>\r\n")
    assert html.endswith("</html>")
    assert f'action="{world.url}/paygent/3ds/start" method="post"' in html
    assert '<button type="submit">' in html
    assert "<script>document.forms[0].submit();</script>" in html
    assert "\n" not in html.replace("\r\n", "")


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"term_url": ""}, "P006", '"term_url"パラメータの値が設定されていません。'),
        ({"term_url": "javascript:alert(1)"}, "P010", '"term_url"パラメータの値は不正な値です。'),
        (
            {"term_url": "http://shop.invalid/" + "x" * 240},
            "P009",
            '"term_url"パラメータの値は桁数が不正です。',
        ),
        ({"merchant_name": ""}, "P006", '"merchant_name"パラメータの値が設定されていません。'),
        ({"merchant_name": "ANOTHER SHOP"}, "P010", '"merchant_name"パラメータの値は不正な値です。'),
        ({"merchant_name": "月の輪"}, "P008", '"merchant_name"パラメータの値はタイプが不正です。'),
        ({"authentication_type": "02"}, "P010", '"authentication_type"パラメータの値は不正な値です。'),
        ({"card_set_method": ""}, "P006", '"card_set_method"パラメータの値が設定されていません。'),
        ({"card_set_method": "stored"}, "P010", '"card_set_method"パラメータの値は不正な値です。'),
        ({"payment_amount": ""}, "P006", '"payment_amount"パラメータの値が設定されていません。'),
        ({"payment_amount": "1" * 14}, "P009", '"payment_amount"パラメータの値は桁数が不正です。'),
        ({"currency_code": "USD"}, "P010", '"currency_code"パラメータの値は不正な値です。'),
        ({"cardholder_name": "A"}, "P009", '"cardholder_name"パラメータの値は桁数が不正です。'),
        ({"login_type": "07"}, "P010", '"login_type"パラメータの値は不正な値です。'),
        # sizes are characters here, not bytes
        ({"bill_address_city": "渋" * 51}, "P009", '"bill_address_city"パラメータの値は桁数が不正です。'),
        ({"bill_address_city": "渋" * 50}, "", ""),
        ({"card_token": ""}, "31002", ""),
        ({"card_number": VISA}, "31002", ""),
        ({"card_set_method": "customer"}, "31002", ""),
        ({"card_set_method": "customer", "card_token": "", "customer_id": "c1"}, "31006", ""),
        ({"card_set_method": "direct", "card_token": "", "card_number": VISA}, "31002", ""),
        (
            {
                "card_set_method": "direct",
                "card_token": "",
                "card_number": VISA,
                "card_valid_term": "0140",
            },
            "2023",
            "",
        ),
        ({"card_set_method": "google"}, "P007", ""),
        ({"card_token": "tok_nobody"}, "31004", "トークンなしエラー"),
    ],
)
def test_450_parameter_errors(world: World, fields: dict[str, str], code: str, detail: str) -> None:
    answer = world.authenticate(**fields)
    assert answer.code == code
    if code:
        assert detail in ("", answer["response_detail"])
        assert list(answer) == ["result", "response_code", "response_detail"]
        assert world.ledger()["authentications"] == []


def test_450_on_another_path(world: World) -> None:
    assert world.ask("450", "card/request").code == "P004"


def test_any_name_is_taken_where_none_is_registered(world: World) -> None:
    world.control("paygent/merchants", merchant_name="")
    assert world.authenticate(merchant_name="ANOTHER SHOP")["result"] == "0"


def test_450_checks_the_token_and_does_not_use_it_up(world: World) -> None:
    token = world.token()
    assert world.authenticate(card_token=token)["result"] == "0"
    assert world.authenticate(card_token=token)["result"] == "0"
    assert world.authorise("order1", card_token=token)["result"] == "0"
    assert world.authenticate(card_token=token).code == "31005"
    security_code = world.tokenize(cvc_only_flg="1")["tokenizedCardObject"]["token"]
    assert world.authenticate(card_token=security_code).code == "31004"
    late = world.token()
    world.later(HOUR + 1)
    assert world.authenticate(card_token=late).code == "31003"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("4980000000047601", "31001"),
        ("6011000990139424", "31001"),  # a brand the merchant cannot take
        ("4980000000027603", "31003"),
        ("4980000000017612", "31012"),
    ],
)
def test_cards_that_450_refuses(world: World, number: str, code: str) -> None:
    answer = world.authenticate(number)
    assert answer.code == code
    assert answer["response_detail"]


def test_unsupported_brand_can_be_charged_without_3d_secure(world: World) -> None:
    assert world.authenticate("4980000000017612")["response_detail"] == (
        "入力されたカードは3Dセキュアに対応していません。"
    )
    assert world.authorise("order1", "4980000000017612")["result"] == "0"


# ---- the issuer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "result", "attempt_kbn", "code"),
    [
        (FRICTIONLESS, "0", "", None),
        (ATTEMPT_0, "0", "0", None),
        (ATTEMPT_1, "0", "1", None),
        (REFUSED, "1", None, "31007"),
    ],
)
def test_cards_that_nobody_is_asked_about(
    world: World, number: str, result: str, attempt_kbn: str | None, code: str | None
) -> None:
    back = query(world.browse(world.authenticate(number)))
    assert (back["result"], back.get("attempt_kbn"), back.get("response_code")) == (result, attempt_kbn, code)
    assert bool(back["3dsecure_server_error_code"]) == (attempt_kbn == "1")
    assert (facts(world)["result"], facts(world)["response_code"]) == (result, code or "")


@pytest.mark.parametrize("number", [VISA, "5555555555554444", "3530111333300000", "4980000000038261"])
def test_ordinary_cards_are_asked_about(world: World, number: str) -> None:
    answer = world.authenticate(number, payment_amount="12345")
    moved = world.browse(answer)
    assert moved.status_code == 303
    page = requests.get(f"{world.url}{moved.headers['Location']}")
    for shown in (DEMO.merchant_name, "12,345円", answer["masked_card_number"], "one-time-code", "練習"):
        assert shown in page.text
    for choice in ("authenticate", "refused", "attempt_0", "attempt_1", "abandon"):
        assert f'<button name="choice" value="{choice}"' in page.text
    assert "<script" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "form-action" not in page.headers["Content-Security-Policy"]
    assert facts(world)["state"] == "pending"


@pytest.mark.parametrize(
    ("choice", "result", "attempt_kbn", "code"),
    [
        ("authenticate", "0", "", ""),
        ("refused", "1", "", "31007"),
        ("attempt_0", "0", "0", ""),
        ("attempt_1", "0", "1", ""),
    ],
)
def test_choices_of_the_buyer(world: World, choice: str, result: str, attempt_kbn: str, code: str) -> None:
    back = query(world.choose(world.authenticate(), choice))
    assert (back["result"], back.get("attempt_kbn", ""), back.get("response_code", "")) == (
        result,
        attempt_kbn,
        code,
    )
    found = facts(world)
    assert (found["result"], found["attempt_kbn"], found["response_code"]) == (result, attempt_kbn, code)


@pytest.mark.parametrize(
    ("number", "password", "result", "attempt_kbn"),
    [
        (VISA, "14012", "0", ""),
        (VISA, "14042", "1", None),
        (VISA, "14052", "0", "1"),
        (VISA, "51001", "0", "1"),
        ("3530111333300000", "13542", "1", None),
        (VISA, "13542", "0", ""),  # another brand's
        (VISA, "123456", "0", ""),
    ],
)
def test_passwords_of_the_provider(
    world: World, number: str, password: str, result: str, attempt_kbn: str | None
) -> None:
    back = query(world.choose(world.authenticate(number), "authenticate", password))
    assert (back["result"], back.get("attempt_kbn")) == (result, attempt_kbn)


def test_abandoned_page_sends_nothing(world: World, shop: Receiver) -> None:
    answer = world.authenticate(term_url=shop.url)
    left = world.choose(answer, "abandon")
    assert left.status_code == 200
    assert "本人認証を中断しました" in left.text
    assert facts(world)["page"] in left.text
    assert (facts(world)["state"], facts(world)["returns"], shop.received) == ("pending", 0, [])
    assert query(world.choose(answer, "authenticate"))["result"] == "0"


def test_error_page_of_the_provider_sends_nobody_back(world: World) -> None:
    page = world.browse(world.authenticate(ERROR_PAGE))
    assert (page.status_code, facts(world)["state"]) == (200, "pending")
    assert "エラー" in page.text


def test_unknown_pages_and_choices(world: World) -> None:
    assert requests.post(f"{world.url}/paygent/3ds/start", data={"id": "nobody"}).status_code == 404
    assert requests.get(f"{world.url}/paygent/3ds/nobody").status_code == 404
    world.authenticate()
    assert world.press(facts(world)["page"], "something").status_code == 400
    world.control("reset")
    world.authenticate(REFUSED)
    assert world.press(facts(world)["page"], "authenticate").status_code == 400
    assert facts(world)["state"] == "pending"


@pytest.mark.parametrize(
    ("fields", "attempt_kbn", "code"),
    [
        ({"payment_amount": "314020"}, "0", None),
        ({"payment_amount": "314050"}, "1", None),
        ({"payment_amount": "314060"}, None, "31007"),
        ({"cardholder_name": "BAVYA"}, "", None),
        ({"cardholder_name": "BBErrABAB"}, "1", None),
        # the name goes before the amount
        ({"cardholder_name": "BAVYA", "payment_amount": "314060"}, "", None),
    ],
)
def test_triggers_of_the_provider(
    world: World, fields: dict[str, str], attempt_kbn: str | None, code: str | None
) -> None:
    back = query(world.browse(world.authenticate(**fields)))
    assert (back.get("attempt_kbn"), back.get("response_code")) == (attempt_kbn, code)


def test_triggers_go_before_the_card_and_by_the_name_of_the_token() -> None:
    assert plan_of("", 1000, "7607") == "refused"
    assert plan_of("", 314010, "7607") == "success"
    assert plan_of("BAVCA", 314010, "7607") == "challenge"
    assert plan_of("", 0, "7600") == "challenge"
    assert plan_of("TARO YAMADA", 1000, "1111") == "challenge"


def test_name_of_the_token_is_a_trigger(world: World) -> None:
    token = world.token(card_name="BAVRA")
    assert query(world.browse(world.authenticate(card_token=token)))["response_code"] == "31007"
    other = world.authenticate(card_token=token, cardholder_name="TARO YAMADA")
    assert "/3ds/" in world.browse(other).headers["Location"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"bill_address_line2": "　"}, "203"),
        ({"email_address": "taro..yamada@example.jp"}, "203"),
        ({"email_address": "taro.@example.jp"}, "203"),
        ({"home_phone_cc": "81"}, "203"),
        ({"bill_address_state": "13"}, "203"),
        ({"bill_address_country": "JP"}, "304"),
        ({"bill_address_country": "392", "bill_address_state": "48"}, "304"),
    ],
)
def test_fields_that_the_3d_secure_server_chokes_on(world: World, fields: dict[str, str], error: str) -> None:
    """They fail nothing: even a card that would be refused comes back as Attempt 注意."""
    back = query(world.browse(world.authenticate(REFUSED, **fields)))
    assert (back["result"], back["attempt_kbn"], back["3dsecure_server_error_code"]) == ("0", "1", error)


def test_good_personal_data_change_nothing(world: World) -> None:
    back = query(
        world.browse(
            world.authenticate(
                FRICTIONLESS,
                email_address="taro.yamada@example.co.jp",
                home_phone_cc="81",
                home_phone_subscriber="312345678",
                bill_address_country="392",
                bill_address_state="13",
                bill_address_city="渋谷区",
                bill_address_post_code="150-0041",
            )
        )
    )
    assert (back["attempt_kbn"], back["3dsecure_server_error_code"]) == ("", "")


# ---- the way back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "hc"),
    [
        (
            ("0", "11111111-1111-1111-1111-111111111111", "0", "test_1234567890123456789"),
            "e3f5400fb96b6ae955ac16f58cc81ba33e93f5ae35ec4a07bac6f0496c51bc43",
        ),
        (
            ("0", "7d8f2a10-5b6c-4d3e-9f01-23456789abcd", "", "3dskey_MADEUP_0001"),
            "f45b05380572daad9d2eae24b18a2e15527c5abb106a78ce28c42a087148cc25",
        ),
        (
            ("1", "7d8f2a10-5b6c-4d3e-9f01-23456789abcd", "", "3dskey_MADEUP_0001"),
            "0e6e099a0da1b2462ab41843f63a8775b33ca5bf7817443d2d8ebf0013f83217",
        ),
    ],
)
def test_worked_examples_of_the_hash(parts: tuple[str, str, str, str], hc: str) -> None:
    assert return_hash(*parts) == hc


def test_way_back_is_complete_and_signed(world: World) -> None:
    answer = world.authenticate("4980000000037610", term_url="http://shop.invalid/return?o=order%201#top")
    location = world.browse(answer).headers["Location"]
    assert location.startswith("http://shop.invalid/return?o=order%201&result=0&")
    assert location.endswith("#top")
    assert "acq_name=%E4%B8%89%E4%BA%95%E4%BD%8F%E5%8F%8B" in location  # UTF-8
    back = dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))
    assert back == {
        "o": "order 1",
        "result": "0",
        "attempt_kbn": "0",
        "hc": return_hash("0", answer["3ds_auth_id"], "0", DEMO.threeds_hash_key),
        "3dsecure_requestor_error_code": "",
        "3dsecure_server_error_code": "",
    } | {
        name: answer[name]
        for name in (
            *("3ds_auth_id", "card_brand", "issur_class", "acq_name", "acq_id", "issur_name", "issur_id"),
            *("fingerprint", "masked_card_number"),
        )
    }


def test_failure_comes_back_with_its_code(world: World) -> None:
    answer = world.authenticate(REFUSED)
    back = query(world.browse(answer))
    assert back["hc"] == return_hash("1", answer["3ds_auth_id"], "", DEMO.threeds_hash_key)
    assert (back["response_code"], back["response_detail"]) == ("31007", "3Dセキュア認証に失敗しました。")
    assert "attempt_kbn" not in back
    assert {"payment_id", "trading_id"}.isdisjoint(back)


def test_no_key_no_hash(world: World) -> None:
    world.control("paygent/merchants", threeds_hash_key="")
    assert "hc" not in query(world.browse(world.authenticate(FRICTIONLESS)))


def test_coming_again_repeats_the_result(world: World) -> None:
    answer = world.authenticate()
    first = world.choose(answer, "refused").headers["Location"]
    page = facts(world)["page"]
    again = [
        world.press(page, "authenticate"),  # the button after going back
        world.press(page, "abandon"),
        world.browse(answer),  # the shop's page once more
        requests.get(f"{world.url}{page}", allow_redirects=False),
    ]
    assert [response.headers["Location"] for response in again] == [first] * 4
    assert facts(world)["returns"] == 5


# ---- troubles of the way back --------------------------------------------------------------------


def test_nobody_comes_back(world: World, shop: Receiver) -> None:
    world.control("paygent/returns", mode="never")
    answer = world.authenticate(FRICTIONLESS, term_url=shop.url)
    assert world.browse(answer).status_code == 200
    assert (facts(world)["state"], shop.received) == ("pending", [])
    world.later(30 * MINUTE)
    world.eventually(lambda: len(shop.received) == 1)
    assert shop.received[0]["response_code"] == "31013"


def test_return_twice(world: World, shop: Receiver) -> None:
    world.control("paygent/returns", mode="twice")
    back = query(world.browse(world.authenticate(FRICTIONLESS, term_url=shop.url)))
    assert shop.received == [back]


def test_bent_hash(world: World) -> None:
    world.control("paygent/returns", mode="bent_hc")
    answer = world.authenticate(FRICTIONLESS)
    bent, good = query(world.browse(answer)), query(world.browse(answer))
    assert bent["hc"] != good["hc"] == return_hash("0", answer["3ds_auth_id"], "", DEMO.threeds_hash_key)
    assert bent | {"hc": ""} == good | {"hc": ""}


def test_bent_result_keeps_the_hash_of_the_true_one(world: World) -> None:
    world.control("paygent/returns", mode="bent_result")
    answer = world.authenticate()
    back = query(world.choose(answer, "refused"))
    assert (back["result"], back["attempt_kbn"]) == ("0", "")
    assert "response_code" not in back
    assert back["hc"] == return_hash("1", answer["3ds_auth_id"], "", DEMO.threeds_hash_key)
    assert facts(world)["response_code"] == "31007"


def test_return_without_hash(world: World) -> None:
    world.control("paygent/returns", mode="no_hc", times=2)
    answer = world.authenticate(FRICTIONLESS)
    assert ["hc" in query(world.browse(answer)) for _ in range(3)] == [False, False, True]


def test_troubles_are_listed_and_cleared(world: World) -> None:
    listed = world.control("paygent/returns", mode="bent_hc", times=None)
    assert [(trouble["mode"], trouble["times"]) for trouble in listed] == [("bent_hc", None)]
    assert world.control("paygent/returns", clear=True) == []
    assert requests.post(f"{world.url}/control/paygent/returns", json={"mode": "slow"}).status_code == 400
    world.page("/control/paygent/forms/returns", mode="never", times="2")
    assert requests.get(f"{world.url}/control/paygent/returns").json()[0]["times"] == 2
    world.page("/control/paygent/forms/returns/clear")
    assert requests.get(f"{world.url}/control/paygent/returns").json() == []


# ---- the time-out notice -------------------------------------------------------------------------


def test_time_out_is_told_after_half_an_hour(world: World, shop: Receiver) -> None:
    shop.reply = (302, b"")  # counts as received, and is not followed
    answer = world.authenticate(term_url=f"{shop.url}?o=1")
    world.later(29 * MINUTE)
    assert facts(world)["state"] == "pending"
    world.later(MINUTE)
    world.eventually(lambda: facts(world)["notice_acknowledged"])
    (told,) = shop.received
    assert (told["o"], told["result"], told["response_code"]) == ("1", "1", "31013")
    assert (told["response_detail"], told["3ds_auth_id"]) == ("認証タイムアウト", answer["3ds_auth_id"])
    assert told["fingerprint"] == told["masked_card_number"] == "XXXX"
    assert told["hc"] == return_hash("1", answer["3ds_auth_id"], "", DEMO.threeds_hash_key)
    assert facts(world)["state"] == "timed_out"
    # Whoever presses the button now gets the same.
    assert query(world.press(facts(world)["page"], "authenticate")) == told
    world.later(2 * HOUR)
    world.paygent.time_outs.send_due()
    assert len(shop.received) == 1


def told(world: World, times: int) -> bool:
    return bool(facts(world)["notices"] == times)


def test_time_out_is_repeated_three_times(world: World, shop: Receiver) -> None:
    shop.reply = (500, b"")
    world.authenticate(term_url=shop.url)
    world.later(30 * MINUTE)
    for sent in (1, 2, 3, 4):
        world.eventually(partial(told, world, sent))
        world.later(59 * MINUTE)
        world.paygent.time_outs.send_due()
        assert len(shop.received) == sent
        world.later(MINUTE)
    world.paygent.time_outs.send_due()
    assert (len(shop.received), facts(world)["notice_acknowledged"]) == (4, False)


def test_repetition_ends_when_the_shop_answers(world: World, shop: Receiver) -> None:
    shop.reply = (503, b"")
    world.authenticate(term_url=shop.url)
    world.later(30 * MINUTE)
    world.eventually(lambda: facts(world)["notices"] == 1)
    shop.reply = (200, b"anything")
    world.later(HOUR)
    world.eventually(lambda: facts(world)["notice_acknowledged"])
    world.later(HOUR)
    world.paygent.time_outs.send_due()
    assert len(shop.received) == 2


def test_no_time_out_after_a_result(world: World, shop: Receiver) -> None:
    world.choose(world.authenticate(term_url=shop.url), "authenticate")
    world.later(HOUR)
    world.paygent.time_outs.send_due()
    assert (facts(world)["state"], shop.received) == ("authenticated", [])


def test_time_out_can_be_told_early_and_twice(world: World, shop: Receiver) -> None:
    answer = world.authenticate(term_url=shop.url)
    told = world.control("paygent/timeouts", copies=2)
    assert told == {"auth_id": answer["3ds_auth_id"], "statuses": [200, 200]}
    assert [notice["response_code"] for notice in shop.received] == ["31013", "31013"]
    assert facts(world)["state"] == "timed_out"


def test_time_out_can_be_told_in_spite_of_a_result(world: World, shop: Receiver) -> None:
    answer = world.authenticate(FRICTIONLESS, term_url=shop.url)
    world.browse(answer)
    world.control("paygent/timeouts", auth_id=answer["3ds_auth_id"])
    (told,) = shop.received
    assert told["hc"] == return_hash("1", answer["3ds_auth_id"], "", DEMO.threeds_hash_key)
    assert facts(world)["state"] == "authenticated"
    assert requests.post(f"{world.url}/control/paygent/timeouts", json={"auth_id": "x"}).status_code == 400


def test_shop_that_is_down_is_called_again(world: World) -> None:
    world.authenticate(term_url="http://127.0.0.1:9/return")
    assert world.control("paygent/timeouts")["statuses"] == [None]
    assert facts(world)["notice_acknowledged"] is False


# ---- 020 after it --------------------------------------------------------------------------------


def test_payment_rests_on_an_authentication(world: World) -> None:
    auth_id, token = passed(world, ATTEMPT_0)
    answer = charge(world, auth_id, token)
    assert (answer["result"], answer["attempt_kbn"]) == ("0", "0")
    looked_up = world.ask("094", payment_id=answer["payment_id"])
    assert (looked_up["attempt_kbn"], looked_up["3dsecure_message_version"]) == ("0", "2.2.0")
    assert looked_up["3dsecure_ryaku"] == ""
    (payment,) = world.ledger("order1")["payments"]
    assert (payment["threeds_auth_id"], payment["attempt_kbn"]) == (auth_id, "0")
    assert (facts(world)["used_by"], facts(world)["state"]) == (answer["payment_id"], "authenticated")


def test_payment_without_an_authentication_shows_none(world: World) -> None:
    payment_id = world.authorise("order1")["payment_id"]
    looked_up = world.ask("094", payment_id=payment_id)
    assert looked_up["attempt_kbn"] == looked_up["3dsecure_message_version"] == ""
    assert looked_up["3dsecure_ryaku"] == "1"


def test_authentication_beside_its_omission(world: World) -> None:
    auth_id, token = passed(world)
    answer = charge(world, auth_id, token, **{"3dsecure_ryaku": "1"})
    assert world.ask("094", payment_id=answer["payment_id"])["3dsecure_message_version"] == "2.2.0"


def test_authentication_is_used_once(world: World) -> None:
    auth_id, token = passed(world)
    assert charge(world, auth_id, token)["result"] == "0"
    assert charge(world, auth_id, world.token(FRICTIONLESS)).code == "31010"
    assert len(world.ledger("order1")["payments"]) == 1


def test_refused_payment_uses_it_up_but_a_parameter_error_does_not(world: World) -> None:
    token = world.token("4980000000038261")
    answer = world.authenticate(card_token=token)
    world.choose(answer, "authenticate")
    assert charge(world, answer["3ds_auth_id"], token, payment_amount="0").code == "P014"
    assert facts(world)["used_by"] == ""
    assert charge(world, answer["3ds_auth_id"], token).code == "2001"
    assert charge(world, answer["3ds_auth_id"], token).code == "31010"


def test_repetition_of_the_same_payment_may_name_it_again(world: World) -> None:
    token = world.token("4980000000058244")
    answer = world.authenticate(card_token=token)
    world.choose(answer, "authenticate")
    refused = charge(world, answer["3ds_auth_id"], token)
    again = charge(world, answer["3ds_auth_id"], token, payment_id=refused["payment_id"])
    assert (refused.code, again.code) == ("2003", "2003")
    assert charge(world, answer["3ds_auth_id"], token).code == "31010"


@pytest.mark.parametrize(
    ("number", "browsed", "code"), [(FRICTIONLESS, False, "31007"), (REFUSED, True, "31007")]
)
def test_authentication_must_have_succeeded(world: World, number: str, browsed: bool, code: str) -> None:
    token = world.token(number)
    answer = world.authenticate(card_token=token)
    if browsed:
        world.browse(answer)
    assert charge(world, answer["3ds_auth_id"], token).code == code
    assert world.ledger()["payments"] == []


def test_timed_out_authentication_charges_nothing(world: World, shop: Receiver) -> None:
    token = world.token(FRICTIONLESS)
    answer = world.authenticate(card_token=token, term_url=shop.url)
    world.later(31 * MINUTE)
    assert charge(world, answer["3ds_auth_id"], token).code == "31007"


def test_authentication_must_fit(world: World) -> None:
    auth_id, token = passed(world, site_id="A1")
    assert charge(world, auth_id, token).code == "31011"
    assert charge(world, auth_id, world.token(), site_id="A1").code == "P010"
    world.control("paygent/merchants", merchant_id="200002")
    foreign = charge(world, auth_id, token, site_id="A1", merchant_id="200002")
    assert foreign.code == "31011"
    another_token_of_the_card = world.token(FRICTIONLESS)
    assert charge(world, auth_id, another_token_of_the_card, site_id="A1")["result"] == "0"


def test_merchant_can_demand_3d_secure(world: World) -> None:
    world.authorise("earlier")
    world.control("paygent/merchants", threeds_required=True)
    assert world.authorise("order1").code == "P010"
    assert world.authorise("order2", card_token="", ref_trading_id="earlier")["result"] == "0"
    auth_id, token = passed(world)
    assert charge(world, auth_id, token)["result"] == "0"


def test_without_contract_no_authentication_counts(world: World) -> None:
    auth_id, token = passed(world)
    world.control("paygent/merchants", threeds=False)
    assert charge(world, auth_id, token).code == "P063"


@pytest.mark.parametrize(
    ("control", "number", "code"),
    [
        ("", ATTEMPT_1, ""),
        ("low", ATTEMPT_1, ""),
        ("medium", ATTEMPT_0, ""),
        ("medium", ATTEMPT_1, "2015"),
        ("high", ATTEMPT_0, "2015"),
        ("high", FRICTIONLESS, ""),
    ],
)
def test_attempt_control_of_the_provider(world: World, control: str, number: str, code: str) -> None:
    world.control("paygent/merchants", attempt_control=control)
    auth_id, token = passed(world, number)
    assert charge(world, auth_id, token).code == code
    assert world.status("order1") == ("11" if code else "20")


def test_attempt_control_knows_its_values(world: World) -> None:
    misused = requests.post(f"{world.url}/control/paygent/merchants", json={"attempt_control": "extreme"})
    assert misused.status_code == 400


# ---- faults, books, pages ------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["before", "after"])
def test_answer_of_450_lost(world: World, phase: str) -> None:
    world.control("faults", kind="450", mode="reset", phase=phase)
    with pytest.raises(requests.ConnectionError):
        world.authenticate()
    assert len(world.ledger()["authentications"]) == (phase == "after")


def test_answers_of_450_spoiled(world: World) -> None:
    def spoiled(mode: str, **more: Any) -> requests.Response:
        world.control("faults", kind="450", mode=mode, phase="after", **more)
        return world.send_authentication()

    assert world.read(spoiled("code", code="31001")).code == "31001"
    assert world.read(spoiled("slow", seconds=0.1))["result"] == "0"
    assert world.read(spoiled("stall", seconds=0.1))["result"] == "0"
    assert b"result=" not in spoiled("garbage").content
    assert spoiled("http_500").status_code == 500
    assert "ﾋﾞｻﾞ".encode("cp932") in spoiled("wrong_charset").content
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        spoiled("half")


def test_authentications_are_on_record(world: World) -> None:
    answer = world.authenticate(trading_id="order7", site_id="B2", payment_amount="777")
    world.authenticate(trading_id="order8")
    (found,) = world.ledger("order7")["authentications"]
    page = found.pop("page")
    assert found.pop("created_at")
    assert found == {
        "auth_id": answer["3ds_auth_id"],
        "trading_id": "order7",
        "merchant_id": DEMO.merchant_id,
        "site_id": "B2",
        "state": "pending",
        "result": "",
        "attempt_kbn": "",
        "response_code": "",
        "amount": 777,
        "brand": "VISA",
        "masked_card_number": "************1111",
        "finished_at": "",
        "used_by": "",
        "returns": 0,
        "notices": 0,
        "notice_acknowledged": False,
    }
    world.restart()
    (again,) = world.ledger("order7")["authentications"]
    assert again["page"] == page
    assert query(world.press(page, "authenticate"))["result"] == "0"


def test_pages_about_3d_secure(world: World, shop: Receiver) -> None:
    start = requests.get(world.url).text
    assert all(card.number in start for card in TEST_CARDS if card.threeds_plan or card.threeds_answer.code)
    assert all(f'<option value="{mode}">' in start for mode in TROUBLES)
    assert "本人認証の申込みはありません" in requests.get(f"{world.url}/console/paygent/authentications").text

    answer = world.authenticate(term_url=shop.url)
    listed = requests.get(f"{world.url}/console/paygent/authentications").text
    assert answer["3ds_auth_id"] in listed
    assert "認証中" in listed
    after = world.page(f"/console/paygent/authentications/{answer['3ds_auth_id']}/time-out").text
    assert "時間切れ 31013" in after
    assert [told["response_code"] for told in shop.received] == ["31013"]


def test_all_ends_of_3d_secure_have_a_card() -> None:
    plans = {card.threeds_plan for card in TEST_CARDS if card.threeds_plan}
    assert plans == {"success", "attempt_0", "attempt_1", "refused", "error_page"}
    assert {card.threeds_answer.code for card in TEST_CARDS} == {"", "31001", "31003", "31012"}
