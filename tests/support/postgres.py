"""A private PostgreSQL: own folder, loopback, a free port, ended by its process id. Never the machine's own server."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.support import machine
from tests.support.net import free_port

_WAIT = 30.0
#: Nothing here outlives the run, so nothing waits for the disk.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "log_min_messages": "fatal",
}


class PrivatePostgres:
    """A running server. ``url`` leads to its maintenance database; its folder stands in ``place``, or where temporary files do."""

    def __init__(self, place: Path | None = None) -> None:
        binaries = machine.postgres_binaries()
        # PostgreSQL refuses to run as root; its package made a user for it.
        self._user = "postgres" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="shop-postgres-", dir=place))
        port = free_port()
        self.url = f"postgresql://shop@127.0.0.1:{port}/postgres"
        try:
            self._hand_over()
            self._run(
                str(binaries / "initdb"), "--pgdata", str(self._folder / "data"), "--username=shop", "--auth=trust",
                "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
            )  # fmt: skip
            options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
            self._process = subprocess.Popen(
                [*machine.ends_with_us("INT"), str(binaries / "postgres"), "-D", str(self._folder / "data"), "-p", str(port), *options],
                user=self._user, cwd=self._folder, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            self._wait()
        except BaseException:
            self.close()
            raise

    def _hand_over(self) -> None:
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(self._folder, account.pw_uid, account.pw_gid)

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, user=self._user, cwd=self._folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise machine.Missing(f"{command[0]} failed:\n{done.stdout}{done.stderr}")

    def _wait(self) -> None:
        until = time.monotonic() + _WAIT
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise
                time.sleep(0.05)

    def close(self) -> None:
        """Stop this server – fast shutdown – and remove its folder."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
