"""接続テスト: what a harmless 094 says about the settings it was sent with.

It asks for a 取引ID that cannot exist: ours are digits only. "No such payment" is the answer of a provider that let us
in. Keys that only sign or authenticate a payment are not looked at by any such question.
"""

from collections.abc import Mapping
from datetime import datetime

from providers import certificates
from providers.contract import (
    N_,
    Absent,
    NotSent,
    QueryResult,
    RemoteState,
    Unknown,
    Unreadable,
)
from providers.settings import Finding, SettingsCheck
from providers.transport import ClientCertificate

NO_PAYMENT = "connection_check"
_CREDENTIALS = ("merchant_id", "connect_id", "connect_password")
_CERTIFICATE = ("client_certificate", "client_key", "client_key_password")
#: Used only when a token is made, a cardholder is authenticated, a notice is signed.
_LATER = (("token_generate_key",), ("merchant_name", "three_ds_hash_key"), ("notice_hash_key",))

_TEXTS = {
    "P001": N_("マーチャントID、接続ID、接続ID/パスワードのいずれかが空です。"),
    "P002": N_("マーチャントID、接続ID、接続ID/パスワードのいずれかが正しくありません。"),
    "P015": N_("このサーバーのIPアドレスがペイジェントに登録されていません。ペイジェントへ登録を依頼してください。"),
}
#: Why a payment cannot be looked at (red box ①, shop guide §7-4 ①-1 and ①-5, and what the guide leaves out).
_UNREADABLE = _TEXTS | {
    "P016": N_("クライアント証明書がペイジェントに受け付けられませんでした。支払方法設定に登録した証明書をご確認ください。"),
}
_CLOSED = N_(
    "この受注は、いまとは別のマーチャントIDで決済されていて、ペイジェントはその契約での照会を受け付けません。加盟店契約の名義変更のあとは、ペイジェントの旧名義の管理画面で売上処理や返金処理を行ってください。"
)
#: Refused credentials and "no such payment": what a contract answers that was closed when another took its place.
_NOT_THIS_CONTRACT = frozenset({"P002", "13001"})
#: Answers of a provider that knows who asks.
_LET_IN = frozenset({"13001", "13002"})


def findings(
    answer: QueryResult, settings: Mapping[str, str], certificate: ClientCertificate | None, now: datetime
) -> tuple[SettingsCheck, ...]:
    """The answer to a query for :data:`NO_PAYMENT`, per group of values."""
    found = [_credentials(answer)]
    if certificate and certificate.certificate:
        found.append(_certificate(certificate, answer, now))
    elif _code(answer) == "P016":
        text = N_("クライアント証明書が必要です。ペイジェントから発行されたものを登録してください。")
        found.append(SettingsCheck(("client_certificate",), Finding.WRONG, text, "P016"))
    later = [tuple(key for key in group if settings.get(key)) for group in _LATER]
    text = N_("実際に決済が行われたときに、はじめて確かめられます。")
    return (*found, *(SettingsCheck(keys, Finding.FIRST_PAYMENT, text) for keys in later if keys))


def unreadable(code: str, earlier_contract: bool) -> str:
    """The cause that the code of a 094 proves; empty where it proves none."""
    return _CLOSED if earlier_contract and code in _NOT_THIS_CONTRACT else _UNREADABLE.get(code, "")


def _credentials(answer: QueryResult) -> SettingsCheck:
    code = _code(answer)
    if isinstance(answer, (RemoteState, Absent)) or code in _LET_IN:
        return SettingsCheck(_CREDENTIALS, Finding.CORRECT, N_("ペイジェントに接続できました。"))
    if code in _TEXTS:
        return SettingsCheck(_CREDENTIALS, Finding.WRONG, _TEXTS[code], code)
    if code == "P016":
        return SettingsCheck(_CREDENTIALS, Finding.NO_ANSWER, N_("証明書が正しくないため、まだ確かめられません。"), code)
    return SettingsCheck(_CREDENTIALS, Finding.NO_ANSWER, _silence(answer), code)


def _silence(answer: QueryResult) -> str:
    match answer:
        case NotSent(reason=reason) if reason.startswith("client certificate"):
            return N_("証明書が正しくないため、まだ確かめられません。")
        case NotSent(reason="certificate"):
            return N_("接続先のサーバー証明書を確認できませんでした。CA証明書をご確認ください。")
        case NotSent() | Unknown():
            return N_("ペイジェントに接続できませんでした。時間をおいて、もう一度お試しください。")
        case _:
            return N_("ペイジェントから、判断できない応答がありました。時間をおいて、もう一度お試しください。")


def _certificate(certificate: ClientCertificate, answer: QueryResult, now: datetime) -> SettingsCheck:
    try:
        until = certificates.valid_until(certificate)
    except certificates.Unusable:
        text = N_("証明書を読み取れません。証明書、秘密鍵、パスワードの組み合わせをご確認ください。")
        return SettingsCheck(_CERTIFICATE, Finding.WRONG, text)
    if until <= now:
        return SettingsCheck(_CERTIFICATE, Finding.WRONG, N_("証明書の有効期限が切れています。"), valid_until=until)
    if _code(answer) == "P016":
        text = N_("ペイジェントがこのクライアント証明書を受け付けませんでした。")
        return SettingsCheck(_CERTIFICATE, Finding.WRONG, text, "P016", until)
    # An answer that let nobody in may have been given before anyone looked at the certificate.
    finding = Finding.CORRECT if _credentials(answer).finding == Finding.CORRECT else Finding.NO_ANSWER
    return SettingsCheck(_CERTIFICATE, finding, N_("証明書は読み取れました。"), valid_until=until)


def _code(answer: QueryResult) -> str:
    return answer.code if isinstance(answer, (Absent, Unreadable)) else ""
