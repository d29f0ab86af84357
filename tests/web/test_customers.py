"""顧客一覧 and 顧客明細: who is a customer and since when, what is known of them, and what staff can only look at."""

import pytest
from flask import Flask

from shop.core.db import write
from shop.core.runtime import now
from shop.members import history, leaving, models
from shop.members.models import MemberSettings
from shop.payments.models import PaymentMethod
from tests.support.buying import CASH, Buyer, buy
from tests.support.members import Member, other
from tests.support.pages import Page
from tests.support.servers import LiveServer
from tests.support.shop import count_statements
from tests.web.counter import TEA, Desk, change, number_of
from tests.web.test_filing import move
from tests.web.test_my_cards import CardHolder, holder

LIST = "/admin/customers"
NOBODY = "この条件に合う会員はいません。"


def detail(member: Member) -> str:
    return f"{LIST}/{member.member_id}"


def listed(desk: Desk, query: str = "") -> list[str]:
    """Addresses of 顧客明細 in the list, in its order."""
    return [link["href"] for link in desk.page(f"{LIST}{query}").find("a", class_="row-link")]


@pytest.fixture
def taro(hanako: Member, demo_app: Flask) -> Member:
    """A second member, registered after hanako."""
    return other(hanako.shop_url, demo_app, login="taro_s")


def test_members_are_found_by_name_mail_and_id(hanako: Member, taro: Member, desk: Desk) -> None:
    both = [detail(taro), detail(hanako)]
    assert listed(desk) == both
    found = {
        "山田花子": hanako, "HANAKO＠EXAMPLE": hanako, "ｈａｎａ": hanako,  # noqa: RUF001 – typed wide
        "太郎": taro, "Taro_S": taro, " 佐藤　太郎 ": taro,  # noqa: RUF001
    }  # fmt: skip
    for typed, member in found.items():
        assert listed(desk, f"?q={typed}") == [detail(member)], typed
    assert listed(desk, "?q=example.jp") == both
    for nothing in ("%25", "_s%25", "o.s", "nobody"):
        assert listed(desk, f"?q={nothing}") == [], nothing
        assert NOBODY in desk.page(f"{LIST}?q={nothing}").text


@pytest.mark.one_database
def test_a_list_without_anybody_says_who_will_come(desk: Desk) -> None:
    page = desk.page(LIST)
    assert "会員はまだいません。" in page.text
    assert "0件" in page.text
    assert "退会した会員はいません。" in desk.page(f"{LIST}?state=left").text
    assert desk.get(f"{LIST}/1").status_code == 404
    assert desk.get(f"{LIST}/1/history").status_code == 404
    assert desk.get(f"{LIST}/99999999999999999999").status_code == 404


@pytest.mark.req("R-272")
def test_a_provisional_member_enters_the_list_when_the_order_is_completed(desk: Desk, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        session.add(MemberSettings(timing="completed"))
    buyer = Buyer(desk.shop_url)
    buyer.put_into_cart(TEA)
    joining = {"register_member": "y", "login_id": "hanako.77", "new_password": "tsuki-no-wa-77"}
    number = number_of(buyer.place(buyer.confirm(CASH, **joining)))
    assert listed(desk) == listed(desk, "?q=hanako") == listed(desk, "?state=left") == []
    (member,) = desk.order(number).find("a", href=f"{LIST}/1")
    assert "仮登録" in desk.page(member["href"]).text
    move(desk, number, "completed")
    assert listed(desk) == [member["href"]]
    assert "(ID仮登録)" not in desk.page(member["href"]).text


@pytest.mark.one_database
def test_the_page_of_a_member_and_the_way_to_and_from_their_orders(hanako: Member, taro: Member, desk: Desk) -> None:
    hanako.log_in()
    own, guest_s = (number_of(buy(desk.shop_url, TEA, method=CASH, buyer=who)) for who in (hanako, Buyer(desk.shop_url)))
    page = desk.page(detail(hanako))
    for known in ("山田 花子", "ヤマダ ハナコ", "hanako@example.jp", "03-1234-5678", "千代田区千代田1-1", "会員登録"):
        assert known in page.text, known
    assert [link["href"] for link in page.find("a", class_="row-link")] == [f"/admin/orders/{own}"]
    assert "この会員の受注はありません。" in desk.page(detail(taro)).text
    assert [link["href"] for link in desk.order(own).find("a", href=detail(hanako))] == [detail(hanako)]
    assert "非会員" in desk.order(guest_s).text
    assert not [link for link in desk.order(guest_s).find("a") if link["href"].startswith(f"{LIST}/")]
    assert "非会員" not in desk.order(own).text


@pytest.mark.one_database
def test_who_left_is_a_row_without_a_name(hanako: Member, taro: Member, desk: Desk, demo_app: Flask) -> None:
    hanako.log_in()
    number = number_of(buy(desk.shop_url, TEA, method=CASH, buyer=hanako))
    with demo_app.app_context(), write() as session:
        leaving.leave(session, hanako.member_id, now())
    assert listed(desk) == [detail(taro)]
    assert listed(desk, "?state=left") == [detail(hanako)]
    page = desk.page(detail(hanako))
    assert "退会した会員" in page.text
    assert "退会日" in page.text
    assert number in page.text
    for gone in ("ヤマダ", "hanako", "03-1234-5678", "千代田1-1"):  # the order keeps the name it was placed under
        assert gone not in page.text, gone
    assert list(desk.order(number).find("a", href=detail(hanako)))
    assert "退会" in desk.order(number).text


@pytest.mark.one_database
@pytest.mark.req("R-148")
def test_the_card_row_says_whether_and_nothing_more(hanako: Member, desk: Desk, demo_app: Flask, linking: CardHolder) -> None:
    label = "クレジットカード情報 (ペイジェント)"

    def row(path: str) -> str:
        return desk.page(path).text.partition(label)[2].strip().partition("お届け先リスト")[0].strip()

    assert row(detail(linking)) == "登録されていません"
    linking.register()
    page = desk.page(detail(linking))
    assert row(detail(linking)) == "登録されています"
    assert [form.action for form in page.forms if "customers" in form.action or "card" in form.action] == []
    taro = other(desk.shop_url, demo_app)
    assert row(detail(taro)) == "登録されていません", "of each member for themselves"
    change(demo_app, PaymentMethod.configured, False)
    assert label not in desk.page(detail(linking)).text, "no linking method, no row"


@pytest.fixture
def linking(live_server: LiveServer, demo_app: Flask) -> CardHolder:
    return holder(live_server, demo_app, login="saburo")


@pytest.mark.one_database
def test_what_a_member_did_newest_first_in_the_language_of_the_desk(hanako: Member, desk: Desk, demo_app: Flask) -> None:
    with demo_app.app_context(), write() as session:
        for _turn in range(20):
            history.note(session, hanako.member_id, "パスワードの変更", now())
    page = desk.page(detail(hanako))
    assert page.text.count("パスワードの変更") == 20
    assert "会員登録 " not in page.text.partition("操作履歴")[2].partition("すべて見る")[0]
    whole = desk.page(f"{detail(hanako)}/history").text
    assert whole.rindex("パスワードの変更") < whole.rindex("会員登録")
    assert "Password changed" in Page(desk.get(f"{detail(hanako)}?lang=en").text).text


def asked(desk: Desk, app: Flask, path: str) -> int:
    """Statements of one page."""
    with count_statements(app) as seen:
        assert desk.get(path).status_code == 200
    return len(seen)


@pytest.mark.one_database
def test_many_customers_come_page_by_page_at_the_price_of_one(hanako: Member, desk: Desk, demo_app: Flask) -> None:
    hanako.log_in()
    number_of(buy(desk.shop_url, TEA, method=CASH, buyer=hanako))
    few = [asked(desk, demo_app, path) for path in (LIST, f"{LIST}?q=a", detail(hanako), f"{detail(hanako)}/history")]
    assert max(few) <= 12
    with demo_app.app_context(), write() as session:
        for number in range(60):
            name, mail = f"会員 {number}", f"a{number}@example.jp"
            person = {"name": name, "email": mail, "email_key": mail, "login": f"member{number}", "public_id": f"m{number}"}
            session.add(models.Member(**person, password_hash="", created_at=now()))
        for _turn in range(30):
            history.note(session, hanako.member_id, "パスワードの変更", now())
    for _turn in range(2):
        number_of(buy(desk.shop_url, TEA, method=CASH, buyer=hanako))
    many = [asked(desk, demo_app, path) for path in (LIST, f"{LIST}?q=a", detail(hanako), f"{detail(hanako)}/history")]
    assert many == few
    first = listed(desk)
    (older,) = desk.page(LIST).find("a", href=f"{LIST}?before={first[-1].rpartition('/')[2]}")
    assert (len(first), len(listed(desk, older["href"].removeprefix(LIST)))) == (50, 11)
    assert "61件" in desk.page(LIST).text
