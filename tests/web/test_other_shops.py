"""Two shops on one machine. A browser keeps one set of cookies for both, whatever their ports are."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from shop.core.config import Config
from tests.support import shop
from tests.support.assembly import assemble
from tests.support.buying import CASH, buy
from tests.support.databases import Databases
from tests.support.members import Member, join
from tests.support.net import reserved_port
from tests.support.servers import LiveServer
from tests.web.counter import TEA, Desk

#: Cookies and addresses; the rows are apart because the databases are.
pytestmark = pytest.mark.one_database


@pytest.fixture
def other_shop(settings: Config, databases: Databases, demo_app: Flask, tmp_path: Path) -> Iterator[str]:
    """The address of a second demo shop – with the same SECRET_KEY, as a careless copy has it."""
    folder = tmp_path / "other"
    folder.mkdir()
    url = databases.copy("demo", folder)
    with reserved_port() as door:
        port = door.getsockname()[1]
        own = {"instance": folder, "database_url": url, "base_url": f"http://127.0.0.1:{port}", "port": port}
        app = assemble(replace(settings, **own))
        server = LiveServer(app, door)
        yield server.url
        server.close()
        shop.dispose(app)
    databases.drop(url)


@pytest.mark.req("T-058")
def test_who_is_known_in_one_shop_is_a_stranger_in_the_other(
    desk: Desk, demo_app: Flask, other_shop: str
) -> None:
    member = join(Member(desk.shop_url), demo_app)
    member.log_in()
    placed = buy(member.shop_url, TEA, method=CASH, buyer=member)
    assert placed.public_id
    member.put_into_cart(TEA)
    assert (desk.get("/admin").status_code, member.is_in) == (200, True)
    door = desk.session.get(f"{other_shop}/admin", allow_redirects=False)
    assert (door.status_code, door.headers["Location"].split("?")[0]) == (303, "/admin/login")
    for path in ("/mypage", f"/mypage/orders/{placed.public_id}"):
        answer = member.session.get(f"{other_shop}{path}", allow_redirects=False)
        assert answer.status_code == 404 or answer.headers["Location"].startswith("/login"), path
    assert member.session.get(f"{other_shop}/orders/{placed.public_id}/complete").status_code == 404
    assert "まだ何も入っていません" in member.session.get(f"{other_shop}/cart").text
