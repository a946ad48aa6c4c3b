"""Secrets of connectors, by name: from the environment or the system's keyring, never from a pipeline.

The secret ``orders db`` is the environment variable ``KAIZEN_SECRET_ORDERS_DB``, or else what the keyring
has for the user ``orders db`` of the service ``kaizen-widgets connectors``. Other variables and services are
not read, so that a pipeline can ask only for what was meant for pipelines.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError

PREFIX = "KAIZEN_SECRET_"
SERVICE = "kaizen-widgets connectors"


def read_secret(name: str) -> str:
    """Return a secret; call it off the event loop, as a keyring may ask its user.

    Raises:
        RunError: There is none; the message says where to put it.
    """
    variable = PREFIX + re.sub(r"\W", "_", name, flags=re.ASCII).upper()
    if value := os.environ.get(variable):
        return value
    if find_spec("keyring") is not None:
        import keyring  # Loads the system's libraries, and is an extra.
        from keyring.errors import KeyringError

        try:
            if value := keyring.get_password(SERVICE, name):
                return value
        except KeyringError:
            pass  # There is no keyring on this machine, or it is locked.
    raise RunError(
        f"There is no secret {quoted(name)}: set the environment variable {variable}, or "
        f"keyring.set_password({SERVICE!r}, {name!r}, ...)."
    )
