"""A message as each receiver reads it: plain text, Slack's blocks, Teams' card, JSON."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from resume_assets.notifying.matters import TITLES, Kind
from resume_assets.notifying.outbox import Notice

NAME = "resume-assets"

# What Slack would take for a link, a mention or an emphasis of its own. Source: docs.slack.dev,
# "Formatting message text"
_SLACK = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


@dataclass(frozen=True, slots=True)
class Message:
    """What is told at once: notices, oldest first; none for a trial word.

    `installation`: whose they are, for those who are told by several.
    """

    notices: tuple[Notice, ...]
    installation: str = ""

    @property
    def ident(self) -> str:
        """The same for the same notices: a message that comes a second time can be known by it."""
        parts = "\0".join((self.installation, *(one.notice_id for one in self.notices)))
        return hashlib.sha256(parts.encode()).hexdigest()[:24]


TRIAL = "This is a trial word: what comes up will be told here. Nothing need be done."


def title(notice: Notice) -> str:
    """What sort of thing it is, in a few words."""
    return TITLES[Kind(notice.kind)]


def subject(message: Message) -> str:
    """One line for all of it."""
    if not message.notices:
        return f"{NAME}: trial word"
    first, *others = message.notices
    batch = f" ({first.batch_key})" if first.batch_key else ""
    more = f", and {len(others)} more" if others else ""
    return f"{NAME}: {title(first)}{batch}{more}"


def text(message: Message) -> str:
    """As a mail has it."""
    if not message.notices:
        return TRIAL
    return "\n\n".join("\n".join(_lines(notice)) for notice in message.notices)


def _lines(notice: Notice) -> Iterator[str]:
    yield f"{title(notice)} ({_when(notice.came_up_at)})"
    yield notice.what
    if notice.command:
        yield f"    {notice.command}"


def slack(message: Message) -> dict[str, Any]:
    """For an incoming webhook; `text` is what a notification on a telephone shows."""
    if not message.notices:
        return {"text": f"{NAME}: {TRIAL}"}
    return {
        "text": subject(message).translate(_SLACK),
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": _slack_section(one)}}
            for one in message.notices
        ],
    }


def _slack_section(notice: Notice) -> str:
    command = f"\n```{notice.command}```" if notice.command else ""
    told = f"*{title(notice)}* ({_when(notice.came_up_at)})\n{notice.what}{command}"
    return told.translate(_SLACK)


def teams(message: Message) -> dict[str, Any]:
    """An adaptive card, as a workflow of Teams takes it: one attachment of a message."""
    if message.notices:
        body = [block for notice in message.notices for block in _card(notice)]
    else:
        body = [_block(f"{NAME}: {TRIAL}")]
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "msteams": {"width": "Full"},
                    "body": body,
                },
            }
        ],
    }


def _card(notice: Notice) -> Iterator[dict[str, Any]]:
    yield _block(f"{title(notice)} ({_when(notice.came_up_at)})", weight="Bolder", separator=True)
    yield _block(notice.what)
    if notice.command:
        yield _block(notice.command, fontType="Monospace")


def _block(words: str, **more: Any) -> dict[str, Any]:
    # An underscore or asterisk of a key would be taken for an emphasis.
    plain = words.replace("\\", "\\\\").replace("_", "\\_").replace("*", "\\*")
    return {"type": "TextBlock", "text": plain, "wrap": True, **more}


def as_json(message: Message) -> dict[str, Any]:
    """The shape that `docs/notifications.md` describes."""
    return {
        "source": NAME,
        "installation": message.installation,
        "id": message.ident,
        "text": f"{subject(message)}\n\n{text(message)}",
        "notices": [
            {
                "id": one.notice_id,
                "kind": one.kind,
                "title": title(one),
                "what": one.what,
                "batch": one.batch_key,
                "command": one.command,
                "came_up_at": f"{one.came_up_at:%Y-%m-%dT%H:%M:%S}Z",
            }
            for one in message.notices
        ],
    }


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
