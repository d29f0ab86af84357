"""Members of staff with just these rights, logged in without a password: for tests that are about rights."""

from flask import Flask
from werkzeug.test import TestResponse

from shop.core.db import db, write
from shop.core.runtime import now
from shop.staff import rights, service
from shop.staff.models import StaffUser
from shop.staff.rights import Right
from tests.support.pages import Page


class Clerk:
    """One of them at the desk; the browser stays in when the rights change."""

    def __init__(self, app: Flask, login: str, *granted: Right, owner: bool = False) -> None:
        self.app, self.login = app, login
        with app.app_context():
            with write() as session:
                person = StaffUser(
                    login=login, name=f"{login}さん", email=f"{login}@example.jp", password_hash="x", owner=owner,
                    rights=rights.write(granted), created_at=now(),
                )  # fmt: skip
                session.add(person)
                session.flush()
                self.person_id = person.id
                token = service.start_session(session, person.id, now())
            db.session.remove()
        self.client = app.test_client()
        with self.client.session_transaction("/admin") as cookie:
            cookie["_user_id"] = f"staff:{token}"
        self.token = Page(self.get("/admin").text).forms[0].fields["csrf_token"]

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **fields})

    @property
    def is_in(self) -> bool:
        return self.get("/admin").status_code == 200

    def row(self) -> StaffUser:
        """As it is stored now."""
        with self.app.app_context():
            return db.session.get_one(StaffUser, self.person_id, populate_existing=True)
