"""Ask the embedded API everything its OpenAPI allows, and much that it does not.

    python -m tests.contract.fuzz --seconds 300
    python -m tests.contract.fuzz --examples 1      # a short run: so many for each route
    python -m tests.contract.fuzz --phase coverage --tag agents --tag teams     # one phase of some routes

Served over HTTP with a fresh database and asked by schemathesis, signed in as the owner. No answer may be
a failure of the server, or differ from what its schema says. The exit code is schemathesis's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from kaizen_widgets.core.background import background
from kaizen_widgets.server import Database, create_app, local_session
from tests.contract.serving import LIMITS, over_http

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)
# What hypothesis works out about Unicode at its first start takes a minute: it is kept.
KEPT = {"HYPOTHESIS_STORAGE_DIRECTORY": str(Path(".hypothesis").absolute())}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, half of the time (a short run: only) with ids that exist; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--examples", type=int, default=None)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--phase", choices=["coverage", "fuzzing"], default=None)
    parser.add_argument("--tag", action="append", default=[])
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory() as folder,
        Database.open(Path(folder) / "studio.db") as database,
        over_http(app := create_app(database, background, limits=LIMITS)) as url,
    ):
        # Made before it is asked for: schemathesis waits ten seconds for it, also on a busy machine.
        app.openapi()
        session = local_session(database, background)
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            f"{url}/openapi.json",
            f"--url={url}",
            f"--header=Authorization: Bearer {session['access_token']}",
            f"--checks={CHECKS}",
            f"--max-time={options.seconds // (1 if options.phase else 2)}"
            if options.examples is None
            else f"--max-examples={options.examples}",
            "--continue-on-failure",
            # Signing out would end the run's own session.
            "--exclude-path=/api/v1/auth/logout",
            "--suppress-health-check=all",
            "--warnings=off",
            "--no-color",
        ]
        if options.seed is not None:
            command.append(f"--seed={options.seed}")
        command += [f"--include-tag={tag}" for tag in options.tag]
        known = ids_in(database, session["user"]["id"])
        kinds = [("coverage", {}), ("fuzzing", known)]
        if options.phase is not None:
            kinds = [kind for kind in kinds if kind[0] == options.phase]
        elif options.examples is not None:
            # A short run has no time for every limit of every field.
            kinds = kinds[1:]
        codes = []
        for phases, ids in kinds:
            lines = [f'"path.{name}" = "{value}"' for name, value in ids.items()]
            config = Path(folder) / "schemathesis.toml"
            config.write_text("\n".join(["[parameters]", *lines, ""]))
            run = subprocess.run(
                [*command, f"--phases={phases}"], cwd=folder, env=os.environ | KEPT, check=False
            )
            codes.append(run.returncode)
        return max(codes)


def ids_in(database: Database, user_id: str) -> dict[str, str]:
    """Return an id for each kind of thing the samples have."""
    tables = {
        "agent_id": "agents",
        "pipeline_id": "pipelines",
        "gateway_id": "gateways",
        "deployment_id": "deployments",
    }
    with database.read() as db:
        found = {
            name: db.execute(f"SELECT id FROM {table} ORDER BY seq DESC").fetchone()["id"]
            for name, table in tables.items()
        }
    return found | {"user_id": user_id}


if __name__ == "__main__":
    raise SystemExit(main())
