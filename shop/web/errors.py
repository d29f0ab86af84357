"""Calm pages for everything that goes wrong: what happened, whether money moved, the way on, and a support code."""

import logging
import re
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from shop.core import ids
from shop.core.i18n import gettext as _
from shop.web.sessions import at_the_desk

log = logging.getLogger(__name__)

#: How ``security`` describes its refusal of a form that carries a card number.
CARD_NUMBER = "card number"
_CODE_LENGTH = 8
#: As long as the secrets that stand in addresses.
_SECRET = re.compile(r"[\w-]{32,}")


def init_app(app: Flask) -> None:
    """Every refusal and every crash of the application gets a page of ours with the right status."""
    app.register_error_handler(HTTPException, _page)


def _page(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error  # a redirect or a ready answer, raised as an exception
    code = ids.public_id(_CODE_LENGTH)
    log.log(
        logging.ERROR if status >= 500 else logging.INFO,
        "error page",
        extra={"support_code": code, "status": status, "path": _path(), "reason": type(error).__name__},
    )
    title, text = _words(error, status)
    response = make_response(
        render_template(
            "shop/error.html",
            # After a crash the header's own queries might crash again; the shop's switch of language knows nothing of a session at the desk.
            layout="shop/bare.html" if status >= 500 or at_the_desk() else "shop/base.html",
            title=title,
            text=text,
            support_code=code,
            back=_way_back(),
        ),
        status,
    )
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _path() -> str:
    """The address, without what may be the secret of a link: no log keeps those (T-038)."""
    return _SECRET.sub("[hidden]", request.path)


def _words(error: HTTPException, status: int) -> tuple[str, str]:
    if isinstance(error, CSRFError):
        return (
            _("もう一度お試しください"),
            _(
                "ページを開いてから時間がたったか、Cookieが使えないため、送信を受け付けませんでした。"
                "この操作による注文や請求はされていません。前のページに戻り、読み込み直してから送信してください。"
            ),
        )
    if status == 400 and error.description == CARD_NUMBER:
        return (
            _("カード番号のような数字が含まれていました"),
            _(
                "安全のため、送信された内容は受け付けず、保存もしていません。注文や請求はされていません。"
                "カード番号は、お支払い方法のカード番号の欄にだけ入力してください。"
            ),
        )
    known = {
        403: (_("このページは開けません"), _("このページを見るための権限がありません。")),
        404: (
            _("ページが見つかりません"),
            _(
                "お探しのページは、移動したか、掲載を終えたようです。お手数ですが、商品の一覧からお探しください。"
            ),
        ),
        405: (
            _("この操作はできません"),
            _("ページの開き方が違うようです。前のページからやり直してください。"),
        ),
        413: (_("送信された内容が大きすぎます"), _("文章を短くするか、画像を小さくして、もう一度お送りください。")),
        429: (
            _("しばらくお待ちください"),
            _(
                "短い時間に操作が重なったため、受付を止めています。数分たってからお試しください。"
            ),
        ),
    }
    if status >= 500:
        return (
            _("申し訳ありません。ページを表示できませんでした"),
            _(
                "店のシステムで問題が起きました。注文の途中だったときは、同じ注文をくり返す前に、"
                "注文確認メールが届いていないかご確認ください。届いていなければ、少し待ってからもう一度お試しください。"
            ),
        )
    return known.get(
        status,
        (
            _("送信された内容を受け付けられませんでした"),
            _("この操作による注文や請求はされていません。前のページに戻り、内容をご確認ください。"),
        ),
    )


def _way_back() -> str:
    """The page the buyer came from, when it is one of ours and can be opened by a link."""
    came_from = urlsplit(request.referrer or "")
    routes = current_app.create_url_adapter(request)
    ours = came_from.netloc == request.host and came_from.path != request.path
    if not ours or routes is None or not routes.test(came_from.path, method="GET"):
        return url_for("storefront.front")
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")
