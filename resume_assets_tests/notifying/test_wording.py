"""The same notices as a mail, in Slack, in Teams and as JSON."""

import datetime
import json
from typing import Any

import pytest

from resume_assets.notifying import wording
from resume_assets.notifying.matters import TITLES, Kind, Matter
from resume_assets.notifying.outbox import AT_ONCE, Notice
from resume_assets.notifying.wording import Message

AT = datetime.datetime(2026, 11, 27, 3, 41)  # noqa: DTZ001 (as the ledger has it)


def notice(number: int = 1, **more: Any) -> Notice:
    values = {
        "notice_id": f"n{number}",
        "kind": Kind.batch_failed,
        "what": f"Batch b_{number} <failed> & *more*.",
        "command": f"resume-assets check b_{number}",
        "batch_key": f"b_{number}",
        "came_up_at": AT,
        **more,
    }
    return Notice(**values)


TWO = Message(
    (notice(1), notice(2, kind=Kind.planning_stopped, batch_key=None, command=None)), "i7"
)


def test_a_mail_says_what_when_and_which_command() -> None:
    assert wording.subject(TWO) == "resume-assets: A batch failed (b_1), and 1 more"
    assert wording.text(TWO) == (
        "A batch failed (2026-11-27 03:41 UTC)\n"
        "Batch b_1 <failed> & *more*.\n"
        "    resume-assets check b_1\n\n"
        "Planning has stopped (2026-11-27 03:41 UTC)\n"
        "Batch b_2 <failed> & *more*."
    )


def test_slack_takes_nothing_of_it_for_its_own_signs() -> None:
    told = wording.slack(TWO)
    first, second = (block["text"]["text"] for block in told["blocks"])
    assert "&lt;failed&gt; &amp;" in first
    assert "```resume-assets check b_1```" in first
    assert "```" not in second
    assert told["text"].startswith("resume-assets: A batch failed")


def test_teams_gets_a_card() -> None:
    told = wording.teams(TWO)
    [attachment] = told["attachments"]
    assert told["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["type"] == "AdaptiveCard"
    words = [block["text"] for block in card["body"]]
    assert words[1] == "Batch b\\_1 <failed> & \\*more\\*."
    assert words[2] == "resume-assets check b\\_1"
    assert len(words) == 5


def test_json_is_as_documented() -> None:
    told = wording.as_json(TWO)
    assert told.keys() == {"source", "installation", "id", "text", "notices"}
    assert told["installation"] == "i7"
    assert told["notices"][0] == {
        "id": "n1",
        "kind": "batch_failed",
        "title": "A batch failed",
        "what": "Batch b_1 <failed> & *more*.",
        "batch": "b_1",
        "command": "resume-assets check b_1",
        "came_up_at": "2026-11-27T03:41:00Z",
    }


def test_the_same_notices_are_known_again_and_others_are_not() -> None:
    assert Message(TWO.notices, "i7").ident == TWO.ident
    assert Message(TWO.notices[:1], "i7").ident != TWO.ident
    assert Message(TWO.notices, "i8").ident != TWO.ident


@pytest.mark.parametrize("form", [wording.slack, wording.teams, wording.as_json])
def test_a_trial_word(form: Any) -> None:
    assert "trial word" in json.dumps(form(Message(())))


def test_as_much_as_is_told_at_once_fits() -> None:
    """Teams takes 28 KB a message, Slack 50 blocks of 3,000 characters."""
    longest = Matter(Kind.batch_failed, (), "&" * 5_000).told
    many = Message(tuple(notice(n, what=longest, command="x" * 400) for n in range(AT_ONCE)))
    assert len(json.dumps(wording.teams(many))) < 28_000
    slack = wording.slack(many)["blocks"]
    assert len(slack) <= 50
    most = Matter(Kind.batch_failed, (), "words " * 5_000).told
    section = wording.slack(Message((notice(what=most),)))["blocks"][0]
    assert len(section["text"]["text"]) < 3_000


def test_every_kind_has_its_title() -> None:
    assert TITLES.keys() == set(Kind)


def test_a_net_below_all_sentences() -> None:
    matter = Matter(Kind.run_failed, (), "Of ada@example.com:\n\n  <bob@example.org>, nothing")
    assert matter.told == "Of (…) (…) nothing"
