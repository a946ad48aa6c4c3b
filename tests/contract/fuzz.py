"""Ask the embedded API everything its OpenAPI allows, and much that it does not.

    python -m tests.contract.fuzz --seconds 300

Served over HTTP with a fresh database and asked by schemathesis, signed in as the owner. No answer may be
a failure of the server, or differ from what its schema says. The exit code is schemathesis's.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kaizen_widgets.background import background
from kaizen_widgets.server import Database, SignInLimits, create_app, local_session
from tests.contract.serving import over_http

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
LIMITS = SignInLimits(login=10**9, register=10**9, refresh=10**9)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as folder,
        Database.open(Path(folder) / "studio.db") as database,
        over_http(create_app(database, background, limits=LIMITS)) as url,
    ):
        token = local_session(database, background)["access_token"]
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{url}/openapi.json",
            f"--url={url}",
            f"--header=Authorization: Bearer {token}",
            f"--checks={CHECKS}",
            f"--max-time={options.seconds}",
            "--continue-on-failure",
            "--phases=examples,coverage,fuzzing",
            # Signing out would end the run's own session.
            "--exclude-path=/api/v1/auth/logout",
            "--suppress-health-check=all",
            "--no-color",
        ]
        if options.seed is not None:
            command.append(f"--seed={options.seed}")
        return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
