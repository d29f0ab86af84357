"""Where a redirect may lead – a page of this shop, and nowhere else (T-042) – and how it reaches who asked."""

from urllib.parse import unquote, urlsplit

from flask import Response, current_app, redirect, request
from werkzeug.wrappers import Response as BaseResponse


def own_path(target: str, otherwise: str) -> str:
    """``target`` when it is the path of a page of the shop, else ``otherwise``."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and "\\" not in target
    return target if plain and _is_page(target) else otherwise


def _is_page(target: str) -> bool:
    routes = current_app.create_url_adapter(request)
    path = unquote(urlsplit(target).path)
    return routes is not None and "//" not in path and routes.test(path, method="GET")


def by_script() -> bool:
    """Whether a script of ours asks, and shows what comes within its page."""
    return request.headers.get("X-Requested-With") == "fetch"


def elsewhere(url: str) -> BaseResponse:
    """A redirect that also reaches a page that asked by script."""
    if by_script():
        return Response(status=409, headers={"X-Location": url})
    return redirect(url, 303)
