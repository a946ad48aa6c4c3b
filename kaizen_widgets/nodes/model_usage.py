"""What requests to models used, and limits of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kaizen_widgets.errors import BudgetError, RunError

DEFAULT_REQUESTS = 50
"""Requests that one call of an agent may make if nothing else is said: an agent may call tools forever."""


@dataclass(frozen=True)
class ModelUsage:
    """What requests to models used.

    Attributes:
        requests: Number of requests.
        input_tokens: Tokens the models read.
        output_tokens: Tokens the models wrote.
        cost: US dollars, or None if no price is known.
        unpriced: Number of requests whose price is not known, so that they are not part of ``cost``.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    unpriced: int = 0

    @property
    def total_tokens(self) -> int:
        """Tokens read and written."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: ModelUsage) -> ModelUsage:
        costs = [one.cost for one in (self, other) if one.cost is not None]
        return ModelUsage(
            self.requests + other.requests,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(costs, Decimal()) if costs else None,
            self.unpriced + other.unpriced,
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, as events have it; ``cost`` is a number or None."""
        return {
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cost": None if self.cost is None else float(self.cost),
            "unpriced": self.unpriced,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ModelUsage:
        """Return what `to_json` returned."""
        cost = data["cost"]
        return cls(**{**data, "cost": None if cost is None else Decimal(str(cost))})


@dataclass(frozen=True)
class UsageLimits:
    """The most that requests to models may use; None is no limit. The names are pydantic-ai's.

    A limit is checked before each request and after it, so the request that reaches it is the last one, and
    several at the same time may go over it by one request each.

    Attributes:
        request_limit: Number of requests.
        total_tokens_limit: Tokens read and written.
        cost_limit: US dollars.
    """

    request_limit: int | None = None
    total_tokens_limit: int | None = None
    cost_limit: Decimal | float | None = None

    def __post_init__(self) -> None:
        for name in ("request_limit", "total_tokens_limit", "cost_limit"):
            limit = getattr(self, name)
            is_number = isinstance(limit, int | float | Decimal) and not isinstance(limit, bool)
            if limit is not None and not (is_number and limit > 0):
                raise RunError(f"{name} is a number above 0, or None, not {limit!r:.80}.")


class UsageMeter:
    """Counts usage against limits; safe from any thread.

    Args:
        limits: The limits.
        owner: Whose limits they are, in messages: "The run".
        error: Raised when a limit is reached.
    """

    def __init__(
        self, limits: UsageLimits, owner: str, error: type[RunError] = BudgetError
    ) -> None:
        self.limits = limits
        self.used = ModelUsage()
        self._owner = owner
        self._error = error
        self._lock = threading.Lock()

    def check(self) -> None:
        """Refuse another request if a limit is reached.

        Raises:
            RunError: Of the type given, with the limit and what was used.
        """
        used, limits = self.used, self.limits
        if limits.request_limit is not None and used.requests >= limits.request_limit:
            raise self._error(
                f"{self._owner} may make {limits.request_limit:,} requests to models, and made "
                f"{used.requests:,}."
            )
        if limits.total_tokens_limit is not None and used.total_tokens >= limits.total_tokens_limit:
            raise self._error(
                f"{self._owner} may use {limits.total_tokens_limit:,} tokens, and used "
                f"{used.total_tokens:,}."
            )
        if limits.cost_limit is None:
            return
        if used.unpriced:
            raise RunError(
                "The price of a model is not known, so a limit of cost cannot be held: set a limit of "
                "tokens instead."
            )
        if used.cost is not None and used.cost >= Decimal(str(limits.cost_limit)):
            raise self._error(
                f"{self._owner} may cost {_dollars(limits.cost_limit)}, and costs "
                f"{_dollars(used.cost)} by now."
            )

    def add(self, usage: ModelUsage) -> None:
        """Count what a request used."""
        with self._lock:
            self.used += usage


def _dollars(amount: Decimal | float) -> str:
    return f"${amount:.2f}" if amount >= 1 else f"${amount:.4f}"
