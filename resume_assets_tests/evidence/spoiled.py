"""Twelve sample answers, spoilt as a poor model would, and what becomes of each.

`python -m resume_assets_tests.evidence.spoiled` runs a batch of them and prints a table.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from resume_assets import samples
from resume_assets_tests.flow import Flowing, flow_at
from resume_assets_tests.local_openai.faults import each_line, rewrite

Answer = dict[str, Any]


@dataclass(frozen=True)
class Spoilt:
    """A sample's answer with one value that is wrong; `caught`: the evidence tells."""

    userid: int
    what: str
    column: str
    spoil: Callable[[Answer], object]
    caught: bool = True


def _position(index: int, **values: str) -> Callable[[Answer], object]:
    return lambda answer: answer["positions"][index].update(values)


def _field(name: str, value: Any) -> Callable[[Answer], object]:
    return lambda answer: answer.update({name: value})


def _swapped(answer: Answer) -> None:
    first, second = answer["positions"][:2]
    first["company"], second["company"] = second["company"], first["company"]


TWELVE = (
    Spoilt(1001, "another's e-mail", "Email", _field("emails", ["tobias.lindqvist@example.com"])),
    Spoilt(1002, "a digit of the phone", "Phone1", _field("phones", ["918-555-0171"])),
    Spoilt(1003, "another profile", "Linkedin", _field("linkedin", "linkedin.com/in/priya-r")),
    Spoilt(1004, "a company invented", "MostRecentCompany", _position(0, company="Nordlicht AG")),
    Spoilt(1013, "a year moved", "MostRecentStartDate", _position(0, start="2016-09")),
    Spoilt(
        1014,
        "a year moved to another one of the resume",
        "MostRecentStartDate",
        _position(0, start="2016-07"),
        caught=False,
    ),
    Spoilt(1017, "a skill made up", "Skill1", lambda answer: answer["skills"].insert(0, "Haskell")),
    Spoilt(1018, "a degree invented", "Masters", _field("masters", "MBA in Finance")),
    Spoilt(
        1021,
        "a title promoted",
        "PrimaryTitle",
        lambda answer: answer["titles"].insert(0, "Vice President, Engineering"),
    ),
    Spoilt(1053, "another state", "State", _field("state", "WY")),
    Spoilt(1030, "two companies swapped", "MostRecentCompany", _swapped, caught=False),
    Spoilt(
        1046, "a month moved", "MostRecentStartDate", _position(0, start="2016-02"), caught=False
    ),
)


def run(flow: Flowing) -> dict[int, Any]:
    """Bring in a batch of the twelve; the ledger's items, by userid."""
    by_id = {one.userid: one for one in TWELVE}
    flow.seed({one.userid: one.text for one in samples.load() if one.userid in by_id})
    flow.until_ended()
    custom_ids = {item.custom_id: userid for userid, item in flow.items().items()}

    def spoil(line: Any) -> Any:
        message = line["response"]["body"]["choices"][0]["message"]
        answer = json.loads(message["content"])
        by_id[custom_ids[line["custom_id"]]].spoil(answer)
        message["content"] = json.dumps(answer)
        return line

    assert rewrite(flow.server_folder, flow.batch().output_file_id, each_line(spoil))
    flow.bring_in()
    return flow.items()


def noted(item: Any) -> list[str]:
    """The columns of a record that its resume does not bear out."""
    columns: list[str] = json.loads(item.not_borne_out or "[]")
    return columns


def table(items: Mapping[int, Any], flow: Flowing) -> str:
    lines = ["| sample | what was spoilt | column | counted | written |", "| --- " * 5 + "|"]
    for one in TWELVE:
        value = getattr(flow.candidate(one.userid), one.column)
        counted = "yes" if one.column in noted(items[one.userid]) else "no"
        written = "no, NULL" if value is None else "yes"
        lines.append(f"| {one.userid} | {one.what} | {one.column} | {counted} | {written} |")
    return "\n".join(lines)


if __name__ == "__main__":
    with TemporaryDirectory() as folder, flow_at(Path(folder)) as opened:
        print(table(run(opened), opened))  # noqa: T201
