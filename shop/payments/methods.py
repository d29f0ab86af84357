"""支払方法 – the list of ways to pay: what can be put on it, its order, and how a method leaves it.

A method is never deleted: orders made with it keep its name, its account and their payment box (R-008).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from providers.contract import N_
from providers.ports import Endpoint, Provider
from shop.core.runtime import runtime
from shop.payments import accounts
from shop.payments.engine import engine
from shop.payments.models import PaymentMethod, ProviderAccount

#: 基本決済: methods the shop collects itself, by kind.
BASIC = {"cash_on_delivery": N_("代金引換")}
#: Card companies take no payment of nothing (R-015).
_CARD_FROM_YEN = 1


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that can be put on the list: ``key`` is the kind of a basic method or the code of a provider."""

    key: str
    name: str
    system_name: str
    provider_name: str = ""
    listed: bool = False


def authenticates(method: PaymentMethod) -> bool:
    """Whether the issuer learns who the buyer is (3-D Secure): they are told so beside the press (U-032)."""
    if method.account is None:
        return False
    return accounts.provider_of(method.account).capabilities.authenticates(accounts.method_options(method))


def instalments(method: PaymentMethod) -> tuple[int, ...]:
    """支払回数 a method offers; none where it is no card."""
    if method.account is None:
        return ()
    return accounts.provider_of(method.account).capabilities.instalments(accounts.method_options(method))


def listed(session: Session) -> list[PaymentMethod]:
    """使用決済 – the methods on the list, in the order buyers see those that are 設定済み."""
    query = select(PaymentMethod).where(PaymentMethod.removed_at.is_(None))
    order = query.order_by(PaymentMethod.position, PaymentMethod.id)
    return list(session.scalars(order.options(joinedload(PaymentMethod.account))))


def named(session: Session, removed: int | None = None) -> dict[int, str]:
    """Ids and names of the methods on the list, in its order, and of one more that has left it."""
    query = select(PaymentMethod.id, PaymentMethod.name).where(PaymentMethod.removed_at.is_(None) | (PaymentMethod.id == removed))
    return {row.id: row.name for row in session.execute(query.order_by(PaymentMethod.position, PaymentMethod.id))}


def find(session: Session, method_id: int) -> PaymentMethod | None:
    """A method on the list, or ``None``."""
    query = select(PaymentMethod).where(PaymentMethod.id == method_id, PaymentMethod.removed_at.is_(None))
    return session.scalar(query.options(joinedload(PaymentMethod.account)))


def system_name(method: PaymentMethod) -> str:
    """システム側名称 – what it is, whatever the shop calls it."""
    return accounts.provider_of(method.account).system_name if method.account else BASIC[method.kind]


def basic(session: Session) -> list[Offer]:
    """基本決済."""
    taken = {method.kind for method in listed(session) if method.account is None}
    return [Offer(kind, name, name, listed=kind in taken) for kind, name in BASIC.items()]


def linked(session: Session) -> list[Offer]:
    """他社連携 – one entry per installed provider."""
    taken = {method.account.provider for method in listed(session) if method.account}
    return [
        Offer(provider.code, provider.method_name, provider.system_name, provider.name, provider.code in taken)
        for provider in engine().registry
    ]


def add_basic(session: Session, kind: str) -> PaymentMethod:
    """リストに追加, 未設定 and at the end. Raises ``KeyError`` for a kind that is not offered."""
    return _append(session, PaymentMethod(kind=kind, name=BASIC[kind]))


def add_linked(session: Session, provider: Provider, now: datetime) -> PaymentMethod:
    """リストに追加 under the provider's account of this world; a blank one is made when there is none."""
    endpoint = Endpoint.PRACTICE if runtime().config.demo else Endpoint.LIVE
    query = select(ProviderAccount).where(
        ProviderAccount.provider == provider.code, ProviderAccount.endpoint == endpoint.value
    )
    account = session.scalars(query.order_by(ProviderAccount.id)).first()
    if account is None:
        values = {setting.key: "" for setting in provider.settings if setting.scope == "account"}
        if endpoint == Endpoint.PRACTICE:
            values |= provider.practice_settings()  # no real contract is needed to try it
        account = accounts.create(session, provider, endpoint, values, now)
    method = PaymentMethod(
        kind="card", account_id=account.id, name=provider.method_name, shown_from_yen=_CARD_FROM_YEN
    )
    return _append(session, method)


def _append(session: Session, method: PaymentMethod) -> PaymentMethod:
    method.position = max((each.position for each in listed(session)), default=0) + 1
    session.add(method)
    session.flush()
    return method


def move(session: Session, method_id: int, step: int) -> bool:
    """Swap with the neighbour, ``step`` -1 for up, 1 for down. Returns whether there was one."""
    methods = listed(session)
    here = next((place for place, method in enumerate(methods) if method.id == method_id), None)
    if here is None or not 0 <= here + step < len(methods):
        return False
    methods[here], methods[here + step] = methods[here + step], methods[here]
    for position, method in enumerate(methods, 1):
        method.position = position
    return True


def remove(session: Session, method: PaymentMethod, now: datetime) -> None:
    """リストから削除. The row stays for the orders made with it."""
    method.removed_at = now
