"""Every answer that is no success has one body: ``{"error": {code, message, details?, request_id}}``.

The message is one sentence for a person, the code a word for a program. What was sent is never repeated
(it may be a password), and what broke inside is logged, never shown.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kaizen_widgets.core.clock import NewId
from kaizen_widgets.errors import PersistError

log = logging.getLogger(__name__)

CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "PAYLOAD_TOO_LARGE",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
MOST_BYTES = 64 * 1024 * 1024
"""The largest request body that is read."""
MOST_FIELDS = 100
"""How many fields one answer complains of."""


class FieldError(BaseModel):
    """What is wrong with one field: ``body.nodes.3.label``."""

    field: str
    message: str
    type: str


class ErrorDetails(BaseModel):
    """The fields that were refused."""

    errors: list[FieldError]


class ErrorFacts(BaseModel):
    """What went wrong."""

    code: str
    message: str
    details: ErrorDetails | None = None
    request_id: str


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorFacts


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": CODES[status].replace("_", " ").capitalize()}
    for status in (400, 401, 403, 404, 409, 412, 413, 422, 429, 503)
}
"""For OpenAPI: what any route may answer."""


class ApiError(Exception):
    """An answer that is no success, on its way out.

    Attributes:
        status: The HTTP status.
        fields: What is wrong with single fields, if it is about some.
        headers: What else to send.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        fields: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


def matches(header: str, etag: str) -> bool:
    """Whether an ``If-Match`` or ``If-None-Match`` names this ETag."""
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in named or etag in named


def not_found(what: str, given_id: str) -> ApiError:
    """Return a 404 that names what was asked for."""
    shown = given_id if len(given_id) <= 80 else f"{given_id[:77]}..."
    return ApiError(404, f"There is no {what} {shown!r}.")


def invalid(fields: list[FieldError]) -> ApiError:
    """Return a 422 about these fields."""
    first = f"{fields[0].field}: {fields[0].message}"
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return ApiError(422, f"{first}{more}", fields=fields[:MOST_FIELDS])


def install(app: FastAPI, new_id: NewId) -> None:
    """Make the app answer every error in the one shape."""

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, error: ApiError) -> JSONResponse:
        return _answer(request.scope, error, error.headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(request.scope, invalid([_field_error(fact) for fact in error.errors()]))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        made = ApiError(error.status_code, _sentence(request, error))
        return _answer(request.scope, made, dict(error.headers or {}))

    @app.exception_handler(UnicodeEncodeError)
    async def on_half_a_pair(request: Request, error: UnicodeEncodeError) -> JSONResponse:
        # JSON can spell half a surrogate pair (backslash, ud800); no UTF-8 can keep it.
        return _answer(request.scope, ApiError(422, "The text holds half a Unicode surrogate pair"))

    @app.exception_handler(PersistError)
    async def on_persist(request: Request, error: PersistError) -> JSONResponse:
        log.error("%s %s: %s", request.method, request.url.path, error)
        return _answer(request.scope, ApiError(503, str(error)))

    app.add_middleware(EveryRequest, new_id=new_id)


class EveryRequest:
    """Gives each request an id and an end, and answers what no handler caught with a 500."""

    def __init__(self, app: ASGIApp, new_id: NewId) -> None:
        self._app = app
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = self._new_id()
        held = dict(scope["headers"]).get(b"if-none-match") if scope["method"] == "GET" else None
        is_known = False
        scope.setdefault("state", {})["request_id"] = request_id
        has_started = False
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BYTES:
                # FastAPI lets exactly this class through while it reads a body.
                raise HTTPException(413, f"The request is larger than {MOST_BYTES >> 20} MB")
            return message

        async def with_id(message: Message) -> None:
            nonlocal has_started, is_known
            if message["type"] == "http.response.start":
                has_started = True
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
                etag = dict(headers).get(b"etag")
                if held is not None and etag is not None and message["status"] == 200:
                    is_known = matches(held.decode("latin-1"), etag.decode("latin-1"))
                if is_known:
                    message = {**message, "status": 304}
                    headers = [one for one in headers if not one[0].startswith(b"content-")]
                message["headers"] = headers
            elif is_known:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, counted, with_id)
        except Exception:
            log.exception("request %s: %s %s", request_id, scope["method"], scope["path"])
            if has_started:
                raise
            sentence = f"The server made a mistake; its log has it under request {request_id}."
            await _answer(scope, ApiError(500, sentence))(scope, receive, with_id)


def _answer(scope: Scope, error: ApiError, headers: dict[str, str] | None = None) -> JSONResponse:
    facts: dict[str, Any] = {
        "code": CODES.get(error.status, f"HTTP_{error.status}"),
        "message": error.message,
    }
    if error.fields:
        facts["details"] = {"errors": [field.model_dump() for field in error.fields]}
    facts["request_id"] = scope.get("state", {}).get("request_id", "")
    headers = headers or {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": facts}, error.status, headers)


def _field_error(fact: dict[str, Any]) -> FieldError:
    # The end of a JSON mistake's place is an offset in the body, not a field.
    places = fact["loc"][:1] if fact["type"] == "json_invalid" else fact["loc"]
    message = fact["msg"]
    if fact["type"] == "json_invalid":
        message = f"is not JSON at character {fact['loc'][-1]}"
    return FieldError(field=".".join(map(str, places)), message=message, type=fact["type"])


def _sentence(request: Request, error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return f"There is no route {request.url.path}."
        case 405:
            return f"{request.url.path} does not know {request.method}."
        case _:
            return str(error.detail)
