"""受注一覧, 受注完了一覧 and 受注キャンセル一覧: moving an order asks first, is written down, moves goods and never money."""

import itertools
import re
from collections import Counter
from collections.abc import Callable

import pytest
import requests
from flask import Flask

from shop.catalogue.models import Variant
from shop.core.db import write
from shop.members.models import MemberSettings
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import SHIPPING_YEN, TEA, TEA_YEN, Desk, box, buttons, change, count, number_of, stock

LISTS = ("open", "completed", "cancelled")
TITLES = {"open": "受注明細", "completed": "受注完了明細", "cancelled": "受注キャンセル明細"}
MOVES = {"open": "受注一覧へ移動", "completed": "受注完了一覧へ移動", "cancelled": "受注キャンセル一覧へ移動"}


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order of two pieces of tea, authorised."""
    shopper.put_into_cart(TEA)
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


def move(desk: Desk, number: str, target: str) -> Page:
    """The button on 受注明細 and, on the page that asks, the button that does it."""
    path = f"/admin/orders/{number}/move/{target}"
    return Page(desk.submit(path, path).text)


def titled(page: Page, number: str, filed: str) -> bool:
    """受注明細, 受注完了明細 or 受注キャンセル明細 – in the window's title and as heading."""
    return page.text.count(f"{TITLES[filed]} {number}") == 1 and f"{number} {TITLES[filed]}" in page.text


def history(page: Page) -> str:
    return page.text[page.text.index("変更履歴") :]


#: Every way from one list to another, as one walk.
WALK = ("completed", "cancelled", "open", "cancelled", "completed", "open")


@pytest.mark.req("R-207", "R-209", "R-210")
def test_every_way_between_the_lists(number: str, desk: Desk) -> None:
    told: Counter[str] = Counter()
    for here, there in itertools.pairwise(("open", *WALK)):
        page = desk.order(number)
        offered = [link["href"] for link in page.find("a", class_="btn") if "/move/" in link["href"]]
        assert titled(page, number, here)
        assert offered == [f"/admin/orders/{number}/move/{each}" for each in LISTS if each != here]
        assert desk.get(f"/admin/orders/{number}/move/{here}").status_code == 404
        page = move(desk, number, there)
        told[there] += 1
        assert titled(page, number, there)
        assert history(page).count(f"注文番号：{number}(1) {MOVES[there]} owner") == told[there]
        for filed in LISTS:
            assert (number in desk.page(f"/admin/orders?list={filed}").text) == (filed == there)


@pytest.mark.req("R-210")
def test_moving_asks_first(number: str, desk: Desk) -> None:
    page = desk.page(f"/admin/orders/{number}/move/cancelled")
    assert "受注一覧から受注キャンセル一覧へ移します" in page.text
    assert "決済は取り消されません。" in page.text
    assert "受注処理中" in desk.order(number).text


@pytest.mark.req("R-190")
def test_moving_never_touches_the_payment(number: str, desk: Desk, simulator: Simulator) -> None:
    for filed in ("cancelled", "completed", "open"):
        page = move(desk, number, filed)
        assert (box(page), buttons(page)) == ("yellow-1", {"cancel": True, "update": False, "capture": True})
    assert [payment["status"] for payment in simulator.payments()] == ["20"]
    desk.press(number, "cancel")
    assert titled(desk.order(number), number, "open")


@pytest.mark.req("R-292")
def test_cancelling_returns_the_goods_once_and_the_way_back_takes_them_again(
    number: str, desk: Desk, demo_app: Flask
) -> None:
    on_hand, allocated, held = stock(demo_app)[TEA]
    stale = desk.page(f"/admin/orders/{number}/move/cancelled").form(f"/admin/orders/{number}/move/cancelled")
    move(desk, number, "cancelled")
    assert stock(demo_app)[TEA] == (on_hand, allocated - 2, held)
    again = desk.session.post(f"{desk.shop_url}/admin/orders/{number}/move/cancelled", data=stale.fields)
    assert "すでに別の一覧にあります" in Page(again.text).text
    assert stock(demo_app)[TEA] == (on_hand, allocated - 2, held)
    move(desk, number, "completed")
    assert stock(demo_app)[TEA] == (on_hand, allocated, held)
    move(desk, number, "open")
    assert stock(demo_app)[TEA] == (on_hand, allocated, held)


@pytest.mark.req("R-292", "R-210")
def test_without_its_goods_an_order_does_not_come_back(number: str, desk: Desk, demo_app: Flask) -> None:
    move(desk, number, "cancelled")
    change(demo_app, Variant.on_hand, 1, code=TEA)
    page = move(desk, number, "open")
    assert re.search("在庫が足りないため移動していません：.*茎ほうじ茶", page.text)
    assert titled(page, number, "cancelled")
    assert stock(demo_app)[TEA] == (1, 0, 0)
    change(demo_app, Variant.on_hand, 2, code=TEA)
    assert titled(move(desk, number, "open"), number, "open")
    assert stock(demo_app)[TEA] == (2, 2, 0)


@pytest.mark.req("R-181")
def test_the_memo_is_written_in_every_list(number: str, desk: Desk, demo_app: Flask) -> None:
    for times, filed in enumerate(LISTS, start=1):
        change(demo_app, Order.filed, filed)
        desk.submit(f"/admin/orders/{number}", f"/admin/orders/{number}/memo", memo=f"のし紙 {filed}")
        assert f"のし紙 {filed}" in desk.get(f"/admin/orders/{number}").text
        assert history(desk.order(number)).count("メモ変更 owner") == times


def test_nonsense_moves_nothing(number: str, desk: Desk) -> None:
    for target in ("trash", "OPEN", "１"):
        assert desk.get(f"/admin/orders/{number}/move/{target}").status_code == 404
    token = desk.order(number).form("/admin/logout").fields["csrf_token"]
    for seen in ("", "completed", "x"):
        form = {"csrf_token": token, "seen": seen}
        desk.session.post(f"{desk.shop_url}/admin/orders/{number}/move/cancelled", data=form)
    assert titled(desk.order(number), number, "open")


# ---- the box on top of every list ----

SENTENCES = {
    ("authorized", "open"): "「売上確定」を押下し、売上確定処理を行ってください。キャンセルの場合には、「キャンセル」を押下してください。",
    ("authorized", "completed"): "売上確定処理が未完了の場合には、ペイジェントから精算されません。",
    ("authorized", "cancelled"): "「キャンセル」を押下して決済のキャンセルを行ってください。",
    ("captured", "open"): "お取引完了後、受注完了処理を行ってください。",
    ("captured", "completed"): "お取引に必要な作業が全て完了している正常な状態です。",
    ("captured", "cancelled"): "このままの状態だと注文者に請求があがってしまいます。",
    ("voided", "open"): "受注キャンセル処理を行ってください。",
    ("voided", "completed"): "キャンセルした受注なのに完了一覧にあるというちぐはぐの状態です。",
    ("voided", "cancelled"): "お取引自体がキャンセルされている正常な状態です。ショップ様での作業はありません。",
}  # fmt: skip
WARNINGS = {("authorized", "completed"), ("captured", "cancelled"), ("voided", "completed")}

#: Status × amounts differ × 3-D Secure → box and buttons (parts B2 and G).
C, U, S = "cancel", "update", "capture"
BOXES = {
    ("authorized", False, False): ("yellow-1", {C: True, U: False, S: True}),
    ("authorized", False, True): ("yellow-1", {C: True, U: False, S: True}),
    ("authorized", True, False): ("red-2", {C: True, U: True, S: False}),
    ("authorized", True, True): ("red-3", {C: True, U: False, S: False}),
    ("captured", False, False): ("yellow-2", {C: True, U: False, S: False}),
    ("captured", False, True): ("yellow-2", {C: True, U: False, S: False}),
    ("captured", True, False): ("red-4", {C: True, U: False, S: False}),
    ("captured", True, True): ("red-4", {C: True, U: False, S: False}),
    **{("voided", differs, three_ds): ("yellow-3", {}) for differs in (False, True) for three_ds in (False, True)},
    **{("unreadable", differs, three_ds): ("red-1", {}) for differs in (False, True) for three_ds in (False, True)},
}
VERBS = {"022", "021", "023", "020"}
TOTAL, OTHER_TOTAL = 2 * TEA_YEN + SHIPPING_YEN, 2000


@pytest.fixture
def reach(number: str, desk: Desk, demo_app: Flask) -> Callable[[str], None]:
    """Brings the one order's payment into a state."""

    def bring(status: str) -> None:
        if status == "captured":
            desk.press(number, "capture")
        elif status == "voided":
            desk.press(number, "cancel")
        elif status == "unreadable":
            change(demo_app, Payment.remote_problem, "configuration:P002")

    return bring


@pytest.mark.req("R-183")
@pytest.mark.parametrize("status", ["authorized", "captured", "voided"])
def test_what_to_do_in_each_list(
    status: str, reach: Callable[[str], None], number: str, desk: Desk, demo_app: Flask
) -> None:
    reach(status)
    for filed in LISTS:
        change(demo_app, Order.filed, filed)
        words = desk.order(number).text
        said = {key for key, sentence in SENTENCES.items() if sentence in words}
        assert said == {(status, filed)}
        assert ("注意" in words) == ((status, filed) in WARNINGS)


@pytest.mark.one_database
@pytest.mark.req("R-182", "R-066", "R-068")
@pytest.mark.parametrize("status", ["authorized", "captured", "voided", "unreadable"])
@pytest.mark.parametrize("each", [pytest.param(False, id="lists in turn"), pytest.param(True, id="each list", marks=pytest.mark.evidence)])
def test_every_box_and_the_press_behind_it(
    status: str, each: bool, reach: Callable[[str], None], number: str, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    reach(status)
    before = _moved(simulator)
    looks = list(itertools.product((False, True), (False, True)))
    for (differs, three_ds), filed in itertools.product(looks, LISTS) if each else zip(looks, itertools.cycle(LISTS)):
        change(demo_app, Order.total_yen, OTHER_TOTAL if differs else TOTAL)
        change(demo_app, Payment.three_ds, three_ds)
        change(demo_app, Order.filed, filed)
        page = desk.order(number)
        name, drawn = BOXES[status, differs, three_ds]
        assert (box(page), buttons(page)) == (name, drawn), (differs, three_ds, filed)
        assert page.text.index("決済状況") < page.text.index("受注商品")
        assert ("※本受注は3Dセキュア認証が実施されました。" in page.text) == three_ds
        # Once: with the line about 3-D Secure, or by itself where the shop guide has it.
        refers = three_ds or name in ("yellow-2", "yellow-3", "red-2", "red-1")
        assert page.text.count("詳細はペイジェント管理画面にてご確認ください") == refers + (three_ds and name == "red-1")
        for verb, amount in itertools.product((S, U, C), (TOTAL, OTHER_TOTAL)):
            if not drawn.get(verb):
                _force(desk, page, number, verb, amount)
                assert _moved(simulator) == before, (differs, three_ds, filed, verb, amount)
        assert box(desk.order(number)) == name


def _moved(simulator: Simulator) -> int:
    return sum(count for kind, count in simulator.ledger()["telegrams"].items() if kind in VERBS)


def _force(desk: Desk, page: Page, number: str, verb: str, amount: int) -> requests.Response:
    """Post the button's form although ``page``, 受注明細, does not offer it."""
    token = page.form("/admin/logout").fields["csrf_token"]
    form = {"csrf_token": token, "amount_yen": str(amount)}
    return desk.session.post(f"{desk.shop_url}/admin/orders/{number}/payment/{verb}", data=form)


@pytest.mark.req("R-272")
def test_a_provisional_member_is_marked_in_the_list_until_the_order_is_completed(
    shopper: Buyer, desk: Desk, demo_app: Flask
) -> None:
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(timing="completed"))
    shopper.put_into_cart(TEA)
    number = number_of(shopper.place(shopper.confirm(CASH, register_member="y", login_id="hanako", new_password="tsuki-no-wa-9")))
    listed = desk.get("/admin/orders").text
    assert '<strong class="provisional">(ID仮登録)</strong>' in listed
    assert "氏名/会員ID" in listed
    assert "仮登録は取り消され" in desk.page(f"/admin/orders/{number}/move/cancelled").text
    assert "仮登録は本登録になります。購入者へメールでお知らせします。" in desk.page(f"/admin/orders/{number}/move/completed").text
    move(desk, number, "completed")
    assert "受注完了一覧へ移動（会員の仮登録を本登録に変更）" in desk.page(f"/admin/orders/{number}").text
    assert "仮登録は取り消され" not in desk.page(f"/admin/orders/{number}/move/cancelled").text
    completed = desk.page("/admin/orders?list=completed").text
    assert "(ID仮登録)" not in completed
    assert "hanako" in completed


@pytest.mark.one_database
@pytest.mark.req("U-065", "R-209")
def test_who_pays_at_the_door_is_told_once_that_the_order_is_cancelled(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    """No provider's button could say it. Staff may say nothing."""
    told, silent = (number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper)) for _ in range(2))
    where = f"/admin/orders/{silent}/move/cancelled"
    form = desk.page(where).form(where).fields
    assert form.pop("tell_buyer") == "1"
    desk.session.post(desk.shop_url + where, data=form)
    move(desk, told, "cancelled")
    run_jobs(demo_app, "outbox")
    subjects = [str(mail["Subject"]) for mail in mails(demo_app) if "キャンセル" in str(mail["Subject"])]
    assert subjects == [f"【つきのわ商店】ご注文をキャンセルしました（{told}）"]
    assert "受注キャンセルをメールで購入者にお知らせ" in move(desk, told, "open").text
    assert "購入者へのメールは送りません。" in desk.page(f"/admin/orders/{told}/move/cancelled").text
    move(desk, told, "cancelled")
    assert count(demo_app, OutboxMail, kind="order_cancelled") == 1
