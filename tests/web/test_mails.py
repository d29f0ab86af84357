"""The mails of an order as they leave: to whom, what they say, and that no input can write a header."""

import re
from email.message import EmailMessage

import pytest
from flask import Flask

from shop.core.shopinfo import ShopInfo
from shop.demo import texts
from tests.support.buying import CASH, Buyer, buy
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.web.counter import CUP, TEA, Desk, change, number_of

CRLF = "\r\nBcc: thief@example.jp\r\n\r\nbody"


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


@pytest.mark.req("R-218", "R-219")
def test_buyer_and_shop_get_the_same_words_and_nothing_else(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    """But for where each of them looks the order up."""
    number = number_of(buy(shopper.shop_url, TEA, buyer=shopper))
    for _ in range(2):
        run_jobs(demo_app)
    sent = {str(mail["To"]): mail for mail in mails(demo_app)}
    assert len(mails(demo_app)) == 2
    assert set(sent) == {"hanako@example.jp", "shop@tsukinowa.example"}
    thanks, notice = sent["hanako@example.jp"], sent["shop@tsukinowa.example"]
    assert str(thanks["Subject"]) == f"【つきのわ商店】ご注文ありがとうございます（{number}）"
    assert str(notice["Subject"]) == f"【受注通知メール】{number} 1,572円"
    words, for_the_buyer = text_of(thanks).split("■ご注文の照会・お問い合わせ\n")
    same, for_the_shop = text_of(notice).split("■管理画面の受注明細\n")
    assert same == words
    assert "/orders/lookup\n" in for_the_buyer
    assert for_the_shop == f"{desk.shop_url}/admin/orders/{number}\n"
    assert desk.get(for_the_shop.strip()).status_code == 200


def test_a_mail_in_english_calls_the_shop_as_its_pages_do(shopper: Buyer, demo_app: Flask) -> None:
    switch = Page(shopper.get("/").text).form("/language/en")
    assert "Tsukinowa Shoten" in shopper.post(switch.action, switch.fields).text
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    run_jobs(demo_app, "outbox")
    (thanks,) = [mail for mail in mails(demo_app) if str(mail["To"]) == "hanako@example.jp"]
    assert number in str(thanks["Subject"])
    said = str(thanks["Subject"]) + text_of(thanks)
    assert ("Tsukinowa Shoten" in said, "つきのわ商店" in said) == (True, False)


@pytest.mark.req("R-220")
def test_the_mail_says_what_was_bought(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(CUP, 2)
    number = number_of(buy(shopper.shop_url, TEA, quantity=3, method=CASH, buyer=shopper))
    run_jobs(demo_app, "outbox")
    words = text_of(mails(demo_app)[0])
    assert re.search(r"^ご購入日：20\d\d-\d\d-\d\d \d\d:\d\d:\d\d$", words, re.M)
    for line in (
        "山田 花子様", "ご利用店：つきのわ商店", f"注文番号：{number}", "U-005 砥部 藍縞の湯のみ 3,300円 × 2 = 6,600円",
        "T-002 茎ほうじ茶※ 972円 × 3 = 2,916円", "小計：9,516円", "送料：600円", "手数料：330円", "合計：10,446円",
        "（10%対象 7,530円）", "（8%対象 2,916円）", "※は軽減税率対象商品です。", "■お支払方法\n代金引換",
    ):  # fmt: skip
        assert f"\n{line}\n" in f"\n{words}", line


def test_the_mail_can_be_read_in_the_admin(shopper: Buyer, demo_app: Flask, desk: Desk) -> None:
    number = number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    run_jobs(demo_app, "outbox")
    assert 'href="/admin/mails/1"' in desk.get(f"/admin/orders/{number}").text
    page = desk.page("/admin/mails/1")
    assert " ".join(text_of(mails(demo_app)[0]).split()) in page.text


@pytest.mark.req("R-224", "T-044")
def test_no_input_writes_a_header(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    names = ("buyer_name", "address1", "address2", "note", "ship_name", "ship_address1", "ship_address2")
    typed = {name: f"{name}{CRLF}" for name in names} | {
        "ship_to": "other", "ship_phone": "0311112222", "ship_postal_code": "1000001", "ship_prefecture": "東京都",
    }  # fmt: skip
    number_of(shopper.place(shopper.confirm(CASH, **typed)))
    run_jobs(demo_app, "outbox")
    assert len(mails(demo_app)) == 2
    for mail in mails(demo_app):
        to_buyer = ["Reply-To"] if mail["To"] != texts.SHOP.mail else []
        assert sorted(mail.keys()) == sorted(
            ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type", "Content-Transfer-Encoding",
             "MIME-Version", *to_buyer]
        )  # fmt: skip
        assert mail["Reply-To"] in (None, texts.SHOP.mail)
        assert not re.search(r"^(Bcc|body)", text_of(mail), re.M)


@pytest.mark.req("R-224", "T-044")
@pytest.mark.parametrize("end", [CRLF, "=?utf-8?q?=0d=0aBcc:_thief@example.jp?=", "%0d%0aBcc: thief@example.jp"])
def test_a_line_end_in_the_shop_s_own_data_writes_no_header_either(end: str, shopper: Buyer, demo_app: Flask) -> None:
    change(demo_app, ShopInfo.name, f"つきのわ{end}")
    change(demo_app, ShopInfo.email, "shop@tsukinowa.example\r\n")
    number_of(buy(shopper.shop_url, TEA, method=CASH, buyer=shopper))
    run_jobs(demo_app, "outbox")
    assert {str(mail["To"]) for mail in mails(demo_app)} == {"hanako@example.jp", "shop@tsukinowa.example"}
    assert not any("Bcc" in mail for mail in mails(demo_app))


@pytest.mark.req("R-224", "T-044")
@pytest.mark.parametrize(
    "end", ["\r\nBcc: thief@example.jp", "\nBcc:thief@example.jp", "\r", "%0d%0aBcc:x@example.jp", ",thief@example.jp"]
)
def test_an_address_with_a_second_one_is_refused_or_made_whole(end: str, shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    answer = shopper.confirm(CASH, email=f"hanako@example.jp{end}")
    if answer.status_code == 422:
        assert "メールアドレスの形を確認してください" in Page(answer.text).text
        return
    number_of(shopper.place(answer))
    run_jobs(demo_app, "outbox")
    assert {str(mail["To"]) for mail in mails(demo_app)} == {"hanako@example.jp", "shop@tsukinowa.example"}


@pytest.mark.one_database
@pytest.mark.req("R-224", "T-044")
@pytest.mark.parametrize("word", ["=?utf-8?b?DQpCY2M6IHRoaWVmQGV4YW1wbGUuanANCg==?=", "=?utf-8?q?=0d=0aBcc=3Ax=40example.jp?="])
def test_an_address_that_decodes_to_a_header_is_refused(word: str, shopper: Buyer, demo_app: Flask) -> None:
    """Made of letters that an address may have; only a maker of headers reads a line end in them."""
    shopper.put_into_cart(TEA)
    for address in (f"{word}@example.jp", f"hanako{word}@example.jp"):
        answer = shopper.confirm(CASH, email=address)
        assert answer.status_code == 422
        assert "メールアドレスの形を確認してください" in Page(answer.text).text
