"""A view of a field area without a browser: sends the messages of a page, and applies patches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.testing.fake_comm import FakeComms
from kaizen_widgets.widgets import FieldArea, FormPanel


class FormView:
    """One page with a panel's area."""

    def __init__(self, comms: FakeComms, panel: FormPanel, area: FieldArea | None = None) -> None:
        self.area = area or panel.area
        self.comm = comms.of(self.area)
        self.client = f"view-{id(self)}"
        self.seq = 0
        self.snapshot = self.area.get_state()["_snapshot"]
        self._read = len(self.comm.custom)

    def send(self, kind: str, *buffers: bytes, edits: Mapping[str, Any] | None = None, **rest: Any):
        self.seq += 1
        sent = [{"key": key, "value": value} for key, value in (edits or {}).items()]
        message = {"kind": kind, "client": self.client, "seq": self.seq, "edits": sent, **rest}
        self.comm.deliver_custom(message, buffers)
        return self.follow()

    def type(self, key: str, value: Any) -> list[dict[str, Any]]:
        return self.send("change", edits={key: value})

    def blur(self, key: str) -> list[dict[str, Any]]:
        return self.send("blur", key=key)

    def submit(self, **edits: Any) -> list[dict[str, Any]]:
        return self.send("submit", edits={f"/{name}": value for name, value in edits.items()})

    def rows(self, key: str) -> list[str]:
        return self.snapshot["cells"][key].get("rows", [])

    def insert(self, key: str, index: int) -> list[dict[str, Any]]:
        return self.send("row", key=key, operation="insert", index=index)

    def remove(self, key: str, row: str) -> list[dict[str, Any]]:
        return self.send("row", key=key, operation="remove", row=row)

    def move(self, key: str, row: str, index: int) -> list[dict[str, Any]]:
        return self.send("row", key=key, operation="move", row=row, index=index)

    def value(self, key: str) -> Any:
        return self.snapshot["cells"].get(key, {}).get("value")

    def errors(self, key: str) -> list[str]:
        return self.snapshot["errors"].get(key, [])

    def follow(self) -> list[dict[str, Any]]:
        """Apply the patches that arrived, and return them."""
        self.area.end.flush()
        mails = self.comm.custom[self._read :]
        self._read = len(self.comm.custom)
        for mail in mails:
            if mail["kind"] == "patch":
                assert mail["base"] == self.snapshot["rev"]
                self._apply(mail)
        return mails

    def _apply(self, patch: dict[str, Any]) -> None:
        snapshot = self.snapshot
        snapshot["rev"] = patch["rev"]
        for above in patch.get("removed", ()):
            for table in ("cells", "errors"):
                for key in [*snapshot[table]]:
                    if key == above or key.startswith(f"{above}/"):
                        del snapshot[table][key]
        snapshot["cells"] |= patch.get("cells", {})
        for table in ("errors", "options", "notes"):
            snapshot[table] |= patch.get(table, {})
            snapshot[table] = {key: said for key, said in snapshot[table].items() if said}
        snapshot["hidden"] = patch.get("hidden", snapshot["hidden"])
        snapshot["state"] = patch.get("state", snapshot["state"])
