"""What the UI's page of a resource shows below its description: what is in force, never a secret.

It is read whenever Dagster loads the definitions; "Reload" in the UI reads it anew.
"""

from collections.abc import Callable, Mapping
from inspect import cleandoc
from typing import Any, TypeVar

import dagster as dg
from pydantic import SecretStr

from resume_assets.batches.store_errors import shown_url
from resume_assets.errors import PlatformError
from resume_assets.settings import Settings, sources

_Resource = TypeVar("_Resource", bound=type[dg.ConfigurableResource[Any]])


def showing(
    facts: Callable[[Any], Mapping[str, object]],
) -> Callable[[_Resource], _Resource]:
    """Decorate a resource: `facts` of an instance stand in its description, each on a line."""

    def decorate(resource: _Resource) -> _Resource:
        resource.__doc__ = _Description(resource.__doc__ or "", facts)  # type: ignore[assignment]
        return resource

    return decorate


class _Description:
    """Of the class its docstring; of an instance, which is what Dagster shows, the facts too."""

    def __init__(self, of_class: str, facts: Callable[[Any], Mapping[str, object]]) -> None:
        self._of_class = cleandoc(of_class)
        self._facts = facts

    def __get__(self, instance: object, owner: type) -> str:
        if instance is None:
            return self._of_class
        try:
            found = self._facts(instance)
        except PlatformError as problem:
            return f"{self._of_class}\n\n{problem}"
        lines = (f"* {name}: `{value}`" for name, value in found.items() if value is not None)
        return "\n".join([self._of_class, "\nIn force:\n", *lines])


def set_by_the_user(settings: Settings) -> dict[str, object]:
    """Each variable that is not at its default but the login; of a secret, only that it is set."""
    by_variable = sources()
    found: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        variable = field.alias or name
        value = getattr(settings, name)
        if by_variable[variable] == "default" or value is None or variable == "username":
            continue
        is_secret = isinstance(value, SecretStr)
        found[variable] = "set" if is_secret else shown_url(str(value))
    return found
