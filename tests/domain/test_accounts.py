"""Accounts: sealed, versioned, and practice strictly apart from live."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from providers import transport
from providers.ports import Endpoint
from shop.checkout.placement import ConfirmAgain
from shop.core import db
from shop.core.crypto import CannotDecrypt, Vault
from shop.core.runtime import Runtime, now
from shop.payments import accounts
from shop.payments.models import AccountVersion, Payment, PaymentMethod, ProviderAccount
from tests.domain.desk import Desk

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def with_demo(desk: Desk, demo: bool) -> None:
    known: Runtime = desk.app.extensions["shop.runtime"]
    desk.app.extensions["shop.runtime"] = replace(known, config=replace(known.config, demo=demo))


def opened(desk: Desk) -> str:
    """Opens the gateway and asks; returns what came of it."""

    def ask() -> str:
        session = db.db.session()
        version = accounts.current_version(session, session.query(ProviderAccount).one().id)
        gateway = accounts.open_gateway(session, version.id, accounts.Tape())
        db.end_read()
        return type(gateway.query(merchant_ref="x")).__name__

    return desk.call(ask)


@pytest.mark.req("T-024", "P-30")
def test_practice_account_outside_the_demo_is_refused(desk: Desk) -> None:
    assert opened(desk) == "Absent"
    asked = desk.telegrams("094")
    with_demo(desk, False)
    with pytest.raises(accounts.PracticeOnly):
        opened(desk)
    assert desk.telegrams("094") == asked
    assert not desk.call(lambda: accounts.usable(accounts.all_accounts(db.db.session())[0]))
    with pytest.raises(accounts.PracticeOnly, match="クレジットカード"):
        desk.call(lambda: accounts.ensure_no_practice(db.db.session()))
    desk.change(PaymentMethod, removed_at=NOW)
    desk.call(lambda: accounts.ensure_no_practice(db.db.session()))


@pytest.mark.req("P-30", "R-029", "T-021")
def test_live_account_in_the_demo_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(transport, "post", lambda url, *_, **__: called.append(url))
    desk.change(ProviderAccount, endpoint=Endpoint.LIVE.value)
    with pytest.raises(accounts.PracticeOnly):
        opened(desk)
    assert called == []


@pytest.mark.req("T-024")
def test_door_for_notices_of_a_practice_account_is_shut_outside_the_demo(desk: Desk) -> None:
    key = desk.account().key
    assert desk.app.test_client().post(f"/pay/n/{key}", data=b"x").status_code == 403
    with_demo(desk, False)
    assert desk.app.test_client().post(f"/pay/n/{key}", data=b"x").status_code == 404


def test_live_calls_go_to_the_provider_only(desk: Desk) -> None:
    desk.change(ProviderAccount, endpoint=Endpoint.LIVE.value)
    with_demo(desk, False)
    url = desk.call(lambda: accounts.base_url(accounts.all_accounts(db.db.session())[0]))
    assert url.startswith("https://")
    assert "localhost" not in url


@pytest.mark.req("T-024")
def test_no_method_is_offered_from_the_wrong_world(desk: Desk) -> None:
    confirmed, token = desk.confirmed(), desk.token()
    with_demo(desk, False)
    with pytest.raises(ConfirmAgain):
        desk.press(*confirmed, token)
    assert desk.telegrams("020") == 0


@pytest.mark.req("R-029")
def test_practice_orders_are_marked(desk: Desk) -> None:
    placed = desk.place()
    assert desk.payment(placed).practice
    assert desk.order(placed).practice


# ---- versions --------------------------------------------------------------------------------------------------


def save(desk: Desk, **values: str) -> bool:
    with desk.app.app_context(), db.write() as session:
        return accounts.save_settings(session, session.query(ProviderAccount).one().id, values, now())


@pytest.mark.req("R-030", "P-28")
def test_old_payments_keep_their_credentials(desk: Desk) -> None:
    old = desk.place()
    desk.simulator.control("paygent/merchants", merchant_id="100002", connect_id="conn0002", connect_password="Pw2")
    assert save(desk, merchant_id="100002", connect_id="conn0002", connect_password="Pw2")
    new = desk.placed(desk.press(*desk.confirmed(), desk.token(merchant_id="100002")))
    assert [version.version for version in desk.rows(AccountVersion)] == [1, 2]
    assert desk.payment(old).account_version_id != desk.payment(new).account_version_id
    assert desk.capture(old) == desk.capture(new) == "done"
    assert [each["merchant_id"] for each in (*desk.remote_payments(old), *desk.remote_payments(new))] == ["100001", "100002"]
    assert desk.remote(old)[0][0] == desk.remote(new)[0][0] == "40"


def test_an_empty_secret_keeps_the_old_one(desk: Desk) -> None:
    assert not save(desk, connect_password="")
    assert save(desk, connect_password="", site_id="A001")
    stored = desk.call(lambda: accounts.current_settings(db.db.session(), accounts.all_accounts(db.db.session())[0]))
    assert (stored["connect_password"], stored["site_id"]) == ("Pw0rd0001", "A001")
    assert not save(desk, site_id="A001")
    assert len(desk.rows(AccountVersion)) == 2


@pytest.mark.req("T-099")
def test_credentials_are_sealed_to_their_account_and_instance(desk: Desk) -> None:
    (version,) = desk.rows(AccountVersion)
    assert b"Pw0rd0001" not in version.sealed
    desk.change(AccountVersion, account_id=version.account_id, sealed=Vault("another key").seal({}, f"account:{version.account_id}"))
    with pytest.raises(CannotDecrypt):
        opened(desk)


def test_a_payment_needs_no_account_when_paid_at_the_door(desk: Desk) -> None:
    order_id = desk.press(*desk.confirmed(method="cash_on_delivery"))
    payment = desk.row(Payment, order_id=order_id)
    assert (payment.account_version_id, payment.status) == (None, "created")
    assert desk.row(PaymentMethod, kind="cash_on_delivery").fee_yen == 330
    assert desk.simulator.payments() == []


@pytest.mark.req("T-024", "P-30")
def test_money_of_the_other_world_is_not_touched(desk: Desk) -> None:
    """A live order in practice mode – a copied database, say: no button of 受注明細 moves it."""
    placed = desk.place()
    desk.change(ProviderAccount, endpoint=Endpoint.LIVE.value)
    assert desk.capture(placed) == desk.cancel(placed) == desk.refresh(placed) == "not_allowed"
    assert desk.steps(placed) == [("authorize", "shop", "succeeded")]
    assert (desk.telegrams("022"), desk.telegrams("021")) == (0, 0)
