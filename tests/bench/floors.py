"""What the same server can do at best: bare Flask, SQLAlchemy Core and Jinja, none of our code.

Reads what our page reads from the shop's own database – the product's rows, and the shop's row with its families for header
and footer – and shows the same facts in as much markup, written in one plain template: no session, no form token, no
translation, no policy header, no macro.
"""

import json
import os
from collections.abc import Sequence
from typing import Any

from flask import Flask, render_template
from jinja2 import DictLoader
from sqlalchemy import Engine, Row, TextClause, create_engine, event, text

CONSTANT = b"<!doctype html>" + b"x" * 10_000
_WORDS = "<li><a class='navigation' href='/somewhere'>words of a header or footer</a></li>\n"
_TEMPLATES = {
    "layout.html": (
        "<!doctype html><html lang='ja'><head><title>{{ frame[0].shop_name }}</title></head><body>"
        "<a class='site-name' href='/'>{{ frame[0].shop_name }}</a><nav><ul>{% for family in frame %}"
        "<li><a href='/products?category={{ family.code }}'>{{ family.name }}</a></li>{% endfor %}</ul></nav>"
        "<main id='main' tabindex='-1' class='wide page'>{% block main %}{% endblock %}</main>"
        f"<ul>{_WORDS * 25}</ul></body></html>"
    ),
    "list.html": (
        "{% extends 'layout.html' %}{% block main %}<ul class='product-grid'>{% for card in cards %}<li>"
        "<a class='product-card' href='/products/{{ card.code }}'><span class='product-picture'>"
        "<img src='/media/{{ card.image }}' alt='' width='400' height='400' loading='lazy' decoding='async'>"
        "{% if card.available <= 0 %}<span class='sold-out-mark'>売り切れ</span>{% endif %}</span>"
        "<h2 class='product-name'>{{ card.name }}</h2><span class='product-price'><span class='yen'>"
        "{{ '{:,}'.format(card.lowest) }}円</span>{% if card.highest > card.lowest %}"
        "<span class='visually-hidden'>から</span><span aria-hidden='true'>〜</span>{% endif %}"
        "<small class='yen-tax'>税込</small></span></a></li>{% endfor %}</ul>{% endblock %}"
    ),
    "product.html": (
        "{% extends 'layout.html' %}{% block main %}<h1>{{ rows[0].name }}</h1><img src='/media/{{ rows[0].image }}'"
        " alt='{{ rows[0].name }}' width='800' height='800'><form method='post' action='/cart/items'>{% for row in rows %}"
        "<label class='choice'><input type='radio' name='variant_id' value='{{ row.variant }}'><span class='choice-name'>"
        "{{ row.variant_name }}</span>{% if row.available <= 5 %}<span>残り{{ row.available }}点</span>{% endif %}"
        "<span class='choice-price'>{{ '{:,}'.format(row.price_yen) }}円</span></label>{% endfor %}"
        "<input name='quantity' value='1'><button class='button button-main'>カゴに入れる</button></form>"
        "<p>{{ rows[0].story }}</p><dl>{% for label, words in details %}<div><dt>{{ label }}</dt><dd>{{ words }}</dd></div>"
        "{% endfor %}</dl><p>{{ shipping_line }}</p>{% endblock %}"
    ),
    "step.html": (
        "{% extends 'layout.html' %}{% block main %}<ol class='steps'><li>カゴの中身</li><li>STEP1</li><li>STEP2</li>"
        "<li aria-current='step'>STEP3</li><li>STEP4</li></ol><table>{% for line in lines %}<tr><th>{{ line.name }}"
        " {{ line.variant }}</th><td>{{ '{:,}'.format(line.price_yen) }}円 × {{ line.quantity }}</td></tr>{% endfor %}</table>"
        "<form method='post' action='/checkout/step'>{% for name, words in buyer.items() %}<div class='field'>"
        "<label for='{{ name }}'>{{ name }} <small>必須</small></label><input id='{{ name }}' name='{{ name }}'"
        " value='{{ words }}' autocomplete='on' required></div>{% endfor %}{% for way in ways %}<label class='choice'>"
        "<input type='radio' name='way' value='{{ way.courier_id }}-{{ way.method_id }}'>{{ way.courier }} {{ way.method }}"
        "<span>{{ '{:,}'.format(way.fee_yen) }}円</span></label>{% endfor %}<button class='button button-main'>次へ</button>"
        "</form>{% endblock %}"
    ),
}
_FRAME = text(
    "SELECT s.name AS shop_name, s.texts, c.code, c.name FROM shop_info s LEFT JOIN category c ON 1 = 1"
    " ORDER BY c.position, c.id"
)
_LIST = text(
    "SELECT p.id, p.code, p.name, p.image, min(v.price_yen) AS lowest, max(v.price_yen) AS highest,"
    " sum(v.on_hand - v.allocated - v.held) AS available"
    " FROM (SELECT * FROM product WHERE published ORDER BY position, id LIMIT 12) p"
    " JOIN variant v ON v.product_id = p.id GROUP BY p.id, p.code, p.name, p.image, p.position ORDER BY p.position, p.id"
)
_PRODUCT = text(
    "SELECT p.name, p.image, p.story, p.details, v.id AS variant, v.name AS variant_name, v.price_yen,"
    " v.on_hand - v.allocated - v.held AS available"
    " FROM product p JOIN variant v ON v.product_id = p.id WHERE p.code = :code ORDER BY v.position, v.id"
)
_CART = text(
    "SELECT p.name, v.name AS variant, v.price_yen, i.quantity, v.on_hand - v.allocated - v.held AS available, c.form"
    " FROM cart c JOIN cart_item i ON i.cart_id = c.id JOIN variant v ON v.id = i.variant_id"
    " JOIN product p ON p.id = v.product_id WHERE c.id = (SELECT max(id) FROM cart) ORDER BY i.id"
)
_WAYS = text(
    "SELECT d.id AS courier_id, d.name AS courier, m.id AS method_id, m.name AS method, m.fee_yen"
    " FROM delivery d CROSS JOIN payment_method m WHERE m.removed_at IS NULL ORDER BY d.id, m.id"
)


def serve() -> Flask:
    """The floors as an application: ``/tiny``, ``/constant``, ``/list``, ``/product/<code>``, ``/step``."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader(_TEMPLATES)
    engine = _engine(os.environ["DATABASE_URL"])

    @app.get("/tiny")
    def tiny() -> str:
        return "ok"

    @app.get("/constant")
    def constant() -> bytes:
        return CONSTANT

    def read(statement: TextClause, **values: str) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
        with engine.connect() as connection:
            return connection.execute(_FRAME).all(), connection.execute(statement, values).all()

    @app.get("/list")
    def product_list() -> str:
        frame, cards = read(_LIST)
        return render_template("list.html", frame=frame, cards=cards)

    @app.get("/product/<code>")
    def product(code: str) -> str:
        frame, rows = read(_PRODUCT, code=code)
        line = json.loads(frame[0].texts)["ja"]["shipping_line"]
        details = json.loads(rows[0].details or "[]")
        return render_template("product.html", frame=frame, rows=rows, details=details, shipping_line=line)

    @app.get("/step")
    def step() -> str:
        """A step of the checkout: the newest cart, what its buyer typed, couriers and methods."""
        with engine.connect() as connection:
            frame, lines, ways = (connection.execute(each).all() for each in (_FRAME, _CART, _WAYS))
        return render_template("step.html", frame=frame, lines=lines, ways=ways, buyer=json.loads(lines[0].form))

    return app


def _engine(url: str) -> Engine:
    """Kept connections with the pragmas of the shop."""
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
            connection.execute(f"PRAGMA {pragma}")

    return engine
