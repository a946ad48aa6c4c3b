"""Error responses: all of them have the same body.

The body is ``{"error": {code, message, details?, request_id}}``: the message is a sentence for a person, the
code a word for a program. Input is never repeated in it (it may be a password); internal errors are logged
under the request id and never shown.
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
from starlette.routing import compile_path

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
    421: "MISDIRECTED_REQUEST",
    422: "VALIDATION_ERROR",
    429: "RATE_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "SERVICE_UNAVAILABLE",
}
MAX_FIELDS = 100
"""How many invalid fields one response lists."""


class InvalidField(BaseModel):
    """A field that was refused, by its path in the request: ``body.nodes.3.label``."""

    field: str
    message: str
    type: str


class ErrorDetails(BaseModel):
    """The fields that were refused."""

    errors: list[InvalidField]


class ErrorInfo(BaseModel):
    """What went wrong."""

    code: str
    message: str
    details: ErrorDetails | None = None
    request_id: str


class ErrorBody(BaseModel):
    """The body of every error response."""

    error: ErrorInfo


DOCUMENTED: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": CODES[status].replace("_", " ").capitalize()}
    for status in (400, 401, 403, 404, 409, 412, 413, 421, 422, 429, 503)
}
"""The error responses that OpenAPI documents for every route."""


class ApiError(Exception):
    """An error response that a route raises.

    Attributes:
        status: The HTTP status.
        message: One sentence for a person.
        fields: The fields that were refused, if the error is about fields.
        headers: Headers to add to the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        fields: Iterable[InvalidField] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


def not_found(noun: str, given_id: str) -> ApiError:
    """Return a 404 that names the id that was not found."""
    shown = given_id if len(given_id) <= 80 else f"{given_id[:77]}..."
    return ApiError(404, f"There is no {noun} {shown!r}.")


def invalid(fields: list[InvalidField]) -> ApiError:
    """Return a 422 about these fields."""
    first = f"{fields[0].field}: {fields[0].message}"
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return ApiError(422, f"{first}{more}", fields=fields[:MAX_FIELDS])


def install_error_handlers(app: FastAPI, prefix: str, routes: Iterable[str]) -> None:
    """Make the app answer every error with an `ErrorBody`.

    Args:
        app: The app.
        prefix: Where the paths of all routes begin.
        routes: Every route as ``"METHOD /path"``, for the ``Allow`` header of a 405.
    """
    split = [route.split(" ", 1) for route in routes]
    patterns = [(compile_path(prefix + path)[0], method) for method, path in split]

    @app.exception_handler(ApiError)
    async def on_api_error(request: Request, error: ApiError) -> JSONResponse:
        return error_response(request.scope, error, error.headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [_invalid_field(detail) for detail in error.errors()]
        return error_response(request.scope, invalid(fields))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> JSONResponse:
        made = ApiError(error.status_code, _sentence(request, error))
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # Starlette names the methods of the first route with this path only.
            path = request.url.path
            methods = {method for pattern, method in patterns if pattern.match(path)}
            headers["Allow"] = ", ".join(sorted(methods)) or headers.get("Allow", "")
        return error_response(request.scope, made, headers)

    @app.exception_handler(UnicodeEncodeError)
    async def on_lone_surrogate(request: Request, error: UnicodeEncodeError) -> JSONResponse:
        # JSON can spell half a surrogate pair (backslash, ud800); UTF-8 cannot store it.
        sentence = "The text holds half a Unicode surrogate pair"
        return error_response(request.scope, ApiError(422, sentence))

    @app.exception_handler(PersistError)
    async def on_persist(request: Request, error: PersistError) -> JSONResponse:
        log.error("%s %s: %s", request.method, request.url.path, error)
        return error_response(request.scope, ApiError(503, str(error)))


def error_response(
    scope: Mapping[str, Any], error: ApiError, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the response for an error of the request with this ASGI scope."""
    info: dict[str, Any] = {
        "code": CODES.get(error.status, f"HTTP_{error.status}"),
        "message": error.message,
    }
    if error.fields:
        info["details"] = {"errors": [field.model_dump() for field in error.fields]}
    info["request_id"] = scope.get("state", {}).get("request_id", "")
    sent = dict(headers or {})
    if error.status == 401:
        sent["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": info}, error.status, sent)


def _invalid_field(detail: dict[str, Any]) -> InvalidField:
    # The last part of a JSON error's location is an offset in the body, not a field.
    location = detail["loc"][:1] if detail["type"] == "json_invalid" else detail["loc"]
    message = detail["msg"]
    if detail["type"] == "json_invalid":
        message = f"is not JSON at character {detail['loc'][-1]}"
    return InvalidField(field=".".join(map(str, location)), message=message, type=detail["type"])


def _sentence(request: Request, error: HTTPException) -> str:
    match error.status_code:
        case 404:
            return f"There is no route {request.url.path}."
        case 405:
            return f"{request.url.path} does not support {request.method}."
        case _:
            return str(error.detail)
