"""A member's browser over real HTTP: registered, logged in, out, and the links in the mails they get."""

import re
from urllib.parse import urlsplit

import requests
from flask import Flask

from shop.core.db import write
from shop.core.runtime import now
from shop.members import accounts, names
from tests.support.buying import Buyer
from tests.support.pages import Page
from tests.support.shop import mails, run_jobs

PASSWORD = "tsuki-no-wa-9"
LINK = re.compile(r"https?://\S+/(?:register|password|email|email/proof)/link/\S+")


class Member(Buyer):
    """A buyer with an account."""

    login, email, name = "hanako", "hanako@example.jp", "山田 花子"
    password = PASSWORD
    member_id = 0

    def log_in(self, login: str = "", password: str = "", **typed: str) -> requests.Response:
        form = self.submit_form("/login", "/login")
        return self.post("/login", form | {"login": login or self.login, "password": password or self.password} | typed)

    def log_out(self) -> requests.Response:
        return self.post("/logout", {"csrf_token": self.token()})

    def submit_form(self, path: str, action: str) -> dict[str, str]:
        """The fields of the form to ``action`` as the page at ``path`` offers them."""
        return Page(self.get(path).text).form(action).fields

    def submit(self, path: str, action: str = "", **typed: str) -> requests.Response:
        """Open a page, fill the form on it, press its button."""
        return self.post(action or path, self.submit_form(path, action or path) | typed)

    def token(self) -> str:
        return Page(self.get("/products").text).forms[0].fields["csrf_token"]

    @property
    def is_in(self) -> bool:
        return "マイページ" in Page(self.get("/products").text).text


def join(member: Member, app: Flask, *, provisional: bool = False) -> Member:
    """Write the member's account into the database."""
    person = accounts.Person(
        member.name, member.email, "ja", "ヤマダ ハナコ", "03-1234-5678", "100-0001", "東京都", "千代田区千代田1-1"
    )
    with app.app_context():
        hashed = names.hashed(member.password)
        with write() as session:
            made = accounts.create(session, person, member.login, hashed, now(), proven=True, provisional=provisional)
            member.member_id = made.id
    return member


def other(shop_url: str, app: Flask, login: str = "taro", **about: str) -> Member:
    """Another member."""
    member = Member(shop_url)
    member.login, member.email, member.name = login, f"{login}@example.jp", "佐藤 太郎"
    for name, value in about.items():
        setattr(member, name, value)
    return join(member, app)


def letters(app: Flask, to: str) -> list[str]:
    """The bodies of the mails that have reached an address, oldest first."""
    run_jobs(app, "outbox")
    return [str(mail.get_content()) for mail in mails(app) if to in str(mail["To"])]


def subjects(app: Flask, to: str) -> list[str]:
    run_jobs(app, "outbox")
    return [str(mail["Subject"]) for mail in mails(app) if to in str(mail["To"])]


def link(app: Flask, to: str) -> str:
    """The path of the link in the newest mail to an address. Fails when there is none."""
    found = [LINK.search(body) for body in letters(app, to)]
    newest = [match for match in found if match]
    assert newest, "no link in any mail"
    return urlsplit(newest[-1][0]).path
