"""Tokens of Microsoft Entra for Azure OpenAI, by the default chain of `azure-identity` (1.27).

The chain keeps a token and asks for another before it ends, however long a run goes on. It is asked
at every call, so one chain serves a process; what it says of itself may hold ids of people and
tenants, and is not handed on.
"""

import logging
import os
import re
from collections.abc import Callable
from functools import cache

from resume_assets.azure import host_of, token_scope
from resume_assets.errors import WrongUseError
from resume_assets.openai_api.errors import AccessRefused, ApiUnavailable
from resume_assets.settings import Settings, in_env_file

_READS = ("AZURE_", "IDENTITY_", "IMDS_", "MSI_")
"""How the variables begin that the chain reads."""

_CODE = re.compile(r"AADSTS[0-9]{4,9}", re.ASCII)
_TRIED = re.compile(r"^\s*(\w+Credential): ", re.MULTILINE | re.ASCII)


class EntraMissing(WrongUseError):
    """The extra `azure` is not installed."""


def token_provider(url: str) -> Callable[[], str]:
    """Gives a token for the server at that URL whenever it is called; the same one while it lasts.

    A call raises AccessRefused where Entra says no, ApiUnavailable where nobody gave one: that may
    be for want of an identity, or of the network. Raises EntraMissing.
    """
    read = tuple(sorted(item for item in os.environ.items() if item[0].startswith(_READS)))
    return _provider(token_scope(url), host_of(url), read)


@cache
def _provider(
    scope: str,
    host: str,
    _: tuple[tuple[str, str], ...],  # another environment is another identity
) -> Callable[[], str]:
    try:
        from azure.core.exceptions import ClientAuthenticationError
        from azure.identity import DefaultAzureCredential, get_bearer_token_provider
    except ImportError:
        raise EntraMissing(
            "RESUME_OPENAI_AUTHENTICATION=entra needs azure-identity: pip install "
            "'resume-assets[azure]'."
        ) from None
    for name in ("azure", "msal"):  # it logs what we don't hand on
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        provide = get_bearer_token_provider(DefaultAzureCredential(), scope)
    except ValueError as error:  # of a variable of its own: an authority without https
        raise AccessRefused(
            f"azure-identity can't use what the variables AZURE_… say ({type(error).__name__})."
        ) from None

    def token() -> str:
        try:
            return provide()
        except ClientAuthenticationError as refused:
            message = str(refused)
            codes = list(dict.fromkeys(_CODE.findall(message)))
            kind = AccessRefused if codes else ApiUnavailable
            raise kind(_why(host, codes, _TRIED.findall(message))) from None
        except Exception as error:  # noqa: BLE001 - of whatever library the chain called
            raise ApiUnavailable(
                f"Entra was not reached for a token for {host} ({type(error).__name__})."
            ) from None

    return token


def _why(host: str, codes: list[str], tried: list[str]) -> str:
    shown = f" ({', '.join(codes)})" if codes else ""
    asked = f" Tried: {', '.join(tried)}." if tried else ""
    return (
        f"There is no token of Entra for {host}{shown}.{asked} A managed identity, `az login`, or "
        "AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET in the environment give one."
        f"{_left_in_file()}"
    )


def _left_in_file() -> str:
    """The chain reads the environment only, whatever stands in `.env` beside our own settings."""
    ours = {str(field.alias) for field in Settings.model_fields.values()}
    left = [
        name
        for name, value in in_env_file().items()
        if value and name.startswith(_READS) and name not in ours and name not in os.environ
    ]
    return f" It does not read .env, where {', '.join(left)} stands." if left else ""
