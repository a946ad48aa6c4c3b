"""``python -m kaizen_widgets serve``: the embedded API over HTTP, for a browser or another program.

It uses the same data as ``Studio()`` in a notebook. The first start creates a password for the local user and
prints it, once.
"""

from __future__ import annotations

import argparse
import ipaddress
import logging
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from kaizen_widgets.core.background import background
from kaizen_widgets.errors import PersistError
from kaizen_widgets.server import (
    LOCAL_EMAIL,
    Database,
    create_app,
    default_path,
    has_local_password,
    new_local_password,
    seed,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        import uvicorn
    except ImportError:
        return _fail('serve needs uvicorn: pip install "kaizen-widgets[serve]"')
    try:
        listener = _listen(options.host, options.port)
    except OSError as error:
        return _fail(
            f"Cannot listen on {options.host} port {options.port} ({error.strerror or error}): "
            "choose another with --host or --port."
        )
    with listener:
        try:
            with Database.open(options.data) as database:
                _greet(database, listener, options)
                app = create_app(
                    database,
                    background,
                    allowed_hosts=getattr(options, "allowed_host", ()),
                    trusted_proxies=getattr(options, "trusted_proxy", ()),
                )
                config = uvicorn.Config(
                    app,
                    log_level="warning",
                    server_header=False,
                    proxy_headers=False,
                    # Longer than our client keeps an idle connection: closed by the server, it could be lost
                    # just when a request is sent, and one that creates something is never sent twice.
                    timeout_keep_alive=75,
                )
                uvicorn.Server(config).run(sockets=[listener])
        except PersistError as error:
            return _fail(str(error))
        except KeyboardInterrupt:
            # Uvicorn has shut down cleanly and raised the signal again.
            pass
    return 0


def _greet(database: Database, listener: socket.socket, options: argparse.Namespace) -> None:
    seed(database, background)
    host, port = listener.getsockname()[:2]
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"The studio's API is on {url}/api/v1 (press Ctrl+C to stop).")
    print(f"Its data is in {database.location or 'memory and is lost when this process ends'}.")
    if options.new_password or not has_local_password(database):
        print(f"Sign in as {LOCAL_EMAIL} with the password {new_local_password(database)}")
        print("It is shown only once; --new-password creates another.")
    else:
        print(f"Sign in as {LOCAL_EMAIL}; if the password is lost, --new-password creates another.")
    if not _is_loopback(host):
        print("Others on the network can reach it, and the traffic is not encrypted.")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m kaizen_widgets", description="An agent studio in a notebook."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="serve the embedded API over HTTP",
        description="Serve the embedded API over HTTP: agents and pipelines, in one SQLite file.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    serve.add_argument(
        "--port", default=8000, type=_port, help="the port to listen on; 0 chooses a free one"
    )
    serve.add_argument(
        "--data",
        default=default_path(),
        type=_data,
        metavar="PATH",
        help='the SQLite file, created if missing; ":memory:" saves nothing',
    )
    serve.add_argument(
        "--allowed-host",
        action="append",
        default=argparse.SUPPRESS,
        metavar="NAME",
        help="a name the API is reached under, such as studio.example.com; may be given several times",
    )
    serve.add_argument(
        "--trusted-proxy",
        action="append",
        default=argparse.SUPPRESS,
        type=_proxy,
        metavar="ADDRESS",
        help="a reverse proxy (or its network) whose X-Forwarded-For is trusted; may be given several times",
    )
    serve.add_argument(
        "--new-password",
        action="store_true",
        help=f"create and print a new password for {LOCAL_EMAIL}",
    )
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return port


def _proxy(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        message = f"{text!r} is not an address or network: give one such as 10.0.0.5 or 10.0.0.0/24"
        raise argparse.ArgumentTypeError(message) from None
    return text


def _data(text: str) -> str | Path:
    return text if text == ":memory:" else Path(text)


def _listen(host: str, port: int) -> socket.socket:
    # Bound here, not by uvicorn, to report a used port in one sentence and to print the number for port 0.
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    raise SystemExit(main())
