"""確認中: the link of the mail leads back to the waiting page from any browser, and nothing else does."""

import re

import pytest
from flask import Flask

from shop.core import sealed_links
from shop.core.runtime import now
from shop.orders import waiting
from tests.support.buying import Buyer, buy
from tests.support.pages import Page
from tests.support.shop import MovableClock, mails, run_jobs
from tests.support.world import Simulator
from tests.web.counter import TEA, everything_stored, path_of

#: Pages and a mail, nothing of SQL that other tests do not run on both databases.
pytestmark = pytest.mark.one_database


@pytest.fixture
def path(shopper: Buyer, demo_app: Flask, simulator: Simulator, clock: MovableClock) -> str:
    """The link's path, for an order whose outcome is open."""
    simulator.fault("reset", kind="020", phase="after")
    simulator.fault("http_500", kind="094", times=None)
    assert buy(shopper.shop_url, TEA, buyer=shopper).path == "/checkout/pending"
    clock.advance(301)
    run_jobs(demo_app, "still_open", "outbox")
    (mail,) = mails(demo_app)
    assert mail["To"] == "hanako@example.jp"
    found = re.search(r"http://\S+(/checkout/waiting/link/\S+)", str(mail.get_content()))
    assert found
    return found[1]


@pytest.mark.req("U-041")
def test_the_mail_leads_back_to_the_waiting_page_and_on_to_the_outcome(
    shopper: Buyer, path: str, simulator: Simulator
) -> None:
    elsewhere = Buyer(shopper.shop_url)
    opened = elsewhere.get(path)
    page = Page(opened.text)
    assert path_of(opened) == "/checkout/waiting"
    assert "もう一度注文する必要はありません" in page.text
    assert "1,572円" in page.text
    assert "この決済を中止する" not in page.text, "that is for the browser that ordered"
    assert path_of(shopper.get(path)) == "/checkout/pending"
    simulator.control("faults", clear=True)
    asked = elsewhere.post("/checkout/waiting/check", page.form("/checkout/waiting/check").fields)
    assert path_of(asked).endswith("/complete")
    assert "ご注文ありがとうございました" in Page(asked.text).text
    assert "hanako@example.jp" not in asked.text
    assert path_of(elsewhere.get(path)) == path_of(asked)


@pytest.mark.req("U-041")
def test_who_opens_it_later_hears_that_nothing_came_of_it(shopper: Buyer, path: str) -> None:
    form = Page(shopper.get("/checkout/pending").text).form("/checkout/pending/abort")
    shopper.post("/checkout/pending/abort", form.fields)
    later = Buyer(shopper.shop_url).get(path)
    assert (later.status_code, path_of(later)) == (200, "/checkout/waiting/over")
    assert "ご注文は確定していません。" in Page(later.text).text


@pytest.mark.req("T-038", "U-041")
def test_its_secret_stands_nowhere_and_opens_for_three_days(
    shopper: Buyer, path: str, demo_app: Flask, clock: MovableClock
) -> None:
    secret = path.rpartition("/")[2]
    assert secret not in everything_stored(demo_app)
    elsewhere = Buyer(shopper.shop_url)
    answer = elsewhere.session.get(shopper.shop_url + path, allow_redirects=False)
    assert answer.headers["Location"] == "/checkout/waiting"
    assert (answer.headers["Referrer-Policy"], answer.headers["X-Robots-Tag"]) == ("no-referrer", "noindex")
    with demo_app.app_context():
        another = sealed_links.seal({"order": 1}, "order-lookup", now() + waiting.LINK_LIFE)
    for wrong in (secret[:-4] + "AAAA", another, "1", ""):
        shown = Buyer(shopper.shop_url).get(f"/checkout/waiting/link/{wrong}" if wrong else "/checkout/waiting")
        assert (shown.status_code, "1,572円" in shown.text) == (410, False)
    clock.advance(waiting.LINK_LIFE.total_seconds() - 60)
    assert elsewhere.get("/checkout/waiting").status_code == 200
    clock.advance(61)
    for late in (path, "/checkout/waiting"):
        shown = elsewhere.get(late)
        assert (shown.status_code, "リンクの期限が切れています。" in Page(shown.text).text) == (410, True)
