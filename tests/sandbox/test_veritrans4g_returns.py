"""How results of 3-D Secure reach the shop from the VeriTrans4G simulator: returns and pushes, genuine and spoiled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict

import pytest
import requests

from providers.sandbox.practice import State
from providers.veritrans4g.demo import DEMO_MERCHANT, DEMO_RESONA
from providers.veritrans4g.simulator.records import Push
from tests.sandbox.veritrans4g_world import (
    DECLINED,
    ERROR_PAGE,
    FAILED,
    NEEDED,
    Answer,
    Shop,
    VeriTransWorld,
    matches,
    names,
    push_matches,
)  # fmt: skip

CCID = DEMO_MERCHANT.merchant_ccid


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VeriTransWorld]:
    world = VeriTransWorld(tmp_path_factory.mktemp("veritrans4g"))
    yield world
    world.close()


@pytest.fixture
def world(running: VeriTransWorld) -> VeriTransWorld:
    running.fresh()
    return running


@pytest.fixture
def shop(world: VeriTransWorld) -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


# ---- the way back --------------------------------------------------------------------------------


def test_coming_again_changes_nothing(world: VeriTransWorld, shop: Shop) -> None:
    began = world.begin(pushUrl=shop.url)
    first = world.returned(world.choose(began, "refused"))
    assert world.returned(world.choose(began, "authenticate")) == first
    assert world.returned(world.browse(began)) == first
    assert world.state(began["orderId"]) == State.REFUSED
    world.eventually(lambda: world.simulator.books().busy == 0)
    assert len(shop.received) == 1


def test_leaving_and_coming_back(world: VeriTransWorld) -> None:
    began = world.begin()
    left = world.choose(began, "abandon")
    assert "本人認証の画面に戻る" in left.text
    assert world.state(began["orderId"]) == State.PENDING
    world.choose(began)
    assert world.state(began["orderId"]) == State.AUTHORIZED
    assert world.choose(world.begin(), "nonsense").status_code == 400


@pytest.mark.parametrize(("link", "more"), [("0", False), ("1", True), ("2", False), ("", True)])
def test_how_much_the_return_tells(world: VeriTransWorld, link: str, more: bool) -> None:
    page = world.choose(world.begin(order_id="l1", verifyResultLink=link))
    if link == "2":
        assert page.status_code == 303
        assert page.headers["Location"].startswith("http://shop.invalid/return?RequestId=")
        return
    _, fields = world.returned(page)
    assert (set(fields) > {"RequestId", "OrderId"}) == more
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "<button>お店に戻る</button>" in page.text


def test_registered_addresses(world: VeriTransWorld, shop: Shop) -> None:
    world.control("merchants", redirect_url="http://registered.invalid/r")
    world.simulator.register(shop.url)
    address, _ = world.returned(world.choose(world.begin(redirectionUri="")))
    assert address == "http://registered.invalid/r"
    world.eventually(lambda: len(shop.received) == 1)
    world.control("merchants", redirect_url="")
    assert "お店には戻れません" in world.choose(world.begin(redirectionUri="")).text


def test_time_out(world: VeriTransWorld, shop: Shop) -> None:
    began = world.begin(ERROR_PAGE, pushUrl=shop.url, verifyTimeout="15")
    assert "エラーが発生しました" in world.browse(began).text
    world.later(14 * 60)
    assert world.state(began["orderId"]) == State.PENDING
    world.later(61)
    assert world.state(began["orderId"]) == State.REFUSED
    result = world.result(began["orderId"])
    assert (result["mpiMstatus"], result["cardMstatus"], result["mpiVresultCode"]) == ("failure", "", "G083000000000000")
    world.eventually(lambda: len(shop.received) == 1)
    assert shop.fields()["mpiMstatus0000"] == "failure"
    late = world.begin(pushUrl=shop.url, verifyTimeout="1")
    world.later(61)
    _, fields = world.returned(world.choose(late))
    assert fields["mpiMstatus"] == "failure"


def test_without_a_limit_the_buyer_may_take_days(world: VeriTransWorld) -> None:
    began = world.begin(verifyTimeout="")
    world.later(3 * 86_400)
    world.choose(began)
    assert world.state(began["orderId"]) == State.AUTHORIZED


@pytest.mark.parametrize(
    ("mode", "number", "genuine", "believed"),
    [
        ("bent_hash", "", False, ("success", "success")),
        ("bent_amount", "", False, ("success", "success")),
        ("shifted", "", True, ("success", "success")),
        ("relabelled", DECLINED, True, ("failure", "success")),
        ("relabelled", FAILED, True, ("success", "success")),
        ("dropped_name", DECLINED, True, ("success", "success")),
        ("dropped_name", FAILED, True, ("success", "success")),
    ],
)
def test_spoiled_returns(
    world: VeriTransWorld, mode: str, number: str, genuine: bool, believed: tuple[str, str]
) -> None:
    world.control("returns", mode=mode)
    began = world.begin(*[number] * bool(number))
    page = world.browse(began) if number == FAILED else world.choose(began)
    _, fields = world.returned(page)
    assert matches(fields) is genuine
    assert (fields["mpiMstatus"], fields["cardMstatus"]) == believed
    if mode == "shifted":
        assert fields["reqAmount"] == "19804"
    if mode == "dropped_name":
        assert "x" in names(fields)
    if number:
        assert world.state(began["orderId"]) == State.REFUSED
    # Used up: the next one is genuine.
    _, fields = world.returned(world.browse(began))
    assert matches(fields)
    assert set(NEEDED) <= set(names(fields))


def test_returns_that_miss_or_repeat(world: VeriTransWorld, shop: Shop) -> None:
    world.control("returns", mode="no_authparams")
    _, fields = world.returned(world.choose(world.begin()))
    assert "authParams" not in fields
    world.control("returns", mode="never")
    began = world.begin(order_id="nv")
    assert "お店には戻れません" in world.choose(began).text
    assert world.result("nv")["cardMstatus"] == "success"
    world.control("returns", mode="twice")
    _, fields = world.returned(world.choose(world.begin(redirectionUri=shop.url)))
    assert len(shop.received) == 1
    assert shop.fields() == fields
    world.control("returns", mode="twice")
    page = world.choose(world.begin(redirectionUri=f"{shop.url}?a=b", verifyResultLink="2"))
    assert page.headers["Location"] == f"{shop.url}?{shop.received[-1][0].decode()}"


def test_replayed_return(world: VeriTransWorld) -> None:
    world.control("returns", mode="replayed", times=2)
    _, own = world.returned(world.choose(world.begin(order_id="first")))
    assert own["OrderId"] == "first"
    _, fields = world.returned(world.choose(world.begin(DECLINED, "second")))
    assert (fields["OrderId"], fields["cardMstatus"]) == ("first", "success")
    assert matches(fields)


@pytest.mark.parametrize("switch", ["returns", "pushes"])
def test_trouble_switches(world: VeriTransWorld, switch: str) -> None:
    world.control(switch, 400, mode="nonsense")
    mode = {"returns": "never", "pushes": "no_header"}[switch]
    assert len(world.control(switch, mode=mode, times=3)) == 1
    assert requests.get(f"{world.url}/control/veritrans4g/{switch}", timeout=10).json()[0]["times"] == 3
    assert world.control(switch, clear=True) == []


# ---- pushes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["wrong_key", "tampered", "other_merchant", "no_header", "unsigned_v_only"])
def test_spoiled_pushes(world: VeriTransWorld, shop: Shop, mode: str) -> None:
    shop.status = 500
    world.control("pushes", mode=mode)
    world.choose(world.begin(pushUrl=shop.url))
    world.eventually(lambda: len(shop.received) >= 1)
    shop.status = 200
    body, header = shop.received[0]
    assert push_matches(body, header) == (mode == "other_merchant")
    if mode == "other_merchant":
        assert f"s={CCID};" not in str(header)
    if mode == "tampered":
        assert b"mpiMstatus0000=failure" in body
    # Not acknowledged: the genuine one follows.
    world.eventually(lambda: push_matches(*shop.received[-1]) and world.simulator.books().busy == 0)
    assert f"s={CCID};" in str(shop.received[-1][1])
    assert shop.fields()["mpiMstatus0000"] == "success"


def test_several_records_in_one(world: VeriTransWorld, shop: Shop) -> None:
    ids = []
    for count in range(3):
        if count == 2:
            world.control("pushes", mode="multi")
        began = world.begin(pushUrl=shop.url)
        ids.append(began["orderId"])
        world.choose(began)
        world.eventually(lambda: len(shop.received) == len(ids))
    fields = shop.fields()
    assert fields["numberOfNotify"] == "3"
    assert [fields[f"orderId000{place}"] for place in range(3)] == ids
    assert push_matches(*shop.received[-1])


def test_pushes_are_repeated_until_taken(world: VeriTransWorld, shop: Shop) -> None:
    shop.status = 500
    world.choose(world.begin(pushUrl=shop.url))
    world.eventually(lambda: len(shop.received) >= 3)
    assert world.simulator.books().busy == 1
    shop.status = 200
    world.eventually(lambda: world.simulator.books().busy == 0)
    (push,) = world.simulator.ledger.all(Push)
    assert push.acknowledged
    assert len({shop.fields(place)["pushId"] for place in range(len(shop.received))}) == len(shop.received)


def test_held_doubled_and_reordered(world: VeriTransWorld, shop: Shop) -> None:
    world.simulator.set_notices({"mode": "hold", "duplicate": 1, "reorder": True})
    ids = []
    for _ in range(2):
        began = world.begin(pushUrl=shop.url)
        ids.append(began["orderId"])
        world.choose(began)
    time.sleep(0.3)
    assert shop.received == []
    assert world.simulator.books().busy == 0
    world.simulator.set_notices({"release": True})
    world.eventually(lambda: len(shop.received) == 4)
    assert [shop.fields(place)["orderId0000"] for place in (0, 1)] == ids[::-1]
    with pytest.raises(ValueError):
        world.simulator.set_notices({"mode": "nonsense"})


def test_push_before_the_browser(world: VeriTransWorld, shop: Shop) -> None:
    world.simulator.set_notices({"mode": "before_answer"})
    world.choose(world.begin(pushUrl=shop.url))
    assert len(shop.received) == 1


def test_push_long_after_the_browser(world: VeriTransWorld, shop: Shop) -> None:
    world.simulator.set_notices({"delay": 0.4})
    world.choose(world.begin(pushUrl=shop.url))
    assert shop.received == []
    world.eventually(lambda: len(shop.received) == 1)


def test_renewed_key_signs_from_then_on(world: VeriTransWorld, shop: Shop) -> None:
    began = world.begin(pushUrl=shop.url)
    world.control("merchants", merchant_key="cd" * 32)
    _, fields = world.returned(world.choose(began))
    assert matches(fields, key="cd" * 32)
    world.eventually(lambda: len(shop.received) == 1)
    assert push_matches(*shop.received[0], key="cd" * 32)


def test_resona(world: VeriTransWorld, shop: Shop) -> None:
    token = world.token(token_api_key=DEMO_RESONA.token_api_key)
    params = {
        "payNowIdParam": {"token": token}, "serviceOptionType": "mpi-company", "orderId": "rs1", "amount": "30000", "jpo": "61C03",
        "withCapture": "true", "redirectionUri": "https://shop.example.jp/r", "pushUrl": shop.url, "deviceChannel": "02",
    }  # fmt: skip
    began: Answer = world.ask("Authorize/mpi", params, merchant=DEMO_RESONA)
    _, fields = world.returned(world.choose(began))
    assert matches(fields, *list(asdict(DEMO_RESONA).values())[:2])
    world.eventually(lambda: len(shop.received) == 1)
    assert f"s={DEMO_RESONA.merchant_ccid};" in str(shop.received[0][1])
    (booked,) = world.simulator.books().payments
    assert (booked.merchant, booked.state, booked.amount_yen) == (DEMO_RESONA.merchant_ccid, State.CAPTURED, 30000)
    assert booked.history == (State.PENDING, State.CAPTURED)
