"""Certificates as the OCPP 1.6 security whitepaper (§2.6) wants them, made for a test."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
LASTS = timedelta(days=1)


def rsa_key() -> Key:
    return rsa.generate_private_key(65_537, 2048)


def ec_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def subject(name: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


@dataclass
class Authority:
    """A certificate authority with a folder to write to."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec_key()
        self.subject = subject(self.name, self.name)
        self.certificate = self._sign(self.subject, self.key, is_authority=True)
        self.file = self.folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(
        self, name: str, organization: str = "Operator", key: Key | None = None, file: str = ""
    ) -> tuple[Path, Path]:
        """Write a certificate and its key; return both files."""
        key = key or ec_key()
        certificate = self._sign(subject(name, organization), key)
        paths = self.folder / f"{file or name}.pem", self.folder / f"{file or name}.key"
        paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
        paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return paths

    def revoke(self, *certificates: Path, ago: timedelta = timedelta()) -> bytes:
        """Return a revocation list with these certificates on it, in PEM."""
        at = datetime.now(UTC) - ago
        builder = x509.CertificateRevocationListBuilder(self.subject, at, at + LASTS)
        for certificate in certificates:
            serial = x509.load_pem_x509_certificate(certificate.read_bytes()).serial_number
            revoked = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
            builder = builder.add_revoked_certificate(revoked.build())
        return builder.sign(self.key, SHA256()).public_bytes(Encoding.PEM)

    def _sign(self, name: x509.Name, key: Key, *, is_authority: bool = False) -> x509.Certificate:
        now = datetime.now(UTC)
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        return (
            x509.CertificateBuilder()
            .issuer_name(self.subject)
            .subject_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + LASTS)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
            .sign(self.key, SHA256())
        )
