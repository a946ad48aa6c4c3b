"""TLS servers on this machine: which certificates are trusted, and what an untrusted server receives."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme

from kaizen_widgets.api.query_defaults import is_transient
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import CertificateError, ConnectError, TransportError
from kaizen_widgets.transport import Tokens, Transport

LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)

Ask = Callable[[str], Any]


class Server(ThreadingHTTPServer):
    """Answers everything, and keeps the headers it was shown."""

    url = ""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        super().__init__(("127.0.0.1", 0), Answering)


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.seen.append(self.headers)
        body = b'{"ok": true}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(certificate: trustme.LeafCert | None) -> Iterator[Server]:
    """Serve on the loopback with a certificate, or in clear."""
    with Server() as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        server.url = f"https://localhost:{server.server_address[1]}"
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def no_other_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def believed(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], None]:
    """Have the environment name the authority, as behind a company's."""

    def name() -> None:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    return name


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Send a request to an address, signed in, and return its answer."""
    loop = BackgroundLoop("tls")

    def ask(url: str, *, streamed: bool = False) -> Any:
        transport = Transport(
            url, clock=loop, tokens=Tokens("access-1", "refresh-1"), jitter=lambda: 0.0
        )

        async def run() -> Any:
            try:
                if streamed:
                    return [event async for event in transport.stream("/agents/a", {})]
                return await transport.request("GET", "/agents")
            finally:
                await transport.aclose()

        return loop.wait(run(), 20)

    yield ask
    loop.close()


def test_certificate_of_a_trusted_authority_is_accepted(authority, believed, ask):
    believed()
    with serving(authority.issue_cert("localhost")) as server:
        assert ask(server.url) == {"ok": True}
        assert server.seen[0]["Authorization"] == "Bearer access-1"


@pytest.mark.parametrize("streamed", [False, True])
def test_certificate_of_an_unknown_authority_is_refused_before_sending(authority, ask, streamed):
    with serving(authority.issue_cert("localhost")) as server:
        with pytest.raises(CertificateError, match=r"localhost .* set SSL_CERT_FILE") as caught:
            ask(server.url, streamed=streamed)
        assert server.seen == []
    assert "access-1" not in str(caught.value)
    assert caught.value.url.startswith(server.url)


def test_named_authority_replaces_the_others(believed, ask):
    believed()
    with (
        serving(trustme.CA().issue_cert("localhost")) as server,
        pytest.raises(CertificateError, match="not trusted here"),
    ):
        ask(server.url)
    assert server.seen == []


@pytest.mark.parametrize(
    ("issue", "why"),
    [
        (
            lambda ca: ca.issue_cert("localhost", not_before=LONG_AGO, not_after=LONG_AGO),
            "The certificate of localhost has expired: it must be renewed",
        ),
        (
            lambda ca: ca.issue_cert("elsewhere.example"),
            "localhost has a certificate for another name; is its address",
        ),
    ],
    ids=["expired", "another name"],
)
def test_invalid_certificate_of_a_trusted_authority_is_refused(
    authority, believed, ask, issue, why
):
    believed()
    with serving(issue(authority)) as server, pytest.raises(CertificateError, match=why):
        ask(server.url)
    assert server.seen == []


def test_refused_certificate_is_not_retried(authority, ask):
    """Neither the transport nor the query cache expects another one a moment later."""
    shaken: list[object] = []
    with serving(authority.issue_cert("localhost")) as server:
        accept = server.get_request

        def counted() -> Any:
            shaken.append(1)
            return accept()

        server.get_request = counted
        with pytest.raises(CertificateError) as caught:
            ask(server.url)
    assert len(shaken) == 1
    assert not is_transient(caught.value)


def test_http_server_at_an_https_address_is_refused(ask):
    with serving(None) as server, pytest.raises(ConnectError, match="is it a server for https"):
        ask(server.url)
    assert server.seen == []


@pytest.mark.parametrize("text", [None, "no certificate"])
def test_unreadable_authorities_are_named(monkeypatch, tmp_path, ask, text):
    file = tmp_path / "company.pem"
    if text is not None:
        file.write_text(text)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(TransportError, match=r"SSL_CERT_FILE cannot be read .*company\.pem"):
        ask("https://localhost:1")
