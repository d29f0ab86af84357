"""Assembly: builds the Flask application, wires the ports, registers blueprints and commands. Imported by nobody."""

import os

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect

import admin
from admin.blueprint import load_user as load_staff
from providers.installed import INSTALLED
from providers.registry import Registry
from shop.checkout import cart as carts
from shop.checkout import cart_merge
from shop.core import config as configuration
from shop.core import db, i18n, logs, runtime
from shop.jobs import runner
from shop.members import leaving
from shop.orders.settlement import OrderSettlement
from shop.payments import engine
from shop.payments.cards import manage
from shop.web import (
    account,
    account_settings,
    attempt,
    cards,
    cart,
    cart_design,
    checkout,
    cli,
    errors,
    field_checks,
    filters,
    health,
    hop,
    human,
    member,
    my_orders,
    mypage,
    order_lookup,
    postal,
    provider,
    security,
    storefront,
    verify,
    waiting,
    window,
    wizard,
)


def create_app(config: configuration.Config | None = None) -> Flask:
    """One shop instance. Raises ``ConfigError`` when the environment cannot be meant. Starts no thread by itself."""
    os.umask(0o077)  # database, keys, mails: whatever is written here is nobody else's to read
    config = config or configuration.load()
    logs.configure()
    app = Flask(__name__, instance_path=str(config.instance))
    runtime.install(app, config)
    security.init_app(app, config)
    db.init_app(app, config.database_url)
    Migrate(app, db.db, directory=str(config.root / "shop/migrations"), render_as_batch=True)
    i18n.init_app(app)
    Bootstrap5(app)
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    csrf = CSRFProtect(app)
    filters.init_app(app)
    window.init_app(app)
    cart_design.init_app(app)
    member.init_app(app)
    human.init_app(app)
    errors.init_app(app)
    engine.init_app(app, Registry(INSTALLED), OrderSettlement(after_placing=carts.take_out))
    leaving.on_leaving(objection=cart_merge.busy, farewell=cart_merge.empty)
    leaving.on_leaving(farewell=manage.remove_all)
    for blueprint in (
        storefront.blueprint, cart.blueprint, checkout.blueprint, wizard.blueprint, verify.blueprint, attempt.blueprint, waiting.blueprint, hop.blueprint, health.blueprint,
        postal.blueprint, field_checks.blueprint,
        account.blueprint, account_settings.blueprint, cards.blueprint, mypage.blueprint, my_orders.blueprint, order_lookup.blueprint,
    ):  # fmt: skip
        app.register_blueprint(blueprint)
    app.register_blueprint(provider.blueprint)
    csrf.exempt(provider.blueprint)  # authenticated by the provider's signature instead
    csrf.exempt(hop.blueprint)  # the return of a buyer: the address is the secret, and the provider is asked
    LoginManager(app).user_loader(lambda user_id: load_staff(user_id) or member.load_user(user_id))
    admin.init_app(app)
    cli.init_app(app)
    return app


def serve() -> Flask:
    """The application as a server worker runs it: with the job runner behind its lease."""
    app = create_app()
    runner.start(app)
    return app
