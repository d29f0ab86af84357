"""Commands for operators: ``flask owner create``, ``flask staff two-step-off``, ``flask jobs run``, ``flask postal import``, ``flask demo load``;
for developers: ``flask provider new``."""

import json
import os
import threading
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_migrate import upgrade
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from shop.core import db
from shop.core.config import ConfigError, check_production, doubts
from shop.core.passwords import WeakPassword
from shop.core.runtime import now as moment
from shop.core.runtime import runtime
from shop.delivery import postal as postal_codes
from shop.delivery import postal_file
from shop.demo import seed
from shop.jobs import joblist, runner
from shop.members import names
from shop.payments import accounts
from shop.payments.engine import engine
from shop.staff import people, two_step
from shop.staff import service as staff
from shop.staff.models import StaffUser
from shop.web import new_provider, opening

owner = AppGroup("owner", help="Staff accounts.")
staff_group = AppGroup("staff", help="What staff cannot do for themselves.")
shop = AppGroup("shop", help="The shop itself.")
jobs = AppGroup("jobs", help="Background jobs.")
postal = AppGroup("postal", help="Postal codes, by which addresses fill themselves in.")
demo = AppGroup("demo", help="The practice shop.")
provider = AppGroup("provider", help="For developers: payment providers (docs/providers.md).")


def init_app(app: Flask) -> None:
    for group in (shop, owner, staff_group, jobs, postal, demo, provider):
        app.cli.add_command(group)
    app.cli.add_command(check)


@owner.command("create")
@click.argument("login")
@click.option("--name", default="店主", help="Name shown in the admin.")
@click.password_option(help="At least 12 characters; asked for when not given.")
def create_owner(login: str, name: str, password: str) -> None:
    """Create an owner: a staff account with every right, who grants them to others."""
    try:
        user = staff.new_owner(login, name, password, moment())
    except WeakPassword as error:
        raise click.ClickException(f"the password is too short: at least {staff.PASSWORD_LENGTH} characters") from error
    try:
        with db.write() as session:
            session.add(user)
    except IntegrityError:
        raise click.ClickException(f"there is a {login} already") from None
    click.echo(f"created {login}")


@owner.command("withdraw")
@click.argument("login")
def withdraw_owner(login: str) -> None:
    """Make an owner a member of staff without rights, to be granted or suspended by another owner."""
    try:
        with db.write() as session:
            people.withdraw_owner(session, login, moment())
    except LookupError:
        raise click.ClickException(f"no owner has the login {login}") from None
    except people.LastOwner:
        raise click.ClickException("the last owner stays: create another one first") from None
    click.echo(f"{login} is staff without rights now")


@staff_group.command("two-step-off")
@click.argument("login")
def switch_two_step_off(login: str) -> None:
    """Switch the two-step log-in of LOGIN off, when phone and recovery codes are lost. The password stays."""
    with db.write() as session:
        user_id = session.scalar(select(StaffUser.id).where(StaffUser.login == staff.login_name(login)))
        if user_id is None:
            raise click.ClickException(f"there is no {login}")
        if not two_step.reset(session, user_id, "operator", moment()):
            raise click.ClickException(f"{login} logs in without a second step already")
    click.echo(f"{login} logs in with the password alone now")


@shop.command("open")
@click.argument("name")
@click.argument("email")
@click.option("--prefix", default="order", help="Head of every order number.")
def open_shop(name: str, email: str, prefix: str) -> None:
    """Migrate an empty database and open a real shop in it. Refuses where a shop is open already."""
    upgrade()
    if not seed.is_empty(db.db.session()):
        raise click.ClickException("a shop is open here already")
    with db.write() as session:
        opening.open_shop(session, next(iter(engine().registry)), name, email, prefix, moment())
    click.echo(f"opened {name}; next: flask owner create LOGIN")


@jobs.command("run")
@click.argument("name")
def run_job(name: str) -> None:
    """Run one job once, whoever leads: for cron, tests and repairs."""
    try:
        job = joblist.by_name(name)
    except LookupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{name}: {job.run()}")


@jobs.command("worker")
def worker() -> None:
    """Run the job runner alone, for those who want it in a process of its own."""
    scheduler = runner.start(current_app._get_current_object())  # type: ignore[attr-defined]
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        scheduler.shutdown()


@postal.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_postal_codes(file: Path) -> None:
    """Replace all postal codes by those of FILE: Japan Post's utf_ken_all or KEN_ALL, as .csv or as .zip."""
    try:
        with db.write() as session:
            count = postal_codes.replace_all(session, postal_file.read(file))
    except postal_file.NotTheFile as error:
        raise click.ClickException(f"not Japan Post's file of postal codes: {error}; nothing was changed") from error
    click.echo(f"{count} places imported")


@demo.command("load")
def load_demo() -> None:
    """Fill an empty instance with the demo shop; a second call changes nothing.

    Prints the owner's and the demo member's log-in, then each practice account's provider and notification address, one JSON object a line.
    """
    config = runtime().config
    if not config.demo:
        raise click.ClickException("SHOP_DEMO must be 1 for the demo shop")
    upgrade()
    seed.draw(config.instance)
    if seed.is_empty(db.db.session()):
        user = staff.new_owner(seed.OWNER, "店主", seed.owner_password(config.instance), moment())
        member = names.hashed(seed.member_password(config.instance))
        with db.write() as session:
            seed.load(session, next(iter(engine().registry)), moment())
            session.add(user)
            seed.add_member(session, member, moment())
    click.echo(f"admin: {config.base_url}/admin  log-in: {seed.OWNER}  password: {seed.owner_password(config.instance)}")
    click.echo(f"member: {config.base_url}/mypage  log-in: {seed.MEMBER_LOGIN}  password: {seed.member_password(config.instance)}")
    for account in accounts.all_accounts(db.db.session()):
        click.echo(json.dumps({"provider": account.provider, "push_url": accounts.notice_url(account)}))


@provider.command("new")
@click.argument("code")
def begin_provider(code: str) -> None:
    """Write the files that provider CODE begins with, and tests that say what to do next."""
    try:
        written = new_provider.write(code, runtime().config.root)
    except new_provider.Refused as error:
        raise click.ClickException(str(error)) from error
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(new_provider.next_steps(code))


@click.command("check")
def check() -> None:
    """Refuse what must not face the public; ``make serve`` runs this first."""
    try:
        check_production(runtime().config)
        accounts.ensure_no_practice(db.db.session())
    except (ConfigError, accounts.PracticeOnly) as error:
        raise click.ClickException(str(error)) from error
    except SQLAlchemyError:
        raise click.ClickException("the database is not ready: run `flask shop open` or `flask db upgrade`") from None
    for doubt in doubts(runtime().config):
        click.echo(f"warning: {doubt}", err=True)
    click.echo(f"ready to serve {runtime().config.base_url} (process {os.getpid()})")
