"""TLS and sign-in with a real server: nothing leaves without them where they are asked for."""

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.domain.deliveries import Fate
from services.notify.domain.letters import Letter, MailAccount
from services.notify.senders import SmtpServer
from tests.integration.notify.mail_server import MailServer, server_context, sign_in
from tests.unit.notify.post_room import NOW

LETTER = Letter(id="x", sender="某部门", to="b@example.org", title="题", body="文", at=NOW)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.fromtimestamp(folder.stat().st_mtime, dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def secure_server(certificate):
    """A server that wants TLS and the account notify."""
    server = MailServer(
        tls_context=server_context(*certificate),
        require_starttls=True,
        authenticator=sign_in("notify", "right"),
        auth_required=True,
    ).start()
    yield server
    server.stop()


def send(port, **account):
    with SmtpServer(
        MailAccount(host="127.0.0.1", port=port, address="a@example.org", **account), "630104"
    ).session() as s:
        return s.send(LETTER)


def test_a_letter_goes_over_tls_with_a_sign_in(secure_server, certificate):
    result = send(secure_server.port, starttls=True, ca_file=certificate[0], user="notify", password="right")

    assert result.fate is Fate.TAKEN
    assert len(secure_server.letters) == 1


def test_a_wrong_password_makes_all_wait(secure_server, certificate):
    result = send(secure_server.port, starttls=True, ca_file=certificate[0], user="notify", password="wrong")

    assert (result.fate, result.reason) == (Fate.DOWN, "smtp-535")


def test_a_server_nobody_vouches_for_gets_nothing(secure_server):
    result = send(secure_server.port, starttls=True, user="notify", password="right")

    assert (result.fate, result.reason) == (Fate.DOWN, "smtp-unreachable (SSLCertVerificationError)")
    assert secure_server.letters == []


def test_where_tls_is_asked_for_a_server_without_it_gets_nothing(mail_server):
    result = send(mail_server.port, starttls=True)

    assert (result.fate, result.reason) == (Fate.DOWN, "smtp-unreachable (SMTPNotSupportedError)")
    assert mail_server.letters == []
