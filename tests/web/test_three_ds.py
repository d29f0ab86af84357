"""本人認証 from the press to the order: every outcome of the issuer, every way of coming back or not, and S10 meanwhile."""

import json
import re
from contextlib import ExitStack
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from shop.catalogue.models import Variant
from shop.core.db import db
from shop.orders.models import Order
from shop.outbox.models import OutboxMail
from shop.payments.engine import engine
from shop.payments.models import Payment, PaymentMethod, PaymentOperation, ProviderAccount
from shop.promotions.models import Coupon
from tests.support.buying import CASH, Buyer, Purchase, StepsBuyer, buy, buy_in_steps
from tests.support.issuer import (
    ATTEMPT,
    ATTEMPTED,
    AUTHENTICATE,
    FAIL,
    FRICTIONLESS,
    GIVE_UP,
    NOT_STARTED,
    REFUSED,
    TOKEN_LATE,
    UNCERTAIN,
    UNSUPPORTED,
    WARN,
    through,
    way_back,
)
from tests.support.pages import Page
from tests.support.shop import MovableClock, run_jobs
from tests.support.world import VISA, Simulator
from tests.web.counter import TEA, Desk, change, number_of, stock, words_in_box

#: Pages and rules; what they store and lock is tried on both databases by the services' own tests.
pytestmark = pytest.mark.one_database

#: Every buyer here has one tea, and one use of the coupon that takes 500 yen off.
COUPON = "ARIGATO500"
TOTAL = 972 + 600 - 500
MINUTE = 60


def use(app: Flask, control: str = "low") -> None:
    """Switch 本人認証 on, with this Attemptオーソリ制御区分."""
    options = {"instalments": "split", "bonus": "0", "use_3ds": "1", "attempt_control": control}
    change(app, PaymentMethod.options, json.dumps(options), kind="card")


@pytest.fixture(autouse=True)
def secured(demo_app: Flask) -> None:
    use(demo_app)


def orders(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Order.state).order_by(Order.id)))


def operation(app: Flask) -> PaymentOperation:
    with app.app_context():
        found = db.session.scalars(select(PaymentOperation).order_by(PaymentOperation.id.desc())).first()
        assert found
        db.session.expunge_all()
        return found


def promised(app: Flask) -> list[str]:
    """Kinds of mail, sorted."""
    with app.app_context():
        return sorted(db.session.scalars(select(OutboxMail.kind)))


def charged(simulator: Simulator) -> list[tuple[str, int]]:
    return [(each["status"], each["amount"]) for each in simulator.payments()]


def reserved(app: Flask) -> tuple[int, int]:
    """Teas sold and held: and as many uses of the coupon, for one goes with the other (R-159, R-160)."""
    with app.app_context():
        coupon = db.session.scalars(select(Coupon)).one()
        assert (coupon.used, coupon.held) == stock(app)[TEA][1:]
        return coupon.used, coupon.held


def telegrams(simulator: Simulator, kind: str) -> int:
    return int(simulator.ledger()["telegrams"].get(kind, 0))


#: What a buyer meets there is the same from both carts; the page they order on is not.
ORDERED_ON = {"zero": "/checkout/zero", "steps": "/checkout/step3"}
BOTH = pytest.mark.parametrize("cart", ORDERED_ON)


@pytest.fixture
def cart() -> str:
    return "zero"


@pytest.fixture
def away(cart: str, shopper: Buyer) -> Purchase:
    """A buyer whose browser has just opened the way to the issuer."""
    return order(cart, shopper)


def order(cart: str, buyer: Buyer) -> Purchase:
    if cart == "zero":
        return buy(buyer.shop_url, TEA, buyer=buyer, coupon=COUPON)
    walker = StepsBuyer(buyer.shop_url)
    walker.session = buyer.session
    return buy_in_steps(buyer.shop_url, TEA, buyer=walker, coupon=COUPON)


# ---- there and back ----


@BOTH
@pytest.mark.req("R-113", "R-159")
def test_a_challenge_comes_between_confirmation_and_completion(
    away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    """Held from then on are the last one on the shelf and the coupon's last use, each for itself."""
    assert away.path.startswith("/pay/h/")
    assert (orders(demo_app), charged(simulator)) == (["draft"], [])
    assert reserved(demo_app) == (0, 1)
    another = Buyer(away.buyer.shop_url)
    another.put_into_cart(TEA)
    change(demo_app, Coupon.uses, 1)
    assert "お手続き中のほかのご注文で使われています。" in Page(another.confirm(CASH, coupon=COUPON).text).text
    change(demo_app, Variant.on_hand, 1, code=TEA)
    assert "在庫が足りなくなりました" in Page(another.confirm(CASH).text).text, "the last one is the first buyer's"
    done = through(away, AUTHENTICATE)
    assert number_of(done)
    assert charged(simulator) == [("20", TOTAL)]
    assert reserved(demo_app) == (1, 0)
    (asked,) = simulator.ledger()["authentications"]
    assert asked["amount"] == TOTAL


LEADS_TO_THE_ISSUER = "カード会社の本人認証画面に移動します。閉じても注文は失われません。"
ISSUER_LEARNS = "メールアドレス、電話番号、住所、お使いの端末の情報をカード発行会社へお伝えすることに同意したものとします。"
ON_THE_WAY = "ご注文の途中で、カード会社の本人認証（3Dセキュア）があります。"


@pytest.mark.req("U-031", "U-032")
def test_beside_the_press_stands_where_it_leads_and_what_the_issuer_learns(shopper: Buyer, demo_app: Flask) -> None:
    """In both carts, on the page with 「注文する」 – and only where the issuer asks."""

    def beside_the_press() -> list[str]:
        steps = StepsBuyer(shopper.shop_url)
        steps.session = shopper.session
        steps.step1()
        return [Page(page.text).text for page in (shopper.confirm(card_source="stored"), steps.step2())]

    shopper.put_into_cart(TEA)
    shopper.session.headers["X-Requested-With"] = "fetch"  # the dialog, which has the press
    for words in beside_the_press():
        before, press, _after = words.rpartition("注文する")
        assert press
        assert LEADS_TO_THE_ISSUER in before
        assert ISSUER_LEARNS in before
    change(demo_app, PaymentMethod.options, json.dumps({"use_3ds": "0"}), kind="card")
    for words in beside_the_press():
        assert LEADS_TO_THE_ISSUER not in words
        assert ISSUER_LEARNS not in words


@pytest.mark.req("U-026")
def test_each_method_says_what_it_costs_and_what_comes_next(shopper: Buyer, demo_app: Flask) -> None:
    shopper.put_into_cart(TEA)
    words = shopper.checkout_form()[0].text
    for said in (
        "ご注文時にカードのご利用枠を確保し、発送時に請求を確定します。", ON_THE_WAY, "支払回数", "手数料 330円",
        "商品と引き換えに、配達員へ現金でお支払いください。",
    ):  # fmt: skip
        assert said in words, said
    change(demo_app, PaymentMethod.options, json.dumps({"use_3ds": "0"}), kind="card")
    change(demo_app, PaymentMethod.note, "", kind="cash_on_delivery")
    words = shopper.checkout_form()[0].text
    assert ON_THE_WAY not in words
    assert "商品と引き換えに、配達員へお支払いください。" in words, "where the shop says nothing itself"


def test_a_failed_return_says_nothing_about_whether_the_provider_answers(away: Purchase, demo_app: Flask) -> None:
    """It is read from the signed return: nobody was called. Silence counted before it stays counted."""
    change(demo_app, ProviderAccount.silent_calls, 2)
    through(away, FAIL)
    with demo_app.app_context():
        assert db.session.scalar(select(ProviderAccount.silent_calls)) == 2


@pytest.mark.req("R-113")
def test_without_a_challenge_the_buyer_sees_no_issuer(shopper: Buyer, demo_app: Flask, simulator: Simulator) -> None:
    done = through(buy(shopper.shop_url, TEA, buyer=shopper, card=FRICTIONLESS, coupon=COUPON))
    assert number_of(done)
    assert charged(simulator) == [("20", TOTAL)]
    with demo_app.app_context():
        assert db.session.scalars(select(Payment.card_brand)).one() == "Visa", "450 names it"


#: Card, what is pressed at the issuer, and the Attemptオーソリ制御区分 under which the shop then authorises.
VERDICTS = [
    (FRICTIONLESS, "", "low middle high"), (VISA, AUTHENTICATE, "low middle high"),
    (ATTEMPTED, "", "low middle"), (VISA, ATTEMPT, "low middle"),
    (UNCERTAIN, "", "low"), (VISA, WARN, "low"),
    (REFUSED, "", ""), (VISA, FAIL, ""),
]  # fmt: skip


@pytest.mark.req("R-051", "R-114", "R-160")
@pytest.mark.parametrize("control", ["low", "middle", "high"])
def test_the_shop_decides_by_its_attempt_control(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, control: str
) -> None:
    use(demo_app, control)
    ends: list[str] = []
    for card, choice, levels in VERDICTS:
        done = through(buy(shopper.shop_url, TEA, buyer=Buyer(shopper.shop_url), card=card, coupon=COUPON), choice)
        if control in levels.split():
            ends.append("placed")
            assert number_of(done), (card, choice)
        else:
            ends.append("lapsed")
            assert done.path == "/checkout/zero", (card, choice)
            assert "請求はされていません。ご注文は確定していません。" in done.page.text
            assert "本人認証（3Dセキュア）が完了しませんでした。" in done.page.text
        assert orders(demo_app) == ends
        assert charged(simulator) == [("20", TOTAL)] * ends.count("placed")
        assert telegrams(simulator, "020") == ends.count("placed")
        assert reserved(demo_app) == (ends.count("placed"), 0)


@pytest.mark.req("P-36", "R-060")
@pytest.mark.parametrize(
    ("card", "outcome", "bearer"),
    [
        (FRICTIONLESS, "認証済み", "カード会社"),
        (ATTEMPTED, "Attempt（正常）", "カード会社"),
        (UNCERTAIN, "Attempt（注意）", "ショップ"),
        (UNSUPPORTED, "未対応のカード", "ショップ"),
    ],
)
def test_outcome_and_bearer_of_the_loss_stand_on_the_order(
    shopper: Buyer, desk: Desk, card: str, outcome: str, bearer: str
) -> None:
    done = buy(shopper.shop_url, TEA, buyer=shopper, card=card, coupon=COUPON)
    if card != UNSUPPORTED:
        done = through(done)
    words = words_in_box(desk, number_of(done))
    assert f"本人認証 {outcome}" in words
    assert f"不正利用時の負担 {bearer}" in words
    line = "※本受注は3Dセキュア認証が実施されました。詳細はペイジェント管理画面にてご確認ください"
    assert (line in words) == (card != UNSUPPORTED)


@pytest.mark.req("R-060")
def test_an_order_without_authentication_has_no_such_line(shopper: Buyer, demo_app: Flask, desk: Desk) -> None:
    change(demo_app, PaymentMethod.options, json.dumps({"use_3ds": "0"}), kind="card")
    words = words_in_box(desk, number_of(buy(shopper.shop_url, TEA, buyer=shopper, coupon=COUPON)))
    assert "決済状況 オーソリOK" in words
    assert "3Dセキュア認証が実施" not in words
    assert "本人認証 利用していません" in words


@pytest.mark.req("R-069")
@pytest.mark.parametrize(
    ("card", "control", "said"),
    [
        (NOT_STARTED, "low", "31001"), (TOKEN_LATE, "low", "31003"),
        (UNSUPPORTED, "middle", "31012"), (UNSUPPORTED, "high", "31012"),
    ],
)  # fmt: skip
def test_an_authentication_that_cannot_begin_charges_nothing(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, card: str, control: str, said: str
) -> None:
    use(demo_app, control)
    done = buy(shopper.shop_url, TEA, buyer=shopper, card=card, coupon=COUPON)
    assert done.path == "/checkout/zero"
    assert f"エラーコード: {said}" in done.page.text
    assert (orders(demo_app), charged(simulator)) == (["lapsed"], [])
    assert reserved(demo_app) == (0, 0)


@pytest.mark.parametrize("mode", ["reset", "http_500", "garbage", "half"])
def test_a_lost_answer_to_450_costs_nobody_anything(
    shopper: Buyer, demo_app: Flask, simulator: Simulator, mode: str
) -> None:
    simulator.fault(mode, kind="450", phase="after")
    done = buy(shopper.shop_url, TEA, buyer=shopper, coupon=COUPON)
    assert done.path == "/checkout/zero"
    assert (orders(demo_app), charged(simulator), telegrams(simulator, "020")) == (["lapsed"], [], 0)


@pytest.mark.req("P-05", "R-060")
def test_the_answer_of_020_is_lost_after_the_return(
    away: Purchase, demo_app: Flask, simulator: Simulator, clock: MovableClock, desk: Desk
) -> None:
    simulator.fault("reset", kind="020", phase="after")
    done = through(away, AUTHENTICATE)
    assert done.path == "/checkout/pending"
    clock.advance(10)
    run_jobs(demo_app, "reconcile")
    assert charged(simulator) == [("20", TOTAL)]
    placed = away.buyer.get("/checkout/pending")
    assert "3Dセキュア認証が実施" in desk.order(number_of(Purchase(away.buyer, placed))).text


# ---- forged, bent, repeated ----


@pytest.mark.req("R-050", "P-10", "P-12")
@pytest.mark.parametrize("mode", ["bent_hc", "bent_result", "no_hc"])
def test_a_result_that_is_not_the_providers_creates_no_order(
    away: Purchase, demo_app: Flask, simulator: Simulator, mode: str
) -> None:
    simulator.control("paygent/returns", mode=mode)
    done = through(away, FAIL if mode == "bent_result" else AUTHENTICATE)
    assert done.path == "/checkout/pending"
    assert "本人認証の結果を確認できませんでした。請求はされていません。" in done.page.text
    assert (orders(demo_app), charged(simulator), telegrams(simulator, "020")) == (["draft"], [], 0)


def _changed(url: str, **changed: str) -> str:
    parts = urlsplit(url)
    return parts._replace(query=urlencode(dict(parse_qsl(parts.query, keep_blank_values=True)) | changed)).geturl()


@pytest.mark.req("R-050", "T-020")
@pytest.mark.parametrize("changed", [{"attempt_kbn": ""}, {"3ds_auth_id": "0" * 36}, {"result": "1"}, {"hc": ""}])
def test_a_bent_parameter_is_refused(
    away: Purchase, demo_app: Flask, simulator: Simulator, changed: dict[str, str]
) -> None:
    back = way_back(away, WARN)
    away.buyer.get(_changed(back, **changed))
    assert (orders(demo_app), telegrams(simulator, "020")) == (["draft"], 0)
    assert number_of(Purchase(away.buyer, away.buyer.get(back)))


@pytest.mark.req("T-021", "S-042", "T-053")
def test_another_buyers_result_opens_nothing(away: Purchase, demo_app: Flask, simulator: Simulator) -> None:
    """A genuine, signed return of one authentication, sent to the address of another, whole or with the other's token only."""
    other = buy(away.buyer.shop_url, TEA, buyer=Buyer(away.buyer.shop_url), coupon=COUPON)
    good, mine = way_back(other, AUTHENTICATE), way_back(away, FAIL)
    (my_way, _, failed), (their_way, _, passed) = mine.partition("?"), good.partition("?")
    away.buyer.get(f"{my_way}?{passed}")
    their_token = their_way.rpartition("/")[2]
    for mixed in (f"{my_way.rpartition('/')[0]}/{their_token}", f"{away.url.rpartition('/')[0]}/{their_token}"):
        for said in (passed, failed):
            assert away.buyer.get(f"{mixed}?{said}").status_code == 404
    assert (orders(demo_app), telegrams(simulator, "020")) == (["draft", "draft"], 0)
    assert number_of(Purchase(other.buyer, other.buyer.get(good)))
    assert orders(demo_app) == ["draft", "placed"]


def test_a_parameter_sent_twice_is_refused(away: Purchase, demo_app: Flask, simulator: Simulator) -> None:
    away.buyer.get(way_back(away, FAIL) + "&result=0")
    assert (orders(demo_app), telegrams(simulator, "020")) == (["draft"], 0)


def test_an_address_with_another_token_does_not_exist(away: Purchase) -> None:
    back = urlsplit(way_back(away, AUTHENTICATE))
    for path in (away.path[:-1] + "x", back.path[:-4] + "0000", "/pay/r/nobody/" + "0" * 32):
        assert away.buyer.get(f"{path}?{back.query}").status_code == 404


@pytest.mark.req("P-12", "T-030")
def test_a_return_repeated_finds_the_stored_result(away: Purchase, simulator: Simulator) -> None:
    back = way_back(away, AUTHENTICATE)
    first = number_of(Purchase(away.buyer, away.buyer.get(back)))
    for again in (back, back, away.url):
        assert number_of(Purchase(away.buyer, away.buyer.get(again))) == first
    assert (charged(simulator), telegrams(simulator, "020")) == ([("20", TOTAL)], 1)


@pytest.mark.req("S-017", "P-12")
def test_a_return_that_meets_no_free_slot_comes_again_by_itself(away: Purchase, demo_app: Flask, simulator: Simulator) -> None:
    """Answered once with something else than the way on, nothing is lost: the same address goes on in a moment."""
    back = way_back(away, AUTHENTICATE)
    with demo_app.app_context(), ExitStack() as taken:
        for _ in range(demo_app.extensions["shop.runtime"].config.threads // 2):
            taken.enter_context(engine().pool.reserve())
        busy = away.buyer.session.get(back)
        assert (busy.status_code, busy.headers["Refresh"]) == (503, "3")
        assert "請求はまだされていません" in Page(busy.text).text
    assert (orders(demo_app), telegrams(simulator, "020")) == (["draft"], 0)
    assert number_of(Purchase(away.buyer, away.buyer.get(back)))
    assert charged(simulator) == [("20", TOTAL)]


@pytest.mark.req("P-12", "S-020", "S-019")
def test_a_return_without_the_cookies_goes_on_and_says_nothing_personal(
    away: Purchase, simulator: Simulator, demo_app: Flask
) -> None:
    stranger = requests.get(way_back(away, AUTHENTICATE))
    assert stranger.status_code == 200
    assert "ご注文は成立しました。" in stranger.text
    assert "山田" not in stranger.text
    assert "hanako@example.jp" not in stranger.text
    assert charged(simulator) == [("20", TOTAL)]
    # The browser that ordered finds its order.
    assert number_of(Purchase(away.buyer, away.buyer.get("/checkout/pending")))


@pytest.mark.req("P-05", "R-164")
def test_a_browser_without_cookies_is_not_told_that_nothing_was_charged_either(
    away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    """Given up while the provider may have authorised: nobody says that the money is free before it is."""
    back = way_back(away, AUTHENTICATE)
    simulator.fault("reset", kind="020", phase="after")
    pending = Purchase(away.buyer, away.buyer.get(back))
    away.buyer.post("/checkout/pending/abort", pending.page.form("/checkout/pending/abort").fields)
    assert charged(simulator) == [("20", TOTAL)]
    words = Page(requests.get(back).text).text
    assert "請求はされていません" not in words
    assert "承認されていた場合も、自動で取り消してメールでお知らせします。" in words


# ---- S10 ----


@BOTH
@pytest.mark.req("R-162", "R-163", "S-008")
def test_coming_back_by_oneself_shows_the_open_attempt(
    cart: str, away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    page = away.buyer.get(ORDERED_ON[cart])
    assert urlsplit(page.url).path == "/checkout/pending"
    words = Page(page.text)
    assert "本人認証（3Dセキュア）のお手続きが終わっていません。" in words.text
    assert "あと20分のあいだ確保しています" in words.text
    asked = Page(away.buyer.post("/checkout/pending/check", words.form("/checkout/pending/check").fields).text)
    assert "本人認証（3Dセキュア）がまだ終わっていません。" in asked.text
    assert (orders(demo_app), telegrams(simulator, "450")) == (["draft"], 1)
    (link,) = [a["href"] for a in asked.find("a", class_="button button-main")]
    again = Purchase(away.buyer, away.buyer.get(link))
    assert number_of(through(again, AUTHENTICATE))


@BOTH
@pytest.mark.req("R-163", "R-160", "S-041")
def test_giving_up_frees_stock_and_keeps_the_cart(
    cart: str, away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    back = way_back(away, AUTHENTICATE)
    waiting = away.buyer.get("/checkout/pending").text
    (confirmation,) = re.findall("<code>(.+)</code>", waiting)
    assert away.buyer.get(f"/orders/{confirmation}/complete").status_code == 404, "確認番号 is no order's"
    pending = Page(waiting)
    given_up = away.buyer.post("/checkout/pending/abort", pending.form("/checkout/pending/abort").fields)
    assert urlsplit(given_up.url).path == ORDERED_ON[cart]
    assert "お支払いを中止しました。カゴの中身はそのまま残っています。" in Page(given_up.text).text
    assert reserved(demo_app) == (0, 0)
    late = away.buyer.get(back)
    assert "請求はされていません" in Page(late.text).text
    assert (orders(demo_app), charged(simulator), telegrams(simulator, "020")) == (["lapsed"], [], 0)
    # The same cart can be ordered again.
    assert number_of(through(order(cart, away.buyer), AUTHENTICATE))


@pytest.mark.req("R-163", "R-164")
def test_giving_up_while_the_outcome_is_unknown_undoes_what_was_reserved(
    away: Purchase, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    simulator.fault("reset", kind="020", phase="after")
    pending = through(away, AUTHENTICATE)
    away.buyer.post("/checkout/pending/abort", pending.page.form("/checkout/pending/abort").fields)
    assert orders(demo_app) == ["lapsed"]
    assert reserved(demo_app) == (0, 0)
    clock.advance(30)
    for _ in range(3):
        run_jobs(demo_app, "reconcile", "dispatch")
        clock.advance(30)
    assert charged(simulator) == [("32", TOTAL)]
    assert promised(demo_app) == ["payment_cancelled", "payment_cancelled_notice"]


def test_the_provider_is_asked_ten_times_in_five_minutes_and_not_more(
    away: Purchase, simulator: Simulator, clock: MovableClock
) -> None:
    simulator.fault("reset", kind="020", phase="after")
    simulator.fault("http_500", kind="094", times=None)
    pending = through(away, AUTHENTICATE)
    form = pending.page.form("/checkout/pending/check").fields
    for _ in range(12):
        asked = away.buyer.post("/checkout/pending/check", form)
    assert "少し待ってから、もう一度お試しください。" in Page(asked.text).text
    assert telegrams(simulator, "094") == 10
    clock.advance(5 * MINUTE + 1)
    away.buyer.post("/checkout/pending/check", form)
    assert telegrams(simulator, "094") == 11


@pytest.mark.req("R-163")
def test_asking_completes_at_once(away: Purchase, demo_app: Flask, simulator: Simulator) -> None:
    simulator.fault("reset", kind="020", phase="after")
    pending = through(away, AUTHENTICATE)
    asked = away.buyer.post("/checkout/pending/check", pending.page.form("/checkout/pending/check").fields)
    assert number_of(Purchase(away.buyer, asked))


# ---- time ----


@BOTH
@pytest.mark.req("R-161", "S-015")
def test_a_buyer_who_never_comes_back(
    cart: str, away: Purchase, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    assert way_back(away, GIVE_UP) == ""
    clock.advance(20 * MINUTE - 5)
    run_jobs(demo_app, "release_holds")
    assert reserved(demo_app) == (0, 1)
    clock.advance(6)
    run_jobs(demo_app, "release_holds")
    assert reserved(demo_app) == (0, 0)
    assert orders(demo_app) == ["lapsed"]
    assert promised(demo_app) == ["not_placed"]
    page = Page(away.buyer.get(ORDERED_ON[cart]).text).text
    assert "本人認証（3Dセキュア）が終わる前に、商品のお取り置きが終わりました。" in page
    assert charged(simulator) == []


@BOTH
@pytest.mark.req("R-164", "S-035")
def test_a_return_after_the_hold_has_ended_charges_nothing(
    away: Purchase, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    back = way_back(away, AUTHENTICATE)
    clock.advance(20 * MINUTE + 1)
    run_jobs(demo_app, "release_holds")
    late = away.buyer.get(back)
    assert "請求はされていません。ご注文は確定していません。" in Page(late.text).text
    assert (charged(simulator), telegrams(simulator, "020")) == ([], 0)
    assert orders(demo_app) == ["lapsed"]


@pytest.mark.req("R-164", "R-161", "P-08")
def test_past_the_holds_time_nothing_is_charged_even_when_no_job_has_run(
    away: Purchase, demo_app: Flask, simulator: Simulator, clock: MovableClock
) -> None:
    """With the runner down, the return itself, the way to the issuer and S10 notice that the time is over."""
    others = [buy(away.buyer.shop_url, TEA, buyer=Buyer(away.buyer.shop_url), coupon=COUPON) for _ in range(2)]
    back = way_back(away, AUTHENTICATE)
    clock.advance(20 * MINUTE + 1)
    pages = [away.buyer.get(back), others[0].buyer.get(others[0].url), others[1].buyer.get("/checkout/pending")]
    for page in pages:
        assert "請求はされていません。ご注文は確定していません。" in Page(page.text).text, page.url
    assert (charged(simulator), telegrams(simulator, "020")) == ([], 0)
    assert orders(demo_app) == ["lapsed"] * 3
    assert reserved(demo_app) == (0, 0)


@pytest.mark.req("S-021", "P-12")
def test_the_providers_time_out_notice_comes_without_cookies_and_repeats(
    away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    told = simulator.control("paygent/timeouts", copies=3)
    assert told["statuses"] == [303] * 3
    assert orders(demo_app) == ["lapsed"]
    assert operation(demo_app).result_code == "31013"
    assert telegrams(simulator, "020") == 0
    page = Page(away.buyer.get("/checkout/pending").text).text
    assert "本人認証（3Dセキュア）の時間が切れました。" in page
    assert "エラーコード: 31013" in page


def test_what_was_kept_for_the_way_is_encrypted_and_gone_afterwards(
    away: Purchase, demo_app: Flask, simulator: Simulator
) -> None:
    sealed = operation(demo_app).sealed
    assert sealed
    assert b"tok" not in sealed
    assert b"<form" not in sealed
    through(away, AUTHENTICATE)
    assert operation(demo_app).sealed is None


@pytest.mark.req("R-113", "T-033", "T-048")
def test_the_page_that_leads_to_the_issuer_is_the_providers_own_in_a_sandbox(away: Purchase) -> None:
    headers = away.response.headers
    assert headers["Content-Security-Policy"] == "sandbox allow-scripts allow-forms; script-src 'unsafe-inline'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert away.response.text.startswith("<!DOCTYPE html>\r\n")
