"""One shop that can be killed: its nursery, its database, the practice world, its clock – and the steps of one run."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import sqlalchemy as sa

from providers.installed import INSTALLED
from providers.ports import Provider
from shop.core import db
from tests.crash.points import deliveries
from tests.crash.stores import open_store
from tests.crash.world import World
from tests.support.products import Request
from tests.support.shop import ROOT, environment, settings
from tests.support.world import world_code

#: How a client sees a server die: refused, reset, or cut within the answer.
_BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@dataclass(frozen=True)
class State:
    """A prepared moment: both databases under ``name``, the time they show, and the browser that made them."""

    name: str
    moment: float
    cookies: CookieJar
    product: Provider
    #: The interesting press.
    path: str = ""
    fields: dict[str, str] = field(default_factory=dict)


class Died(Exception):
    """The server was killed before it answered."""


class Stage:
    """Only one server lives at a time; :meth:`start` and :meth:`kill` are its birth and death."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.world = World(folder)
        #: What cards are paid through; the demo's, unless a state says otherwise.
        self.product = INSTALLED[0]
        self._mails = folder / "mails"
        self._store = open_store(database_url, folder)
        # Bound but not listening: keeps the port ours between two lives.
        self._port = socket.socket()
        self._port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._port.bind(("127.0.0.1", 0))
        self.port = self._port.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.journal = folder / "points"
        self.engine = self._store.engine()
        config = settings(folder, database_url, self.port, self.world.port)
        self._nursery = _Nursery(environment(config), self.port, self.journal)
        self._pid = 0
        #: Where browsers were led since the last thaw, in order.
        self.told: list[str] = []

    def close(self) -> None:
        self.kill()
        self._nursery.close()
        self._port.close()
        self._store.close()
        self.world.close()

    # ---- life and death ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        assert not self._pid, "a server is alive"
        self._pid = int(self._nursery.ask("fork"))

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """The nursery itself serves, one request after another; what it learns every server knows from birth."""
        self._nursery.ask("rehearse")
        try:
            yield
        finally:
            self.ask("enough")  # or a failed rehearsal would keep the nursery from ending

    def ensure_alive(self) -> None:
        if not self._pid:
            self.start()

    def strike(self) -> None:
        """Kill the server, wherever it is, from any thread; :meth:`reap` buries it."""
        os.kill(self._pid, signal.SIGKILL)

    def kill(self) -> None:
        """:meth:`strike` and :meth:`reap`, if there is a server."""
        if self._pid:
            self.strike()
            self.reap()

    def reap(self) -> int:
        """Wait for the server's end; returns its exit status."""
        status = int(self._nursery.ask("reap"))
        self._pid = 0
        return status

    def points(self) -> list[str]:
        """The crash points passed since the server was armed, in order."""
        return self.journal.read_text().splitlines()

    # ---- states -----------------------------------------------------------------------------------------------------

    def freeze(self, name: str, browser: requests.Session, path: str = "", fields: dict[str, str] | None = None) -> State:
        """Keep this moment to come back to; ends the server."""
        if self._pid:
            self.ask("idle")
            self.kill()
        self._store.freeze(name)
        self.world.freeze(self.folder / f"{name}.provider")
        _copy_folder(self._mails, self.folder / f"{name}.mails")
        return State(name, time.time() + self._offset(), browser.cookies, self.product, path, fields or {})

    def thaw(self, state: State) -> requests.Session:
        """Back to a prepared moment, with no server alive; returns the browser as it was."""
        self.kill()
        self._store.thaw(state.name)
        self.product = state.product
        self.world.calm()
        self.world.thaw(self.folder / f"{state.name}.provider")
        _copy_folder(self.folder / f"{state.name}.mails", self._mails)
        self._set_offset(state.moment - time.time())
        deliveries(self.journal).unlink(missing_ok=True)
        self.told.clear()
        return self.browser(state.cookies)

    def resume(self, state: State) -> requests.Session:
        """:meth:`thaw`, with a server alive."""
        browser = self.thaw(state)
        self.start()
        return browser

    # ---- the clock --------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Move the clock of shop and provider."""
        self._set_offset(self._offset() + seconds)

    def _offset(self) -> float:
        file = self.folder / "clock_offset"
        return float(file.read_text()) if file.exists() else 0.0

    def _set_offset(self, offset: float) -> None:
        draft = self.folder / "clock_offset.crash"
        draft.write_text(str(offset))
        draft.replace(self.folder / "clock_offset")

    # ---- talking ----------------------------------------------------------------------------------------------------

    def browser(self, cookies: CookieJar | None = None) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.headers["Connection"] = "close"
        for cookie in cookies or ():
            session.cookies.set_cookie(cookie)
        return session

    def ask(self, what: str) -> Any:
        """One of the child's own verbs. Raises :class:`Died`."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as line:
            try:
                line.request("POST", f"/_crash/{what}", headers={"Content-Length": "0"})
                answer = line.getresponse()
                told = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise Died from error
        assert answer.status == 200, f"{what}: {told.decode()}"
        return json.loads(told)

    def press(self, browser: requests.Session, path: str, fields: dict[str, str]) -> str:
        """A browser's POST; returns where it is led. Raises :class:`Died` when no answer came."""
        try:
            answer = browser.post(f"{self.url}{path}", fields, allow_redirects=False)
        except _BROKEN as error:
            raise Died from error
        assert answer.status_code == 303, f"{path}: {answer.status_code} {answer.text[:500]}"
        self.told.append(answer.headers["Location"])
        return self.told[-1]

    def look(self, browser: requests.Session, address: str) -> requests.Response:
        """A browser's GET, followed to the last page. Raises :class:`Died` when no answer came."""
        return self.send(browser, Request("get", urljoin(self.url, address), {}))

    def send(self, browser: requests.Session, asked: Request) -> requests.Response:
        """What a page makes a browser send, followed to the last page. Raises :class:`Died` when no answer came."""
        try:
            answer = browser.request(asked.method, asked.url, data=_of(asked, "post"), params=_of(asked, "get"))
        except _BROKEN as error:
            raise Died from error
        assert answer.status_code == 200, f"{asked.url}: {answer.status_code} {answer.text[:500]}"
        self.told.append(urlsplit(answer.url).path)
        return answer

    def fault(self, *verbs: str, mode: str = "reset", **values: Any) -> None:
        """The answer to the next request of each of these verbs gets lost."""
        for verb in verbs:
            self.world.switch("faults", **{"kind": verb, "mode": mode, "phase": "after", "provider": world_code(self.product)} | values)

    def books(self) -> dict[str, Any]:
        """What the provider knows."""
        return self.world.books(self.product)

    def change(self, statement: sa.Executable) -> None:
        """Set something up in the shop's own tables."""
        with self.engine.begin() as connection:
            connection.execute(statement)

    def letters(self) -> list[bytes]:
        """What lies in the mail sink."""
        return [file.read_bytes() for file in sorted(self._mails.glob("*"))]

    def deliveries(self) -> list[str]:
        """Message-IDs handed over since the last thaw, as often as they were."""
        written = deliveries(self.journal)
        return written.read_text().split() if written.exists() else []

    def rows(self, model: type[db.Base]) -> list[Any]:
        """A whole table, oldest first."""
        return self.tables(model)[0]

    def tables(self, *models: type[db.Base]) -> list[list[Any]]:
        """Whole tables, read at one time."""
        tables = [model.__table__ for model in models]
        with self.engine.connect() as connection:
            return [list(connection.execute(sa.select(t).order_by(*t.primary_key))) for t in tables]


def _of(asked: Request, method: str) -> dict[str, str] | None:
    return asked.fields if asked.method == method else None


def _copy_folder(source: Path, to: Path) -> None:
    shutil.rmtree(to, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, to)


class _Nursery:
    """The forking parent, asked over its standard streams."""

    def __init__(self, environ: dict[str, str], port: int, journal: Path) -> None:
        command = [sys.executable, "-m", "tests.crash.nursery", str(port), str(journal)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environ, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, command: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().strip()
        assert answer, "the nursery is gone"
        return answer

    def close(self) -> None:
        self._process.communicate()
