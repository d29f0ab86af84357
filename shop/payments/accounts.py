"""Provider accounts: sealed credentials in versions, and a gateway opened with the right one of them."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from providers.contract import Exchange, Recorder
from providers.ports import Endpoint, Gateway, Provider
from providers.settings import SettingsCheck
from shop.core import db, ids
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.payments.engine import engine
from shop.payments.models import AccountVersion, Payment, PaymentMethod, ProviderAccount


class PracticeOnly(RuntimeError):
    """A practice account outside practice mode: no test order may reach a live shop's books, nor the other way round."""


def provider_of(account: ProviderAccount) -> Provider:
    """The installed provider of an account. Raises ``UnknownProvider`` when its folder is gone."""
    return engine().registry.get(account.provider)


def create(session: Session, provider: Provider, endpoint: Endpoint, values: Mapping[str, str], now: datetime) -> ProviderAccount:
    """A new account with its first version of credentials."""
    account = ProviderAccount(
        provider=provider.code, name=provider.name, key=ids.public_id(), endpoint=endpoint.value, created_at=now
    )
    session.add(account)
    session.flush()
    _add_version(session, account.id, 1, values, now)
    return account


def current_version(session: Session, account_id: int) -> AccountVersion:
    """The newest credentials of an account."""
    query = (
        select(AccountVersion)
        .where(AccountVersion.account_id == account_id)
        .order_by(AccountVersion.version.desc())
        .limit(1)
    )
    return session.scalars(query).one()


def contracts(session: Session, account_id: int) -> list[AccountVersion]:
    """The newest credentials of each contract the account ever had, today's contract first.

    A renewed password or certificate opens the payments that were made before it; another merchant number does not.
    """
    query = select(AccountVersion).where(AccountVersion.account_id == account_id).order_by(AccountVersion.version.desc())
    newest: dict[tuple[str, ...], AccountVersion] = {}
    for version in session.scalars(query):
        newest.setdefault(_contract(version), version)
    return list(newest.values())


def is_earlier_contract(session: Session, version: AccountVersion) -> bool:
    """Whether what was made with this version belongs to another contract than today's."""
    return _contract(version) != _contract(current_version(session, version.account_id))


def _contract(version: AccountVersion) -> tuple[str, ...]:
    """The values that name the contract a version belongs to."""
    values = settings(version)
    return tuple(values.get(each.key, "") for each in provider_of(version.account).settings if each.contract)


def settings(version: AccountVersion) -> dict[str, str]:
    """Credentials in clear. Raises ``CannotDecrypt`` when the instance's key is not the one they were sealed with."""
    return runtime().vault.open(version.sealed, f"account:{version.account_id}")


def current_settings(session: Session, account: ProviderAccount) -> dict[str, str]:
    return settings(current_version(session, account.id))


def save_settings(session: Session, account_id: int, values: Mapping[str, str], now: datetime) -> bool:
    """Store changed values as a new version; empty secrets keep the old ones. Returns whether anything changed.

    Old payments keep the contract they were made with (R-030).
    """
    version = current_version(session, account_id)
    merged = with_stored(session, session.get_one(ProviderAccount, account_id), values)
    if merged == settings(version):
        return False
    _add_version(session, account_id, version.version + 1, merged, now)
    return True


def with_stored(session: Session, account: ProviderAccount, typed: Mapping[str, str]) -> dict[str, str]:
    """What the account's settings would be with ``typed`` saved: an empty secret keeps the stored one."""
    secret = {setting.key for setting in provider_of(account).settings if setting.secret}
    known = current_settings(session, account)
    return known | {key: value for key, value in typed.items() if value or key not in secret}


def _add_version(session: Session, account_id: int, number: int, values: Mapping[str, str], now: datetime) -> None:
    sealed = runtime().vault.seal(values, f"account:{account_id}")
    session.add(AccountVersion(account_id=account_id, version=number, sealed=sealed, created_at=now))
    session.flush()


def base_url(account: ProviderAccount) -> str:
    """Where this account's calls go. Raises :class:`PracticeOnly` for a practice account outside demo mode (T-024)."""
    config = runtime().config
    endpoint = Endpoint(account.endpoint)
    if endpoint == Endpoint.PRACTICE and not config.demo:
        raise PracticeOnly(f"account {account.id} is for practice, but SHOP_DEMO is 0")
    if endpoint == Endpoint.LIVE and config.demo:
        raise PracticeOnly(f"account {account.id} is live, but SHOP_DEMO is 1")
    return provider_of(account).base_url(endpoint, config.simulator_url)


def notice_url(account: ProviderAccount) -> str:
    """The address to register with the provider for its notifications."""
    return f"{runtime().config.base_url}/pay/n/{account.key}"


def gateway_of(session: Session, payment: Payment, record: Recorder) -> Gateway:
    """The gateway that can go on with a payment: of its own contract, with what its provider gave us to keep for it."""
    assert payment.account_version_id is not None
    keys = runtime().vault.open(payment.sealed_keys, _keys_of(payment.id))["keys"] if payment.sealed_keys else ""
    return open_gateway(session, payment.account_version_id, record, keys)


def keep_keys(payment: Payment, keys: str) -> None:
    """Keep what follow-ups of a payment need, encrypted and bound to it. Does nothing with none."""
    if keys:
        payment.sealed_keys = runtime().vault.seal({"keys": keys}, _keys_of(payment.id))


def _keys_of(payment_id: int) -> str:
    return f"payment:{payment_id}"


def open_gateway(session: Session, version_id: int, record: Recorder, keys: str = "") -> Gateway:
    """The gateway of the contract that a version of credentials belongs to, with the newest credentials of that contract.

    Calls through it refuse to leave while a transaction is open. For a payment that exists see :func:`gateway_of`.
    """
    newest = newest_of_contract(session, session.get_one(AccountVersion, version_id))
    return _open(newest.account, settings(newest), record, keys)


def newest_of_contract(session: Session, version: AccountVersion) -> AccountVersion:
    """The newest credentials of the contract that a version belongs to."""
    own = _contract(version)
    return next(each for each in contracts(session, version.account_id) if _contract(each) == own)


def check_settings(
    session: Session, account: ProviderAccount, typed: Mapping[str, str], now: datetime
) -> tuple[SettingsCheck, ...]:
    """接続テスト with values that are not stored yet. Waits for the provider, as long as any call may; writes nothing.

    Ends the read view. Raises :class:`PracticeOnly` in the wrong world and ``Busy`` when all provider slots are taken.
    """
    gateway = _open(account, with_stored(session, account, typed), Tape())
    with engine().pool.reserve():
        db.end_read()
        return gateway.check_settings(now)


def _open(account: ProviderAccount, values: Mapping[str, str], record: Recorder, keys: str = "") -> Gateway:
    return provider_of(account).open(
        values, base_url(account), before_send=db.ensure_no_transaction, record=record, now=moment, keys=keys, seed=_seed(account)
    )


def _seed(account: ProviderAccount) -> str:
    """The account's secret for what its provider's folder makes up: from the instance's key, the same for every version of the
    credentials."""
    key = runtime().config.secret_key.encode()
    return hmac.new(key, f"account:{account.id}".encode(), hashlib.sha256).hexdigest()


def usable(account: ProviderAccount | None) -> bool:
    """Whether buyers may be offered methods of this account now."""
    if account is None:
        return True
    try:
        base_url(account)
    except PracticeOnly:
        return False
    return True


def practice_mode() -> bool:
    """Whether this instance sells for practice only."""
    return runtime().config.demo


def method_options(method: PaymentMethod) -> dict[str, str]:
    """The method-scoped settings, defaults filled in."""
    stored = json.loads(method.options)
    if method.account is None:
        return dict(stored)
    defaults = {s.key: s.default for s in provider_of(method.account).settings if s.scope == "method"}
    return defaults | dict(stored)


class Tape:
    """Collects exchanges of one call, to be written with its result."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def __call__(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


def all_accounts(session: Session) -> list[ProviderAccount]:
    """Every account, oldest first."""
    return list(session.scalars(select(ProviderAccount).order_by(ProviderAccount.id)))


def ensure_no_practice(session: Session) -> None:
    """Raise :class:`PracticeOnly` when a buyer would be offered a method of a practice account."""
    query = (
        select(PaymentMethod.name)
        .join(ProviderAccount, ProviderAccount.id == PaymentMethod.account_id)
        .where(PaymentMethod.configured, PaymentMethod.removed_at.is_(None), ProviderAccount.endpoint == Endpoint.PRACTICE.value)
    )
    if names := session.scalars(query).all():
        raise PracticeOnly(f"configured with a practice account: {', '.join(names)}")
