"""Loopback only: a free port when one is needed, and a guard that lets no test reach the outside."""

import ipaddress
import socket
from typing import Any

#: Names kept for examples (RFC 2606, RFC 6761): asking for them is no attempt to leave.
_NOWHERE = (".invalid", ".test", ".example", ".localhost", "example.com", "example.jp")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def reserved_port() -> socket.socket:
    """A socket bound to a free loopback port and not yet listening: refused to callers, taken to everybody else."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    return server


class Guard:
    """Refuses connections and look-ups that would leave the machine, and remembers them.

    A refusal looks like a network failure to the code under test – which may well handle it – so the test is failed
    afterwards by what is remembered here.
    """

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._connect = socket.socket.connect
        self._connect_ex = socket.socket.connect_ex
        self._look_up = socket.getaddrinfo

    def close_door(self) -> None:
        guard = self

        def connect(self: socket.socket, address: Any) -> None:
            guard.check(self, address)
            guard._connect(self, address)

        def connect_ex(self: socket.socket, address: Any) -> int:
            guard.check(self, address)
            return guard._connect_ex(self, address)

        socket.socket.connect = connect  # type: ignore[assignment, method-assign]
        socket.socket.connect_ex = connect_ex  # type: ignore[assignment, method-assign]
        socket.getaddrinfo = self.look_up

    def open_door(self) -> None:
        socket.socket.connect = self._connect  # type: ignore[method-assign]
        socket.socket.connect_ex = self._connect_ex  # type: ignore[method-assign]
        socket.getaddrinfo = self._look_up

    def check(self, used: socket.socket, address: Any) -> None:
        if used.family in (socket.AF_INET, socket.AF_INET6) and not is_local(str(address[0])):
            self.attempts.append(f"connect to {address[0]}:{address[1]}")
            raise ConnectionRefusedError(f"tests reach loopback only, not {address[0]}")

    def look_up(self, host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or is_local(name):
            return self._look_up(host, *args, **kwargs)
        if not name.endswith(_NOWHERE):
            self.attempts.append(f"look-up of {name}")
        raise socket.gaierror(socket.EAI_NONAME, f"tests look up nothing, not {name}")


def is_local(host: str) -> bool:
    """Whether ``host`` is this machine; an unspecified address means this machine when connecting."""
    if host in ("", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
