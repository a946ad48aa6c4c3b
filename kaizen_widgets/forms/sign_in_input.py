"""The fields for signing in and for registering, with the limits of a Kaizen Studio server."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kaizen_widgets.forms.fields.hint import Hint

PASSWORD_LENGTH = 8
EMAIL = r"^\s*[^@\s]+@[^@\s]+\s*$"
NO_EMAIL = "Enter an e-mail address, such as ada@example.com"


class SignInInput(BaseModel):
    """Credentials of a user."""

    model_config = ConfigDict(extra="forbid", title="Sign in")

    email: Annotated[
        str,
        Field(pattern=EMAIL, title="E-mail"),
        Hint(messages={"missing": "E-mail is required", "string_pattern_mismatch": NO_EMAIL}),
    ]
    password: Annotated[
        SecretStr, Field(min_length=1), Hint(messages={"missing": "Password is required"})
    ]


class RegisterInput(BaseModel):
    """A new user with an organization of their own."""

    model_config = ConfigDict(extra="forbid", title="Register")

    name: Annotated[
        str,
        Field(min_length=1, max_length=100, title="Your name"),
        Hint(messages={"missing": "Name is required"}),
    ]
    email: Annotated[
        str,
        Field(pattern=EMAIL, title="E-mail"),
        Hint(messages={"missing": "E-mail is required", "string_pattern_mismatch": NO_EMAIL}),
    ]
    password: Annotated[
        SecretStr,
        Field(min_length=PASSWORD_LENGTH, description=f"At least {PASSWORD_LENGTH} characters."),
        Hint(
            messages={
                "missing": "Password is required",
                "too_short": f"Password must have at least {PASSWORD_LENGTH} characters",
            }
        ),
    ]
    organization_name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            title="Organization",
            description="A new organization, which you will own.",
        ),
        Hint(messages={"missing": "Organization is required"}),
    ]
