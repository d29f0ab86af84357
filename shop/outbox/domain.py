"""送信ドメイン: what its DNS says about who may send mail from it – SPF, DKIM, DMARC (U-065). Large receivers turn mail away from
domains that say nothing.

Only looks whether the records are there and can be read; whether the mail server is among those named, a mail that has
arrived shows best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Protocol

from dns import exception, resolver

#: Seconds for one question, all name servers and repetitions together; at most half a dozen are asked for one check.
_LONGEST = 2.0


class NotTold(Exception):
    """The name servers did not answer, or not in a way that tells whether there is something."""


class Names(Protocol):
    """Where names are looked up."""

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none when there are none, or no such name. Raises :class:`NotTold`."""


class Resolver:
    """Asks the system's name servers or the given ones, by UDP and, for long answers, by TCP."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._servers, self._port = servers, port

    def texts(self, name: str) -> list[str]:
        try:
            asked = resolver.Resolver(configure=not self._servers)
            if self._servers:
                asked.nameservers, asked.port = list(self._servers), self._port
            asked.lifetime = _LONGEST
            answer = asked.resolve(name, "TXT", search=False)
        except (resolver.NXDOMAIN, resolver.NoAnswer):
            return []
        except (exception.DNSException, OSError) as error:
            raise NotTold(type(error).__name__) from error
        return [b"".join(record.strings).decode("ascii", "replace") for record in answer]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one of the three."""

    #: ``SPF``, ``DKIM`` or ``DMARC``.
    what: str
    #: Where it was looked for, or found.
    name: str
    #: ``found``; ``missing``; ``several`` – then receivers read none; ``open`` – whoever likes may send; ``watching`` – DMARC asks
    #: receivers to do nothing; ``revoked`` – the key is withdrawn; ``not_told``; ``no_selector`` – nobody said which key to look for.
    state: str
    record: str = ""


def of(sender: str) -> str:
    """The domain of a ``From``, with or without a name before its address."""
    return parseaddr(sender)[1].rpartition("@")[2].lower()


def examine(domain: str, selector: str, names: Names) -> list[Finding]:
    """Look all three up. ``selector``: of the mail server's DKIM key; empty where it is not known."""
    return [_spf(domain, names), _dkim(domain, selector, names), _dmarc(domain, names)]


def _spf(domain: str, names: Names) -> Finding:
    """RFC 7208, 4.5: exactly one record that begins with the version."""
    try:
        records = [text for text in names.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    except NotTold:
        return Finding("SPF", domain, "not_told")
    if len(records) != 1:
        return Finding("SPF", domain, "several" if records else "missing")
    everybody = {"all", "+all"} & set(records[0].lower().split())
    return Finding("SPF", domain, "open" if everybody else "found", records[0])


def _dkim(domain: str, selector: str, names: Names) -> Finding:
    """RFC 6376, 3.6.1: a key, which is empty once it is withdrawn."""
    if not selector:
        return Finding("DKIM", f"(selector)._domainkey.{domain}", "no_selector")
    name = f"{selector}._domainkey.{domain}"
    try:
        records = [text for text in names.texts(name) if "p" in _tags(text)]
    except NotTold:
        return Finding("DKIM", name, "not_told")
    if len(records) != 1:
        return Finding("DKIM", name, "several" if records else "missing")
    return Finding("DKIM", name, "found" if _tags(records[0])["p"] else "revoked", records[0])


def _dmarc(domain: str, names: Names) -> Finding:
    """RFC 7489, 6.6.3: the domain's own record or else that of one above it, whose ``sp`` goes before its ``p``."""
    labels = domain.split(".")
    for above in range(max(1, len(labels) - 1)):
        name = ".".join(["_dmarc", *labels[above:]])
        try:
            records = [text for text in names.texts(name) if text.replace(" ", "").startswith("v=DMARC1;")]
        except NotTold:
            return Finding("DMARC", name, "not_told")
        if len(records) > 1:
            return Finding("DMARC", name, "several")
        if records:
            tags = _tags(records[0])
            policy = tags.get("sp", tags.get("p", "")) if above else tags.get("p", "")
            return Finding("DMARC", name, "found" if policy in ("quarantine", "reject") else "watching", records[0])
    return Finding("DMARC", f"_dmarc.{domain}", "missing")


def _tags(record: str) -> dict[str, str]:
    """``v=DMARC1; p=none`` as pairs."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): value.strip().lower() for name, _equals, value in pairs if name.strip()}
