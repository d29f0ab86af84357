"""Handing one mail over: to an SMTP server, or in the demo to a file that the admin shows."""

import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from shop.core.clock import jst
from shop.core.config import Config

#: Seconds for the connection, and for each answer of the server.
TIMEOUT = 20.0
#: Where an encoded word (RFC 2047) begins. What makes headers decodes one wherever it stands, and so writes the line end,
#: or the second recipient, that somebody wrote into it.
_ENCODED = "=?"
#: One mailbox, nothing that a header could read as a second one.
_ADDRESS = re.compile(r"(?!.*=\?)[^\s@,;:<>()\[\]\\\"\x7f-\uffff]+@[A-Za-z0-9.-]+")


class NotHandedOver(Exception):
    """The mail did not leave. ``permanent`` = the server refuses this mail for good (5xx)."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class Letter:
    """What goes out."""

    message_id: str
    recipient: str
    subject: str
    body: str
    written_at: datetime
    #: The shop's own address, so that a reply reaches a person whatever machine sends (U-065).
    reply_to: str = ""


def hand_over(letter: Letter, config: Config) -> None:
    """Deliver to the configured server, else into ``instance/mails`` (demo). Raises :class:`NotHandedOver`."""
    if not _ADDRESS.fullmatch(letter.recipient):
        raise NotHandedOver("no address of one recipient", permanent=True)
    message = compose(letter, sender_of(config, letter.reply_to))
    if config.smtp_url:
        _smtp(message, config.smtp_url)
    else:
        _file(message, config.instance / "mails", letter.message_id)


def sender_of(config: Config, shop_address: str) -> str:
    """``From``: as configured, else the shop's own address."""
    return config.mail_from or (shop_address if _ADDRESS.fullmatch(shop_address) else f"shop@{config.host}")


def compose(letter: Letter, sender: str) -> EmailMessage:
    """The mail as a message to one recipient. Carrier addresses with dots in odd places are quoted as RFC 5322 asks."""
    local, _, domain = letter.recipient.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = Address(username=local, domain=domain)
    if _ADDRESS.fullmatch(letter.reply_to) and letter.reply_to != letter.recipient:
        message["Reply-To"] = letter.reply_to
    message["Subject"] = letter.subject.replace(_ENCODED, "= ?")
    message["Date"] = format_datetime(jst(letter.written_at))
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, charset="utf-8", cte="base64")
    return message


def _smtp(message: EmailMessage, url: str) -> None:
    parts = urlsplit(url)
    try:
        with _connect(parts.scheme, parts.hostname or "localhost", parts.port) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise NotHandedOver(f"recipient refused: {code}", permanent=code >= 500) from error
    except smtplib.SMTPResponseException as error:
        raise NotHandedOver(f"{error.smtp_code}", permanent=error.smtp_code >= 500) from error
    except (OSError, smtplib.SMTPException) as error:
        raise NotHandedOver(type(error).__name__) from error


def _connect(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    """``smtps`` = TLS from the first byte, ``smtp+starttls`` = upgraded, ``smtp`` = plain (own host)."""
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=ssl.create_default_context())
    server = smtplib.SMTP(host, port or 25, timeout=TIMEOUT)
    if scheme == "smtp+starttls":
        server.starttls(context=ssl.create_default_context())
    return server


def _file(message: EmailMessage, folder: Path, message_id: str) -> None:
    """One file per Message-ID: written again it is the same file, so a repetition is no second mail."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{message_id.strip('<>').split('@')[0]}.eml"
    try:
        path.write_bytes(message.as_bytes(policy=SMTPUTF8))
    except OSError as error:
        raise NotHandedOver(type(error).__name__) from error
