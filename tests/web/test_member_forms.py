"""会員登録欄 as both checkouts carry it: what it asks, what it keeps – and that it keeps no password."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, g, render_template_string
from werkzeug.datastructures import MultiDict

from shop.core import passwords
from shop.core.db import write
from shop.members import names
from shop.members.models import MemberSettings
from shop.web.forms import BuyerFields, CheckedForm
from shop.web.member_forms import RegistrationFields
from tests.support.buying import ADDRESS
from tests.support.members import PASSWORD, Member
from tests.support.pages import Page

#: Sentences and rules; what they are stored in is tried on both databases elsewhere.
pytestmark = pytest.mark.one_database

RIGHT = {"register_member": "y", "login_id": "Hanako_2", "new_password": PASSWORD}


class _Form(BuyerFields, RegistrationFields, CheckedForm):
    """As a checkout has it."""


@pytest.fixture
def request_(demo_app: Flask) -> Iterator[None]:
    with demo_app.test_request_context("/checkout/step1", method="POST"):
        yield


def filled(kept: str = "", **typed: str) -> Any:
    form = _Form(MultiDict(ADDRESS | typed), meta={"csrf": False})
    form.kept_hash = kept
    return form


@pytest.mark.usefixtures("request_")
@pytest.mark.req("R-279")
def test_a_registration_is_a_hash_and_the_form_keeps_no_password() -> None:
    form = filled(**RIGHT)
    assert form.validate(), form.errors
    wanted = json.loads(form.registration())
    assert wanted["login"] == "hanako_2"
    assert passwords.matches(wanted["password_hash"], PASSWORD)
    assert PASSWORD not in json.dumps(form.cleaned()) + form.registration()
    again = _Form(formdata=None, data=form.cleaned(), meta={"csrf": False})
    assert (again.register_member.data, again.login_id.data, again.new_password.data) == (True, "Hanako_2", None)


@pytest.mark.usefixtures("request_")
def test_nothing_is_asked_and_nothing_kept_while_the_box_is_not_ticked() -> None:
    form = filled(login_id="x", new_password="short")
    assert form.validate(), form.errors
    assert form.registration() == ""
    assert form.cleaned()["login_id"] == ""


@pytest.mark.usefixtures("request_")
def test_a_password_of_an_earlier_page_is_not_asked_for_again() -> None:
    kept = names.hashed(PASSWORD)
    form = filled(kept, **RIGHT | {"new_password": ""})
    assert form.validate(), form.errors
    assert json.loads(form.registration())["password_hash"] == kept
    other = filled(kept, **RIGHT | {"new_password": "betsu-no-9-tsuki"})
    assert other.validate()
    assert passwords.matches(json.loads(other.registration())["password_hash"], "betsu-no-9-tsuki")


@pytest.mark.parametrize(
    ("typed", "field", "word"),
    [
        ({"login_id": ""}, "login_id", "会員IDを入力してください"),
        ({"login_id": "ab"}, "login_id", "4文字から30文字"),
        ({"login_id": "a@b.example"}, "login_id", "4文字から30文字"),
        ({"login_id": "ｈａｎａｋｏ"}, "login_id", "使われています"),
        ({"new_password": ""}, "new_password", "パスワードを入力してください"),
        ({"new_password": "seven-7"}, "new_password", "8文字以上"),
        ({"new_password": "HANAKO_2"}, "new_password", "同じパスワードは使えません"),
        ({"new_password": "hanako@example.jp"}, "new_password", "同じパスワードは使えません"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    hanako: Member, demo_app: Flask, typed: dict[str, str], field: str, word: str
) -> None:
    with demo_app.test_request_context("/checkout/step1", method="POST"):
        form = filled(**RIGHT | typed)
        assert not form.validate()
        assert list(form.errors) == [field]
        assert word in form.errors[field][0]


@pytest.mark.usefixtures("request_")
def test_terms_are_asked_for_where_there_are_some() -> None:
    assert filled(**RIGHT).validate()
    with write() as session:
        session.add(MemberSettings(terms="第1条 ていねいに使うこと。"))
    g.pop("member_settings")  # the next request
    refused = filled(**RIGHT)
    assert not refused.validate()
    assert list(refused.errors) == ["terms_agreed"]
    assert filled(**RIGHT, terms_agreed="y").validate()
    assert filled().validate(), "nobody else is asked"


@pytest.mark.usefixtures("request_")
@pytest.mark.req("U-060")
def test_the_boxes_suit_a_password_manager_and_show_no_password() -> None:
    source = "{% from 'shop/_member_parts.html' import log_in_box, registration_fields %}{{ registration_fields(form) }}{{ log_in_box('/checkout/step1') }}"
    form = filled(**RIGHT)
    form.validate()
    text = render_template_string(source, form=form)
    page = Page(text)
    assert PASSWORD not in text
    offered = {a["name"]: a for a in page.find("input") if "name" in a}
    assert {name: offered[name]["autocomplete"] for name in ("login_id", "new_password", "login", "password")} == {
        "login_id": "username", "new_password": "new-password", "login": "username", "password": "current-password",
    }  # fmt: skip
    assert not [a for a in offered.values() if "onpaste" in a]
    assert page.form("/login").fields["next"] == "/checkout/step1"
