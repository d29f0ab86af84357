"""ログイン, 会員登録, パスワード and what else concerns a member's account, over real HTTP."""

import pytest
from flask import Flask

from tests.support.members import Member


def path_of(answer) -> str:
    from urllib.parse import urlsplit

    return urlsplit(answer.url).path


def test_log_in(hanako: Member, demo_app: Flask) -> None:
    assert not hanako.is_in
    hanako.log_in()
    assert hanako.is_in
    hanako.log_out()
    assert not hanako.is_in
