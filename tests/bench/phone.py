"""When a phone of the middle on 4G has painted the largest thing in its window (LCP), with nothing of the shop in its cache."""

import statistics
from collections.abc import Iterator

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from shop.core.config import Config
from tests.bench.figures import LIMITS, Line
from tests.browser.conftest import ARGUMENTS, PHONE
from tests.support import machine
from tests.support.buying import StepsBuyer
from tests.support.servers import GranianServer

LOOKS = 3
#: The slow end of 4G: 1.6 Mbit/s down, 0.75 up (in bytes a second) and 150 ms there and back. Chromium delays each request
#: but no handshake; so a request waits for the 3.75 round trips that one on a new connection takes.
FOUR_G = {"offline": False, "latency": 150 * 3.75, "downloadThroughput": 200_000, "uploadThroughput": 93_750}
#: How many times slower than this machine.
SLOWER = 4
#: Milliseconds after the page has loaded: what comes later than this is not waited for.
REST = 500
_LARGEST = """() => new Promise(resolve => new PerformanceObserver(entries => resolve(entries.getEntries().at(-1).startTime))
  .observe({type: "largest-contentful-paint", buffered: true}))"""


def largest_paints(config: Config, product: str) -> Iterator[Line]:
    """Median milliseconds to the largest paint of the product, the one-page checkout and STEP1. Raises ``machine.Missing``."""
    server = GranianServer(config)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(machine.chromium()), args=ARGUMENTS)
        try:
            server.start()
            buyer = StepsBuyer(server.url)
            buyer.put_into_cart(product)
            for path in (f"/products/{product}", "/checkout/zero", "/checkout/step1"):
                found = statistics.median(_look(chromium, buyer, server.url + path) for _ in range(LOOKS))
                yield Line(f"LCP of {path}", found, "ms", LIMITS["milliseconds"]["largest_paint"], f"phone on 4G, median of {LOOKS}")
        finally:
            server.stop()
            chromium.close()


def _look(chromium: Browser, buyer: StepsBuyer, url: str) -> float:
    """Milliseconds to the largest paint in a new window of this buyer. Raises ``RuntimeError`` when another page answers."""
    window = ViewportSize(width=PHONE["width"], height=PHONE["height"])
    context = chromium.new_context(viewport=window, device_scale_factor=3, is_mobile=True, has_touch=True, locale="ja-JP")
    context.add_cookies([{"name": each.name, "value": each.value or "", "url": url} for each in buyer.session.cookies])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", FOUR_G)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    answer = page.goto(url)
    if answer is None or not answer.ok or answer.url != url:
        raise RuntimeError(f"{url} led to {page.url}")
    page.wait_for_timeout(REST)
    found = float(page.evaluate(_LARGEST))
    context.close()
    return found
