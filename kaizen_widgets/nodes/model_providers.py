"""What each provider of models needs before it can be asked: a package, and settings such as a key.

A setting is an environment variable, or else what the keyring has for a user of that name of the service
``kaizen-widgets models``: ``keyring.set_password("kaizen-widgets models", "OPENAI_API_KEY", ...)``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from kaizen_widgets.nodes.secret_sources import find_secret

SERVICE = "kaizen-widgets models"
"""Service of the settings in the keyring."""
EXTRA = 'pip install "kaizen-widgets[agents]"'


@dataclass(frozen=True)
class ModelProvider:
    """One provider.

    Attributes:
        title: Its name for people.
        package: The package that talks to it.
        settings: What it needs: environment variable to the argument of pydantic-ai's provider.
        example: A value of the first setting, if it is no secret.
    """

    title: str
    package: str
    settings: Mapping[str, str]
    example: str = ""


PROVIDERS = {
    "openai": ModelProvider("OpenAI", "openai", {"OPENAI_API_KEY": "api_key"}),
    "anthropic": ModelProvider("Anthropic", "anthropic", {"ANTHROPIC_API_KEY": "api_key"}),
    "azure": ModelProvider(
        "Azure OpenAI",
        "openai",
        {
            "AZURE_OPENAI_API_KEY": "api_key",
            "AZURE_OPENAI_ENDPOINT": "azure_endpoint",
            "OPENAI_API_VERSION": "api_version",
        },
    ),
    "ollama": ModelProvider(
        "Ollama", "openai", {"OLLAMA_BASE_URL": "base_url"}, "http://localhost:11434/v1"
    ),
}


def is_extra_installed() -> bool:
    """Return whether agents can ask models at all."""
    return find_spec("pydantic_ai") is not None


def missing_extra() -> str:
    """Return the end of a sentence about a node that needs the extra ``agents``."""
    return f"asks a model, for which a package is missing: {EXTRA}"


def uses_keyring(name: str) -> bool:
    """Return whether some settings of a provider are not in the environment."""
    provider = PROVIDERS.get(name)
    return provider is not None and not all(map(os.environ.get, provider.settings))


def keyring_settings(name: str) -> dict[str, str]:
    """Return a provider's settings that are not in the environment, by the argument of its provider.

    Call it off the event loop, as a keyring may ask its user.
    """
    return {
        argument: value
        for setting, argument in PROVIDERS[name].settings.items()
        if not os.environ.get(setting) and (value := find_secret(setting, SERVICE, setting))
    }


def provider_problem(name: str) -> str | None:
    """Return why a provider cannot be asked, as the end of a sentence about a node, or None.

    Call it off the event loop where `uses_keyring`, as a keyring may ask its user.
    """
    provider = PROVIDERS.get(name)
    if provider is None:
        known = ", ".join(PROVIDERS)
        return f"has an agent of the provider {name!r:.80}, which is not one of {known}"
    if find_spec(provider.package) is None:
        return (
            f"asks {provider.title}, whose package is missing: "
            f'pip install "pydantic-ai-slim[{provider.package}]"'
        )
    missing = [one for one in provider.settings if not find_secret(one, SERVICE, one)]
    if not missing:
        return None
    example = f" (such as {provider.example})" if provider.example else ""
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"asks {provider.title}, and {' and '.join(missing)} {verb} set neither in the environment of the "
        f"kernel{example} nor in the system's keyring, as with "
        f"keyring.set_password({SERVICE!r}, {missing[0]!r}, ...)"
    )
