"""The practice e-SCOTT's token script in a real browser, on a page of another origin."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page

from providers.escott.demo import DEMO_MERCHANT as DEMO
from tests.sandbox.escott_world import VISA, World, escott_world

CALL = "(card) => SpsvApi.spsvCreateToken(card, '30', '12', '123', '', '', '', '', '')"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with escott_world(tmp_path) as running:
        yield running


@pytest.fixture
def shop(world: World) -> Iterator[str]:
    """A page with a card form's script, from a server of its own."""
    script = f"{world.url}/euser/stn/CdGetJavaScript.do?k_TokenNinsyoCode={DEMO.token_code}"
    body = f"""<!doctype html><script>var got = [];
        function setToken(token, card) {{ got.push([token, card]); }}</script>
        <script src="{script}" callBackFunc="setToken" class="spsvToken"></script>"""

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *words: object) -> None:
            """The test tells enough."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(chromium: Browser, shop: str) -> Iterator[Page]:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shop)
    yield page
    context.close()


def pay(page: Page, number: str) -> list[str]:
    page.evaluate(CALL, number)
    page.wait_for_function("got.length > 0")
    token, card = page.evaluate("got.pop()")
    return [token, card]


def test_the_named_function_gets_token_and_masked_number(page: Page, world: World) -> None:
    token, card = pay(page, VISA)
    assert card == "4111********1111"
    assert world.auth(Token=token).code == "OK"


@pytest.mark.parametrize(
    ("number", "trouble", "message"),
    [("123", None, "カード番号"), (VISA, "reset", "処理できません"), (VISA, "http_500", "処理できません"), (VISA, "garbage", "処理できません")],
)
def test_without_a_token_the_script_says_so_itself(
    page: Page, world: World, number: str, trouble: str | None, message: str
) -> None:
    said: list[str] = []

    def listen(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.accept()

    page.on("dialog", listen)
    if trouble:
        world.fault("token", trouble)
    assert pay(page, number) == ["", ""]
    assert message in said[0]
    assert pay(page, VISA)[0]
