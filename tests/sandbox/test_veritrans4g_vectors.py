"""The vendor's own requests against the simulator: its signatures hold as they are, and answers have at least the fields
that the recorded ones have."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from providers.veritrans4g.demo import VeriTrans4GMerchantKeys
from providers.veritrans4g.simulator.pushes import push_body, signature
from providers.veritrans4g.simulator.records import Merchant
from providers.veritrans4g.simulator.returns import encode_names, sign
from tests.sandbox.veritrans4g_world import Answer, VeriTransWorld

FOLDER = Path(__file__).parents[1] / "wire" / "veritrans4g" / "vectors"
SERVICES = ("card", "mpi", "search", "account", "cardinfo")


def load(pattern: str) -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob(pattern))}


OPERATIONS = {
    name: vector
    for name, vector in load("op_*.json").items()
    if vector["request"]["path"].rsplit("/", 1)[1] in SERVICES and "master" not in name
}
PUSHES, RETURNS = load("verify_push_*.json"), load("verify_return_*.json")


def merchant_of(vector: dict[str, Any]) -> VeriTrans4GMerchantKeys:
    inputs = vector["inputs"]
    return VeriTrans4GMerchantKeys(
        inputs["merchant_ccid"], inputs["merchant_secret_key"], "7a7a7a7a-0000-4000-8000-000000000001"
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


def register(world: VeriTransWorld, keys: VeriTrans4GMerchantKeys) -> None:
    fields: dict[str, Any] = {"merchant_key": keys.merchant_key, "token_api_key": keys.token_api_key}
    world.control("merchants", merchant_ccid=keys.merchant_ccid, **fields)


@pytest.mark.parametrize("name", OPERATIONS)
def test_requests_as_they_were_sent(world: VeriTransWorld, name: str) -> None:
    """The body byte by byte: path, encoding and signature are in order, whatever the books then say."""
    vector = OPERATIONS[name]
    sent = vector["request"]
    address = f"{world.base}{sent['path']}"
    header = {"Content-Type": "application/x-www-form-urlencoded"}
    stranger = Answer(requests.post(address, data=sent["body"], headers=header, timeout=10))
    assert stranger.outcome == ("failure", "NZ02")
    register(world, merchant_of(vector))
    answer = Answer(requests.post(address, data=sent["body"], headers=header, timeout=10))
    assert not answer.code.startswith(("NZ0", "NZ1"))
    plain = Answer(requests.post(address, data=vector["decoded"]["body"].encode(), timeout=10))
    assert not plain.code.startswith(("NZ0", "NZ1"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_answers_have_the_fields_of_the_recorded_ones(world: VeriTransWorld, name: str) -> None:
    vector = OPERATIONS[name]
    keys = merchant_of(vector)
    register(world, keys)
    path = vector["request"]["path"]
    kind = "/".join(path.split("/")[-2:])
    params = {key: value for key, value in vector["decoded"]["json"]["params"].items()
              if key not in ("txnVersion", "dummyRequest", "merchantCcid")}  # fmt: skip
    prepare(world, keys, kind, name, params)
    if vector["server_reply"]["status"] != "200 OK":
        world.fault(kind, "http_500")
        assert world.send(kind, params, merchant=keys).status_code == 500
        return
    answer = world.ask(kind, params, merchant=keys)
    recorded = json.loads(vector["server_reply"]["body"])
    assert answer["mstatus"] == recorded["result"]["mstatus"], answer
    assert missing(recorded["result"], answer) == []
    if "cardInfo" not in str(recorded["payNowIdResponse"]):
        assert missing(recorded["payNowIdResponse"], answer.paynowid) == []
        return
    account = answer.paynowid["account"]
    first = recorded["payNowIdResponse"]["account"]["cardInfo"][0]
    assert missing(first, account["cardInfo"][0]) == []


def missing(recorded: Any, answered: Any, place: str = "") -> list[str]:
    """Fields of the recorded answer that ours does not have, or has as something else."""
    if isinstance(recorded, dict):
        if not isinstance(answered, dict):
            return [place]
        return [
            lack
            for name, value in recorded.items()
            for lack in (missing(value, answered[name], f"{place}.{name}") if name in answered else [f"{place}.{name}"])
        ]
    if isinstance(recorded, list):
        return missing(recorded[0], answered[0], place) if answered else [place]
    return [] if type(recorded) is type(answered) else [place]


def prepare(
    world: VeriTransWorld, keys: VeriTrans4GMerchantKeys, kind: str, name: str, params: dict[str, Any]
) -> None:
    """Makes what the request takes for granted: its token, the member and cards, the order it is about."""
    number = "4980000000058202" if "declined" in name else "4111111111111111"

    def token() -> str:
        return world.token(number, token_api_key=keys.token_api_key)

    def ask(kind: str, sent: dict[str, Any]) -> Answer:
        answer = world.ask(kind, sent, merchant=keys)
        assert answer["mstatus"] == "success", answer
        return answer

    member = params.get("payNowIdParam", {})
    account = member.get("accountParam", {})
    if account and kind != "Add/account" and "register" not in name:
        ask("Add/account", world.member(account["accountId"]))
        if kind != "Add/cardinfo":
            cards = [
                ask("Add/cardinfo", world.member(account["accountId"], token=token())).paynowid["account"]["cardInfo"][0]
                for _ in range(2)
            ]
            named = account.get("cardParam", {})
            if "cardId" in named:
                named["cardId"] = cards[1]["cardId"]
            if "defaultCardId" in named:
                named["defaultCardId"] = cards[0]["cardId"]
    for owner in (member, account.get("cardParam", {})):
        if "token" in owner:
            owner["token"] = token()
    order_id = params.get("originalOrderId") or params.get("orderId") or ""
    if kind == "Search/search":
        order_id = params["searchParameters"]["common"]["orderId"]
    payment = {"payNowIdParam": {"token": token()}, "orderId": order_id, "amount": "1980"}
    if kind in ("Capture/card", "Cancel/card", "ReAuthorize/card", "Search/search"):
        ask("Authorize/card", payment)
    if kind == "GetResult/mpi":
        world.choose(ask("Authorize/mpi", payment | {"serviceOptionType": "mpi-complete", "redirectionUri": "http://shop.invalid/"}))


# An empty body is refused whatever its signature; the simulator sends none.
@pytest.mark.parametrize("name", sorted(PUSHES.keys() - {"verify_push_body_empty"}))
def test_signatures_of_pushes(name: str) -> None:
    """Our signature is in the header exactly where the vendor's check says yes to it."""
    inputs = PUSHES[name]["inputs"]
    keys = merchant_of(PUSHES[name])
    merchant = Merchant(keys.merchant_ccid, keys.merchant_key, "")
    ours = signature(merchant, inputs["raw_body"].encode())
    genuine = PUSHES[name]["verdict"]["checkMessage"] is True
    assert (inputs["content-hmac"] or "").partition(";v=")[2].startswith(ours) == genuine


def test_body_of_a_push() -> None:
    vector = PUSHES["verify_push_mpi_valid"]["inputs"]["raw_body"]
    record = {
        "orderId": "SHOP1-3DS-0001", "vResultCode": "G011A00100000000", "txnType": "VerifyNotify", "mpiMstatus": "success",
        "cardMstatus": "success", "dummy": "1",
    }  # fmt: skip
    at = 1795256100.0  # 2026-11-21 19:15 in Japan
    assert push_body([record], at, 12345).decode() == vector


@pytest.mark.parametrize("name", [name for name in RETURNS if RETURNS[name]["verdict"]["checkAuthHash"] is True])
def test_signatures_of_returns(name: str) -> None:
    params = RETURNS[name]["inputs"]["params"]
    keys = merchant_of(RETURNS[name])
    merchant = Merchant(keys.merchant_ccid, keys.merchant_key, "")
    listed = base64.b64decode(params["authParams"].translate(str.maketrans("*-_", "=/+"))).decode().split(",")
    assert sign(merchant, [params[field] for field in listed]) == params["vAuthInfo"]
    if "plain_base64" not in name:
        assert encode_names(listed) == params["authParams"]


def test_worked_example_of_a_return() -> None:
    listed = ["RequestId", "OrderId", "mpiMstatus", "cardMstatus", "vResultCode"]
    values = ["Zx0kq1rTVEAAA@SK0000001", "shop-20260401-0001", "success", "success", "G011A00100000000"]
    keys = Merchant(
        "A100000000000000007777cc", "5f2c9d1e8b7a46f3a0c4d2e9b6781135c0ffee00d15ea5e0b16b00b5feedface", ""
    )
    assert encode_names(listed) == "UmVxdWVzdElkLE9yZGVySWQsbXBpTXN0YXR1cyxjYXJkTXN0YXR1cyx2UmVzdWx0Q29kZQ**"
    assert sign(keys, values) == "66d8e441dffac30954f6942a935e054dbc403a8d5fcb0e1f175ce8effaec3fa8"
