"""What the payment box says of a payment, in the words of the shop guide (001 §7-4)."""

from providers.contract import Snapshot
from providers.ports import Provider
from shop.core.i18n import gettext as _
from shop.core.money import format_yen


def waiting() -> tuple[str, ...]:
    """While an operation is open, whatever the box."""
    return (_("決済代行会社へ確認中です。結果が分かるまで、次の操作はできません。"),)


def text(box: str, facts: Snapshot, provider: Provider, *, updates: bool) -> tuple[str, ...]:
    """The sentences of a box, one to a line; none in yellow boxes. ``updates``: whether there is 取引更新."""
    match box:
        case "yellow-1" | "yellow-2" | "yellow-3":
            return ()  # what to do depends on the list the order is filed in: the page knows
        case "red-1":
            console = _(provider.console_name)
            return (
                _(provider.unreadable_words[0]),
                _(provider.unreadable_words[1]),
                _("・%(console)sでの操作が行われた。(金額変更やキャンセル処理など)", console=console),
                _("・購入者が購入手続きや支払い手続きを完了していない。"),
                _("などの可能性がございます。"),
                _("詳細は%(console)sにてご確認ください。", console=console),
            )
        case _:
            yen = facts.remote_amount_yen if facts.remote_amount_yen is not None else facts.authorized_yen
            name = _(provider.name)
            differs = _(
                "%(provider)s側の金額情報と差異があります(%(provider)s側の金額情報：%(amount)s)。",
                provider=name, amount=format_yen(yen),
            )  # fmt: skip
            return (differs, *_way_out(box, name, _(provider.console_name), updates=updates))


def otherwise(box: str, provider: Provider) -> str:
    """What 「こちら」 at the end of ② leads to: the way out of a difference made on the console (②-2). The guide has it on a
    help page of its own. Empty in other boxes."""
    if box != "red-2":
        return ""
    return _(
        "%(console)sで金額変更をされた場合は、「編集モード」で受注の金額を%(provider)s側の金額に合わせてください。取引更新は不要です。",
        console=_(provider.console_name), provider=_(provider.name),
    )  # fmt: skip


def _way_out(box: str, name: str, console: str, *, updates: bool) -> tuple[str, ...]:
    """What brings both amounts together again (001 §7-4 ②③④)."""
    match box:
        case "red-2" | "red-3" if not updates:
            return (_("増額はできません。「編集モード」で受注の金額を、%(provider)s側の金額以下に戻してください。", provider=name),)
        case "red-2":
            return (
                _(
                    "「編集モード」から金額変更された場合には取引更新ボタンをクリックして、%(provider)sへ金額変更内容を送信してください。",
                    provider=name,
                ),
                _("それ以外の操作をされた方はこちら"),
            )
        case "red-3":
            return (
                _("3Dセキュアが実施された受注のため、取引更新はできません。%(console)sで金額を一致させるか、「編集モード」で受注の金額を戻してください。", console=console),
            )
        case _:
            return (
                _("売上確定後の金額変更です。「編集モード」で受注の金額を合わせるか、%(console)sで金額を一致させてください。", console=console),
            )
