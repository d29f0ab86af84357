"""The trade's words for states, each with its tone – the colour and shape a page shows it in."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import LazyString

from providers.settings import CAPTURE_AT_ONCE, CAPTURE_LATER
from shop.core.clock import jst
from shop.core.i18n import gettext, lazy_gettext
from shop.outbox.copies import Obstacle
from shop.payments.models import PROTECTION_LOST


@dataclass(frozen=True, slots=True)
class Word:
    """A status as staff read it. Tones: good, todo, bad, wait, plain."""

    text: LazyString | str
    tone: str = "plain"


#: The three lists an order can be filed in.
LISTS = {
    "open": lazy_gettext("受注一覧"),
    "completed": lazy_gettext("受注完了一覧"),
    "cancelled": lazy_gettext("受注キャンセル一覧"),
}

#: 受注状況 – the filing of an order, as a word.
FILED = {
    "open": Word(lazy_gettext("受注処理中"), "todo"),
    "completed": Word(lazy_gettext("受注完了"), "good"),
    "cancelled": Word(lazy_gettext("受注キャンセル")),
}

#: What a member is, for 顧客管理.
MEMBER = {
    "active": Word(lazy_gettext("会員"), "good"),
    "provisional": Word(lazy_gettext("仮登録"), "todo"),
    "left": Word(lazy_gettext("退会済み")),
}

#: The checkout behind 「カゴに入れる」 (R-124).
FLOWS = {"zero": lazy_gettext("ゼロステップカート"), "steps": lazy_gettext("3ステップカート")}

#: An order that a person has yet to look into (:mod:`shop.orders.review`).
IN_DOUBT = Word(lazy_gettext("要確認（不正利用の疑い）"), "bad")

#: An order whose buyer has asked to cancel it (:mod:`shop.orders.cancel_request`).
CANCEL_ASKED = Word(lazy_gettext("キャンセルの依頼"), "todo")

#: What is looked for by a number of the top page or a chip of 受注一覧: the list behind it.
TODO = {"uncaptured": lazy_gettext("売上未確定の受注"), "in_doubt": IN_DOUBT.text, "cancel_asked": CANCEL_ASKED.text}
#: The same list while it is empty.
NOTHING_TODO = {
    "uncaptured": lazy_gettext("売上確定を待っている受注はありません。"),
    "in_doubt": lazy_gettext("不正利用の疑いで確認を待っている受注はありません。"),
    "cancel_asked": lazy_gettext("キャンセルの依頼に返事を待っている購入者はいません。"),
}

#: 売上方式 of a card order, fixed when it was made.
MODES = {CAPTURE_LATER: lazy_gettext("オーソリのみ"), CAPTURE_AT_ONCE: lazy_gettext("オーソリ+売上")}

#: The name of an order's page in each list.
TITLES = {
    "open": lazy_gettext("受注明細"),
    "completed": lazy_gettext("受注完了明細"),
    "cancelled": lazy_gettext("受注キャンセル明細"),
}

#: The buttons that move an order into a list.
MOVES = {
    "open": lazy_gettext("受注一覧へ移動"),
    "completed": lazy_gettext("受注完了一覧へ移動"),
    "cancelled": lazy_gettext("受注キャンセル一覧へ移動"),
}

#: What comes next for an order, by ``filing_advice.step``.
STEPS = {
    "capture": lazy_gettext("次は：売上確定"),
    "update": lazy_gettext("次は：取引更新"),
    "cancel": lazy_gettext("次は：決済のキャンセル"),
    "completed": lazy_gettext("次は：受注完了処理"),
    "cancelled": lazy_gettext("次は：受注キャンセル処理"),
}

PAYMENT = {
    "created": Word(lazy_gettext("決済未完了"), "plain"),
    "awaiting_buyer": Word(lazy_gettext("購入者の操作待ち"), "wait"),
    "authorized": Word(lazy_gettext("オーソリOK"), "todo"),
    "captured": Word(lazy_gettext("消込済"), "good"),
    "voided": Word(lazy_gettext("キャンセル済"), "plain"),
    "refunded": Word(lazy_gettext("キャンセル済"), "plain"),
    "declined": Word(lazy_gettext("決済エラー"), "bad"),
    "expired": Word(lazy_gettext("期限切れ"), "bad"),
}

VERBS = {
    "authorize": lazy_gettext("オーソリ"),
    "capture": lazy_gettext("売上確定"),
    "void": lazy_gettext("与信取消"),
    "refund": lazy_gettext("取消返金"),
    "reauthorize": lazy_gettext("取引更新"),
    "change": lazy_gettext("取引更新"),
    "issue_slip": lazy_gettext("払込票の発行"),
    "expire": lazy_gettext("オーソリの期限切れ"),
}

OPERATION = {
    "intended": Word(lazy_gettext("送信前"), "wait"),
    "sent": Word(lazy_gettext("確認中"), "wait"),
    "parked": Word(lazy_gettext("購入者の操作待ち"), "wait"),
    "unknown": Word(lazy_gettext("確認中"), "wait"),
    "succeeded": Word(lazy_gettext("成功"), "good"),
    "declined": Word(lazy_gettext("拒否"), "bad"),
    "absent": Word(lazy_gettext("届いていません"), "plain"),
    "dropped": Word(lazy_gettext("送信せず終了"), "plain"),
    "lapsed": Word(lazy_gettext("時間切れ"), "plain"),
}

NOTICE = {
    "waiting": Word(lazy_gettext("処理待ち"), "wait"),
    "done": Word(lazy_gettext("処理済み"), "good"),
    "unmatched": Word(lazy_gettext("該当する決済なし"), "bad"),
}

MAIL = {
    "queued": Word(lazy_gettext("送信待ち"), "wait"),
    "sending": Word(lazy_gettext("送信中"), "wait"),
    "sent": Word(lazy_gettext("送信済み"), "good"),
    "failed": Word(lazy_gettext("送信できません"), "bad"),
}

#: Why a mail is not sent again.
MAIL_OBSTACLES = {
    Obstacle.NOT_SENT: lazy_gettext("まだ送信済みではありません。送信待ちのメールは自動で送られ、送信できなかったメールは「再送」で送り直せます。"),
    Obstacle.SECRET: lazy_gettext("宛先の方だけに見せるリンクを含むため、送信後は店にも残っていません。お客様がもう一度お手続きすると、新しいメールが届きます。"),
    Obstacle.COPY_WAITS: lazy_gettext("前に再送したメールが、まだ送信待ちです。"),
}

#: What was found of SPF, DKIM or DMARC (:mod:`shop.outbox.domain`).
MAIL_DOMAIN = {
    "found": Word(lazy_gettext("あり"), "good"),
    "watching": Word(lazy_gettext("あり（監視のみ）"), "todo"),
    "missing": Word(lazy_gettext("なし"), "bad"),
    "several": Word(lazy_gettext("重複"), "bad"),
    "open": Word(lazy_gettext("だれでも送信可"), "bad"),
    "revoked": Word(lazy_gettext("無効"), "bad"),
    "not_told": Word(lazy_gettext("確認できませんでした"), "todo"),
    "no_selector": Word(lazy_gettext("未確認"), "wait"),
}

_MISSING = {
    "SPF": lazy_gettext("送信を許すサーバーが公開されていません。メールサーバーの案内にある「v=spf1」で始まる値を、このドメインのTXTレコードに追加してください。"),
    "DKIM": lazy_gettext("署名を確かめる鍵が見つかりません。メールサーバーの案内にある値をDNSに追加してください。サーバーの設定 DKIM_SELECTOR が正しいかも確かめてください。"),
    "DMARC": lazy_gettext("公開されていません。「v=DMARC1; p=none」を、_dmarc を付けた名前のTXTレコードに追加してください。大手のメールサービスは、これがないと受け取らないことがあります。"),
}
_FOUND = {
    "SPF": lazy_gettext("送信を許すサーバーが公開されています。使っているメールサーバーが含まれているか、その案内と見比べてください。"),
    "DKIM": lazy_gettext("署名を確かめる鍵が公開されています。"),
    "DMARC": lazy_gettext("認証できないメールを止めるよう、受信側に求めています。"),
}
_OTHERWISE = {
    "watching": lazy_gettext("公開されていますが、なりすましは止めません。正しく届いていると確かめられたら、p=quarantine か p=reject に変えてください。"),
    "several": lazy_gettext("2つ以上公開されているため、受信側はどれも使いません。ひとつにまとめてください。"),
    "open": lazy_gettext("だれでもこのドメインから送れる設定です。終わりの「all」を「~all」か「-all」に変えてください。"),
    "revoked": lazy_gettext("鍵が取り消されています。メールサーバーの案内にある新しい鍵に変えてください。"),
    "not_told": lazy_gettext("DNSから返事がありませんでした。少し待ってから、もう一度確認してください。"),
    "no_selector": lazy_gettext("どの鍵を確かめるかが分かりません。メールサーバーの案内にあるセレクタを、サーバーの設定 DKIM_SELECTOR に指定してください。"),
}


def mail_domain(what: str, state: str) -> str:
    """What that means, and what to do."""
    found = {"found": _FOUND, "missing": _MISSING}.get(state)
    return str(found[what] if found else _OTHERWISE[state])


#: 本人認証 (3-D Secure) and who bears a chargeback (P-36).
AUTHENTICATION = {
    "": lazy_gettext("利用していません"),
    "authenticated": lazy_gettext("認証済み"),
    "attempted": lazy_gettext("Attempt（正常）"),
    "uncertain": lazy_gettext("Attempt（注意）"),
    "unsupported": lazy_gettext("未対応のカード"),
    "passed": lazy_gettext("認証済み（結果の種類は決済会社の画面で確認）"),
    PROTECTION_LOST: lazy_gettext("3Dセキュア未認証（金額変更のため）"),
}
LIABILITY = {
    "": lazy_gettext("ショップ"),
    "issuer": lazy_gettext("カード会社"),
    "merchant": lazy_gettext("ショップ"),
}


#: How urgent a sentence of the 3×3 table is.
ADVICE = {
    "good": Word(lazy_gettext("正常"), "good"),
    "todo": Word(lazy_gettext("作業"), "todo"),
    "bad": Word(lazy_gettext("注意"), "bad"),
}

#: What happened on the provider's side without us, as a kind (R-185).
REMOTE_DEEDS = VERBS | {"authorize": lazy_gettext("金額変更"), "void": lazy_gettext("キャンセル"), "refund": lazy_gettext("取消返金")}
#: The same where an amount was changed that had been captured: the provider cancels, authorizes and captures anew.
CAPTURED_ANEW = lazy_gettext("売上確定後の金額変更")

#: Why a provider refused – its category, never its code.
CATEGORIES = {
    "card_data": lazy_gettext("カード情報の誤り"),
    "card_expired": lazy_gettext("カードの有効期限切れ"),
    "card_refused": lazy_gettext("カード会社が拒否"),
    "not_accepted": lazy_gettext("取り扱いのないカード・方法"),
    "authentication": lazy_gettext("本人認証が完了せず"),
    "configuration": lazy_gettext("決済の設定の誤り"),
    "state_conflict": lazy_gettext("決済会社側の状態と合わない操作"),
    "deadline": lazy_gettext("操作できる期限を過ぎています"),
    "temporary": lazy_gettext("一時的な障害"),
    "other": lazy_gettext("その他の理由"),
}

def problem(noted: str, proven: str = "") -> str:
    """Why a payment's state at the provider could not be read, as ``shop.payments.observe`` noted it. ``proven``: the
    provider's own sentence for its code, where it has one."""
    kind, _colon, code = noted.partition(":")
    match kind:
        case _ if proven:
            return str(gettext("%(reason)s（コード %(code)s）", reason=gettext(proven), code=code))
        case "no_answer":
            return str(gettext("決済会社から応答がありません。"))
        case "several":
            return str(gettext("決済会社の管理画面で金額が変更され、ひとつの取引IDに有効な決済が二つあります。しばらくすると切り替わります。"))
        case "configuration":
            return str(gettext("決済の設定が決済会社に受け付けられていません（コード %(code)s）。接続IDとパスワード、クライアント証明書、契約の変更などが考えられます。支払方法設定の「接続テスト」で確かめてください。", code=code or "-"))
        case "state_conflict":
            return str(gettext("ひとつの取引IDに決済が二つ以上あります（コード %(code)s）。決済会社の管理画面で金額が変更された直後か、当店の知らない決済があります。変わらないときは、管理画面で確かめてください。", code=code or "-"))
        case "absent":
            return str(gettext("決済会社に該当する決済がありません（コード %(code)s）。加盟店契約の名義変更などで、契約が変わった可能性があります。", code=code or "-"))
        case "state":
            return str(gettext("決済会社側で処理の途中か、当店では扱えない状態です（状態 %(code)s）。", code=code or "-"))
        case _:
            return str(
                gettext("%(reason)s（コード %(code)s）", reason=CATEGORIES.get(kind, CATEGORIES["other"]), code=code or "-")
            )


#: What a delivery is that is no courier.
DELIVERIES = {"mail": lazy_gettext("メール便"), "pickup": lazy_gettext("店頭渡し")}

#: What 接続テスト says of a group of values.
FINDINGS = {
    "correct": Word(lazy_gettext("正しい"), "good"),
    "wrong": Word(lazy_gettext("誤り"), "bad"),
    "first_payment": Word(lazy_gettext("初回の決済まで確認できません"), "wait"),
    "no_answer": Word(lazy_gettext("確認できませんでした"), "todo"),
}

ACTORS = {
    "buyer": lazy_gettext("購入者"),
    "provider": lazy_gettext("決済会社"),
    "job:compensation": lazy_gettext("自動処理"),
    "job:replacement": lazy_gettext("自動処理"),
    "operator": lazy_gettext("運用担当（コマンド）"),
    "job:card_guard": lazy_gettext("自動処理"),
    "job:review": lazy_gettext("自動処理"),
    "job:two_step": lazy_gettext("自動処理"),
}


def actor(value: str) -> str:
    """``staff:hana`` → ``hana``; the buyer and the provider by their words, jobs by their name."""
    return str(ACTORS.get(value, value.removeprefix("staff:").removeprefix("job:")))


def clock_time(moment: datetime) -> str:
    """``14:03:27`` on Japan's clock."""
    return jst(moment).strftime("%H:%M:%S")
