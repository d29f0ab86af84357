"""Deployment settings, read once from the environment into a frozen object. Wrong values stop the start, loudly."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: The key of a demo instance is random too; this mark at its head is what `make serve` refuses.
DEMO_SECRET_PREFIX = "demo-"


class ConfigError(RuntimeError):
    """The deployment is set up wrongly; the text says what to change."""


@dataclass(frozen=True, slots=True)
class Config:
    """All deployment settings of one instance."""

    root: Path
    instance: Path
    database_url: str
    secret_key: str
    base_url: str
    #: Demo: practice accounts, movable clock and file mails are allowed.
    demo: bool
    port: int
    simulator_url: str
    #: ``smtp://user:pass@host:port`` or ``""`` – then the demo writes mails to ``instance/mails``.
    smtp_url: str
    mail_from: str
    #: Which DKIM key the mail server signs with; only to look it up in the DNS. Empty = not known.
    dkim_selector: str
    #: How many reverse proxies in front of us set ``X-Forwarded-*`` (0 = none is believed).
    trusted_proxies: int
    #: Blocking threads of one worker; provider calls may use half of them.
    threads: int
    #: A form that mails somebody, or orders as a guest, is filled in by no person within so many seconds; 0 looks at none.
    form_seconds: int = 2

    @property
    def https(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"


def load(environ: dict[str, str] | None = None) -> Config:
    """Read settings from ``environ`` (default: the process's). Creates the instance folder and its secret key.

    Raises :class:`ConfigError` on a value that cannot be meant.
    """
    env = dict(os.environ) if environ is None else environ
    root = Path(__file__).resolve().parents[2]
    instance = Path(env.get("SHOP_INSTANCE") or root / "instance").resolve()
    instance.mkdir(parents=True, exist_ok=True)
    demo = _flag(env, "SHOP_DEMO", default=False)
    port = _number(env, "PORT", 5000)
    return Config(
        root=root,
        instance=instance,
        database_url=env.get("DATABASE_URL") or f"sqlite:///{instance / 'shop.sqlite3'}",
        secret_key=env.get("SECRET_KEY") or _secret_key(instance, demo),
        base_url=(env.get("BASE_URL") or f"http://127.0.0.1:{port}").rstrip("/"),
        demo=demo,
        port=port,
        simulator_url=f"http://localhost:{_number(env, 'SIMULATOR_PORT', 5001)}",
        smtp_url=env.get("SMTP_URL", ""),
        mail_from=env.get("MAIL_FROM", ""),
        dkim_selector=env.get("DKIM_SELECTOR", ""),
        trusted_proxies=_number(env, "TRUSTED_PROXIES", 0),
        threads=_number(env, "SHOP_THREADS", 16),
        form_seconds=_number(env, "FORM_SECONDS", 2),
    )


def check_production(config: Config) -> None:
    """Refuse what must not face the public (``make serve``). Raises :class:`ConfigError` naming each fault."""
    faults = []
    if config.demo:
        faults.append("SHOP_DEMO must be 0")
    if config.secret_key.startswith(DEMO_SECRET_PREFIX) or len(config.secret_key) < 32:
        faults.append("the secret key is a demo key or shorter than 32 characters")
    if not config.https:
        faults.append("BASE_URL must be the shop's https address")
    if _flag(dict(os.environ), "FLASK_DEBUG", default=False):
        faults.append("FLASK_DEBUG must be off")
    if not config.smtp_url or not config.mail_from:
        faults.append("SMTP_URL and MAIL_FROM are needed, otherwise no buyer gets a mail")
    if faults:
        raise ConfigError("refusing to start in production: " + "; ".join(faults))


def doubts(config: Config) -> list[str]:
    """What is most likely a slip, though it cannot be told from here: ``flask check`` says it and goes on."""
    if config.https and not config.trusted_proxies:
        return ["TRUSTED_PROXIES is 0 behind an https address: buyers' addresses stay unknown, limits for networks do nothing"]
    return []


def _secret_key(instance: Path, demo: bool) -> str:
    path = instance / "secret.key"
    if not path.exists():
        key = (DEMO_SECRET_PREFIX if demo else "") + secrets.token_hex(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(key)
    return path.read_text().strip()


def _flag(env: dict[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "")
    if value not in ("", "0", "1"):
        raise ConfigError(f"{name} must be 0 or 1, not {value!r}")
    return value == "1" if value else default


def _number(env: dict[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isascii() or not value.isdigit():
        raise ConfigError(f"{name} must be a number, not {value!r}")
    return int(value)
