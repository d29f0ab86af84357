"""※, its footnote and the totals per rate: the same on every page and letter that shows what was bought."""

import re

import pytest
from flask import Flask

from tests.support.buying import CASH, Buyer
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs
from tests.web.counter import CASH_FEE_YEN, CUP, CUP_YEN, SHIPPING_YEN, TEA, TEA_YEN, Desk, number_of

GOODS = CUP_YEN + TEA_YEN
TOTAL = GOODS + SHIPPING_YEN + CASH_FEE_YEN
FOOTNOTE = re.compile("※は軽減税率")


def per_rate(words: str) -> int:
    """10%対象 + 8%対象."""
    return sum(int(yen.replace(",", "")) for yen in re.findall(r"[(（](?:10|8)%対象[)）]? ([\d,]+)円", words))


@pytest.mark.req("R-281", "R-282")
def test_reduced_goods_are_marked_everywhere(shopper: Buyer, desk: Desk, demo_app: Flask) -> None:
    shopper.put_into_cart(CUP)
    shopper.put_into_cart(TEA)
    shown = {"cart": (Page(shopper.get("/cart").text).text, GOODS + SHIPPING_YEN)}
    confirmation = shopper.confirm(CASH)
    shown["confirmation"] = (Page(confirmation.text).text, TOTAL)
    purchase = shopper.place(confirmation)
    shown["complete"] = (purchase.page.text, 0)  # names the goods and the total, not the rates
    number = number_of(purchase)
    shown["order"] = (desk.order(number).text, TOTAL)
    shown["edit"] = (desk.page(f"/admin/orders/{number}/edit").text, TOTAL)
    run_jobs(demo_app, "outbox")
    shown["mail"] = (mails(demo_app)[0].get_content(), TOTAL)
    for name, (words, total) in shown.items():
        assert re.search("茎ほうじ茶 ?※", words), name
        assert not re.search("湯のみ ?※", words), name
        assert len(FOOTNOTE.findall(words)) == 1, name
        assert per_rate(words) == total, name
