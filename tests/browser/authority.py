"""A certificate authority of the test's own, and certificates for two names."""

import base64
import datetime
import hashlib
import ipaddress
import ssl
from types import SimpleNamespace

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make(folder, *names):
    """An authority and one certificate for `names`; `pin` is what Chromium trusts, `ca` a file."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _signed("Test authority", root_key, root_key, [])
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = _signed(names[0], key, root_key, names)
    ca, chain, private = folder / "ca.pem", folder / "chain.pem", folder / "key.pem"
    ca.write_bytes(_pem(root))
    chain.write_bytes(_pem(leaf) + _pem(root))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return SimpleNamespace(ca=ca, context=context, pin=_pin(root_key))


def _signed(name, key, issuer_key, names):
    """A certificate for `key`; one without alternative names is the authority's own."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("Test authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        )
    return builder.sign(issuer_key, hashes.SHA256())


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pin(key):
    """The hash of a public key, as Chromium names the keys it trusts for a test."""
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(public).digest()).decode()
