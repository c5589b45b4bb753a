"""Which server is to answer, and how it is logged in to; what contradicts itself is refused.

A key goes to the server it is named for and to no other, and an Entra token to Azure only.
"""

from dataclasses import dataclass, field
from enum import Enum

from resume_assets.azure import host_of, is_azure, v1_url
from resume_assets.choices import OpenAIAuthentication
from resume_assets.settings import Settings, SettingsError

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Access(Enum):
    """How a server is logged in to; the value tells what to look at where it lets nobody in."""

    openai = "Check OPENAI_API_KEY, its project and its rights."
    azure_key = (
        "Check AZURE_OPENAI_API_KEY: it has to be a key of this very resource, whose network rules "
        "have to let this machine in."
    )
    entra = (
        "The identity needs the role Cognitive Services OpenAI Contributor at this resource, whose "
        "network rules have to let this machine in; a role that was just given takes minutes."
    )

    @property
    def is_azure(self) -> bool:
        """Whether it is Azure OpenAI that is logged in to."""
        return self is not Access.openai


@dataclass(frozen=True, slots=True)
class Server:
    """A server that speaks OpenAI's API."""

    url: str | None
    """Its base URL; None for OpenAI's own."""
    key: str | None = field(repr=False)
    """None where it is logged in to with Entra, or wants no key."""
    access: Access

    @property
    def account(self) -> str | None:
        """What the server's batches belong to, where that is not the key; None where it is.

        A resource's two keys and everybody's tokens see the same batches. What a gateway makes of
        a key is its own affair.
        """
        if self.access is Access.entra or (self.access is Access.azure_key and is_azure(self.url)):
            return f"azure|{host_of(self.url)}"
        return None

    @property
    def key_in_words(self) -> str:
        """What may be said of the key."""
        if self.access is Access.entra:
            return "tokens of Entra"
        return "none" if self.key is None else "set"


def server_of(settings: Settings) -> Server:
    """The server that is configured. Raises SettingsError; call it only where one is named."""
    if settings.is_azure or settings.openai_authentication is OpenAIAuthentication.entra:
        return _azure(settings)
    if (
        settings.azure_openai_api_key is not None
        and settings.openai_api_key is None
        and settings.openai_base_url is None
    ):
        raise SettingsError(
            "AZURE_OPENAI_API_KEY is set, but not whose key it is: set AZURE_OPENAI_ENDPOINT="
            "https://RESOURCE.openai.azure.com."
        )
    key = settings.openai_api_key
    shown = None if key is None else key.get_secret_value()
    return Server(settings.openai_base_url, shown, Access.openai)


def _azure(settings: Settings) -> Server:
    uses_entra = settings.openai_authentication is OpenAIAuthentication.entra
    url = settings.openai_base_url
    if url is not None and not is_azure(url):
        raise SettingsError(
            "RESUME_OPENAI_AUTHENTICATION=entra is for Azure OpenAI, and OPENAI_BASE_URL names "
            "another server, which gets no token: unset one of the two."
        )
    if url is None and settings.azure_openai_endpoint is None:
        raise SettingsError(
            "RESUME_OPENAI_AUTHENTICATION=entra needs the resource that the token is for: set "
            "AZURE_OPENAI_ENDPOINT=https://RESOURCE.openai.azure.com."
        )
    if url is None:
        if settings.openai_api_key is not None and not uses_entra:
            raise SettingsError(_which(settings))
        url = v1_url(settings.azure_openai_endpoint or "")
    if uses_entra:
        if not url.startswith("https://") and host_of(url) not in LOOPBACK:
            raise SettingsError("An Entra token is sent over https:// only: see the server's URL.")
        return Server(url, None, Access.entra)
    key = settings.azure_openai_api_key or settings.openai_api_key
    if key is None:
        raise SettingsError(
            f"There is no key for {host_of(url)}: set AZURE_OPENAI_API_KEY, or log in with Entra "
            "by RESUME_OPENAI_AUTHENTICATION=entra."
        )
    return Server(url, key.get_secret_value(), Access.azure_key)


def _which(settings: Settings) -> str:
    """Resumes and a key go to nobody by mistake: other programs read these variables too."""
    url = v1_url(settings.azure_openai_endpoint or "")
    lacking = "" if settings.azure_openai_api_key is not None else " and AZURE_OPENAI_API_KEY"
    return (
        "OPENAI_API_KEY is OpenAI's and AZURE_OPENAI_ENDPOINT is Azure's: which is meant? Unset "
        f"the one that is not, or set OPENAI_BASE_URL={url}{lacking} for Azure, "
        "OPENAI_BASE_URL=https://api.openai.com/v1 for OpenAI."
    )
