"""編集モード: one row at a time, totals and stock at once, the payment only by 取引更新, and nobody overwrites a colleague."""

import itertools
import threading

import pytest
import requests
from flask import Flask

from shop.catalogue.models import Product, Variant
from shop.orders.models import Order
from shop.payments.models import Payment
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.world import Simulator
from tests.web.counter import (
    CUP,
    CUP_YEN,
    SHIPPING_YEN,
    TEA,
    TEA_YEN,
    Desk,
    at_console,
    box,
    buttons,
    change,
    heard,
    number_of,
    stock,
)

TOTAL = TEA_YEN + CUP_YEN + SHIPPING_YEN
CUP_LINE, TEA_LINE = "line1", "line2"
POINTS, DISCOUNT, SHIPPING, FEE, COOL = AMOUNTS = ("points_yen", "discount_yen", "shipping_yen", "fee_yen", "cool_yen")


@pytest.fixture
def number(shopper: Buyer) -> str:
    """A card order of one cup (10 %) and one tea (8 %), authorised."""
    shopper.put_into_cart(CUP)
    return number_of(buy(shopper.shop_url, TEA, buyer=shopper))


def value(page: Page, name: str) -> str:
    """What the first control of this name holds."""
    return next(each["value"] for each in page.find("input", name=name))


class Editor:
    """編集モード of one order in one browser window."""

    def __init__(self, desk: Desk, number: str) -> None:
        self.desk, self.number = desk, number
        self.open()

    def open(self) -> Page:
        self.page = self.desk.page(f"/admin/orders/{self.number}/edit")
        return self.page

    def press(self, row: str, **typed: object) -> requests.Response:
        """Type into a row and press its 「変更」, from the page as this window shows it."""
        token = self.page.form("/admin/logout").fields["csrf_token"]
        shown = {name: value(self.page, name) for name in ("version", "seen")}
        fields = {f"{row}-{name}": str(value) for name, value in typed.items()}
        form = {"csrf_token": token, "row": row} | shown | self._kept(row) | fields
        return self.desk.session.post(f"{self.desk.shop_url}/admin/orders/{self.number}/edit", data=form)

    def save(self, row: str, **typed: object) -> Page:
        answer = self.press(row, **typed)
        assert answer.status_code == 200, answer.text
        self.page = Page(answer.text)
        return self.page

    def _kept(self, row: str) -> dict[str, str]:
        """What stands in the row's other fields."""
        inputs = self.page.find("input", form=f"form-{row}")
        return {each["name"]: each.get("value", "") for each in inputs}


@pytest.fixture
def editor(number: str, desk: Desk) -> Editor:
    return Editor(desk, number)


def sums(page: Page) -> dict[str, int]:
    """小計 … (8%対象) as the page says them."""
    words = page.text.split()
    labels = ("小計", "ポイント", "値引き", "送料", "手数料", "クール料金", "合計", "(10%対象)", "(8%対象)")
    found: dict[str, int] = {}
    for before, after in itertools.pairwise(words):
        if before in labels and after.endswith("円"):
            found.setdefault(before, int(after.rstrip("円").replace(",", "")))
    return found


def history(page: Page) -> str:
    return page.text[page.text.index("変更履歴") :]


@pytest.mark.req("R-173", "R-174", "R-282")
@pytest.mark.parametrize(
    ("row", "typed", "expected"),
    [
        (TEA_LINE, {"unit_yen": 1000}, {"小計": 4300, "合計": 4900, "(10%対象)": 3900, "(8%対象)": 1000}),
        (TEA_LINE, {"quantity": 3}, {"小計": 6216, "合計": 6816, "(10%対象)": 3900, "(8%対象)": 2916}),
        (CUP_LINE, {"unit_yen": 0}, {"小計": 972, "合計": 1572, "(10%対象)": 600, "(8%対象)": 972}),
        (SHIPPING, {"yen": 0}, {"送料": 0, "合計": 4272, "(10%対象)": 3300, "(8%対象)": 972}),
        (FEE, {"yen": 330}, {"手数料": 330, "合計": 5202, "(10%対象)": 4230, "(8%対象)": 972}),
        (FEE, {"yen": "９９，９９９，９９９円"}, {"手数料": 99_999_999, "合計": 100_004_871}),
        (POINTS, {"yen": 1}, {"ポイント": -1, "合計": 4871, "(10%対象)": 3899, "(8%対象)": 972}),
        (POINTS, {"yen": 4872}, {"ポイント": -4872, "合計": 0, "(10%対象)": 0, "(8%対象)": 0}),
    ],
    ids=["price", "quantity", "free", "shipping", "fee", "highest", "points", "all"],
)
def test_a_row_is_saved_and_everything_recomputed(
    row: str, typed: dict[str, object], expected: dict[str, int], editor: Editor, desk: Desk
) -> None:
    for page in (editor.save(row, **typed), desk.order(editor.number)):
        found = sums(page)
        assert {name: found[name] for name in expected} == expected
        assert found["(10%対象)"] + found["(8%対象)"] == found["合計"]
        assert sum(found[name] for name in ("小計", "ポイント", "値引き", "送料", "手数料", "クール料金")) == found["合計"]


@pytest.mark.req("R-282")
def test_both_rates_stand_on_an_order_of_one(shopper: Buyer, desk: Desk) -> None:
    """(8%対象) 0円, as the shop guide's 受注明細 shows it – there and while editing, on no page for buyers."""
    done = buy(shopper.shop_url, CUP, buyer=shopper)
    assert "8%対象" not in done.page.text
    number = number_of(done)
    for page in (desk.order(number), Editor(desk, number).page):
        assert (sums(page)["(10%対象)"], sums(page)["(8%対象)"]) == (CUP_YEN + SHIPPING_YEN, 0)


@pytest.mark.req("R-281")
def test_reduced_lines_are_marked_while_editing_too(editor: Editor, desk: Desk) -> None:
    for page in (editor.page, editor.save(TEA_LINE, quantity=2), desk.order(editor.number)):
        assert "茎ほうじ茶 ※" in page.text
        assert "※は軽減税率（8%）対象です。" in page.text
        assert "湯のみ ※" not in page.text


@pytest.mark.req("R-173")
def test_one_row_is_saved_and_the_others_are_not(editor: Editor) -> None:
    editor.press(TEA_LINE, unit_yen=1000)
    token = editor.open().form("/admin/logout").fields["csrf_token"]
    form = {"csrf_token": token, "row": TEA_LINE, "version": value(editor.page, "version"), "seen": "1",
            "line2-unit_yen": "1100", "line2-quantity": "1", "line1-unit_yen": "1", "shipping_yen-yen": "1"}  # fmt: skip
    editor.desk.session.post(f"{editor.desk.shop_url}/admin/orders/{editor.number}/edit", data=form)
    assert sums(editor.open())["合計"] == CUP_YEN + 1100 + SHIPPING_YEN
    back = next(link["href"] for link in editor.page.find("a") if link["href"] == f"/admin/orders/{editor.number}")
    assert back


@pytest.mark.req("R-180", "R-179")
def test_the_history_names_who_and_from_what_to_what(editor: Editor, desk: Desk) -> None:
    editor.save(TEA_LINE, unit_yen=1000, quantity=2)
    editor.save(SHIPPING, yen=500)
    told = history(desk.order(editor.number))
    assert f"注文番号：{editor.number}(1) 受注商品変更 T-002 単価 972円 → 1,000円、T-002 数量 1 → 2、合計 4,872円 → 5,900円 owner" in told
    assert "送料 600円 → 500円、合計 5,900円 → 5,800円 owner" in told


@pytest.mark.req("R-173", "R-063", "R-282")
def test_deductions_and_the_cool_fee_reach_whoever_looks(shopper: Buyer, desk: Desk, simulator: Simulator) -> None:
    """Editor, 受注明細 and its box, 変更履歴, the buyer's page – and after 取引更新 the provider."""
    shopper.put_into_cart(CUP)
    purchase = buy(shopper.shop_url, TEA, buyer=shopper)
    assert not [word for word in ("ポイント", "値引き", "クール料金") if word in purchase.page.text]
    number = number_of(purchase)
    editor = Editor(desk, number)
    assert [row["value"] for row in editor.page.find("input", name="row")] == [CUP_LINE, TEA_LINE, *AMOUNTS]
    assert editor.page.text.count("合計から引きます") == 2
    for row, yen in ((POINTS, 500), (DISCOUNT, 300), (COOL, 220)):
        editor.save(row, yen=yen)
    page = desk.order(number)
    for found in (sums(page), sums(editor.page)):
        assert found == {
            "小計": 4272, "ポイント": -500, "値引き": -300, "送料": 600, "手数料": 0, "クール料金": 220, "合計": 4292,
            "(10%対象)": 3473, "(8%対象)": 819,
        }  # fmt: skip
    told = history(page)
    assert "受注商品変更 ポイント 0円 → 500円、合計 4,872円 → 4,372円 owner" in told
    assert "受注商品変更 値引き 0円 → 300円、合計 4,372円 → 4,072円 owner" in told
    assert "受注商品変更 クール料金 0円 → 220円、合計 4,072円 → 4,292円 owner" in told
    assert (box(page), buttons(page)) == ("red-2", {"cancel": True, "update": True, "capture": False})
    seen = Page(shopper.get(purchase.path).text).text
    assert "小計 4,272円 ポイント -500円 値引き -300円 送料 600円 手数料 0円 クール料金 220円 支払総額 税込 4,292円" in seen
    assert box(desk.press(number, "update")) == "yellow-1"
    assert simulator.payments()[-1]["amount"] == 4292


@pytest.mark.req("R-173")
def test_no_more_is_deducted_than_there_is(editor: Editor, demo_app: Flask) -> None:
    def refused(row: str, name: str, yen: int) -> str:
        answer = editor.press(row, **{name: yen})
        page = Page(answer.text)
        assert answer.status_code == 422
        field = next(each for each in page.find("input") if each.get("name") == f"{row}-{name}")
        assert (field["value"], field["aria-invalid"]) == (str(yen), "true")
        assert field["aria-describedby"] == f"{row}-{name}-error"
        assert len([each for each in page.find("input") if each.get("aria-invalid") == "true"]) == 1
        assert sums(page) == sums(editor.open())
        return page.text

    assert "合計が0円を下回ります。4,872円まで差し引けます。" in refused(POINTS, "yen", TOTAL + 1)
    editor.save(DISCOUNT, yen=4000)
    assert "合計が0円を下回ります。872円まで差し引けます。" in refused(POINTS, "yen", 873)
    assert "合計が0円を下回ります。4,872円まで差し引けます。" in refused(DISCOUNT, "yen", 5000)
    assert stock(demo_app)[CUP][1] == 1
    editor.save(CUP_LINE, unit_yen=1650, quantity=2)
    for name, less in (("quantity", 1), ("unit_yen", 0)):
        assert "合計が0円を下回ります。先にクーポン、ポイント、値引きのどれかを減らしてください。" in refused(CUP_LINE, name, less)
    assert stock(demo_app)[CUP][1] == 2
    editor.save(POINTS, yen=872)
    assert "先にクーポン、ポイント、値引きのどれかを減らしてください。" in refused(SHIPPING, "yen", 599)
    assert sums(editor.open())["合計"] == 0


def test_saving_what_stands_already_changes_and_tells_nothing(editor: Editor, desk: Desk) -> None:
    before = history(desk.order(editor.number))
    assert "変更はありません。" in editor.save(TEA_LINE, quantity=1).text
    assert history(desk.order(editor.number)) == before


# ---- stock ----


@pytest.mark.req("R-174", "R-292")
def test_the_difference_is_taken_and_returned_at_once(editor: Editor, demo_app: Flask) -> None:
    on_hand, allocated, held = stock(demo_app)[TEA]
    editor.save(TEA_LINE, quantity=4)
    assert stock(demo_app)[TEA] == (on_hand, allocated + 3, held)
    editor.save(TEA_LINE, quantity=2)
    assert stock(demo_app)[TEA] == (on_hand, allocated + 1, held)
    editor.desk.submit(*[f"/admin/orders/{editor.number}/move/cancelled"] * 2)
    assert stock(demo_app)[TEA] == (on_hand, allocated - 1, held)


@pytest.mark.req("R-173", "R-165")
def test_no_more_than_there_is(editor: Editor, demo_app: Flask) -> None:
    change(demo_app, Variant.on_hand, 3, code=TEA)
    answer = editor.press(TEA_LINE, quantity=4)
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "在庫が足りません。あと2点まで増やせます。" in page.text
    assert value(page, "line2-quantity") == "4"
    assert stock(demo_app)[TEA] == (3, 1, 0)
    assert sums(page)["合計"] == TOTAL
    editor.save(TEA_LINE, quantity=3)
    assert stock(demo_app)[TEA] == (3, 3, 0)


def test_goods_no_longer_sold_can_still_be_added_by_staff(editor: Editor, demo_app: Flask) -> None:
    change(demo_app, Product.published, False)
    editor.save(TEA_LINE, quantity=2)


# ---- bad input ----


@pytest.mark.one_database
@pytest.mark.req("R-173")
@pytest.mark.parametrize(("row", "name"), [(TEA_LINE, "unit_yen"), (TEA_LINE, "quantity"), *((amount, "yen") for amount in AMOUNTS)])
def test_bad_input_stays_beside_its_field(row: str, name: str, editor: Editor) -> None:
    for typed in ("", "-1", "1.5", "abc", "100000000", "１２３４５６７８９", "1 000", "0x10", "٣"):
        answer = editor.press(row, **{name: typed})
        page = Page(answer.text)
        assert answer.status_code == 422, typed
        field = next(each for each in page.find("input") if each.get("name") == f"{row}-{name}")
        assert (field["value"], field["aria-invalid"]) == (typed, "true")
        assert field["aria-describedby"] == f"{row}-{name}-error"
        assert f"{1 if name == 'quantity' else 0}から99999999までの数字で入力してください。" in page.text
        assert sums(page)["合計"] == TOTAL


def test_a_quantity_of_zero_is_no_quantity(editor: Editor) -> None:
    assert editor.press(TEA_LINE, quantity=0).status_code == 422


def test_nonsense_saves_nothing(editor: Editor) -> None:
    token = editor.page.form("/admin/logout").fields["csrf_token"]
    for form in ({"row": "line99"}, {"row": ""}, {"row": "total_yen"}, {"version": "x"}, {"version": "-1"}):
        fields = {"csrf_token": token, "row": SHIPPING, "version": "1", "seen": "1", "shipping_yen-yen": "1"} | form
        answer = editor.desk.session.post(f"{editor.desk.shop_url}/admin/orders/{editor.number}/edit", data=fields)
        assert answer.status_code in (400, 404), form
        assert sums(editor.open())["合計"] == TOTAL


def test_only_open_orders_are_edited(editor: Editor, demo_app: Flask) -> None:
    for filed in ("completed", "cancelled"):
        change(demo_app, Order.filed, filed)
        assert "編集モードは、受注一覧にある受注だけで使えます。" in Page(editor.press(SHIPPING, yen=1).text).text
        answer = editor.desk.get(f"/admin/orders/{editor.number}/edit")
        assert answer.url.endswith(f"/admin/orders/{editor.number}")
        assert sums(editor.desk.order(editor.number))["合計"] == TOTAL
        assert "編集モード" not in editor.desk.order(editor.number).text


# ---- two of us ----


@pytest.mark.req("T-107")
def test_the_second_of_two_editors_is_told_what_the_first_one_did(editor: Editor, number: str) -> None:
    other = Editor(Desk(editor.desk.shop_url), number)
    editor.save(TEA_LINE, unit_yen=1000)
    answer = other.press(SHIPPING, yen=500)
    page = Page(answer.text)
    assert answer.status_code == 409
    assert "保存していません" in page.text
    assert "owner 注文番号" in page.text
    assert "T-002 単価 972円 → 1,000円" in page.text
    assert value(page, "shipping_yen-yen") == "500"
    assert sums(page) == sums(editor.open())
    other.page = page
    assert sums(other.save(SHIPPING, yen=500))["合計"] == CUP_YEN + 1000 + 500


@pytest.mark.req("T-107")
def test_parallel_edits_of_one_version_are_one(editor: Editor, number: str) -> None:
    editors = [editor, *(Editor(Desk(editor.desk.shop_url), number) for _ in range(2))]
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda e=e, yen=yen: codes.append(e.press(FEE, yen=yen).status_code))
        for yen, e in enumerate(editors, start=100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [200, 409, 409]


# ---- the payment ----


@pytest.mark.req("R-063", "R-064", "R-188")
def test_edit_update_capture(editor: Editor, desk: Desk, simulator: Simulator) -> None:
    editor.save(TEA_LINE, quantity=2)
    page = desk.order(editor.number)
    assert (box(page), buttons(page)) == ("red-2", {"cancel": True, "update": True, "capture": False})
    for sentence in (
        "ペイジェント側の金額情報と差異があります(ペイジェント側の金額情報：4,872円)。",
        "ペイジェントへ金額変更内容を送信してください。 それ以外の操作をされた方はこちら",
        "ペイジェント管理画面で金額変更をされた場合は、「編集モード」で受注の金額をペイジェント側の金額に合わせてください。",
    ):
        assert sentence in page.text
    asked = desk.page(f"/admin/orders/{editor.number}/payment/update")
    assert "与信を4,872円から5,844円に更新します" in asked.text
    page = desk.press(editor.number, "update")
    assert "与信を5,844円に更新しました。" in page.text
    assert (box(page), buttons(page)) == ("yellow-1", {"cancel": True, "update": False, "capture": True})
    old, new = simulator.payments()
    assert [(old["status"], old["amount"]), (new["status"], new["amount"])] == [("32", 4872), ("20", 5844)]
    assert f"取引ID {new['trading_id']}" in page.text
    assert "取引更新 4,872円 → 5,844円 完了 owner" in history(page)
    assert editor.number in Page(desk.submit("/admin/orders", "/admin/orders", reference=old["trading_id"]).text).text
    page = desk.press(editor.number, "capture")
    assert box(page) == "yellow-2"
    assert [payment["status"] for payment in simulator.payments()] == ["32", "40"]


@pytest.mark.req("R-065", "R-185")
def test_a_difference_made_on_the_console_is_met_by_editing(
    editor: Editor, desk: Desk, demo_app: Flask, simulator: Simulator
) -> None:
    at_console(simulator, "amount", amount="4772")
    page = heard(desk, demo_app, editor.number)
    assert box(page) == "red-2"
    assert "決済会社側での金額変更を確認しました。" in page.text
    assert "金額変更（決済代行会社側の操作） 4,872円 → 4,772円 完了" in history(page)
    editor.save(SHIPPING, yen=500)
    page = desk.order(editor.number)
    assert (box(page), buttons(page)) == ("yellow-1", {"cancel": True, "update": False, "capture": True})
    assert simulator.ledger()["telegrams"]["020"] == 1


@pytest.mark.req("R-066", "R-067")
def test_losing_3d_secure_is_confirmed_and_written_down(editor: Editor, desk: Desk, demo_app: Flask) -> None:
    change(demo_app, Payment.three_ds, True)
    answer = editor.press(SHIPPING, yen=700)
    page = Page(answer.text)
    assert answer.status_code == 422
    assert "3Dセキュアの保護がなくなります" in page.text
    assert "チャージバックの対象となることがあります。" in page.text
    assert "合計は4,872円から4,972円になります。まだ変更していません。" in page.text
    assert sums(desk.order(editor.number))["合計"] == TOTAL
    confirm = next(form for form in page.forms if form.fields.get("aware") == "1")
    desk.session.post(desk.shop_url + confirm.action, data=confirm.fields)
    page = desk.order(editor.number)
    assert sums(page)["合計"] == TOTAL + 100
    assert "合計 4,872円 → 4,972円、3Dセキュアの保護がなくなることを確認 owner" in history(page)
    assert (box(page), buttons(page)) == ("red-3", {"cancel": True, "update": False, "capture": False})
    editor.open()
    assert "3Dセキュアの保護がなくなります" not in editor.save(SHIPPING, yen=600).text, "what was authenticated covers it again"
    assert box(desk.order(editor.number)) == "yellow-1"


@pytest.mark.req("R-067")
def test_only_another_total_of_money_that_stands_needs_a_warning(editor: Editor, desk: Desk, demo_app: Flask) -> None:
    """One piece of 972円 becomes two of 486円: nothing is lost, and nothing was confirmed."""
    change(demo_app, Payment.three_ds, True)
    page = editor.save(TEA_LINE, unit_yen=TEA_YEN // 2, quantity=2)
    assert "変更しました。" in page.text
    assert "3Dセキュアの保護がなくなる" not in page.text + history(desk.order(editor.number))
    assert sums(page)["合計"] == TOTAL
    assert editor.press(TEA_LINE, unit_yen=TEA_YEN // 2 + 1).status_code == 422
    change(demo_app, Payment.status, "voided")
    editor.save(SHIPPING, yen=700)


@pytest.mark.req("R-068")
def test_an_edit_after_the_capture(editor: Editor, desk: Desk) -> None:
    desk.press(editor.number, "capture")
    editor.save(SHIPPING, yen=700)
    page = desk.order(editor.number)
    assert (box(page), buttons(page)) == ("red-4", {"cancel": True, "update": False, "capture": False})
    editor.save(SHIPPING, yen=600)
    assert box(desk.order(editor.number)) == "yellow-2"


def test_an_order_without_a_provider_is_edited_as_well(shopper: Buyer, desk: Desk) -> None:
    editor = Editor(desk, number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper)))
    assert sums(editor.save(FEE, yen=0))["合計"] == TEA_YEN + SHIPPING_YEN
