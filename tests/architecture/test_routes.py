"""Addresses: who is free of the form token, and that every route says which methods it takes."""

import ast

import pytest
from flask import Flask

from shop.web import hop, provider
from tests.architecture.source import files, named, tree


def test_only_what_providers_send_is_free_of_the_form_token(app: Flask) -> None:
    """Their notices, and the buyers they send back."""
    csrf = app.extensions["csrf"]
    assert csrf._exempt_views == set()
    assert csrf._exempt_blueprints == {provider.blueprint, hop.blueprint}
    doors = tuple(f"{blueprint.name}." for blueprint in csrf._exempt_blueprints)
    free = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(doors)}
    assert free, "the provider's blueprint is not registered"
    assert all(rule.startswith("/pay/") for rule in free), free


def test_the_form_token_is_checked(app: Flask) -> None:
    assert app.config.get("WTF_CSRF_ENABLED", True)
    assert app.config.get("WTF_CSRF_CHECK_DEFAULT", True)


def test_every_route_declares_its_methods() -> None:
    silent = [
        f"{named(path)}:{node.lineno}"
        for path in files("app.py", "shop", "admin", "providers")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("route", "add_url_rule")
        and not any(keyword.arg == "methods" for keyword in node.keywords)
    ]
    assert silent == [], "use @blueprint.get or @blueprint.post"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_forms_know_two_methods(app: Flask, method: str) -> None:
    assert [rule.rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())] == []
