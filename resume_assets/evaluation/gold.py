"""Known answers, and the file of them: JSON lines, each about one candidate.

    {"userid": 7, "known": {"Email": "ada@example.com", "Phone2": null}}
    {"text": "# Ada Nord …", "known": {"MostRecentStartDate": "2019-03"}}
    {"userid": 7, "known": {"City": "Turku"}, "wrong": {"State": "TX"}}
    {"userid": 7, "wrong": ["State"], "text_hash": "9f86d0…"}

- `userid` or `text` says who; with both, the candidate's resume must still be that text.
  `text_hash`, the SHA-256 of the text as UTF-8 in hex, may stand for `text`.
- `known` maps columns to right values; null says that there is certainly none. For the columns of
  years, `{"since": "2015-06"}` stands for the years from that month to the day of the record.
- `wrong` names columns of which only that is known: the value is not right. As a mapping it tells
  the value that was judged, null for a NULL, and counts for as long as a record has it; as a list
  it means the value that the candidate's record has now.
- Any column may be left out; then it is not judged. `note` is for people.
- Several lines about one candidate are taken together; of two answers the later one counts.

So a reviewer's verdicts can be appended as they are given: a value found right goes into `known`, a
right value for a wrong one too, and one that is just wrong into `wrong`.
"""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from resume_assets.evaluation.equality import plain
from resume_assets.evaluation.marks import Not, Since

Answer = str | None | Not | Since


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one candidate; `userid`, `text_hash` or both say which."""

    userid: str | None
    text_hash: str | None
    answers: Mapping[str, Answer]
    wrong: frozenset[str] = field(default_factory=frozenset)
    """Columns of which the value that the candidate's record has now is wrong."""

    def about(self, record: Mapping[str, Any], written: datetime.date | None) -> dict[str, Any]:
        """Return the answers as `score` takes them.

        `record`: the candidate's record in the table; `written`: its day, None if that is not
        known: then what grows with time is left out.
        """
        found: dict[str, Any] = {column: Not(plain(record.get(column))) for column in self.wrong}
        for column, answer in self.answers.items():
            if not isinstance(answer, Since):
                found[column] = answer
            elif written is not None:
                found[column] = answer.until(written)
        return found

    def then(self, later: "Known") -> "Known":
        """Return what both know of the same candidate; of two answers that of `later` counts.

        Where they are about two texts of the candidate, what was known of the other is void.
        """
        if None not in (self.text_hash, later.text_hash) and self.text_hash != later.text_hash:
            return later
        kept = {
            column: answer for column, answer in self.answers.items() if column not in later.wrong
        }
        return Known(
            self.userid,
            later.text_hash or self.text_hash,
            kept | dict(later.answers),
            (self.wrong - later.answers.keys()) | later.wrong,
        )


def together(lines: Iterable[Known]) -> list[Known]:
    """Return the known answers with one entry for each candidate."""
    found: dict[tuple[str | None, str | None], Known] = {}
    for known in lines:
        who = (known.userid, known.text_hash if known.userid is None else None)
        before = found.get(who)
        found[who] = known if before is None else before.then(known)
    return [*found.values()]
