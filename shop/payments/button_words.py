"""What the buttons of the payment box say: what a press will do, or why there can be none."""

from providers.contract import MoneyStatus, Reason, Snapshot, Verb, Verdict
from shop.core.i18n import gettext as _
from shop.core.money import format_yen

#: The verbs of 取引更新.
UPDATING = (Verb.REAUTHORIZE, Verb.CHANGE)


def differs(facts: Snapshot) -> bool:
    """Whether order, ledger and provider name different amounts (integer equality, R-194)."""
    known = {facts.order_total_yen, facts.authorized_yen, facts.remote_amount_yen} - {None}
    return len(known) > 1


def effect(key: str, facts: Snapshot, yen: int) -> str:
    """What a press will do."""
    stands = format_yen(facts.authorized_yen)
    match key:
        case "cancel":
            return _cancel_effect(facts.status, facts.authorized_yen)
        case "update":
            return _("与信を%(before)sから%(yen)sに更新します", before=stands, yen=format_yen(yen))
        case _ if yen < facts.authorized_yen:
            return _("与信%(before)sのうち%(yen)sの売上を確定します。残りの与信は解放されます", before=stands, yen=format_yen(yen))
        case _:
            return _("%(yen)sの売上を確定します", yen=format_yen(yen))


def _cancel_effect(status: str, amount: int) -> str:
    if status == MoneyStatus.CAPTURED:
        return _("%(yen)s全額を返金します", yen=format_yen(amount))
    return _("与信%(yen)sを取り消します", yen=format_yen(amount))


def reason(verdict: Verdict, verb: Verb, facts: Snapshot, *, waiting: bool) -> str:
    """Why a button cannot be pressed. ``waiting``: for the outcome of an earlier press."""
    if waiting:
        return _("前の操作の結果を確認中です")
    if verb in UPDATING and not differs(facts):
        return _("金額に差異がないため、更新は不要です")
    if verb == Verb.CAPTURE and facts.status == MoneyStatus.CAPTURED:
        return _("売上は確定済みです")
    return {
        Reason.UNREADABLE: _("決済状況が読めないため操作できません"),
        Reason.AMOUNT_DIFFERS: _("受注の金額と与信の金額が違います"),
        Reason.EXPIRED: _("与信から60日を過ぎたため、売上確定できません"),
        Reason.THREE_DS: _("3Dセキュアが実施された受注は、取引更新できません"),
        Reason.OUT_OF_RANGE: _("受注の合計が、決済できる金額の範囲にありません"),
        Reason.RAISED: _("増額はできません"),
        Reason.CONSOLE_ONLY: _("決済会社の管理画面で操作してください"),
    }.get(verdict.reason, _("この決済状況では操作できません"))
