"""Asked-for trouble on the wire: which request it hits, and how the answer is spoiled.

A fault of phase ``before`` leaves the request unexecuted; ``after`` executes it and spoils only the answer.
The waiting modes send a good answer late: ``before`` waits and then executes, ``after`` the other way round.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import asdict, dataclass
from typing import Any

from flask import Response

PHASES = ("before", "after")

#: Waiting modes and their usual seconds. A stall outlasts every reasonable client.
WAITS = {"slow": 12.0, "stall": 40.0}

MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html lang=ja><title>メンテナンス</title><p>ただいまメンテナンス中です。</p></html>"
)


class AnswerCut(ConnectionError):
    """Ends a request without (the rest of) its answer; the server (server.py) drops the connection."""

    def __init__(self, *, reset: bool = False) -> None:
        super().__init__("answer cut on request")
        #: by RST instead of FIN
        self.reset = reset


@dataclass
class Fault:
    #: operation it hits: a provider's own kind or a verb that all share (practice.py), ``*`` for any
    kind: str
    mode: str
    phase: str = "before"
    #: how often it hits, None = until cleared
    times: int | None = 1
    #: duration of slow, stall and drip
    seconds: float | None = None
    #: for mode ``code``: the provider's own error code and detail
    code: str = ""
    detail: str = ""
    #: code of the only provider it hits, empty = any
    provider: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}")
        if self.phase not in PHASES:
            raise ValueError(f"phase must be one of {', '.join(PHASES)}")


class FaultBook:
    """The faults that are switched on, in memory only; a request uses up the first that fits it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._provider = ""

    def of(self, provider: str) -> FaultBook:
        """The same faults, as they are open to one provider's requests."""
        view = copy(self)
        view._provider = provider
        return view

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def take(self, *names: str) -> Fault | None:
        """The first fault that fits an operation by one of its names: the provider's own and the verb."""
        with self._lock:
            for fault in self._faults:
                if fault.kind not in ("*", *names) or fault.provider not in ("", self._provider):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def switch(self, sent: dict[str, Any]) -> list[dict[str, Any]]:
        """Adds one fault, or with {"clear": true} removes all (and adds the one given with it, if any)."""
        if sent.pop("clear", False):
            self.clear()
        if sent:
            self.add(self._made(sent))
        return self.listed()

    def _made(self, sent: dict[str, Any]) -> Fault:
        return Fault(**{"kind": "*"} | sent)


class Trouble(Fault):
    """A fault whose mode its book has looked at."""

    def __post_init__(self) -> None:
        pass


class TroubleBook(FaultBook):
    """What spoils things that a provider sends by itself – ways back, notices –, in modes of its own."""

    def __init__(self, kind: str, modes: tuple[str, ...]) -> None:
        super().__init__()
        self._kind, self._modes = kind, modes

    def _made(self, sent: dict[str, Any]) -> Fault:
        made = Trouble(**{"kind": self._kind} | sent)
        if made.mode not in self._modes:
            raise ValueError(f"mode must be one of {', '.join(self._modes)}")
        return made

    def take_mode(self) -> str:
        """How the next one is spoiled, empty = not at all."""
        trouble = self.take(self._kind)
        return trouble.mode if trouble else ""


def answer_through(
    fault: Fault | None, execute: Callable[[], Response], refuse: Callable[[str, str], Response]
) -> Response:
    """What ``execute`` answers, as the fault lets it out; ``refuse`` words an error of the provider."""
    if fault is None:
        return execute()
    if fault.mode in WAITS:
        return _late(fault, execute)
    answer = execute() if fault.phase == "after" else refuse(fault.code, fault.detail)
    if fault.mode == "code":
        return refuse(fault.code, fault.detail)
    return SPOILERS[fault.mode](answer, fault)


def _late(fault: Fault, execute: Callable[[], Response]) -> Response:
    seconds = WAITS[fault.mode] if fault.seconds is None else fault.seconds
    if fault.phase == "before":
        time.sleep(seconds)
        return execute()
    answer = execute()
    time.sleep(seconds)
    return answer


def _sent_in_parts(answer: Response, parts: Iterator[bytes]) -> Response:
    """Announces the whole length and then sends what ``parts`` yields."""
    length = len(answer.get_data())
    return Response(parts, content_type=answer.content_type, headers={"Content-Length": str(length)})


def _half(answer: Response, fault: Fault) -> Response:
    def parts() -> Iterator[bytes]:
        body = answer.get_data()
        yield body[: len(body) // 2]
        raise AnswerCut

    return _sent_in_parts(answer, parts())


def _drip(answer: Response, fault: Fault) -> Response:
    def parts() -> Iterator[bytes]:
        body = answer.get_data()
        pause = (12.0 if fault.seconds is None else fault.seconds) / max(len(body), 1)
        for position in range(len(body)):
            yield body[position : position + 1]
            time.sleep(pause)

    return _sent_in_parts(answer, parts())


def _cut(answer: Response, *, reset: bool) -> Response:
    def parts() -> Iterator[bytes]:
        raise AnswerCut(reset=reset)
        yield b""

    return _sent_in_parts(answer, parts())


def _close(answer: Response, fault: Fault) -> Response:
    return _cut(answer, reset=False)


def _reset(answer: Response, fault: Fault) -> Response:
    return _cut(answer, reset=True)


def _garbage(answer: Response, fault: Fault) -> Response:
    return Response(os.urandom(512), content_type=answer.content_type)


def _html(answer: Response, fault: Fault) -> Response:
    return Response(MAINTENANCE_PAGE, content_type="text/html; charset=UTF-8")


def _http_500(answer: Response, fault: Fault) -> Response:
    return Response("Internal Server Error", status=500, content_type="text/plain")


def _empty(answer: Response, fault: Fault) -> Response:
    return Response(b"", content_type=answer.content_type)


def _wrong_charset(answer: Response, fault: Fault) -> Response:
    """The label stays, the bytes are of the other of the two charsets that Japanese providers use."""
    label = (answer.mimetype_params.get("charset") or "utf-8").lower()
    real, other = ("utf-8", "cp932") if label == "utf-8" else ("cp932", "utf-8")
    body = answer.get_data().decode(real).encode(other, errors="replace")
    return Response(body, content_type=answer.content_type)


SPOILERS: dict[str, Callable[[Response, Fault], Response]] = {
    "reset": _reset,
    "close": _close,
    "half": _half,
    "drip": _drip,
    "garbage": _garbage,
    "html": _html,
    "http_500": _http_500,
    "empty": _empty,
    "wrong_charset": _wrong_charset,
}

MODES = (*WAITS, *SPOILERS, "code")
