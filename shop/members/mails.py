"""The words of mails to members, in the member's language. They say what happened and what to do about it, and advertise
nothing. Who gets which is decided elsewhere; a link's secret goes sealed beside the body (see ``outbox.queue``)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import ids, shopinfo
from shop.core.i18n import force_locale
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.members import boxes
from shop.members.models import Member
from shop.members.tokens import LIFETIME
from shop.outbox import service as outbox

#: Subject and body, asked for in the language of who reads them.
Words = Callable[[str], tuple[str, str]]
_MINUTES = int(LIFETIME.total_seconds()) // 60
#: How long the link in the mail about 会員登録 with an order proves the address (:mod:`shop.members.proof`).
PROOF_LIFETIME = timedelta(days=7)


def registration_link(session: Session, email: str, language: str, token: str, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員登録のお手続き", shop=shop), _(
            "会員登録のお申し込みを受け付けました。次のページで登録を完了してください（%(minutes)s分以内、1回かぎり）。\n\n%(link)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。登録はされません。\n\n%(shop)s\n",
            minutes=_MINUTES, link=_link("register", token), shop=shop,
        )  # fmt: skip

    _queue(session, "member_register", email, language, words, now, token)


def claim_link(session: Session, email: str, language: str, token: str, now: datetime, *, provisional: bool) -> None:
    """To an address that somebody gave with an order and nobody has proven: its owner registers, and that account ends –
    ``provisional``: whom no password lets in yet. Greets nobody by a name a stranger may have typed."""

    def words(shop: str) -> tuple[str, str]:
        if provisional:
            yours = _("ご自身で登録されたときは、このままお待ちください。ご注文の処理が終わると、ログインできるようになります。")
        else:
            yours = _("ご自身で登録され、パスワードがお分かりのときは、ログインしてマイページから確認できます：%(log_in)s", log_in=_page("/login"))
        return _("【%(shop)s】会員登録のお手続き", shop=shop), _(
            "このメールアドレスは、ご注文と同時の会員登録に使われていますが、ご本人のものであることの確認が済んでいません。\n"
            "次のページで会員登録を行うと、確認の済んでいない登録は取り消され、登録されていた内容はすべて削除されます（%(minutes)s分以内、1回かぎり）。\n\n%(link)s\n\n"
            "%(yours)s\n"
            "お手続きのお申し込みにお心当たりのない場合は、このメールを破棄してください。\n\n%(shop)s\n",
            minutes=_MINUTES, link=_link("register", token), yours=yours, shop=shop,
        )  # fmt: skip

    _queue(session, "member_claim", email, language, words, now, token)


def already_member(session: Session, email: str, language: str, now: datetime) -> None:
    """To an address that is a member's already: on the page nobody is told so (T-039)."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】すでに会員登録されています", shop=shop), _(
            "このメールアドレスで会員登録またはメールアドレス変更のお申し込みがありましたが、すでに会員登録されています。\n"
            "ログインはこちら：%(log_in)s\nパスワードをお忘れのときは：%(forgotten)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。登録内容は変わっていません。\n\n%(shop)s\n",
            log_in=_page("/login"), forgotten=_page("/password/forgotten"), shop=shop,
        )  # fmt: skip

    _queue(session, "member_known", email, language, words, now)


def no_member(session: Session, email: str, language: str, now: datetime) -> None:
    """To an address nobody is registered with, when its password was said to be forgotten."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員登録が見つかりません", shop=shop), _(
            "パスワード再設定のお申し込みがありましたが、このメールアドレスでの会員登録はありません。\n"
            "別のメールアドレスで登録されていないかお確かめください。会員登録はこちら：%(register)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。\n\n%(shop)s\n",
            register=_page("/register"), shop=shop,
        )  # fmt: skip

    _queue(session, "member_unknown", email, language, words, now)


def reset_link(session: Session, member: Member, token: str, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】パスワードの再設定", shop=shop), _(
            "%(name)s様\n\n次のページで新しいパスワードを設定してください（%(minutes)s分以内、1回かぎり）。\n\n%(link)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。パスワードは変わりません。\n\n%(shop)s\n",
            name=member.name, minutes=_MINUTES, link=_link("password", token), shop=shop,
        )  # fmt: skip

    _queue(session, "member_reset", member.email, member.language, words, now, token)


def address_link(session: Session, member: Member, email: str, token: str, now: datetime) -> None:
    """To the new address: whoever reads it there proves that it is theirs."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】メールアドレスの変更", shop=shop), _(
            "会員のメールアドレスを、このメールの宛先に変更するお申し込みを受け付けました。"
            "次のページで変更を完了してください（%(minutes)s分以内、1回かぎり）。\n\n%(link)s\n\n"
            "お心当たりのない場合は、このメールを破棄してください。変更はされません。\n\n%(shop)s\n",
            minutes=_MINUTES, link=_link("email", token), shop=shop,
        )  # fmt: skip

    _queue(session, "member_address", email, member.language, words, now, token)


def welcome(session: Session, member: Member, now: datetime, proof: str = "") -> None:
    """``proof``: the secret of the link that proves the address, where that is still to be done."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員登録が完了しました", shop=shop), _(
            "%(name)s様\n\n会員登録が完了しました。会員ID：%(login)s\n"
            "会員IDまたはメールアドレスと、登録されたパスワードでログインできます。\n%(log_in)s\n\n%(proof)s%(shop)s\n",
            name=member.name, login=member.login or _("なし"), log_in=_page("/login"), proof=_proof(proof), shop=shop,
        )  # fmt: skip

    _queue(session, "member_welcome", member.email, member.language, words, now, proof)


def proof_link(session: Session, member: Member, token: str, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】メールアドレスの確認", shop=shop), f"{_proof(token)}{shop}\n"

    _queue(session, "member_proof", member.email, member.language, words, now, token)


def _proof(token: str) -> str:
    """What to do about an address that is not proven yet, for who has registered and for who has not."""
    if not token:
        return ""
    return _(
        "このメールアドレスがご本人のものであることを、次のページで確認してください（%(days)s日以内、ログインが必要です）。"
        "確認が済むまで、このメールアドレスでパスワードを再設定することはできません。\n\n%(link)s\n\n"
        "会員登録にお心当たりのない場合は、このリンクを開かずに破棄してください。このメールアドレスを確認済みにできるのは、登録した本人だけです。\n\n",
        days=PROOF_LIFETIME.days, link=_link("email/proof", token),
    )  # fmt: skip


def provisional(session: Session, member: Member, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員の仮登録を受け付けました", shop=shop), _(
            "%(name)s様\n\n会員登録（会員ID：%(login)s）を仮登録として受け付けました。\n"
            "ご注文の受注処理が完了すると本登録になり、ログインできるようになります。そのときメールでお知らせします。\n\n%(shop)s\n",
            name=member.name, login=member.login or _("なし"), shop=shop,
        )  # fmt: skip

    _queue(session, "member_provisional", member.email, member.language, words, now)


def provisional_ended(session: Session, member: Member, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員の仮登録を取り消しました", shop=shop), _(
            "%(name)s様\n\nご注文がキャンセルとなったため、会員の仮登録（会員ID：%(login)s）を取り消しました。\n"
            "会員登録は、あらためて次のページから行えます。\n%(register)s\n\n%(shop)s\n",
            name=member.name, login=member.login or _("なし"), register=_page("/register"), shop=shop,
        )  # fmt: skip

    _queue(session, "member_provisional_ended", member.email, member.language, words, now)


def not_registered(session: Session, email: str, language: str, name: str, taken: str, now: datetime) -> None:
    """The order stands, the registration that came with it does not: its ``taken`` – ``login`` or ``email`` – is somebody's,
    or the address is in 仮登録 already (``provisional``), which no password opens."""

    def words(shop: str) -> tuple[str, str]:
        if taken == "provisional":
            why = _("このメールアドレスは、先のご注文で会員の仮登録をされています。そのご注文の処理が終わると本登録になり、メールでお知らせします。")
        elif taken == "email":
            why = _("このメールアドレスは、すでに会員登録に使われています。ログインできないときは、パスワードを再設定してください：%(page)s", page=_page("/password/forgotten"))
        else:
            why = _("ご希望の会員IDは、すでに使われていました。別の会員IDで、あらためて登録してください：%(page)s", page=_page("/register"))
        return _("【%(shop)s】会員登録はできませんでした（ご注文は承りました）", shop=shop), _(
            "%(name)s様\n\nご注文は承りましたが、同時にお申し込みの会員登録はできませんでした。\n%(why)s\n\n%(shop)s\n",
            name=name, why=why, shop=shop,
        )  # fmt: skip

    _queue(session, "member_not_registered", email, language, words, now)


def password_changed(session: Session, member: Member, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】パスワードが変更されました", shop=shop), _(
            "%(name)s様\n\nパスワードが変更され、ほかの端末はすべてログアウトされました。\n%(alarm)s\n\n%(shop)s\n",
            name=member.name, alarm=_alarm(session, member), shop=shop,
        )  # fmt: skip

    _tell(session, "member_password_changed", member, words, now)


def address_changed(session: Session, member: Member, before: str, now: datetime) -> None:
    """To the address it was: the one who would otherwise never hear of it (T-047)."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】メールアドレスが変更されました", shop=shop), _(
            "%(name)s様\n\n会員のメールアドレスが別のアドレスに変更されました。今後のご連絡は新しいアドレスへお送りします。\n"
            "お心当たりのない場合は、すぐにショップへご連絡ください：%(contact)s\n\n%(shop)s\n",
            name=member.name, contact=shopinfo.get(session).email, shop=shop,
        )  # fmt: skip

    _queue(session, "member_address_changed", before, member.language, words, now)


def login_changed(session: Session, member: Member, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員IDが変更されました", shop=shop), _(
            "%(name)s様\n\n会員IDが「%(login)s」に変更されました。\n%(alarm)s\n\n%(shop)s\n",
            name=member.name, login=member.login, alarm=_alarm(session, member), shop=shop,
        )  # fmt: skip

    _tell(session, "member_login_changed", member, words, now)


def profile_changed(session: Session, member: Member, now: datetime) -> None:
    """Names nothing of what was there or is there now."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】会員情報が変更されました", shop=shop), _(
            "%(name)s様\n\n会員情報（お名前・電話番号・住所）が変更されました。\n%(alarm)s\n\n%(shop)s\n",
            name=member.name, alarm=_alarm(session, member), shop=shop,
        )  # fmt: skip

    _tell(session, "member_profile_changed", member, words, now)


def addresses_changed(session: Session, member: Member, now: datetime) -> None:
    """Where parcels go: whoever found the browser open may have written his own address there (T-047). Names none."""

    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】お届け先リストが変更されました", shop=shop), _(
            "%(name)s様\n\nお届け先リストが変更されました。リストはこちらでご確認いただけます：%(page)s\n%(alarm)s\n\n%(shop)s\n",
            name=member.name, page=_page("/mypage/addresses"), alarm=_alarm(session, member), shop=shop,
        )  # fmt: skip

    _tell(session, "member_addresses_changed", member, words, now)


def left(session: Session, name: str, email: str, language: str, now: datetime) -> None:
    def words(shop: str) -> tuple[str, str]:
        return _("【%(shop)s】退会の手続きが完了しました", shop=shop), _(
            "%(name)s様\n\n退会の手続きが完了しました。会員情報は削除され、ログインはできません。"
            "ご登録のクレジットカードがあるときは、決済代行会社の登録からも削除されます。"
            "ご注文の記録は、法令にしたがってショップに残ります。\nこれまでのご利用、ありがとうございました。\n\n%(shop)s\n",
            name=name, shop=shop,
        )  # fmt: skip

    _queue(session, "member_left", email, language, words, now)


def _alarm(session: Session, member: Member) -> str:
    """What to do if it was somebody else. Where the address is not proven, no link to a new password is sent to it."""
    if member.proven_at is None:
        return _("お心当たりのない場合は、すぐにショップへご連絡ください：%(contact)s", contact=shopinfo.get(session).email)
    return _("お心当たりのない場合は、すぐにパスワードを再設定してください：%(page)s", page=_page("/password/forgotten"))


def _tell(session: Session, kind: str, member: Member, words: Words, now: datetime) -> None:
    """What has changed in a member's account. An address that nobody has proven may be a stranger's: whoever gave it does not
    fill that mailbox by changing this and that (T-045)."""
    if member.proven_at or boxes.may_write(session, "changed", member.email, now):
        _queue(session, kind, member.email, member.language, words, now)


def _queue(
    session: Session, kind: str, email: str, language: str, words: Words, now: datetime, secret: str = ""
) -> None:
    info = shopinfo.get(session)
    with force_locale(language):
        subject, body = words(info.called)
    if secret:
        body = body.replace(secret, outbox.SECRET)
    outbox.queue(session, kind, None, email, subject, body, now, f"{kind}:{ids.public_id()}", secret=secret)


def _link(what: str, token: str) -> str:
    return _page(f"/{what}/link/{token}")


def _page(path: str) -> str:
    """From the configuration, never from a request: what a stranger writes into a header stands in no mail (T-037)."""
    return runtime().config.base_url + path
