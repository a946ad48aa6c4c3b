"""The errors of this package, in one tree. Each carries its facts; its message is one sentence.

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
    │                                    ModelError(.is_retryable, .retry_after) · BudgetError
    ├─ FormError(.errors)                UnknownFieldError · InvalidFormError
    └─ StoreError(.store)                PersistError · SaveConflictError(.base, .theirs)

A message says what happened, to which thing, and what to do next. It never contains tokens, passwords or
request bodies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


class KaizenError(Exception):
    """Base of every error this package raises on purpose."""


# ---------------------------------------------------------------- transport


class TransportError(KaizenError):
    """A request got no usable response.

    Attributes:
        method: The HTTP method, such as ``GET``.
        url: The URL without its query string (queries may hold what users typed).
    """

    def __init__(self, message: str, *, method: str = "", url: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.url = url


class ConnectError(TransportError):
    """The server could not be reached: the request was not sent, or got no response."""


class CertificateError(ConnectError):
    """The server's certificate is not valid for its address; no request was sent."""


class TimedOutError(TransportError):
    """The server did not answer in time."""


class DecodeError(TransportError):
    """The response is not what its route promises (HTML, truncated JSON, another shape)."""


class StatusError(TransportError):
    """The server responded with an error status.

    Attributes:
        status: The HTTP status.
        code: The server's error code (``NOT_FOUND``), or an empty string.
        details: The server's messages about single fields, by dotted path.
        retry_after: Seconds to wait before the next request; None if the server did not say.
        request_id: The id of the request in the server's log; empty if unknown.
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
    """401: not signed in, or the session ended."""


class ForbiddenError(StatusError):
    """403: signed in, but not allowed."""


class NotFoundError(StatusError):
    """404: the thing does not exist."""


class ConflictError(StatusError):
    """409 or 412: another change, or a name that is taken, is in the way."""


class InvalidInputError(StatusError):
    """400 or 422: the server refused the input; ``details`` names the fields."""


class RateLimitedError(StatusError):
    """429: too many requests; ``retry_after`` is how long to wait, if the server said."""


# ----------------------------------------------------------------- protocol


class ProtocolError(KaizenError):
    """A rule of the canvas protocol was broken."""


class RemoteProtocolError(ProtocolError):
    """The other side sent a message the protocol does not know."""


# -------------------------------------------------------------------- graph


class GraphError(KaizenError):
    """A change to a graph was refused; no part of it was applied.

    Attributes:
        code: A stable code for programs (``unknown_node``).
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
    """A value is not allowed in a document (not JSON, not finite, too large, a forbidden key)."""

    code = "invalid_value"


class InvalidConnectionError(GraphError):
    """An edge or a parent refers to a node it may not refer to."""

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
    """A run could not start, or failed.

    Attributes:
        node_id: The node it is about, or None.
        is_retryable: Whether trying the node again may help.
        retry_after: Seconds to wait before that, if the other side said so, or None.
    """

    is_retryable: bool = False
    retry_after: float | None = None

    def __init__(self, message: str, *, node_id: str | None = None) -> None:
        super().__init__(message)
        self.node_id = node_id


@dataclass(frozen=True)
class RunProblem:
    """One reason why a pipeline cannot run.

    Attributes:
        message: One sentence.
        node_id: The node it concerns, or None for the pipeline as a whole.
        edge_id: The edge it concerns, or None.
    """

    message: str
    node_id: str | None = None
    edge_id: str | None = None


class NotRunnableError(RunError):
    """The pipeline cannot run as it is; the message gives every reason.

    Attributes:
        problems: Every reason, with the node and edge it concerns.
    """

    def __init__(
        self, message: str, *, node_id: str | None = None, problems: tuple[RunProblem, ...] = ()
    ) -> None:
        super().__init__(message, node_id=node_id)
        self.problems = problems

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason, one sentence each."""
        return tuple(problem.message for problem in self.problems)


class ModelError(RunError):
    """A model did not answer; the message says whether trying again helps.

    Attributes:
        is_retryable: Whether it helps.
        retry_after: Seconds to wait before that, if the provider said so, or None.
    """

    def __init__(
        self, message: str, *, is_retryable: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.is_retryable = is_retryable
        self.retry_after = retry_after


class BudgetError(RunError):
    """The run may use no more of its models: its budget is used up, and it is stopped."""


class NodeFailedError(RunError):
    """A node raised; its own exception is the ``__cause__``."""


class RunCancelledError(RunError):
    """The run was cancelled."""


# -------------------------------------------------------------------- forms


class FormError(KaizenError):
    """A form cannot do what was asked, or its values are not valid.

    Attributes:
        errors: Messages by dotted field name; empty if it is not about fields.
    """

    def __init__(self, message: str, *, errors: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.errors = errors or {}


class UnknownFieldError(FormError):
    """The form has no field of this name."""


class InvalidFormError(FormError):
    """The validated value was requested, but some fields are not valid."""


# ------------------------------------------------------------------- stores


class StoreError(KaizenError):
    """A store refused a change or could not persist its state.

    Attributes:
        store: The store's name.
    """

    def __init__(self, message: str, *, store: str = "") -> None:
        super().__init__(message)
        self.store = store


class PersistError(StoreError):
    """State could not be written or read back."""


class SaveConflictError(StoreError):
    """A save would have overwritten a newer version on the server; nothing was sent.

    Attributes:
        base: The graph both versions started from.
        theirs: The graph the server has now.
    """

    def __init__(self, message: str, *, base: Any, theirs: Any) -> None:
        super().__init__(message, store="canvas")
        self.base = base
        self.theirs = theirs
