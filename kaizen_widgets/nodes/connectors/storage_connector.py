"""The storage kind: reads, writes or lists files through fsspec."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.connectors.base_connector import BaseConnector
from kaizen_widgets.nodes.kind import Task, TimedConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.port_types import PortType
from kaizen_widgets.nodes.values import text_of

PROTOCOLS = frozenset({"memory", "file", "s3", "gs", "abfs"})
"""Protocols a URL may name: fsspec would import whatever it names, and reach any host through some."""


class StorageConfig(TimedConfig):
    """Config of a storage node."""

    url: str = ""
    """File or folder: "s3://bucket/report.json", "gs://...", "abfs://...", "memory://a.txt", "file:///..."."""
    action: Literal["read", "write", "list"] = "read"
    """Whether it reads the file, writes what arrives, or lists the folder."""
    format: Literal["text", "json", "bytes"] = "text"
    """What the file holds."""
    max_bytes: int = Field(default=10_000_000, ge=1, le=1_000_000_000)
    """Size up to which a file is read or written."""
    allow_private: bool = False
    """Whether it may use files of this machine."""


class StorageKind(BaseConnector):
    """Passes on what the file holds, the names in the folder, or after writing what arrived.

    A storage's own login is the one its library finds: environment variables and config files.
    """

    look = Look(
        type="storage",
        title="Storage",
        description="Reads and writes files.",
        icon="storage",
        color="#475569",
        defaults={"url": "", "action": "read"},
    )
    Config = StorageConfig
    needs_module = "fsspec"

    def problems(self, config: StorageConfig) -> Iterable[str]:
        """Return what is wrong with the address."""
        protocol, found, path = config.url.partition("://")
        if not found or protocol not in PROTOCOLS or not path or "::" in config.url:
            yield f"needs a url that begins with {', '.join(f'{one}://' for one in sorted(PROTOCOLS))}"
        elif protocol == "file" and not config.allow_private:
            yield "is for files of this machine: set allow_private in its config if that is meant"

    def output_type(self, config: StorageConfig, output: str) -> PortType | None:
        """Return what is read: names, text or bytes."""
        if config.action == "list":
            return "list"
        if config.action == "write" or config.format == "json":
            return None  # What arrived, or whatever the file holds.
        return "text" if config.format == "text" else "image"

    async def connect(self, task: Task) -> Any:
        """Read, write or list."""
        return await task.in_thread(_use, task)


def _use(task: Task) -> Any:
    import fsspec  # An extra.

    config: StorageConfig = task.config
    try:
        files, path = fsspec.core.url_to_fs(config.url)
        match config.action:
            case "list":
                return sorted(str(name) for name in files.ls(path, detail=False))
            case "read":
                return _decoded(_read(files, path, config), config)
            case "write":
                content = _encoded(task.value, config)
                with files.open(path, "wb") as file:
                    file.write(content)
                return task.value
    except ImportError as error:
        raise RunError(f"{quoted(task.label)} needs a library: {error}.") from None
    except (OSError, ValueError) as error:
        raise RunError(
            f"{quoted(task.label)}: {type(error).__name__}: {error}", node_id=task.node_id
        ) from None


def _read(files: Any, path: str, config: StorageConfig) -> bytes:
    with files.open(path, "rb") as file:
        content = file.read(config.max_bytes + 1)
    if len(content) > config.max_bytes:
        raise RunError(f"The file is larger than {config.max_bytes:,} bytes; raise max_bytes.")
    return content


def _decoded(content: bytes, config: StorageConfig) -> Any:
    if config.format == "bytes":
        return content
    text = content.decode("utf-8")
    return json.loads(text) if config.format == "json" else text


def _encoded(value: Any, config: StorageConfig) -> bytes:
    if config.format == "json":
        content = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    elif config.format == "bytes" and isinstance(value, bytes | bytearray):
        content = bytes(value)
    elif config.format == "bytes":
        raise RunError("What arrived is not bytes.")
    else:
        content = text_of(value).encode()
    if len(content) > config.max_bytes:
        raise RunError(f"What arrived is larger than {config.max_bytes:,} bytes; raise max_bytes.")
    return content
