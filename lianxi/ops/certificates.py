"""A small certificate authority of the city: who may speak for which node on a link, and until when.

A link is TLS with a certificate on both ends. A node has one certificate as a server (its children and its own shovel
check its host names) and one as a child: its common name is the node's code, and the parent's broker lets it in as the
user of that code, without any password. All of them are signed by one authority that the city office keeps in a
directory of its own, off the nodes: `ca.pem`, `ca.key`, and `issued/` with every certificate it ever gave out. Taking
a node's user from its parent's broker ends its access at once, so there are no revocation lists. An agency outside may
have one, too: no broker has a user of that name, and the portal lets it in while its fingerprint stands in its book.

Keys are P-256; the authority lasts ten years, a certificate 825 days.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lianxi.ops.local.processes import secret_file

AUTHORITY_DAYS = 3650
LEAF_DAYS = 825
EARLIER = timedelta(minutes=10)
"""A certificate is valid from a little before its making: clocks of two machines are never quite the same."""

SERVER, CHILD, AGENCY = "server", "child", "agency"
USAGE = {
    SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
    CHILD: ExtendedKeyUsageOID.CLIENT_AUTH,
    AGENCY: ExtendedKeyUsageOID.CLIENT_AUTH,
}


class AuthorityWrong(Exception):  # noqa: N818  reads as what is the matter
    """The directory holds no authority, holds one already, or its key does not open."""

    branch = "refused"


@dataclass(frozen=True)
class Issued:
    """One certificate that was given out."""

    code: str
    purpose: str
    serial: str
    hosts: tuple[str, ...]
    begins: datetime
    ends: datetime
    path: Path

    def days_left(self, now: datetime) -> int:
        """Return for how many whole days it is still good; negative when it has run out."""
        return (self.ends - now) // timedelta(days=1)


class Authority:
    """The authority kept in `directory`; `passphrase` opens its key when it was made with one."""

    def __init__(self, directory: Path, passphrase: bytes | None = None) -> None:
        self.directory = directory
        self._passphrase = passphrase

    @property
    def certificate_file(self) -> Path:
        """What every node trusts."""
        return self.directory / "ca.pem"

    def make(self, city: str, now: datetime) -> None:
        """Make the authority of a city; AuthorityWrong when the directory holds one."""
        if self.certificate_file.exists():
            raise AuthorityWrong(f"{self.directory} holds an authority already; it is never made twice")
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(f"Lianxi {city}")
        built = (
            _begin(name, name, key.public_key(), now, now + timedelta(days=AUTHORITY_DAYS))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        secret_file(self.directory / "ca.key", lambda: _pem_of(key, self._passphrase))
        self.certificate_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))

    def issue(self, code: str, purpose: str, hosts: Sequence[str], now: datetime, days: int = LEAF_DAYS) -> Issued:
        """Give a node a certificate for one purpose; the one it had stays valid until its own end.

        `hosts` are the names and addresses under which a server is reached. The newest of a purpose lies in
        `issued/CODE/PURPOSE.pem` with its key beside it.
        """
        authority, signing = self._open()
        key = ec.generate_private_key(ec.SECP256R1())
        names = tuple(hosts) if purpose == SERVER else (code,)
        ends = min(now + timedelta(days=days), authority.not_valid_after_utc)
        built = (
            _begin(_name(code), authority.subject, key.public_key(), now, ends)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([USAGE[purpose]]), critical=False)
            .add_extension(x509.SubjectAlternativeName([_general_name(host) for host in names]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
            .sign(signing, hashes.SHA256())
        )
        folder = self.directory / "issued" / code
        folder.mkdir(parents=True, exist_ok=True)
        pem = built.public_bytes(serialization.Encoding.PEM)
        (folder / f"{purpose}-{built.serial_number:x}.pem").write_bytes(pem)
        (folder / f"{purpose}.key").unlink(missing_ok=True)
        secret_file(folder / f"{purpose}.key", lambda: _pem_of(key, None))
        (folder / f"{purpose}.pem").write_bytes(pem)
        return _read(folder / f"{purpose}.pem", code, purpose)

    def current(self) -> list[Issued]:
        """Return the newest certificate of every node and purpose, those that end first at the head."""
        found = [
            _read(path, path.parent.name, purpose)
            for purpose in USAGE
            for path in self.directory.glob(f"issued/*/{purpose}.pem")
        ]
        return sorted(found, key=lambda issued: (issued.ends, issued.code, issued.purpose))

    def _open(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            text = (self.directory / "ca.key").read_bytes()
        except FileNotFoundError:
            raise AuthorityWrong(f"{self.directory} holds no authority: lianxi ca init makes one") from None
        try:
            key = serialization.load_pem_private_key(text, self._passphrase)
        except (TypeError, ValueError):
            raise AuthorityWrong("the key of the authority does not open with this passphrase") from None
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  (it was made here)
        return certificate, key


def fingerprint_and_end(path: Path) -> tuple[str, datetime]:
    """Return by which fingerprint a portal knows a certificate, and when it runs out; ValueError when it is not one."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.fingerprint(hashes.SHA256()).hex(), certificate.not_valid_after_utc


def end_of(path: Path) -> datetime:
    """Return when a certificate file runs out; ValueError when it is not one."""
    return x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc


def hosts_of(path: Path) -> tuple[str, ...]:
    """Return the names and addresses a server's certificate is good for."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return tuple(str(name.value) for name in names)


def _name(common_name: str) -> x509.Name:
    attributes = [(NameOID.ORGANIZATION_NAME, "Lianxi"), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before((now - EARLIER).astimezone(UTC))
        .not_valid_after(ends.astimezone(UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem_of(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None) -> str:
    lock: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


def _read(path: Path, code: str, purpose: str) -> Issued:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return Issued(code, purpose, f"{certificate.serial_number:x}", hosts_of(path), begins, ends, path)
