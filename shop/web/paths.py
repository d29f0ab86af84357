"""Where a redirect may lead: a page of this shop, and nowhere else (T-042)."""

from urllib.parse import unquote, urlsplit

from flask import current_app, request


def own_path(target: str, otherwise: str) -> str:
    """``target`` when it is the path of a page of the shop, else ``otherwise``."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable() and "\\" not in target
    return target if plain and _is_page(target) else otherwise


def _is_page(target: str) -> bool:
    routes = current_app.create_url_adapter(request)
    path = unquote(urlsplit(target).path)
    return routes is not None and "//" not in path and routes.test(path, method="GET")
