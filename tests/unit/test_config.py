"""Settings that cannot be meant stop the start; what must not face the public is refused by name."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from app import create_app
from shop.core.config import Config, ConfigError, check_production, doubts, load


@pytest.fixture
def production(tmp_path: Path) -> Config:
    return load(
        {
            "SHOP_INSTANCE": str(tmp_path), "SECRET_KEY": "k" * 32, "BASE_URL": "https://shop.example.jp/",
            "SMTP_URL": "smtps://mail.example.jp", "MAIL_FROM": "shop@example.jp",
        }
    )  # fmt: skip


def test_a_good_production_starts(production: Config) -> None:
    check_production(production)
    assert (production.https, production.host, production.base_url) == (True, "shop.example.jp", "https://shop.example.jp")
    assert (production.demo, production.trusted_proxies) == (False, 0)


@pytest.mark.req("T-080")
@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"demo": True}, "SHOP_DEMO"),
        ({"secret_key": "demo-" + "k" * 64}, "demo key"),
        ({"secret_key": "k" * 31}, "shorter"),
        ({"base_url": "http://shop.example.jp"}, "https"),
        ({"smtp_url": ""}, "SMTP_URL"),
        ({"mail_from": ""}, "MAIL_FROM"),
    ],
)
def test_production_refuses(production: Config, fault: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        check_production(replace(production, **fault))  # type: ignore[arg-type]


@pytest.mark.req("T-079")
def test_a_proxy_that_was_forgotten_is_asked_about(production: Config) -> None:
    assert "TRUSTED_PROXIES" in doubts(production)[0]
    assert doubts(replace(production, trusted_proxies=1)) == doubts(replace(production, base_url="http://127.0.0.1:5000")) == []


@pytest.mark.req("T-080")
def test_production_refuses_debug(production: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(ConfigError, match="FLASK_DEBUG"):
        check_production(production)


def test_every_fault_is_named_at_once(production: Config) -> None:
    with pytest.raises(ConfigError) as refused:
        check_production(replace(production, demo=True, base_url="http://x", smtp_url=""))
    assert all(word in str(refused.value) for word in ("SHOP_DEMO", "https", "SMTP_URL"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "x"), ("PORT", "-1"), ("PORT", "５０００"), ("TRUSTED_PROXIES", "1.5"), ("SHOP_THREADS", "many"), ("SHOP_DEMO", "yes"), ("SHOP_DEMO", "true")],
)
def test_a_value_that_cannot_be_meant(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load({"SHOP_INSTANCE": str(tmp_path), name: value})


def test_secret_key_is_made_once_and_private(tmp_path: Path) -> None:
    first = load({"SHOP_INSTANCE": str(tmp_path)})
    assert load({"SHOP_INSTANCE": str(tmp_path)}).secret_key == first.secret_key
    assert len(first.secret_key) == 64
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    other = tmp_path / "other"
    assert load({"SHOP_INSTANCE": str(other)}).secret_key != first.secret_key


def test_what_the_shop_writes_is_nobody_else_s(production: Config) -> None:
    """Whatever the shell that started it allows: database, pictures and mails are the shop's own to read."""
    before = os.umask(0o022)
    try:
        create_app(production)
        (production.instance / "written").touch()
    finally:
        os.umask(before)
    assert (production.instance / "written").stat().st_mode & 0o777 == 0o600


def test_demo_key_is_marked(tmp_path: Path) -> None:
    made = load({"SHOP_INSTANCE": str(tmp_path), "SHOP_DEMO": "1", "PORT": "8000"})
    assert made.secret_key.startswith("demo-")
    assert (made.demo, made.base_url, made.https) == (True, "http://127.0.0.1:8000", False)
    assert made.database_url.startswith("sqlite:///")
