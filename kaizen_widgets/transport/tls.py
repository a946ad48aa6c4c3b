"""TLS: which certificates are trusted, and what to say when one is not. Verification is never switched off.

Trusted are httpx's own authorities and those of this machine, where an organization adds its own. With
``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` set, only the authorities in that file or folder are trusted, as with
curl and OpenSSL.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

import httpx

from kaizen_widgets.errors import CertificateError, ConnectError, TransportError

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

EXPIRED, NOT_YET_VALID, OTHER_NAME, OTHER_ADDRESS = 10, 9, 62, 64
UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21, 27})
"""OpenSSL's X509_V_ERR_*: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/."""


def create_ssl_context(host: str) -> ssl.SSLContext:
    """Return the context with which connections to ``host`` verify its certificate.

    Raises:
        TransportError: The environment names authorities that cannot be read.
    """
    named = next((variable for variable in VARIABLES if os.environ.get(variable)), None)
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
    """Return the error to raise if TLS failed, before anything was sent; else None.

    Args:
        error: httpx's error.
        host: Name of the server.
        **facts: Facts of the request, for the error.
    """
    cause = next((each for each in error_chain(error) if isinstance(each, ssl.SSLError)), None)
    if cause is None:
        return None
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return ConnectError(
            f"{host} did not agree on an encrypted connection ({cause.reason or 'TLS'}); "
            "is it a server for https?",
            **facts,
        )
    return CertificateError(f"{_refusal(cause, host)} Nothing was sent.", **facts)


def error_chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and the errors that caused it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _refusal(cause: ssl.SSLCertVerificationError, host: str) -> str:
    match cause.verify_code:
        case code if code in UNKNOWN_AUTHORITY:
            return (
                f"{host} has a certificate from an authority that is not trusted here; if it is your "
                "organization's, set SSL_CERT_FILE to the authority's PEM file and connect again."
            )
        case code if code in (EXPIRED, NOT_YET_VALID):
            when = "has expired" if code == EXPIRED else "is not valid yet"
            return (
                f"The certificate of {host} {when}: it must be renewed there, unless the clock of "
                "this machine is wrong."
            )
        case code if code in (OTHER_NAME, OTHER_ADDRESS):
            return f"{host} has a certificate for another name; is its address spelled correctly?"
        case _:
            return (
                f"The certificate of {host} is refused ({cause.verify_message}); "
                "ask the people who run the server."
            )
