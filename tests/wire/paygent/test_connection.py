"""接続テスト: what an answer says about the settings it was asked with, over a real socket."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from providers.certificates import Unusable, valid_until
from providers.contract import NotSent
from providers.paygent import connection
from providers.settings import Finding, SettingsCheck
from providers.transport import ClientCertificate
from tests.wire.paygent.serving import Wire

NOW = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
CREDENTIALS, CERTIFICATE = "connect_id", "client_certificate"


def answer(code: str, result: str = "1") -> bytes:
    return f"\r\nresult={result}\r\nresponse_code={code}\r\nresponse_detail=x".encode("cp932")


def found(wire: Wire, code: str, **settings: str) -> dict[str, SettingsCheck]:
    """What is said about each setting after an answer with this code."""
    wire.answers = [answer(code)]
    return {key: check for check in wire.gateway(**settings).check_settings(NOW) for key in check.keys}


def pair(until: datetime.datetime = NOW + DAY, password: str = "") -> tuple[str, str]:
    """PEM texts of a certificate and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "merchant")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = builder.serial_number(1).not_valid_before(until - 9 * DAY).not_valid_after(until).sign(key, hashes.SHA256())
    lock: KeySerializationEncryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    return made.public_bytes(Encoding.PEM).decode(), private.decode()


@pytest.mark.req("R-027")
@pytest.mark.parametrize(
    ("code", "finding"),
    [
        ("13001", Finding.CORRECT), ("13002", Finding.CORRECT), ("P001", Finding.WRONG), ("P002", Finding.WRONG),
        ("P015", Finding.WRONG), ("P016", Finding.NO_ANSWER), ("P017", Finding.NO_ANSWER), ("E001", Finding.NO_ANSWER),
        ("Z999", Finding.NO_ANSWER),
    ],
)  # fmt: skip
def test_credentials_by_the_answer(wire: Wire, code: str, finding: Finding) -> None:
    check = found(wire, code)[CREDENTIALS]
    assert check.finding == finding
    assert check.keys == ("merchant_id", "connect_id", "connect_password")
    assert check.code == ("" if finding == Finding.CORRECT else code)


def test_the_question_is_harmless(wire: Wire) -> None:
    found(wire, "13001")
    sent = wire.sent()
    assert (sent["telegram_kind"], sent["trading_id"], sent["payment_id"]) == ("094", "connection_check", "")


@pytest.mark.req("R-027")
def test_what_only_a_payment_shows_is_said_so(wire: Wire) -> None:
    said = found(wire, "13001", merchant_name="SHOP", three_ds_hash_key="k", notice_hash_key="")
    later = {key for key, check in said.items() if check.finding == Finding.FIRST_PAYMENT}
    assert later == {"token_generate_key", "merchant_name", "three_ds_hash_key"}


def test_a_missing_certificate_is_asked_for_when_the_provider_wants_one(wire: Wire) -> None:
    assert CERTIFICATE not in found(wire, "13001")
    assert found(wire, "P016")[CERTIFICATE].finding == Finding.WRONG


@pytest.mark.req("R-027")
@pytest.mark.parametrize(
    ("code", "until", "finding"),
    [
        ("13001", NOW + DAY, Finding.CORRECT), ("13001", NOW, Finding.WRONG), ("P016", NOW + DAY, Finding.WRONG),
        ("P002", NOW + DAY, Finding.NO_ANSWER),
    ],
)  # fmt: skip
def test_a_certificate_with_its_last_day(wire: Wire, code: str, until: datetime.datetime, finding: Finding) -> None:
    certificate, key = pair(until)
    check = found(wire, code, client_certificate=certificate, client_key=key)[CERTIFICATE]
    assert (check.finding, check.valid_until) == (finding, until)


def test_an_unreadable_certificate_is_wrong(wire: Wire) -> None:
    certificate, key = pair(password="right")
    for texts in (("no certificate", key), (certificate, "no key"), (certificate, key, "wrong"), (certificate, key)):
        names = ("client_certificate", "client_key", "client_key_password")
        assert found(wire, "13001", **dict(zip(names, texts, strict=False)))[CERTIFICATE].finding == Finding.WRONG


@pytest.mark.parametrize(
    ("reason", "said"),
    [("client certificate unusable: SSLError", "証明書が正しくない"), ("certificate", "CA証明書"), ("refused", "接続できません")],
)
def test_why_nothing_was_sent(reason: str, said: str) -> None:
    (check,) = connection.findings(NotSent(reason), {}, None, NOW)
    assert check.finding == Finding.NO_ANSWER
    assert said in check.text


@pytest.mark.parametrize(("locked", "password"), [("", ""), ("", "not needed"), ("right", "right")])
def test_certificate_and_key_in_one_text_or_two(locked: str, password: str) -> None:
    certificate, key = pair(password=locked)
    for shape in ((certificate, key), (certificate + key, certificate + key), (key + certificate, key + certificate)):
        assert valid_until(ClientCertificate(*shape, password)) == NOW + DAY


def test_a_key_of_another_certificate() -> None:
    with pytest.raises(Unusable, match="another key"):
        valid_until(ClientCertificate(pair()[0], pair()[1]))
