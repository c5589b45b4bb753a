"""Who is told: what RESUME_NOTIFY_URL and RESUME_SMTP_URL name.

They are secrets: of a webhook's address only the host is ever shown, of a mail address its domain.
A mistake in them is a sentence, not an error: it shall keep no batch waiting.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import SecretStr

from resume_assets.settings import Settings


class Form(StrEnum):
    """What a receiver reads."""

    slack = "Slack"
    teams = "Teams"
    json = "JSON"
    mail = "mail"


_PREFIXES = {"slack+": Form.slack, "teams+": Form.teams, "json+": Form.json}
"""Before https://, they say what a server reads whose host does not."""

_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
# Workflows of Teams (Power Automate), in both of its addresses and in the clouds of governments;
# and the connectors before them. Source: Microsoft Learn, "Create incoming webhooks with Workflows"
_TEAMS = (
    ".logic.azure.com",
    ".logic.azure.us",
    ".logic.azure.cn",
    ".api.powerplatform.com",
    ".api.powerplatform.us",
    ".webhook.office.com",
)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")
_PORTS = {"smtp": 587, "smtps": 465}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server, and who we are to it."""

    host: str
    port: int
    is_tls: bool
    user: str | None
    password: SecretStr | None
    sender: str | None  # the address in From, where it is not the user

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Receiver:
    """One of those who are told; `shown` is what may be shown of it."""

    form: Form
    shown: str
    url: SecretStr = field(repr=False)
    server: Server | None = None  # of mail
    addresses: tuple[str, ...] = field(default=(), repr=False)
    is_open: bool = False
    """Whether what is told crosses a network without encryption."""

    @property
    def key(self) -> str:
        """What stands for it in the ledger."""
        return hashlib.sha256(self.url.get_secret_value().encode()).hexdigest()[:32]


@dataclass(slots=True)
class Receivers:
    """Those who are told, each once, in the order of the setting; and what is wrong with it."""

    found: list[Receiver] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class _Wrong(ValueError):
    """What is wrong with one of the addresses, without the address."""


def receivers_of(settings: Settings) -> Receivers:
    """Read the settings; opens no connection."""
    receivers = Receivers()
    for number, one in enumerate(_words(settings.notify_url), start=1):
        try:
            receiver = _receiver(one, settings)
        except ValueError as wrong:
            why = str(wrong) if isinstance(wrong, _Wrong) else "is no address"
            receivers.problems.append(f"RESUME_NOTIFY_URL: address {number} {why}.")
            continue
        if receiver not in receivers.found:
            receivers.found.append(receiver)
    return receivers


def worth_a_look(settings: Settings, receivers: Receivers) -> Iterator[str]:
    """What is probably not meant so, in sentences."""
    for one in receivers.found:
        if one.is_open:
            yield f"{one.shown} is told without encryption: write https:// if it speaks that."
    mails = any(one.form is Form.mail for one in receivers.found)
    if settings.smtp_url is not None and not mails:
        yield "RESUME_SMTP_URL is set, and no mailto: in RESUME_NOTIFY_URL."
    if settings.notify_summary and settings.notify_url is None:
        yield "RESUME_NOTIFY_SUMMARY is set, and RESUME_NOTIFY_URL is not: nobody gets it."


def _words(secret: SecretStr | None) -> list[str]:
    return [] if secret is None else secret.get_secret_value().split()


def _receiver(address: str, settings: Settings) -> Receiver:
    if address.lower().startswith("mailto:"):
        return _mail(address, settings.smtp_url)
    form = None
    for prefix, named in _PREFIXES.items():
        if address.lower().startswith(prefix):
            form, address = named, address[len(prefix) :]
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise _Wrong("begins with neither https://, http:// nor mailto:")
    host = parts.hostname
    return Receiver(
        form or _form_of(host),
        _shown(parts),
        SecretStr(address),
        is_open=parts.scheme == "http" and host not in LOOPBACK,
    )


def _form_of(host: str) -> Form:
    if host in _SLACK:
        return Form.slack
    return Form.teams if host.endswith(_TEAMS) else Form.json


def _shown(parts: SplitResult) -> str:
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _mail(address: str, smtp_url: SecretStr | None) -> Receiver:
    named, _, more = address.partition(":")[2].partition("?")
    addresses = tuple(unquote(one) for one in named.split(",") if one)
    if more:
        raise _Wrong("is a mailto: with more than addresses, separated by commas")
    if not addresses or not all(_ADDRESS.fullmatch(one) for one in addresses):
        raise _Wrong("is a mailto: without a mail address, or with one that is none")
    if smtp_url is None:
        raise _Wrong("is a mailto:, which needs RESUME_SMTP_URL, the server that takes the mail")
    server = _server(smtp_url)
    domains = dict.fromkeys(one.rpartition("@")[2] for one in addresses)
    return Receiver(
        Form.mail,
        f"mail to {', '.join(domains)}",
        SecretStr(f"mailto:{','.join(addresses)}"),
        server,
        addresses,
    )


def _server(smtp_url: SecretStr) -> Server:
    try:
        parts = urlsplit(smtp_url.get_secret_value().strip())
        port = parts.port
    except ValueError:
        raise _Wrong("has in RESUME_SMTP_URL no address of its server") from None
    query = parse_qs(parts.query)
    sender = query.pop("from", [None])[0]
    if parts.scheme not in _PORTS or not parts.hostname or port == 0 or query:
        raise _Wrong(
            "is a mailto:, and RESUME_SMTP_URL is not smtp://user:password@host:587 or smtps://…, "
            "perhaps with ?from=address"
        )
    if sender is not None and not _ADDRESS.fullmatch(sender):
        raise _Wrong("is a mailto:, and the from= in RESUME_SMTP_URL is no mail address")
    return Server(
        parts.hostname,
        port or _PORTS[parts.scheme],
        parts.scheme == "smtps",
        unquote(parts.username) if parts.username else None,
        SecretStr(unquote(parts.password)) if parts.password else None,
        sender,
    )
