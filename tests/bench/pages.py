"""Pages on two granian workers: how long they take beside their floors, and how many statements they need."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flask import Flask

from shop.core.config import Config
from tests.bench import load
from tests.bench.figures import LIMITS, Line
from tests.support.buying import Buyer, StepsBuyer, buy
from tests.support.net import free_port
from tests.support.pages import Page
from tests.support.servers import GranianServer, LiveServer
from tests.support.shop import OWNER, OWNER_PASSWORD, count_statements

STEPS = ("step1", "step2", "step3")


def latencies(config: Config, product: str) -> Iterator[Line]:
    """Milliseconds of shop and floors in turn, the ratios, and what a worker weighs after it."""
    port = free_port()
    beside = replace(config, port=port, base_url=f"http://127.0.0.1:{port}")
    real, floor = GranianServer(config), GranianServer(beside, factory="tests.bench.floors:serve", probe="/tiny")
    try:
        real.start()
        floor.start()
        cookie = _at_step3(real.url, product)
        found = load.compare(
            {
                "tiny": f"{floor.url}/tiny",
                "constant": f"{floor.url}/constant",
                "list-floor": f"{floor.url}/list",
                "product-floor": f"{floor.url}/product/{product}",
                "healthz": f"{real.url}/healthz",
                "list": f"{real.url}/products",
                "list-anew": f"{real.url}/products?after=0-{load.ANEW}",
                "product": f"{real.url}/products/{product}",
                "step-floor": f"{floor.url}/step",
            }
            | {step: f"{real.url}/checkout/{step}" for step in STEPS},
            dict.fromkeys(STEPS, cookie),
        )
        weights = [] if real.process is None else worker_megabytes(real.process.pid)
    finally:
        real.stop()
        floor.stop()
    yield Line("loopback HTTP round trip", found["tiny"], "ms", note=f"concurrency {load.CONCURRENCY}")
    yield Line("/healthz", found["healthz"], "ms")
    yield Line("constant 10 kB page", found["constant"], "ms")
    for name in ("list", "product"):
        yield Line(f"{name}: floor by Core and Jinja", found[f"{name}-floor"], "ms")
        yield Line(f"{name}: ours", found[name], "ms")
        ratio = found[name] / found[f"{name}-floor"]
        yield Line(f"{name}: ratio", ratio, "times", LIMITS["ratio"][name])
    yield Line("list: ours, page written anew", found["list-anew"], "ms", note="the first look after a change")
    yield Line("list: ratio of that", found["list-anew"] / found["list-floor"], "times", LIMITS["ratio"]["list_anew"])
    yield Line("step: floor by Core and Jinja", found["step-floor"], "ms")
    for step in STEPS:
        yield Line(f"{step}: ours", found[step], "ms")
        yield Line(f"{step}: ratio", found[step] / found["step-floor"], "times", LIMITS["ratio"][step])
    yield Line("memory of a worker", max(weights, default=0.0), "MB", note=f"{len(weights)} workers")


def _at_step3(url: str, product: str) -> str:
    """The cookie of a buyer who may open every step."""
    buyer = StepsBuyer(url)
    buyer.put_into_cart(product)
    buyer.step1()
    buyer.step2("cash_on_delivery")
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in buyer.session.cookies)


def worker_megabytes(parent: int) -> list[float]:
    """Proportional memory of each worker process; empty where /proc does not tell."""
    weights = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ppid = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if ppid == parent and "resource_tracker" not in (process / "cmdline").read_text():
                (line,) = [line for line in (process / "smaps_rollup").read_text().splitlines() if line.startswith("Pss:")]
                weights.append(int(line.split()[1]) / 1024)
        except OSError:
            continue  # it ended meanwhile
    return weights


def statements(app: Flask, server: LiveServer, product: str) -> Iterator[Line]:
    """SQL statements of the pages people open most, with something in the cart and in the books."""
    bought = buy(server.url, product, method="cash_on_delivery")
    buyer, staff = StepsBuyer(server.url), _owner(server.url)
    buyer.put_into_cart(product)
    buyer.step1()
    buyer.step2("cash_on_delivery")
    wanted: list[tuple[Buyer, str]] = [(buyer, path) for path in ("/", "/products", f"/products/{product}", "/cart", "/checkout/zero")]
    wanted += [(buyer, f"/checkout/{step}") for step in STEPS]
    wanted += [(bought.buyer, bought.path), (staff, "/admin"), (staff, "/admin/orders"), (staff, _first_order(staff))]
    for who, path in wanted:
        with count_statements(app) as sent:
            answer = who.get(path)
        if answer.status_code != 200 or answer.url != server.url + path:
            raise RuntimeError(f"{path} led to {answer.status_code} {answer.url}")
        shown = path.replace(bought.public_id or "", "…")
        yield Line(f"statements of {shown}", len(sent), "", LIMITS["statements"]["page"])


def _owner(url: str) -> Buyer:
    staff = Buyer(url)
    form = Page(staff.get("/admin/login").text).form("/admin/login")
    staff.post("/admin/login", form.fields | {"login": OWNER, "password": OWNER_PASSWORD})
    return staff


def _first_order(staff: Buyer) -> str:
    links = [a["href"] for a in Page(staff.get("/admin/orders").text).find("a") if "href" in a]
    return next(link for link in links if link.startswith("/admin/orders/") and link.count("/") == 3)
