"""Two-step log-in of the desk: what the half logged-in see, and that a code is taken once, in time, and not by guessing."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from werkzeug.test import TestResponse

from admin import second_step
from app import create_app
from shop.core.clock import Clock
from shop.core.config import Config
from shop.core.db import Base, db, write
from shop.core.passwords import hashed
from shop.core.runtime import now
from shop.core.shopinfo import ShopInfo
from shop.core.throttle import ThrottleEvent
from shop.outbox.models import OutboxMail
from shop.staff import devices, service, totp, two_step
from shop.staff.models import KnownDevice, RecoveryCode, StaffLog, StaffUser, TwoStep
from tests.support.pages import Page
from tests.support.shop import dispose
from tests.web.test_admin_login import LOGIN, PASSWORD, WRONG, admin_rules, is_in, log_in, token_of

OTHER = "taro"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
PAGE, CODE_PAGE = "/admin/two-step", "/admin/login/code"


@pytest.fixture(autouse=True)
def staff(app: Flask) -> None:
    """Two people, none of them with a second step."""
    with app.app_context():
        people = [service.new_owner(login, "月野 花", PASSWORD, now()) for login in (LOGIN, OTHER)]
        with write() as session:
            session.add(ShopInfo(name="つきのわ商店", email="shop@example.jp"))
            session.add_all(people)


class Phone:
    """Somebody's authenticator app, which knows the time only."""

    def __init__(self, key: str, app: Flask) -> None:
        self.key, self.app = key, app

    def shows(self, steps: int = 0) -> str:
        with self.app.app_context():
            return totp.code(self.key, totp.step_at(now()) + steps)

    def wrong(self) -> str:
        right = {self.shows(steps) for steps in range(-1, 2)}
        return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def press(client: FlaskClient, path: str, action: str = "", **typed: str) -> TestResponse:
    """Open a page, fill its form, press its button."""
    form = Page(client.get(path).text).form(action or path)
    return client.post(action or path, data=form.fields | typed)


def set_up(client: FlaskClient, app: Flask) -> tuple[Phone, list[str]]:
    """Through the pages; the phone's clock moves on, so that its next code is a new one."""
    shown = client.get(f"{PAGE}/set-up")
    key = re.search(r'translate="no">([A-Z2-7 ]+)<', shown.text)
    assert key, shown.text
    phone = Phone(key[1].replace(" ", ""), app)
    fields = Page(shown.text).form(f"{PAGE}/set-up").fields
    answer = client.post(f"{PAGE}/set-up", data=fields | {"password": PASSWORD, "code": phone.shows()})
    codes = re.findall(r"<li>([A-Z-]{19})</li>", answer.text)
    assert (answer.status_code, len(codes)) == (200, two_step.CODES), Page(answer.text).text
    return phone, codes


@pytest.fixture
def phone(app: Flask, client: FlaskClient, clock: Clock) -> Phone:
    """Two-step log-in is on, and everybody out."""
    return with_paper(app, client, clock)[0]


@pytest.fixture
def paper(app: Flask, client: FlaskClient, clock: Clock) -> list[str]:
    return with_paper(app, client, clock)[1]


def with_paper(app: Flask, client: FlaskClient, clock: Clock) -> tuple[Phone, list[str]]:
    log_in(client)
    made = set_up(client, app)
    client.delete_cookie("session-admin")
    clock.advance(60)
    return made


def type_code(client: FlaskClient, code: str, **more: str) -> TestResponse:
    return press(client, CODE_PAGE, code=code, **more)


def come_in(client: FlaskClient, code: str, **more: str) -> TestResponse:
    log_in(client)
    return type_code(client, code, **more)


def stored(app: Flask, *columns: object) -> list[tuple[object, ...]]:
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(*columns))]  # type: ignore[call-overload]


def deeds(app: Flask) -> list[str]:
    return [str(line) for (line,) in stored(app, StaffLog.text)]


# ---- the door ----


@pytest.mark.req("T-041")
def test_password_and_code_open_the_page_that_was_wanted(client: FlaskClient, phone: Phone) -> None:
    answer = log_in(client, wanted="/admin/orders?list=completed")
    assert answer.status_code == 303
    assert answer.location.startswith(CODE_PAGE)
    shown = client.get(answer.location)
    (field,) = Page(shown.text).find("input", name="code")
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")
    fields = Page(shown.text).form(CODE_PAGE).fields | {"code": f" {phone.shows()[:3]} {phone.shows()[3:]} "}
    answer = client.post(CODE_PAGE, data=fields)
    assert (answer.status_code, answer.location) == (303, "/admin/orders?list=completed")
    assert is_in(client)


@pytest.mark.req("T-034")
def test_the_right_code_starts_a_new_session(client: FlaskClient, phone: Phone) -> None:
    log_in(client)
    with client.session_transaction(CODE_PAGE) as session:
        session["planted"] = "by someone else"
        session["language"] = "en"
    before = token_of(client, CODE_PAGE)
    assert type_code(client, phone.shows()).status_code == 303
    with client.session_transaction(PAGE) as session:
        assert ("planted" in session, session["language"]) == (False, "en")
    assert client.post("/admin/logout", data={"csrf_token": before}).status_code == 400
    assert is_in(client)


@pytest.mark.req("T-041", "P-24")
def test_halfway_in_opens_nothing_but_the_second_step(app: Flask, client: FlaskClient, phone: Phone) -> None:
    log_in(client)
    token = token_of(client, CODE_PAGE)
    before = deeds(app)
    for method, path in admin_rules(app):
        if path != CODE_PAGE:
            answer = client.open(path, method=method, data={"csrf_token": token})
            assert (answer.status_code, answer.location.partition("?")[0]) == (303, CODE_PAGE), (method, path)
    assert deeds(app) == before
    # The token of the halfway session, put where a whole one's stands, opens nothing either.
    with client.session_transaction(CODE_PAGE) as session:
        session["_user_id"] = f"staff:{session['halfway']}"
    assert not is_in(client)


@pytest.mark.req("T-041")
def test_the_second_step_waits_ten_minutes(client: FlaskClient, phone: Phone, clock: Clock) -> None:
    log_in(client)
    clock.advance(10 * 60 + 1)
    answer = client.get(CODE_PAGE, follow_redirects=True)
    assert "時間が過ぎたため" in answer.text
    assert client.get(CODE_PAGE).location.startswith("/admin/login")


@pytest.mark.req("T-034")
def test_the_halfway_session_ends_where_the_whole_one_begins(client: FlaskClient, phone: Phone) -> None:
    log_in(client)
    halfway = client.get_cookie("session-admin")
    assert halfway
    assert type_code(client, phone.shows()).status_code == 303
    client.set_cookie("session-admin", halfway.value)
    assert client.get(CODE_PAGE).location.startswith("/admin/login")


@pytest.mark.req("T-041")
def test_a_code_is_taken_once(app: Flask, client: FlaskClient, phone: Phone, clock: Clock) -> None:
    code = phone.shows()
    assert come_in(client, code).status_code == 303
    thief = app.test_client()
    answer = come_in(thief, code)
    assert answer.status_code == 401
    assert "この番号はすでに使われています" in answer.text
    assert come_in(thief, phone.shows(-1)).status_code == 401, "nor one that is older than the last"
    clock.advance(30)
    assert come_in(thief, phone.shows()).status_code == 303


@pytest.mark.req("T-041")
def test_the_code_of_the_set_up_does_not_log_in(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    phone, _codes = set_up(client, app)
    assert come_in(app.test_client(), phone.shows()).status_code == 401


@pytest.mark.req("T-041")
def test_of_two_with_one_code_at_once_one_gets_in(app: Flask, phone: Phone) -> None:
    code = phone.shows()

    def use(_number: int) -> str:
        with app.app_context(), write() as session:
            return two_step.prove(session, 1, code, now()).word

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == ["app", "used", "used", "used"]


@pytest.mark.one_database
@pytest.mark.req("T-041")
def test_a_step_taken_meanwhile_is_not_taken_again(app: Flask, phone: Phone) -> None:
    """Whoever read the row before the other one wrote it still loses: the update looks again."""
    with app.app_context():
        step = totp.step_at(now())
        with write() as session:
            assert [two_step._take_step(session, 1, step) for _ in range(2)] == [True, False]
            assert not two_step._take_step(session, 1, step - 1)


@pytest.mark.req("T-041")
def test_five_wrong_codes_close_the_second_step_until_the_time_it_says(app: Flask, client: FlaskClient, phone: Phone, clock: Clock) -> None:
    log_in(client)
    assert [type_code(client, phone.wrong()).status_code for _ in range(3)] == [401] * 3
    elsewhere = app.test_client()
    assert [come_in(elsewhere, code).status_code for code in ("ABCD-EFGH-JKMN-PQRT", phone.wrong())] == [401] * 2
    answer = come_in(elsewhere, phone.shows())
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 30 * 60
    assert re.search(r"\d\d:\d\d 以降にもう一度お試しください", answer.text)
    assert not is_in(elsewhere)
    clock.advance(30 * 60 + 1)
    assert come_in(elsewhere, phone.shows()).status_code == 303


@pytest.mark.req("T-041")
def test_the_owner_s_log_in_gives_a_guesser_no_new_tries(app: Flask, client: FlaskClient, phone: Phone) -> None:
    guesser = app.test_client()
    log_in(guesser)
    for _ in range(4):
        type_code(guesser, phone.wrong())
    assert come_in(client, phone.shows()).status_code == 303
    assert stored(app, func.count(ThrottleEvent.id)) == [(4,)], "what was right does not count itself"
    assert type_code(guesser, phone.wrong()).status_code == 401
    assert type_code(guesser, phone.wrong()).status_code == 429


# ---- recovery codes ----


@pytest.mark.req("T-041")
def test_a_recovery_code_works_once_and_the_shop_is_told(app: Flask, client: FlaskClient, paper: list[str]) -> None:
    log_in(client)
    assert "リカバリーコード" in client.get(f"{CODE_PAGE}?way=paper").text
    typed = paper[3].lower().replace("-", " ")
    assert press(client, f"{CODE_PAGE}?way=paper", CODE_PAGE, code=typed, remember="y").status_code == 303
    assert is_in(client)
    assert "残り9個" in client.get(PAGE).text
    assert "リカバリーコードを使いました（残り9個）" in deeds(app)
    assert stored(app, func.count(KnownDevice.id)) == [(0,)], "no phone, no device"
    assert come_in(app.test_client(), paper[3]).status_code == 401
    mail = stored(app, OutboxMail.recipient, OutboxMail.subject, OutboxMail.body)[-1]
    assert mail[0] == "shop@example.jp"
    assert LOGIN in str(mail[1])
    assert "リカバリーコードを使いました（残り9個）" in str(mail[2])


def test_somebody_else_s_codes_open_nothing(app: Flask, client: FlaskClient, paper: list[str], clock: Clock) -> None:
    other = app.test_client()
    log_in(other, login=OTHER)
    set_up(other, app)
    other.delete_cookie("session-admin")
    log_in(other, login=OTHER)
    assert type_code(other, paper[0]).status_code == 401


@pytest.mark.req("T-041")
def test_new_recovery_codes_end_the_old_ones(app: Flask, client: FlaskClient, paper: list[str]) -> None:
    come_in(client, paper[0])
    refused = press(client, f"{PAGE}/codes", password=PASSWORD, code=paper[0])
    assert refused.status_code == 422
    answer = press(client, f"{PAGE}/codes", password=PASSWORD, code=paper[1])
    fresh = re.findall(r"<li>([A-Z-]{19})</li>", answer.text)
    assert len(fresh) == two_step.CODES
    assert not set(fresh) & set(paper)
    assert come_in(app.test_client(), paper[2]).status_code == 401
    assert come_in(app.test_client(), fresh[0]).status_code == 303


@pytest.mark.req("T-041")
def test_neither_key_nor_codes_nor_device_can_be_read_anywhere(
    app: Flask, client: FlaskClient, clock: Clock, log: io.StringIO
) -> None:
    phone, paper = with_paper(app, client, clock)
    come_in(client, phone.shows(), remember="y")
    cookie = client.get_cookie("desk-device-1", path="/admin")
    assert cookie
    with app.app_context():
        tables = [db.session.execute(text(f'SELECT * FROM "{table.name}"')).all() for table in Base.metadata.sorted_tables]  # noqa: S608
    said = f"{tables} {log.getvalue()} {client.get(PAGE).text}"
    for secret in (phone.key, cookie.value, *paper, *(code.replace("-", "") for code in paper)):
        assert secret not in said


# ---- devices ----


@pytest.fixture
def known(app: Flask, client: FlaskClient, phone: Phone, clock: Clock) -> FlaskClient:
    """A browser that was asked for a code and will not be again."""
    client.environ_base["HTTP_USER_AGENT"] = CHROME
    answer = come_in(client, phone.shows(), remember="y")
    said = answer.headers.getlist("Set-Cookie")
    (cookie,) = [each for each in said if each.startswith("desk-device-1=")]
    assert {"HttpOnly", "SameSite=Strict", "Path=/admin"} <= set(cookie.split("; "))
    client.delete_cookie("session-admin")
    clock.advance(60)
    return client


def device_cookie(client: FlaskClient) -> str:
    cookie = client.get_cookie("desk-device-1", path="/admin")
    assert cookie
    return cookie.value


def with_device(app: Flask, value: str, login: str = LOGIN) -> TestResponse:
    """Log in from another browser that has a device's cookie."""
    copy = app.test_client()
    copy.set_cookie("desk-device-1", value, path="/admin")
    return log_in(copy, login=login)


def asks(answer: TestResponse) -> bool:
    assert answer.status_code == 303
    return answer.location.startswith(CODE_PAGE)


@pytest.mark.req("T-041")
def test_a_known_device_is_not_asked_for_thirty_days(app: Flask, known: FlaskClient, clock: Clock) -> None:
    assert not asks(log_in(known))
    assert "Chrome / Windows" in known.get(PAGE).text
    assert "新しい端末（Chrome / Windows）で、確認番号の入力を30日間省略するようにしました" in deeds(app)
    assert any("Chrome / Windows" in str(body) for (body,) in stored(app, OutboxMail.body))
    clock.advance(30 * 86_400)
    known.delete_cookie("session-admin")
    assert asks(with_device(app, device_cookie(known))), "the server counts the days, not the browser"


@pytest.mark.req("T-041")
def test_a_stolen_device_cookie_is_worth_nothing_without_the_password_or_for_another(app: Flask, known: FlaskClient, phone: Phone) -> None:
    stolen = device_cookie(known)
    thief = app.test_client()
    thief.set_cookie("desk-device-1", stolen, path="/admin")
    assert log_in(thief, password=WRONG).status_code == 401
    with app.app_context(), write() as session:
        # Not even for somebody whose password has the same hash.
        session.execute(update(StaffUser).values(password_hash=select(StaffUser.password_hash).where(StaffUser.id == 1).scalar_subquery()))
        assert devices.recognise(session, 2, stolen, now()) is None
        assert devices.recognise(session, 1, stolen, now())


@pytest.mark.req("T-041")
def test_a_copied_device_cookie_gives_itself_away(app: Flask, known: FlaskClient) -> None:
    stolen = device_cookie(known)
    assert not asks(log_in(known))
    assert asks(with_device(app, stolen))
    assert "端末（Chrome / Windows）の記憶が写し取られたおそれがあるため、取り消しました（hana）" in deeds(app)
    known.delete_cookie("session-admin")
    assert asks(log_in(known)), "which of the two is the owner's nobody knows"


@pytest.mark.req("T-041")
def test_a_device_ends_with_the_password_it_was_known_under(app: Flask, known: FlaskClient) -> None:
    with app.app_context(), write() as session:
        session.execute(update(StaffUser).values(password_hash=hashed(PASSWORD, service.PASSWORD_LENGTH)))
    assert asks(log_in(known))


@pytest.mark.req("T-041", "T-050")
def test_a_device_is_taken_back_by_its_person_only(app: Flask, known: FlaskClient) -> None:
    other = app.test_client()
    log_in(other, login=OTHER)
    form = {"csrf_token": token_of(other, PAGE)}
    assert other.post(f"{PAGE}/devices/1/forget", data=form).status_code == 303
    assert stored(app, func.count(KnownDevice.id)) == [(1,)]
    log_in(known)
    value = device_cookie(known)
    assert press(known, PAGE, f"{PAGE}/devices/1/forget").status_code == 303
    assert asks(with_device(app, value))
    assert "端末（Chrome / Windows）の省略を取り消し" in deeds(app)


@pytest.mark.one_database
def test_behind_tls_the_device_cookie_is_secure(settings: Config) -> None:
    made = create_app(replace(settings, base_url="https://shop.example.jp", demo=False))
    with made.test_request_context("/admin/login", base_url="https://shop.example.jp"):
        with write() as session:
            token = service.start_session(session, 1, now())
        answer = second_step._open(token, "", 1, ("secret", now() + devices.LIFE))
    dispose(made)
    (cookie,) = [each for each in answer.headers.getlist("Set-Cookie") if "desk-device" in each]
    assert cookie.startswith("__Secure-desk-device-1=secret;")
    assert "Secure" in cookie.split("; ")


# ---- switching on and off ----


@pytest.mark.req("T-041")
def test_nothing_is_on_before_password_and_first_code(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    shown = client.get(f"{PAGE}/set-up")
    fields = Page(shown.text).form(f"{PAGE}/set-up").fields
    key = re.search(r'translate="no">([A-Z2-7 ]+)<', shown.text)
    assert key
    assert "<svg" in shown.text
    phone = Phone(key[1].replace(" ", ""), app)
    for password, code in ((WRONG, phone.shows()), (PASSWORD, phone.wrong()), ("", ""), (PASSWORD, "")):
        answer = client.post(f"{PAGE}/set-up", data=fields | {"password": password, "code": code})
        assert answer.status_code == 422
        assert key[1] in answer.text, "the app has this key already"
    other = app.test_client()
    log_in(other, login=OTHER)
    theirs = {"csrf_token": token_of(other, PAGE), "draft": fields["draft"], "password": PASSWORD, "code": phone.shows()}
    assert other.post(f"{PAGE}/set-up", data=theirs).status_code == 303
    assert stored(app, func.count(TwoStep.id)) == [(0,)]
    assert not asks(log_in(app.test_client()))


@pytest.mark.req("T-041")
def test_switching_on_logs_the_other_browsers_out_and_tells_the_shop(app: Flask, client: FlaskClient) -> None:
    elsewhere, other = app.test_client(), app.test_client()
    log_in(elsewhere)
    log_in(other, login=OTHER)
    log_in(client)
    assert "ログインをより安全にできます" in client.get("/admin").text
    set_up(client, app)
    assert [is_in(each) for each in (client, elsewhere, other)] == [True, False, True]
    assert "ログインをより安全にできます" not in client.get("/admin").text
    assert deeds(app) == ["ログインの二段階認証をオンにしました"]
    ((recipient, body),) = stored(app, OutboxMail.recipient, OutboxMail.body)
    assert recipient == "shop@example.jp"
    assert "ログインの二段階認証をオンにしました" in str(body)
    assert client.get(f"{PAGE}/set-up").location == PAGE, "a key in use is not replaced by a visit"


@pytest.mark.req("T-040", "T-091")
def test_strangers_who_guess_keep_nobody_who_is_in_from_a_second_step_or_another_password(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    with app.app_context():
        for number in range(service.DOOR.everywhere):
            service.authenticate(LOGIN, WRONG, f"61.9.{number}.1", now())
    assert log_in(app.test_client()).status_code == 429
    set_up(client, app)
    another = "asa no hikari 12"
    assert press(client, "/admin/password", password=PASSWORD, new_password=another).status_code == 303
    # Who finds the desk open guesses five times, and the log-in outside has no part in it.
    guesses = [press(client, "/admin/password", password=WRONG, new_password=another).status_code for _ in range(6)]
    assert guesses == [422] * 5 + [429]
    refused = press(client, f"{PAGE}/off", password=another, code="000000")
    assert (refused.status_code, "失敗が続いたため" in refused.text) == (422, True)


@pytest.mark.req("T-041")
def test_switching_off_takes_password_and_code(app: Flask, known: FlaskClient, phone: Phone) -> None:
    log_in(known)
    for password, code in ((WRONG, phone.shows()), (PASSWORD, phone.wrong())):
        assert press(known, f"{PAGE}/off", password=password, code=code).status_code == 422
    assert stored(app, func.count(TwoStep.id)) == [(1,)]
    assert press(known, f"{PAGE}/off", password=PASSWORD, code=phone.shows()).status_code == 303
    for table in (TwoStep, RecoveryCode, KnownDevice):
        assert stored(app, func.count(table.id)) == [(0,)]
    assert deeds(app)[-1] == "ログインの二段階認証をオフにしました"
    assert not asks(log_in(app.test_client()))


def test_the_mail_is_english_where_the_page_was(app: Flask, client: FlaskClient) -> None:
    log_in(client)
    client.post("/admin/language/en", data={"csrf_token": token_of(client, "/admin")})
    set_up(client, app)
    ((subject, body),) = stored(app, OutboxMail.subject, OutboxMail.body)
    assert subject == "[つきのわ商店] Log-in to the admin (hana)"
    assert "Two-step log-in was switched on" in str(body)
    assert deeds(app) == ["ログインの二段階認証をオンにしました"], "the shop's own book is Japanese"


def test_who_lost_phone_and_paper_is_helped_by_command(app: Flask, phone: Phone) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["staff", "two-step-off", " ＨＡＮＡ"]).exit_code == 0
    assert not asks(log_in(app.test_client()))
    ((actor, line),) = stored(app, StaffLog.actor, StaffLog.text)[-1:]
    assert (actor, line) == ("operator", "ログインの二段階認証をオフにしました（hana）")
    again, nobody = run(args=["staff", "two-step-off", LOGIN]), run(args=["staff", "two-step-off", "nobody"])
    assert (again.exit_code, nobody.exit_code) == (1, 1)
    assert "there is no nobody" in nobody.output
