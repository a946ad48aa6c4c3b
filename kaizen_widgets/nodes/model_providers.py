"""What each provider of models needs before it can be asked: a package, and settings in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec

EXTRA = 'pip install "kaizen-widgets[agents]"'


@dataclass(frozen=True)
class ModelProvider:
    """One provider.

    Attributes:
        title: Its name for people.
        package: The package that talks to it.
        settings: Environment variables it needs.
        example: A value of the first setting, if it is no secret.
    """

    title: str
    package: str
    settings: tuple[str, ...]
    example: str = ""


PROVIDERS = {
    "openai": ModelProvider("OpenAI", "openai", ("OPENAI_API_KEY",)),
    "anthropic": ModelProvider("Anthropic", "anthropic", ("ANTHROPIC_API_KEY",)),
    "azure": ModelProvider(
        "Azure OpenAI",
        "openai",
        ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "OPENAI_API_VERSION"),
    ),
    "ollama": ModelProvider("Ollama", "openai", ("OLLAMA_BASE_URL",), "http://localhost:11434/v1"),
}


def is_extra_installed() -> bool:
    """Return whether agents can ask models at all."""
    return find_spec("pydantic_ai") is not None


def missing_extra() -> str:
    """Return the end of a sentence about a node that needs the extra ``agents``."""
    return f"asks a model, for which a package is missing: {EXTRA}"


def provider_problem(name: str) -> str | None:
    """Return why a provider cannot be asked, as the end of a sentence about a node, or None."""
    provider = PROVIDERS.get(name)
    if provider is None:
        known = ", ".join(PROVIDERS)
        return f"has an agent of the provider {name!r:.80}, which is not one of {known}"
    if find_spec(provider.package) is None:
        return (
            f"asks {provider.title}, whose package is missing: "
            f'pip install "pydantic-ai-slim[{provider.package}]"'
        )
    missing = [setting for setting in provider.settings if not os.environ.get(setting)]
    if missing:
        example = f", such as {provider.example}" if provider.example else ""
        verb = "is" if len(missing) == 1 else "are"
        return (
            f"asks {provider.title}, and {' and '.join(missing)} {verb} not set in the environment of "
            f"the kernel{example}"
        )
    return None
