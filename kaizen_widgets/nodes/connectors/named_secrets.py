"""Secrets of connectors, by name: from the environment or the system's keyring, never from a pipeline.

The secret ``orders db`` is the environment variable ``KAIZEN_SECRET_ORDERS_DB``, or else what the keyring
has for the user ``orders db`` of the service ``kaizen-widgets connectors``. Other variables and services are
not read, so that a pipeline can ask only for what was meant for pipelines.

A secret goes only to the hosts that its owner named, in ``KAIZEN_SECRET_ORDERS_DB_HOSTS`` or under the user
``orders db hosts`` of that service: a pipeline of somebody else could send it elsewhere otherwise.
``*.example.com`` stands for every host below ``example.com``.
"""

from __future__ import annotations

import re

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.secret_sources import find_secret

PREFIX = "KAIZEN_SECRET_"
SERVICE = "kaizen-widgets connectors"


HOSTS = "hosts"


def read_secret(name: str, host: str) -> str:
    """Return a secret for a host; call it off the event loop, as a keyring may ask its user.

    Raises:
        RunError: There is none, or it may not go to this host; the message says what to set.
    """
    variable = _variable(name)
    if variable.endswith(_variable(f" {HOSTS}").removeprefix(PREFIX)):
        raise RunError(f"{quoted(name)} are the hosts of a secret, and no secret.")
    value = _read(name)
    if value is None:
        raise RunError(
            f"There is no secret {quoted(name)}: set the environment variable {variable}, or "
            f"keyring.set_password({SERVICE!r}, {name!r}, ...)."
        )
    allowed = (_read(f"{name} {HOSTS}") or "").replace(",", " ").lower().split()
    if not any(_is_host(host.lower(), one) for one in allowed):
        raise RunError(
            f"The secret {quoted(name)} may not go to {quoted(host)}: set {variable}_{HOSTS.upper()} to the "
            f"hosts it is for, or keyring.set_password({SERVICE!r}, {f'{name} {HOSTS}'!r}, ...)."
        )
    return value


def _variable(name: str) -> str:
    return PREFIX + re.sub(r"\W", "_", name, flags=re.ASCII).upper()


def _is_host(host: str, allowed: str) -> bool:
    return host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))


def _read(name: str) -> str | None:
    return find_secret(_variable(name), SERVICE, name)
