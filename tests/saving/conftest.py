"""The API clients of the API tests: what is persisted and saved here goes through them."""

from tests.api.conftest import fake, loop

__all__ = ["fake", "loop"]
