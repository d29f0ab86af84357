"""Latency of one address at a fixed concurrency, over keep-alive connections, with as little client as possible."""

import itertools
import socket
import statistics
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

CONCURRENCY = 4


#: Stands for a number no request has used before, in an address to be asked anew each time.
ANEW = "ANEW"
_numbers = itertools.count(1)


class Connection:
    """One kept HTTP connection; enough HTTP for answers with a Content-Length."""

    def __init__(self, url: str, cookie: str = "") -> None:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        self._request += f"Cookie: {cookie}\r\n\r\n" if cookie else "\r\n"
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def get(self) -> float:
        """Seconds for one request. Raises ``RuntimeError`` unless it is answered with 200."""
        request = self._request.replace(ANEW, str(next(_numbers))).encode()
        started = time.perf_counter()
        self._socket.sendall(request)
        answer = self._socket.recv(65536)
        while b"\r\n\r\n" not in answer:
            answer += self._more()
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:")
        got = len(body)
        while got < length:
            got += len(self._more())
        return time.perf_counter() - started

    def _more(self) -> bytes:
        part = self._socket.recv(65536)
        if not part:
            raise RuntimeError("the server hung up")
        return part

    def close(self) -> None:
        self._socket.close()


def latency_ms(url: str, requests: int, cookie: str = "") -> float:
    """Median of ``requests`` on each of :data:`CONCURRENCY` connections at once."""
    times: list[float] = []
    failed: list[BaseException] = []

    def work() -> None:
        connection = Connection(url, cookie)
        try:
            times.extend([connection.get() for _ in range(requests)])
        except (OSError, RuntimeError) as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONCURRENCY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return statistics.median(times) * 1000


def compare(
    urls: dict[str, str], cookies: Mapping[str, str] | None = None, requests: int = 60, rounds: int = 4
) -> dict[str, float]:
    """The calmest round's median of each address; rounds go over all addresses in turn, so noise meets all alike.
    ``cookies``: what the browser sends along, by the name of the address."""
    cookies = cookies or {}
    for name, url in urls.items():
        latency_ms(url, 20, cookies.get(name, ""))  # warm: templates compiled, connections known
    best = dict.fromkeys(urls, float("inf"))
    for _ in range(rounds):
        for name, url in urls.items():
            best[name] = min(best[name], latency_ms(url, requests, cookies.get(name, "")))
    return best
