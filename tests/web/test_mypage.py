"""マイページ as a member's browser meets it: tiles, own data, address book, orders, and nobody else's."""

import re

import pytest
import requests
from flask import Flask
from sqlalchemy import delete, insert, select

from shop.catalogue.models import Product, Variant
from shop.core import shopinfo
from shop.core.db import Base, db, write
from shop.core.runtime import now
from shop.delivery.models import DeliveryPayment
from shop.members import models
from shop.members.models import MemberAddress, MemberEvent, MemberSettings
from shop.orders.models import Order, OrderHistory, OrderLine
from shop.outbox.models import OutboxMail
from shop.payments.models import Payment, PaymentMethod, PaymentOperation
from tests.support.buying import CASH, Buyer, buy
from tests.support.members import Member, letters, other, subjects
from tests.support.pages import Page
from tests.support.shop import count_statements
from tests.web.counter import CUP, TEA, Desk, change, count, number_of, path_of

#: Pages and sentences; what they store is tried on both databases in ``tests/domain/test_own_things.py``.
pytestmark = pytest.mark.one_database

#: All of features A, S12, in its order; ログアウト, the last of them, is a deed and so a button.
TILES = [
    "会員情報変更", "会員ID変更", "注文状況・履歴", "お届け先リスト", "定期購入", "ご登録カード管理", "操作履歴", "ショップTOPへ",
    "カートの中身", "退会", "マイページTOP",
]  # fmt: skip
PLACE = {
    "name": "山田 みのり", "phone": "０２６０-００-００００", "postal_code": "390-0811", "prefecture": "長野県", "address1": "松本市中央2-3-4",
}  # fmt: skip


@pytest.fixture
def member(hanako: Member) -> Member:
    """Logged in."""
    hanako.log_in()
    return hanako


def page(member: Buyer, path: str) -> Page:
    answer = member.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Page(answer.text)


def said(answer: requests.Response) -> str:
    return Page(answer.text).text


def tiles(member: Member) -> list[str]:
    return re.findall(r'class="tile-name">([^<]+)<', member.get("/mypage").text)


# ---- マイページTOP ----


@pytest.mark.req("T-054")
def test_no_address_names_a_subscription(demo_app: Flask) -> None:
    """There is none yet: whoever brings the first one brings a member who asks for another's."""
    rules = [rule for rule in demo_app.url_map.iter_rules() if "subscription" in rule.rule]
    assert [(rule.rule, rule.arguments) for rule in rules] == [("/mypage/subscriptions", set())]


@pytest.mark.req("R-275")
def test_the_top_greets_and_shows_the_tiles_of_the_shop_guide(member: Member) -> None:
    top = page(member, "/mypage")
    assert "ようこそ 山田 花子 (hanako) 様" in top.text
    assert tiles(member) == TILES
    assert "ご登録済みのお届け先リストのご確認が行なえます。" in top.text
    assert top.form("/logout").method == "post"
    for link in top.find("a", class_="tile"):
        assert member.get(link["href"]).status_code == 200, link
    nothing = page(member, "/mypage/subscriptions")
    assert "定期購入のお申し込みはありません。" in nothing.text
    assert any(nothing.find("a", href="/products", class_="button button-main"))


@pytest.mark.req("R-141")
def test_the_card_tile_is_there_exactly_while_a_method_that_keeps_cards_is_set_up(member: Member, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        session.execute(delete(DeliveryPayment))
    assert "ご登録カード管理" in tiles(member), "[×] for every courier"
    change(demo_app, PaymentMethod.configured, False, kind="card")
    assert "ご登録カード管理" not in tiles(member)
    change(demo_app, PaymentMethod.configured, True, kind="card")
    assert "ご登録カード管理" in tiles(member)
    change(demo_app, PaymentMethod.removed_at, now_of(demo_app), kind="card")
    assert "ご登録カード管理" not in tiles(member), "リストから削除"


def now_of(app: Flask) -> object:
    with app.app_context():
        return now()


@pytest.mark.req("R-277")
@pytest.mark.parametrize(("setting", "tile"), [("may_change_login", "会員ID変更"), ("may_leave", "退会")])
def test_what_the_shop_forbids_has_no_tile(member: Member, demo_app: Flask, setting: str, tile: str) -> None:
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(**{setting: False}))
    assert tiles(member) == [each for each in TILES if each != tile]


@pytest.mark.req("R-277")
def test_a_forbidden_change_of_password_is_not_offered(member: Member, demo_app: Flask) -> None:
    assert "パスワード変更" in page(member, "/mypage/profile").text
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(may_change_password=False))
    assert "パスワード変更" not in page(member, "/mypage/profile").text


# ---- 会員情報変更 ----


@pytest.mark.req("T-047")
def test_the_profile_is_changed_and_the_member_told(member: Member, demo_app: Flask) -> None:
    fields = member.submit_form("/mypage/profile", "/mypage/profile")
    assert (fields["buyer_name"], fields["address1"]) == ("山田 花子", "千代田区千代田1-1")
    assert fields["postal_code"] == "100-0001", "as it is written"
    wrong = member.submit("/mypage/profile", buyer_name="髙橋 𠮷江", phone="12", buyer_kana="たかはし よしえ")
    assert wrong.status_code == 422
    again = Page(wrong.text).form("/mypage/profile").fields
    assert (again["buyer_name"], again["postal_code"]) == ("髙橋 𠮷江", "100-0001"), "what was typed stays"
    assert count(demo_app, models.Member, name="山田 花子") == 1
    done = member.submit("/mypage/profile", buyer_name="髙橋 𠮷江", phone="０９０-１２３４-５６７８", buyer_kana="たかはし よしえ")
    assert path_of(done) == "/mypage"
    assert "会員情報を変更しました。" in said(done)
    assert "ようこそ 髙橋 𠮷江 (hanako) 様" in said(done)
    assert count(demo_app, models.Member, name="髙橋 𠮷江", kana="タカハシ ヨシエ", phone="09012345678") == 1
    assert "会員情報が変更されました" in subjects(demo_app, member.email)[-1]
    assert "𠮷江" in letters(demo_app, member.email)[-1]
    member.submit("/mypage/profile")
    assert len(subjects(demo_app, member.email)) == 1, "nothing changed, nothing said"


@pytest.mark.req("U-012", "U-006")
def test_a_field_is_judged_alone_and_a_postal_code_looked_up(member: Member, demo_app: Flask) -> None:
    token = member.token()
    for path in ("/mypage/profile/check", "/mypage/addresses/check"):
        verdict = member.post(path, {"csrf_token": token, "phone": "012"}).json()
        assert list(verdict) == ["phone"]
        assert "いまは3桁" in verdict["phone"]["error"]
    typed = {"lookup": "postal_code", "postal_code": "390-0811", "prefecture": "", "address1": ""}
    for path in ("/mypage/profile", "/mypage/addresses"):
        shown = member.post(path, {"csrf_token": token} | typed)
        assert Page(shown.text).form(path).fields["address1"] == "松本市中央"
    assert count(demo_app, MemberAddress) == 0


# ---- お届け先リスト ----


@pytest.mark.req("T-047")
def test_the_address_book_from_empty_to_empty(member: Member, demo_app: Flask) -> None:
    assert "お届け先はまだ登録されていません。" in page(member, "/mypage/addresses").text
    refused = member.submit("/mypage/addresses/new", "/mypage/addresses", **PLACE | {"address1": ""})
    assert refused.status_code == 422
    assert "市区町村・番地を入力してください。" in said(refused)
    added = member.submit("/mypage/addresses/new", "/mypage/addresses", **PLACE)
    assert "お届け先を追加しました。" in said(added)
    assert "山田 みのり 様 〒390-0811 長野県松本市中央2-3-4 0260-00-0000" in said(added)
    path = f"/mypage/addresses/{address_id(demo_app)}"
    changed = member.submit(path, name="山田 みのる")
    assert "山田 みのる" in said(changed)
    member.submit(path)
    told = [subject for subject in subjects(demo_app, member.email) if "お届け先リストが変更されました" in subject]
    assert len(told) == 2, "what was added, what was changed; the same again is no change"
    assert "みのる" not in letters(demo_app, member.email)[-1]
    asked = page(member, f"{path}/remove")
    assert "よろしいですか" in asked.text
    assert list(asked.find("button", class_="button button-grave"))
    gone = member.submit(f"{path}/remove")
    assert "お届け先を削除しました。" in said(gone)
    assert "お届け先はまだ登録されていません。" in said(gone)
    assert member.get(path).status_code == 404
    events = page(member, "/mypage/history").text
    for text in ("お届け先の追加", "お届け先の変更", "お届け先の削除"):
        assert text in events


def address_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(MemberAddress.id).order_by(MemberAddress.id.desc())).first() or 0


def test_the_address_book_ends_at_twenty(member: Member, demo_app: Flask) -> None:
    form = member.submit_form("/mypage/addresses/new", "/mypage/addresses") | PLACE
    for _ in range(20):
        member.post("/mypage/addresses", form)
    full = page(member, "/mypage/addresses").text
    assert "お届け先は20件まで登録できます（いま20件）。" in full
    assert "お届け先を追加する" not in full
    assert "使わないお届け先を削除してください。" in said(member.post("/mypage/addresses", form))
    assert count(demo_app, MemberAddress) == 20


@pytest.mark.req("T-051", "R-278")
def test_nobody_reads_or_changes_another_s_address(member: Member, demo_app: Flask) -> None:
    member.submit("/mypage/addresses/new", "/mypage/addresses", **PLACE)
    path = f"/mypage/addresses/{address_id(demo_app)}"
    taro = other(member.shop_url, demo_app)
    taro.log_in()
    form = {"csrf_token": taro.token()} | PLACE | {"name": "佐藤"}
    assert [taro.get(each).status_code for each in (path, f"{path}/remove")] == [404, 404]
    assert [taro.post(each, form).status_code for each in (path, f"{path}/remove")] == [404, 404]
    assert taro.post(path, form | {"lookup": "postal_code"}).status_code == 404
    assert "みのり" not in taro.get("/mypage/addresses").text
    assert count(demo_app, MemberAddress, name="山田 みのり", member_id=member.member_id) == 1


# ---- 注文状況・履歴 ----


def public_id(app: Flask) -> str:
    with app.app_context():
        return db.session.scalars(select(Order.public_id).order_by(Order.id.desc())).first() or ""


def test_an_order_is_listed_and_shown_in_full(member: Member, demo_app: Flask) -> None:
    assert "ご注文はまだありません。" in page(member, "/mypage/orders").text
    number = number_of(buy(member.shop_url, TEA, quantity=2, buyer=member, note="玄関先へ"))
    listed = page(member, "/mypage/orders").text
    assert number in listed
    assert "受付済み" in listed
    assert "2,544円" in listed
    shown = page(member, f"/mypage/orders/{public_id(demo_app)}").text
    for text in (
        number, "カードのご利用枠を確保しています。発送時に請求が確定します。", "2 × 972円", "小計 1,944円", "送料 600円", "支払総額",
        "(10%対象) 600円", "(8%対象) 1,944円", "山田 花子 様", "〒100-0001 東京都千代田区千代田1-1", "03-1234-5678", "宅配便", "玄関先へ", "もう一度注文する",
    ):  # fmt: skip
        assert text in shown, text


@pytest.mark.req("U-035")
@pytest.mark.parametrize(
    ("status", "filed", "words"),
    [
        ("captured", "completed", ("お支払いが完了しました。", "手続き完了")),
        ("voided", "cancelled", ("取り消されました。請求はありません。", "キャンセル")),
        ("refunded", "cancelled", ("返金されました。", "キャンセル")),
        ("expired", "open", ("期限が切れました。請求はありません。", "受付済み")),
        ("authorized", "cancelled", ("お支払いについては、店からご連絡します。", "キャンセル")),
    ],
)
def test_an_order_says_what_became_of_the_money(
    member: Member, demo_app: Flask, status: str, filed: str, words: tuple[str, str]
) -> None:
    number_of(buy(member.shop_url, TEA, buyer=member))
    change(demo_app, Payment.status, status)
    change(demo_app, Order.filed, filed)
    shown = page(member, f"/mypage/orders/{public_id(demo_app)}").text
    assert [word for word in words if word not in shown] == []


@pytest.mark.req("T-046", "R-278")
def test_orders_of_guests_with_the_same_address_are_not_the_member_s(member: Member, demo_app: Flask) -> None:
    number = number_of(buy(member.shop_url, TEA, method=CASH, email=member.email))
    assert number not in page(member, "/mypage/orders").text
    path = f"/mypage/orders/{public_id(demo_app)}"
    assert member.get(path).status_code == 404
    assert member.post(f"{path}/again", {"csrf_token": member.token()}).status_code == 404


@pytest.mark.req("R-278", "T-050")
def test_nobody_sees_or_repeats_another_member_s_order(member: Member, demo_app: Flask) -> None:
    number = number_of(buy(member.shop_url, TEA, method=CASH, buyer=member))
    path = f"/mypage/orders/{public_id(demo_app)}"
    taro = other(member.shop_url, demo_app)
    taro.log_in()
    assert taro.get(path).status_code == 404
    assert taro.post(f"{path}/again", {"csrf_token": taro.token()}).status_code == 404
    assert taro.get(f"{path}/cancel").status_code == 404
    assert taro.post(f"{path}/cancel", {"csrf_token": taro.token()}).status_code == 404
    assert count(demo_app, OutboxMail, kind="cancel_request") == 0
    assert number not in page(taro, "/mypage/orders").text
    assert "まだ何も入っていません" in page(taro, "/cart").text


ASKED = "キャンセルのご依頼を受け付けました。ショップからの連絡をお待ちください。"
CARD_NUMBER = "4111 1111 1111 1111"


@pytest.mark.req("U-064")
def test_a_cancellation_is_asked_for_once(member: Member, demo_app: Flask, desk: Desk) -> None:
    """The shop gets one mail and the order one line, however often it is pressed; nothing else changes."""
    number = number_of(buy(member.shop_url, TEA, buyer=member))
    path = f"/mypage/orders/{public_id(demo_app)}"
    assert "キャンセルを依頼する" in page(member, path).text
    before = stands(demo_app)
    way = f"{path}/cancel"
    for wrong, what in (("あ" * 201, "200文字以内"), (f"カード {CARD_NUMBER}", "番号は消去しました。")):
        refused = member.submit(way, reason=wrong)
        assert (refused.status_code, what in said(refused), CARD_NUMBER in refused.text) == (422, True, False)
    form = member.submit_form(way, way) | {"reason": "住所を\r\n間違えました <b>"}
    for _press in range(2):
        asked = member.post(way, form)
        assert (path_of(asked), ASKED in said(asked), f'href="{way}"' in asked.text) == (path, True, False)
    assert path_of(member.get(way)) == path
    assert stands(demo_app) == before
    (mail,) = [each.replace("\r\n", "\n") for each in letters(demo_app, desk_address(demo_app)) if "キャンセルの依頼" in each]
    for word in (number, "山田 花子様", "住所を\n間違えました <b>", f"/admin/orders/{number}\n"):
        assert word in mail, word
    assert count(demo_app, OrderHistory, text=f"注文番号：{number}({order_id(demo_app)}) キャンセルの依頼 住所を 間違えました <b>", actor="buyer") == 1
    assert "キャンセルの依頼 住所を 間違えました <b>" in desk.order(number).text
    for decides in (f"/admin/orders/{number}", f"/admin/orders/{number}/payment/capture"):
        assert "購入者がキャンセルを依頼しています" in desk.page(decides).text, "nobody takes the money unawares"
    waiting = "/admin/orders?todo=cancel_asked"
    assert "キャンセルの依頼 1件" in desk.page("/admin").text
    assert any(desk.page("/admin").find("a", href=waiting))
    assert [word in desk.page("/admin/orders").text for word in (number, "キャンセルの依頼")] == [True, True]
    assert number in desk.page(waiting).text
    left = member.post("/forms/cancel/check", {"csrf_token": member.token(), "reason": f"カード {CARD_NUMBER}"})
    assert (left.status_code, "番号は消去しました。" in str(left.json()), CARD_NUMBER in left.text) == (200, True, False)
    for status, filed in (("voided", "open"), ("authorized", "completed")):  # answered
        change(demo_app, Payment.status, status)
        change(demo_app, Order.filed, filed)
        assert "キャンセルの依頼 0件" in desk.page("/admin").text
        assert "キャンセルの依頼" not in desk.page(f"/admin/orders?list={filed}").text


@pytest.mark.req("U-064")
@pytest.mark.parametrize(
    ("status", "filed"), [("captured", "open"), ("voided", "open"), ("refunded", "open"), ("authorized", "cancelled"), ("authorized", "completed")]
)  # fmt: skip
def test_what_cannot_be_cancelled_any_more_is_not_asked_for(
    member: Member, demo_app: Flask, status: str, filed: str
) -> None:
    number_of(buy(member.shop_url, TEA, buyer=member))
    path = f"/mypage/orders/{public_id(demo_app)}"
    form = member.submit_form(f"{path}/cancel", f"{path}/cancel")
    change(demo_app, Payment.status, status)
    change(demo_app, Order.filed, filed)
    assert "キャンセルを依頼する" not in page(member, path).text
    assert path_of(member.get(f"{path}/cancel")) == path
    late = said(member.post(f"{path}/cancel", form))
    assert ("キャンセルのご依頼を受け付けられませんでした。" in late, ASKED in late) == (True, False)
    assert count(demo_app, OutboxMail, kind="cancel_request") == 0


def stands(app: Flask) -> list[tuple[object, ...]]:
    """Order, payment and its operations, in full."""
    with app.app_context():
        tables = [each.__table__ for each in (Order, Payment, PaymentOperation)]
        return [tuple(row) for table in tables for row in db.session.execute(select(table))]


def order_id(app: Flask) -> int:
    with app.app_context():
        return db.session.scalars(select(Order.id)).one()


def desk_address(app: Flask) -> str:
    with app.app_context():
        return shopinfo.get(db.session()).email


@pytest.mark.req("U-064")
def test_an_order_is_repeated_as_far_as_it_can_be_had(member: Member, demo_app: Flask) -> None:
    member.put_into_cart(TEA, 3)
    member.put_into_cart(CUP, 2)
    number_of(member.place(member.confirm(CASH)))
    again = f"/mypage/orders/{public_id(demo_app)}"
    member.submit(again, f"{again}/again")
    assert basket(member) == {TEA: "3", CUP: "2"}
    set_stock(demo_app, TEA, 4)
    change(demo_app, Product.published, False, code=CUP)
    answer = member.submit(again, f"{again}/again")
    assert path_of(answer) == "/cart"
    assert basket(member) == {TEA: "4", CUP: "2"}
    assert "（1点だけ入れました）" in said(answer)
    assert "（販売停止中）" in said(answer)
    answer = member.submit(again, f"{again}/again")
    assert "（在庫の残りは、すでにカゴに入っています）" in said(answer)
    assert "カゴに入れました" not in said(answer)
    set_stock(demo_app, TEA, 0)
    assert "（売り切れ）" in said(member.submit(again, f"{again}/again"))
    assert basket(member) == {TEA: "4", CUP: "2"}


def basket(browser: Buyer) -> dict[str, str]:
    text = browser.get("/cart").text
    return dict(re.findall(r'href="/products/([A-Z0-9-]+)".*?name="quantity"[^>]*value="(\d+)"', text, re.DOTALL))


def set_stock(app: Flask, code: str, available: int) -> None:
    with app.app_context(), write() as session:
        variant = session.scalars(select(Variant).where(Variant.code == code)).one()
        variant.on_hand = variant.allocated + variant.held + available


def test_lists_page_by_key_and_ask_no_more_for_more(member: Member, demo_app: Flask) -> None:
    number_of(buy(member.shop_url, TEA, method=CASH, buyer=member))
    pages = ("/mypage/orders", "/mypage/history")

    def asked() -> list[int]:
        counts = []
        for path in pages:
            with count_statements(demo_app) as seen:
                page(member, path)
            counts.append(len(seen))
        return counts

    few = asked()
    _multiply(demo_app)
    assert asked() == few
    assert max(few) <= 8
    for path, row in zip(pages, ("order-row", "<tr><td"), strict=True):
        first = member.get(path).text
        assert first.count(row) == 20
        older = re.search(rf'href="({path}\?before=\d+)"', first)
        assert older
        second = member.get(older[1]).text
        assert second.count(row) >= 5
        back = re.search(rf'href="({path}\?after=\d+)"', second)
        assert back
        assert member.get(back[1]).text.count(row) == 20


def _multiply(app: Flask) -> None:
    with app.app_context(), write() as session:

        def copy(model: type[Base], **changed: object) -> None:
            first = session.execute(select(model.__table__).limit(1)).mappings().one()
            session.execute(insert(model), {**first, **changed})

        for i in range(100, 125):
            copy(Order, id=i, public_id=f"p{i}", submission_key=f"s{i}", number=f"order{i:08}")
            copy(Payment, id=i, order_id=i)
            copy(OrderLine, id=i, order_id=i)
            copy(MemberEvent, id=i)


# ---- 操作履歴 ----


@pytest.mark.req("R-149", "R-278")
def test_the_history_is_the_member_s_own_in_their_language(member: Member, demo_app: Flask, desk: Desk) -> None:
    taro = other(member.shop_url, demo_app)
    with demo_app.app_context(), write() as session:
        session.add(MemberEvent(member_id=taro.member_id, at=now(), text="退会"))
    shown = page(member, "/mypage/history")
    assert "会員登録" in shown.text
    assert "退会" not in shown.text
    member.post("/language/en", {"csrf_token": member.token(), "return_to": "/"})
    assert "Registration" in page(member, "/mypage/history").text


def test_every_page_is_behind_the_log_in_and_leads_back(hanako: Member, demo_app: Flask) -> None:
    hanako.log_in()
    number_of(buy(hanako.shop_url, TEA, method=CASH, buyer=hanako))
    path = f"/mypage/orders/{public_id(demo_app)}"
    hanako.log_out()
    answer = hanako.get(path)
    assert path_of(answer) == "/login"
    assert path_of(hanako.log_in(next=path)) == path


