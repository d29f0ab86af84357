"""What staff do about mails: send one again, see what it looks like, find out whether mails arrive and are believed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from admin import mail_check
from shop.core.runtime import Runtime
from shop.outbox import domain
from shop.outbox.models import OutboxMail
from shop.staff.models import StaffUser
from tests.support.buying import CASH, Buyer, buy
from tests.support.nameserver import NameServer
from tests.support.pages import Page
from tests.support.shop import MovableClock, mails, run_jobs
from tests.web.counter import TEA, Desk, change, count, number_of
from tests.web.test_order_lookup import ask

AGAIN = "/admin/mails/1/again"
CHECK = "/admin/mails/check"


@pytest.fixture
def number(shopper: Buyer, demo_app: Flask) -> str:
    """An order whose two mails have left; the first is the buyer's."""
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    run_jobs(demo_app, "outbox")
    return number


@pytest.mark.req("U-065", "P-04")
def test_a_mail_is_sent_again_once_for_a_double_press(number: str, desk: Desk, demo_app: Flask) -> None:
    asked = desk.page(AGAIN)
    for said in ("同じ件名と本文のメールを、もう1通送ります", "元の宛先（hanako@example.jp）", number, "■ご注文内容"):
        assert said in asked.text, said
    assert count(demo_app, OutboxMail) == 2, "asking sends nothing"
    form = asked.form(AGAIN).fields
    first, second = (Page(desk.session.post(desk.shop_url + AGAIN, data=form).text).text for _ in range(2))
    assert "再送の列に入れました。" in first
    assert "すでに再送されたか" in second
    assert "前に再送したメールが、まだ送信待ちです。" in desk.page(AGAIN).text
    run_jobs(demo_app, "outbox")
    third = Page(desk.session.post(desk.shop_url + AGAIN, data=form).text).text
    assert "すでに再送されたか" in third, "a page that was opened before the copy"
    sent = [mail for mail in mails(demo_app) if mail["To"] == "hanako@example.jp"]
    assert len(sent) == 2
    assert len({mail["Message-ID"] for mail in sent}) == 2
    assert sent[0]["Subject"] == sent[1]["Subject"]
    assert sent[0].get_content() == sent[1].get_content()
    copy = desk.page("/admin/mails/3")
    assert [link["href"] for link in copy.find("a") if link.get("href") == "/admin/mails/1"], "the way to the old one"
    assert desk.order(number).text.count("メール再送「【つきのわ商店】ご注文ありがとうございます") == 1
    desk.submit("/admin/mails/3/again", "/admin/mails/3/again")
    assert count(demo_app, OutboxMail, copy_of=1) == 2, "a copy of the copy is one of the same mail"


@pytest.mark.req("U-065")
def test_the_shop_sees_what_the_buyer_gets_without_the_buyer_getting_it(number: str, desk: Desk, demo_app: Flask) -> None:
    desk.submit(AGAIN, AGAIN, to="shop")
    run_jobs(demo_app, "outbox")
    copy = mails(demo_app)[-1]
    assert copy["To"] == "shop@tsukinowa.example"
    assert str(copy["Subject"]) == f"【テスト送信】【つきのわ商店】ご注文ありがとうございます（{number}）"
    assert "メール再送" not in desk.order(number).text
    assert "へテスト送信" in desk.page("/admin/log").text


@pytest.mark.req("U-065", "T-038")
def test_what_has_not_left_or_held_a_link_is_not_sent_again(
    number: str, desk: Desk, shopper: Buyer, demo_app: Flask
) -> None:
    ask(shopper, number)
    assert "まだ送信済みではありません。" in desk.page("/admin/mails/3/again").text
    run_jobs(demo_app, "outbox")
    assert "宛先の方だけに見せるリンクを含むため" in desk.page("/admin/mails/3/again").text
    form = desk.page(AGAIN).form(AGAIN).fields
    forged = desk.session.post(desk.shop_url + "/admin/mails/3/again", data=form)
    assert "すでに再送されたか" in Page(forged.text).text
    assert desk.session.post(desk.shop_url + AGAIN, data=form | {"to": "thief@example.jp"}).status_code == 400
    assert count(demo_app, OutboxMail) == 3


@pytest.mark.req("U-065")
def test_a_test_mail_goes_to_the_shop_or_to_who_asks_and_once_for_a_double_press(
    desk: Desk, demo_app: Flask, clock: MovableClock
) -> None:
    change(demo_app, StaffUser.email, "ume@example.jp")
    page = desk.page(CHECK)
    assert "なし（メールは送らず、ファイルに保存します）" in page.text
    form = page.form(f"{CHECK}/test").fields
    for to, status in (("thief@example.jp", 400), ("ume@example.jp", 200), ("ume@example.jp", 200)):
        assert desk.session.post(f"{desk.shop_url}{CHECK}/test", data=form | {"to": to}).status_code == status
    assert count(demo_app, OutboxMail, kind="staff_test") == 1
    clock.advance(31)
    desk.submit(CHECK, f"{CHECK}/test")
    run_jobs(demo_app, "outbox")
    assert [(mail["To"], str(mail["Subject"])) for mail in mails(demo_app)] == [
        (to, "【つきのわ商店】テスト送信") for to in ("ume@example.jp", "shop@tsukinowa.example")
    ]
    assert "テストメールをume@example.jpへ送信" in desk.page("/admin/log").text


# ---- 送信ドメインの確認 ----


@pytest.fixture
def names(demo_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """The name server the shop asks."""
    server = NameServer({"tsukinowa.example": ['"v=spf1 mx -all"'], "_dmarc.tsukinowa.example": ['"v=DMARC1; p=none"']})
    monkeypatch.setattr(mail_check, "names", domain.Resolver(["127.0.0.1"], server.port))
    yield server
    server.close()


@pytest.mark.one_database
@pytest.mark.req("U-065")
def test_the_domain_is_looked_up_at_a_press(names: NameServer, desk: Desk, demo_app: Flask) -> None:
    running: Runtime = demo_app.extensions["shop.runtime"]
    config = replace(running.config, demo=False, smtp_url="smtps://shop:geheim@mail.example:465")
    demo_app.extensions["shop.runtime"] = replace(running, config=config)
    page = desk.get(CHECK)
    assert "まだ確認していません。" in Page(page.text).text
    assert "smtps://mail.example:465" in page.text
    assert "geheim" not in page.text
    assert names.asked == []
    found = Page(desk.submit(CHECK, f"{CHECK}/domain").text).text
    for said in (
        "SPF あり 送信を許すサーバーが公開されています。", "v=spf1 mx -all", "DKIM 未確認 どの鍵を確かめるかが分かりません。",
        "DMARC あり（監視のみ） 公開されていますが、なりすましは止めません。",
    ):  # fmt: skip
        assert said in found, said
    assert {name for name, _kind, _way in names.asked} == {"tsukinowa.example", "_dmarc.tsukinowa.example"}


@pytest.mark.one_database
@pytest.mark.req("P-30")
def test_a_practice_shop_looks_nothing_up(names: NameServer, desk: Desk) -> None:
    page = desk.page(CHECK)
    assert "テストのショップでは確認しません" in page.text
    token = page.form(f"{CHECK}/test").fields["csrf_token"]
    assert desk.session.post(f"{desk.shop_url}{CHECK}/domain", data={"csrf_token": token}).status_code == 200
    assert names.asked == []
