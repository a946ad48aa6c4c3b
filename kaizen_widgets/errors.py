"""One tree of errors; each carries its facts, and its message is one sentence.

    KaizenError
    ├─ TransportError(.method, .url)     ConnectError(CertificateError) · TimedOutError · DecodeError
    │                                    StatusError(.status, .code, .details, .retry_after, .request_id)
    │                                      ├─ UnauthorizedError · ForbiddenError · NotFoundError
    │                                      ├─ ConflictError · InvalidInputError
    │                                      └─ RateLimitedError
    ├─ ProtocolError                     RemoteProtocolError: the other side broke a rule
    ├─ GraphError(.code, .hint, .node_id | .edge_id)
    │                                    UnknownNodeError · UnknownEdgeError · DuplicateIdError
    │                                    InvalidValueError · InvalidConnectionError · FileFormatError
    ├─ QueryError(.key)                  QueryCancelledError
    ├─ RunError(.node_id)                NodeFailedError · RunCancelledError · NotRunnableError
    ├─ FormError(.errors)                UnknownFieldError · InvalidFormError
    └─ StoreError(.store)                PersistError · SaveConflictError(.base, .theirs)

A message says what happened, to which thing, and what to do next. Tokens, passwords and bodies never
stand in one.
"""

from __future__ import annotations

from typing import Any, ClassVar


class KaizenError(Exception):
    """Base of every error this package raises on purpose."""


# ---------------------------------------------------------------- transport


class TransportError(KaizenError):
    """A request did not give a usable answer.

    Attributes:
        method: The HTTP method, such as ``GET``.
        url: The URL without its query string (queries may hold what users typed).
    """

    def __init__(self, message: str, *, method: str = "", url: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.url = url


class ConnectError(TransportError):
    """The server could not be reached: nothing was sent, or nothing came back."""


class CertificateError(ConnectError):
    """The server did not prove to be the one of its address; no request was sent."""


class TimedOutError(TransportError):
    """The server did not answer in time."""


class DecodeError(TransportError):
    """The answer was not what its route promises (HTML, truncated JSON, another shape)."""


class StatusError(TransportError):
    """The server answered with an error status.

    Attributes:
        status: The HTTP status.
        code: The server's own word for it (``NOT_FOUND``), or an empty string.
        details: What the server said about single fields: dotted path to messages.
        retry_after: Seconds to wait before asking again, if the server said; None if not.
        request_id: What its log calls the request; empty if it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        details: dict[str, list[str]] | None = None,
        retry_after: float | None = None,
        request_id: str = "",
        method: str = "",
        url: str = "",
    ) -> None:
        super().__init__(message, method=method, url=url)
        self.status = status
        self.code = code
        self.details = details or {}
        self.retry_after = retry_after
        self.request_id = request_id


class UnauthorizedError(StatusError):
    """401: nobody is signed in, or the session ended."""


class ForbiddenError(StatusError):
    """403: signed in, but not allowed."""


class NotFoundError(StatusError):
    """404: there is no such thing."""


class ConflictError(StatusError):
    """409 or 412: somebody else's change or name is in the way."""


class InvalidInputError(StatusError):
    """400 or 422: the server refused what was sent; ``details`` says which fields."""


class RateLimitedError(StatusError):
    """429: too many requests; ``retry_after`` says how long to wait, if the server did."""


# ----------------------------------------------------------------- protocol


class ProtocolError(KaizenError):
    """A rule of the canvas protocol was broken."""


class RemoteProtocolError(ProtocolError):
    """The other side sent what the protocol does not know."""


# -------------------------------------------------------------------- graph


class GraphError(KaizenError):
    """A change to a graph was refused; nothing of it was applied.

    Attributes:
        code: A stable word for programs (``unknown_node``).
        hint: What to do next, one sentence, possibly empty.
        node_id: The node it is about, or None.
        edge_id: The edge it is about, or None.
    """

    code: ClassVar[str] = "refused"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        node_id: str | None = None,
        edge_id: str | None = None,
    ) -> None:
        super().__init__(f"{message} {hint}".strip())
        self.sentence = message
        self.hint = hint
        self.node_id = node_id
        self.edge_id = edge_id


class UnknownNodeError(GraphError):
    """There is no node with this id."""

    code = "unknown_node"


class UnknownEdgeError(GraphError):
    """There is no edge with this id."""

    code = "unknown_edge"


class DuplicateIdError(GraphError):
    """The id is taken."""

    code = "duplicate_id"


class InvalidValueError(GraphError):
    """A value cannot stand in a document (not JSON, not finite, too large, a forbidden key)."""

    code = "invalid_value"


class InvalidConnectionError(GraphError):
    """An edge or a parent points where it may not."""

    code = "invalid_connection"


class FileFormatError(GraphError):
    """A file does not hold a graph."""

    code = "file_format"


class GraphWarning(UserWarning):
    """A graph was opened or changed as asked, but part of it is not shown or cannot run."""


# -------------------------------------------------------------------- query


class QueryError(KaizenError):
    """A query or mutation could not be carried out.

    Attributes:
        key: The query key it is about.
    """

    def __init__(self, message: str, *, key: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.key = key


class QueryCancelledError(QueryError):
    """The fetch was cancelled before it ended."""


# --------------------------------------------------------------------- runs


class RunError(KaizenError):
    """A run could not start or did not end well.

    Attributes:
        node_id: The node it is about, or None.
    """

    def __init__(self, message: str, *, node_id: str | None = None) -> None:
        super().__init__(message)
        self.node_id = node_id


class NotRunnableError(RunError):
    """The pipeline cannot run as it stands; the message names every reason.

    Attributes:
        reasons: One sentence each.
    """

    def __init__(
        self, message: str, *, node_id: str | None = None, reasons: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message, node_id=node_id)
        self.reasons = reasons


class NodeFailedError(RunError):
    """A node raised; its own exception is the ``__cause__``."""


class RunCancelledError(RunError):
    """The run was cancelled."""


# -------------------------------------------------------------------- forms


class FormError(KaizenError):
    """A form was asked for something it cannot do, or its values do not hold.

    Attributes:
        errors: What is wrong, by dotted field name; empty when it is not about fields.
    """

    def __init__(self, message: str, *, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or {}


class UnknownFieldError(FormError):
    """The form has no field of this name."""


class InvalidFormError(FormError):
    """The values were asked for as a whole, but some of them do not hold."""


# ------------------------------------------------------------------- stores


class StoreError(KaizenError):
    """A store refused a change or could not keep its state.

    Attributes:
        store: The store's name.
    """

    def __init__(self, message: str, *, store: str = "") -> None:
        super().__init__(message)
        self.store = store


class PersistError(StoreError):
    """State could not be written or read back."""


class SaveConflictError(StoreError):
    """A save would have overwritten what somebody else stored meanwhile; nothing was sent.

    Attributes:
        base: The graph both sides began with.
        theirs: The graph the server has now.
    """

    def __init__(self, message: str, *, base: Any, theirs: Any) -> None:
        super().__init__(message, store="canvas")
        self.base = base
        self.theirs = theirs
