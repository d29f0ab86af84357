"""What the same server can do at best: bare Flask, SQLAlchemy Core and Jinja, none of our code.

Reads the shop's own database. The layout is text of the size a real page has.
"""

import os
from typing import Any

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import Engine, create_engine, event, text

CONSTANT = b"<!doctype html>" + b"x" * 10_000
_WORDS = "<li><a class='navigation' href='/somewhere'>words of a header or footer</a></li>\n"
_TEMPLATES = {
    "layout.html": f"<!doctype html><html lang='ja'><body><ul>{_WORDS * 60}</ul>{{% block main %}}{{% endblock %}}</body>",
    "list.html": (
        "{% extends 'layout.html' %}{% block main %}{% for card in cards %}<article class='card'>"
        "<a href='/products/{{ card.code }}'><img src='/media/{{ card.image }}' alt=''><h2>{{ card.name }}</h2></a>"
        "<p>{{ '{:,}'.format(card.lowest) }}円{% if card.highest > card.lowest %}〜{% endif %}</p>"
        "{% if card.available <= 0 %}<p>売り切れ</p>{% endif %}</article>{% endfor %}{% endblock %}"
    ),
    "product.html": (
        "{% extends 'layout.html' %}{% block main %}<h1>{{ rows[0].name }}</h1>"
        "<form method='post' action='/cart/items'>{% for row in rows %}<label>"
        "<input type='radio' name='variant_id' value='{{ row.variant }}'>{{ row.variant_name }}"
        "{{ '{:,}'.format(row.price_yen) }}円</label>{% endfor %}<button>カゴに入れる</button></form>"
        "<p>{{ rows[0].story }}</p>{% endblock %}"
    ),
}
_LIST = text(
    "SELECT p.id, p.code, p.name, p.image, min(v.price_yen) AS lowest, max(v.price_yen) AS highest,"
    " sum(v.on_hand - v.allocated - v.held) AS available"
    " FROM (SELECT * FROM product WHERE published ORDER BY position, id LIMIT 12) p"
    " JOIN variant v ON v.product_id = p.id GROUP BY p.id, p.code, p.name, p.image, p.position ORDER BY p.position, p.id"
)
_PRODUCT = text(
    "SELECT p.name, p.story, v.id AS variant, v.name AS variant_name, v.price_yen"
    " FROM product p JOIN variant v ON v.product_id = p.id WHERE p.code = :code ORDER BY v.position, v.id"
)


def serve() -> Flask:
    """The floors as an application: ``/tiny``, ``/constant``, ``/list``, ``/product/<code>``."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader(_TEMPLATES)
    engine = _engine(os.environ["DATABASE_URL"])

    @app.get("/tiny")
    def tiny() -> str:
        return "ok"

    @app.get("/constant")
    def constant() -> bytes:
        return CONSTANT

    @app.get("/list")
    def product_list() -> str:
        with engine.connect() as connection:
            cards = connection.execute(_LIST).all()
        return render_template("list.html", cards=cards)

    @app.get("/product/<code>")
    def product(code: str) -> str:
        with engine.connect() as connection:
            rows = connection.execute(_PRODUCT, {"code": code}).all()
        return render_template("product.html", rows=rows)

    return app


def _engine(url: str) -> Engine:
    """Kept connections with the pragmas of the shop."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
