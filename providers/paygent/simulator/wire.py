"""Telegrams on the wire: paths, character sets, the form of requests and answers, codes and their texts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from flask import Response

#: Largest request body in bytes (protocol §2.1)
REQUEST_LIMIT = 102_400

#: Telegrams that are UTF-8 in both directions; all others are Windows-31J (protocol §2.1)
UTF8_KINDS = frozenset(["098", "380", *(str(kind) for kind in range(410, 419)), "450"])

#: Kind, or its first two characters, -> path (protocol §2.2)
PATHS = {
    "01": "atm/request",
    "02": "card/request",
    "116": "card/request",
    "18": "card/request",
    "28": "card/request",
    "096": "card/request",
    "030": "conveni/request",
    "040": "conveni/request_print",
    "05": "bank/request",
    "060": "bank/requestasp",
    "070": "virtualaccount/request",
    "091": "ref/paynotice",
    "093": "ref/runnotice",
    "094": "ref/paymentref",
    "095": "ref/cardnoref",
    "098": "token/request",
    "10": "c/request",
    "15": "emoney/request",
    "20": "o/requestdata",
    "22": "later/request",
    "26": "accounttransfer/request",
    "27": "rakutenid/request",
    "30": "upop/request",
    "31": "alipay/request",
    "32": "applepay/request",
    "35": "googlepay/request",
    "34": "paidy/request",
    "38": "illegal_detect/request",
    "41": "pi/request",
    "43": "tokimekiPoint/request",
    "42": "paypay/request",
    "450": "threeds/request",
}

#: Codes of the provider and their wording (protocol §7.1). The wording of P017, P021, P024, P027, P030, E001, 2008, 2009,
#: 2010-2013, 2015, 2020, 2022-2026, P029, P063 and 310xx (but 31012, 31013) is ours; 2001-2003 carry a detail of the card network instead of a text.
TEXTS = {
    "P001": "認証情報が存在しません。",
    "P002": "認証情報が不正です。",
    "P003": "バージョン番号が不正です。",
    "P004": "指定されたURLでこの決済手段を使用することはできません。",
    "P005": '"{field}"パラメータが存在しません。',
    "P006": '"{field}"パラメータの値が設定されていません。',
    "P007": "指定された決済手段は未契約です。",
    "P008": '"{field}"パラメータの値はタイプが不正です。',
    "P009": '"{field}"パラメータの値は桁数が不正です。',
    "P010": '"{field}"パラメータの値は不正な値です。',
    "P014": "決済金額は0より大きい値を設定して下さい。",
    "P017": "ただいまメンテナンス中です。",
    "P021": "カード情報お預りサービスは未契約です。",
    "P022": "指定した顧客ID、顧客カードIDのカード情報はありません。",
    "P023": "カード情報がすでに上限数登録済みです。",
    "P024": "カード情報お預りサービスは未契約です。",
    "P025": "指定した顧客ID、顧客カードIDのカード情報はありません。",
    "P026": "指定した顧客ID、顧客カードIDのカード情報はありません。",
    "P027": "有効性チェックは未契約です。",
    "P029": "補正は未契約です。",
    "P030": "指定された支払区分または分割回数は使用できません。",
    "P063": "EMV 3Dセキュアは未契約です。",
    "E001": "システムエラーが発生しました。",
    "9004": "他の処理でデータがロックされている可能性があります。",
    "9005": "他の処理でデータがロックされている可能性があります。",
    "2004": "ステータス矛盾エラー",
    "2005": "該当の取引IDが複数存在します。",
    "2006": "該当する決済情報が存在しません。",
    "2007": "期限切れのため指定の処理は行えません。",
    "2008": "タイムアウトが発生しました。",
    "2009": "参照取引IDに該当する決済情報が存在しません。",
    "2010": "補正後のオーソリは成立しましたが、元のオーソリを取り消せませんでした。",
    "2011": "補正後のオーソリは成立しましたが、売上にできませんでした。",
    "2012": "補正後の売上は成立しましたが、元の売上を取り消せませんでした。",
    "2013": "補正後の金額が元の金額を超えています。",
    "2014": "3Dセキュア指定された決済に対して補正処理は行えません。",
    "2015": "Attemptオーソリ制御によりオーソリを実施しませんでした。",
    "2016": "入力されたカードはお取扱いできません。",
    "2020": "トークン有効期限切れエラー",
    "2021": "トークンなしエラー",
    "2022": "トークン使用済みエラー",
    "2023": "カード情報を直接指定することはできません。",
    "2024": "カードトークンと他のカード指定方法が併用されています。",
    "2025": "セキュリティコードトークンの指定方法が不正です。",
    "2026": "トークンの種別が不正です。",
    "2054": "入力されたカードはご利用できません。",
    "13001": "該当する決済情報が存在しません。",
    "13002": "該当の取引IDが複数存在します。",
    "31001": "入力されたカードはお取扱いできません。",
    "31002": "カード情報設定方法と設定内容が一致しません。",
    "31003": "トークン有効期限切れエラー",
    "31004": "トークンなしエラー",
    "31005": "トークン使用済みエラー",
    "31006": "指定した顧客ID、顧客カードIDのカード情報はありません。",
    "31007": "3Dセキュア認証に失敗しました。",
    "31008": "3Dセキュア利用タイプが不正です。",
    "31009": "3Dセキュア認証IDが設定されていません。",
    "31010": "3Dセキュア認証IDは使用済みです。",
    "31011": "3Dセキュア認証IDが存在しません。",
    "31012": "入力されたカードは3Dセキュアに対応していません。",
    "31013": "認証タイムアウト",
}

#: Answer of the card telegrams, in table order (protocol §4.2); a failure carries two more (§2.5).
CARD_ANSWER = (
    "payment_id",
    "trading_id",
    "issur_class",
    "acq_id",
    "acq_name",
    "issur_name",
    "fc_auth_umu",
    "daiko_code",
    "card_shu_code",
    "k_card_name",
    "shonin_no",
    "issur_id",
    "attempt_kbn",
    "fingerprint",
    "masked_card_number",
    "card_valid_term",
    "acq_member_no",
    "out_acs_html",
)
ONLY_ON_FAILURE = frozenset(["shonin_no", "acq_member_no"])

#: What a correction (028, 029) says besides, after the trading_id, when it made a new payment (protocol §4.4)
CORRECTION_ANSWER = ("base_payment_id", "reduced_amount")
CORRECTIONS = ("028", "029")


class Refusal(Exception):
    """A telegram answered with result=1; ``answered`` are the fields that are filled in spite of it."""

    def __init__(
        self, code: str, detail: str = "", *, field: str = "", answered: dict[str, str] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail or TEXTS.get(code, "").format(field=field)
        self.answered = answered or {}


def path_of(kind: str) -> str | None:
    return PATHS.get(kind) or PATHS.get(kind[:2])


def charset_of(kind: str) -> str:
    return "utf-8" if kind in UTF8_KINDS else "cp932"


def read_request(body: bytes) -> dict[str, str]:
    """The fields of a request; bytes that the telegram's charset does not have come out as U+FFFD."""
    pairs = [pair.partition(b"=") for pair in body.split(b"&") if pair]
    raw = {_unquoted(name).decode("latin-1"): _unquoted(value) for name, _, value in pairs}
    charset = charset_of(raw.get("telegram_kind", b"").decode("latin-1"))
    return {name: value.decode(charset, errors="replace") for name, value in raw.items()}


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


#: What a telegram answers: fields, or the rows of 027 under their column names
Answered = dict[str, str] | list[dict[str, str]]


def success(kind: str, fields: Answered) -> Response:
    """result=0 without the two code lines, as recorded answers show it (protocol §2.5)."""
    if isinstance(fields, list):
        return _rows(kind, fields)
    if kind in CORRECTIONS:
        names = [name for name in _corrected() if name not in (*ONLY_ON_FAILURE, "out_acs_html")]
    elif is_card(kind):
        names = [name for name in CARD_ANSWER if name not in ONLY_ON_FAILURE]
    else:
        names = list(fields)
    return _lines(kind, {"result": "0"} | {name: fields.get(name, "") for name in names})


def failure(kind: str, refusal: Refusal) -> Response:
    if kind == "027":
        # Its answers are CSV, also errors (protocol §4.6).
        return _records(kind, [["1", "1", refusal.code, refusal.detail], ["4", "0"]])
    head = {"result": "1", "response_code": refusal.code, "response_detail": refusal.detail}
    names = CARD_ANSWER if is_card(kind) else tuple(refusal.answered)
    if "base_payment_id" in refusal.answered:
        names = _corrected()
    return _lines(kind, head | {name: refusal.answered.get(name, "") for name in names})


def _rows(kind: str, rows: list[dict[str, str]]) -> Response:
    """The records of a query: its result, the column names, the rows, their number (protocol §4.6)."""
    table = [["2", *rows[0]], *(["3", *row.values()] for row in rows)]
    return _records(kind, [["1", "0", "", ""], *table, ["4", str(len(rows))]])


def _records(kind: str, records: Iterable[list[str]]) -> Response:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(records)
    return _response(kind, text.getvalue())


def is_card(kind: str) -> bool:
    return kind in ("020", "021", "022", "023", *CORRECTIONS)


def _corrected() -> tuple[str, ...]:
    return (*CARD_ANSWER[:2], *CORRECTION_ANSWER, *CARD_ANSWER[2:])


def _lines(kind: str, fields: dict[str, str]) -> Response:
    return _response(kind, "\r\n" + "\r\n".join(_line(name, value) for name, value in fields.items()))


def _line(name: str, value: str) -> str:
    """HTML starts on a line of its own and is the rest of the answer (protocol §2.5)."""
    return f"{name}=\r\n{value}" if name.endswith("_html") and value else f"{name}={value}"


def _response(kind: str, text: str) -> Response:
    charset = charset_of(kind)
    label = "UTF-8" if charset == "utf-8" else "Windows-31J"
    return Response(text.encode(charset), content_type=f"text/html; charset={label}")
