"""Whom a TLS connection believes, and what to say when it does not. It is never switched off.

Believed are the authorities httpx brings and those of this machine, where an organization puts its own. With
``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` set it is those in the file or folder alone, as with curl and OpenSSL.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

import httpx

from kaizen_widgets.errors import CertificateError, ConnectError, TransportError

PLACES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

EXPIRED, NOT_YET, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
UNKNOWN = frozenset({2, 18, 19, 20, 21, 27})
"""OpenSSL's X509_V_ERR_*: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/."""


def trusted(host: str) -> ssl.SSLContext:
    """Return what a connection to ``host`` needs to find out whether it is that host.

    Raises:
        TransportError: The environment names authorities that cannot be read.
    """
    named = next((place for place in PLACES if os.environ.get(place)), None)
    try:
        context = httpx.create_ssl_context()
    except OSError as error:  # an SSLError is one
        raise TransportError(
            f"Nothing was sent to {host}: {named or 'the authorities of httpx'} cannot be read "
            f"({os.environ.get(named or '', '')}: {error.strerror or 'no certificates in PEM form'})."
        ) from None
    if named is None:
        context.load_default_certs()
    return context


def tls_error(error: httpx.TransportError, host: str, **facts: str) -> ConnectError | None:
    """Return what to raise if it was TLS that failed, before anything was sent; else None."""
    cause = next((one for one in causes(error) if isinstance(one, ssl.SSLError)), None)
    if cause is None:
        return None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return ConnectError(
            f"{host} did not agree on an encrypted connection ({cause.reason or 'TLS'}); "
            "is it a server for https?",
            **facts,
        )
    return CertificateError(f"{_refusal(cause, host)} Nothing was sent.", **facts)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _refusal(cause: ssl.SSLCertVerificationError, host: str) -> str:
    match cause.verify_code:
        case code if code in UNKNOWN:
            return (
                f"{host} shows a certificate of an authority that is not trusted here; if it is your "
                "organization's, set SSL_CERT_FILE to the authority's PEM file and connect again."
            )
        case code if code in (EXPIRED, NOT_YET):
            when = "has expired" if code == EXPIRED else "is not valid yet"
            return (
                f"The certificate of {host} {when}: it must be renewed there, unless the clock of "
                "this machine is wrong."
            )
        case code if code in (OTHER_NAME, OTHER_ADDRESS):
            return f"{host} shows a certificate for another name; is its address written right?"
        case _:
            return f"The certificate of {host} is refused ({cause.verify_message}); ask whoever runs it."
