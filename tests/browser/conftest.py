"""One Chromium for all tests; for each test a shop, a provider and a window that watches what goes wrong in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    Response,
    ViewportSize,
    sync_playwright,
)

from tests.support import machine
from tests.support.servers import LiveServer
from tests.support.world import Simulator

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
#: Milliseconds; the shop answers in tens of them.
PATIENCE = 10_000


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(machine.chromium()), args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What happened in the windows of one test."""

    shop: str
    provider: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("request", self._request)
        page.on("response", self._response)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("console", self._said)

    def _request(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith((self.shop, self.provider, "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def _response(self, response: Response) -> None:
        # 422 is a form with mistakes, the calm answer to wrong input.
        if response.status >= 400 and response.status != 422:
            self.complaints.append(f"{response.status} {response.url}")

    def _said(self, message) -> None:  # type: ignore[no-untyped-def]
        # Of a failed request the line above tells more.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def to(self, origin: str) -> list[Request]:
        return [request for request in self.requests if request.url.startswith(origin)]

    def bodies(self) -> str:
        """Everything sent to the shop: addresses, headers and bodies."""
        return "\n".join(f"{r.url}\n{r.headers}\n{r.post_data or ''}" for r in self.to(self.shop))


@pytest.fixture
def watch(live_server: LiveServer, demo_app: Flask, simulator: Simulator) -> Iterator[Watch]:
    """Fails the test when a page had a script error, a console error (so also a breach of the policy) or a foreign request."""
    watching = Watch(live_server.url, simulator.url)
    yield watching
    assert not watching.complaints, "\n".join(watching.complaints)


@pytest.fixture
def window(chromium: Browser, live_server: LiveServer, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Opens a browser of its own (cookies and all) on the shop; options as of Playwright's ``new_context``."""
    opened: list[BrowserContext] = []

    def open_window(**options: object) -> Page:
        context = chromium.new_context(
            **{"base_url": live_server.url, "locale": "ja-JP", "viewport": DESKTOP} | options  # type: ignore[arg-type]
        )
        context.set_default_timeout(PATIENCE)
        context.on("page", watch.follow)
        opened.append(context)
        return context.new_page()

    yield open_window
    for context in opened:
        context.close()


@pytest.fixture
def page(window: Callable[..., Page]) -> Page:
    return window()


def path(page: Page) -> str:
    return urlsplit(page.url).path
