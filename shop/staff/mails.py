"""The words of mails to staff. The link's secret goes sealed beside the body (see ``outbox.queue``)."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from shop.core import ids, shopinfo
from shop.core.i18n import gettext as _
from shop.core.runtime import runtime
from shop.outbox import service as outbox
from shop.staff.models import StaffUser

#: Beginning of the kinds of these mails.
KIND = "staff_"


def password_link(session: Session, person: StaffUser, token: str, lifetime: timedelta, now: datetime) -> None:
    """To choose a password: the first one of a new member of staff, or another for who forgot it."""
    shop = shopinfo.get(session).name
    hours = int(lifetime.total_seconds()) // 3600
    page = f"{runtime().config.base_url}/admin/invitation/{outbox.SECRET}"
    subject = _("【%(shop)s】管理画面のパスワードを設定してください", shop=shop)
    body = _(
        "%(name)s様\n\n%(shop)sの管理画面に、ログインID「%(login)s」であなたの登録があります。"
        "次のページでパスワードを設定してください（%(hours)s時間以内、1回かぎり）。\n\n%(link)s\n\n"
        "お心当たりのない場合は、このメールを破棄して、ショップの店主にお知らせください。\n\n%(shop)s\n",
        name=person.name, login=person.login, hours=hours, link=page, shop=shop,
    )  # fmt: skip
    key = f"{KIND}password:{ids.public_id()}"
    outbox.queue(session, f"{KIND}password", None, person.email, subject, body, now, key, secret=token)


def test_mail(session: Session, recipient: str, by: str, now: datetime) -> None:
    """To staff who want to know whether mails arrive."""
    shop = shopinfo.get(session).name
    body = _(
        "このメールは、%(shop)sの管理画面の「テスト送信」で送られました。\n"
        "届いていれば、メールの送信は正しく動いています。迷惑メールに入っていたときは、送信ドメインの確認をご覧ください。\n\n"
        "送信したスタッフ：%(by)s\n\n%(page)s\n",
        shop=shop, by=by, page=f"{runtime().config.base_url}/admin/mails/check",
    )  # fmt: skip
    key = f"{KIND}test:{ids.public_id()}"
    outbox.queue(session, f"{KIND}test", None, recipient, _("【%(shop)s】テスト送信", shop=shop), body, now, key)


def address_changed(session: Session, person: StaffUser, before: str, by: str, now: datetime) -> None:
    """To the address ``before``: a password link goes to another one from now on, and what is done with it bears this name."""
    shop = shopinfo.get(session).name
    body = _(
        "%(name)s様\n\n%(shop)sの管理画面のログインID「%(login)s」のメールアドレスが変更されました（操作したスタッフ：%(by)s）。"
        "パスワード設定のメールは、これから新しいメールアドレスに届きます。\n\n"
        "お心当たりのない場合は、すぐにショップの店主にお知らせください。\n\n%(shop)s\n",
        name=person.name, shop=shop, login=person.login, by=by,
    )  # fmt: skip
    subject = _("【%(shop)s】管理画面のメールアドレスが変更されました", shop=shop)
    outbox.queue(session, f"{KIND}address", None, before, subject, body, now, f"{KIND}address:{ids.public_id()}")
