"""Reads a file of known answers (`gold` tells its form), and says what is wrong with its lines."""

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from resume_assets.errors import WrongUseError
from resume_assets.evaluation.gold import Answer, Known, together
from resume_assets.evaluation.groups import FAMILIES, JOB_COLUMNS, JOB_PARTS, Form
from resume_assets.evaluation.marks import Not, Since
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.extraction.dates import standardize_date
from resume_assets.extraction.text import text_hash

_NAMES: Final = frozenset(column.name for column in COLUMNS)
_KEYS: Final = frozenset(["userid", "text", "text_hash", "known", "wrong", "note"])
_MONTH: Final = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_TOLD: Final = 10  # faulty lines that the message names
FORMS: Final[Mapping[str, Form]] = {
    **{column: family.form for family in FAMILIES for column in family.columns},
    **{column: JOB_PARTS[part] for job in JOB_COLUMNS for part, column in job.items()},
}


class BadGold(WrongUseError):
    """A file of known answers that can't be read as such; tells lines and columns, no values."""


class _Fault(ValueError):
    """What is wrong with a line; nothing of its values."""


def read(path: Path) -> list[Known]:
    """Return what a file knows, one entry a candidate, in the order of their first lines.

    Raises BadGold with the numbers of all lines that are at fault, the first ten in words; nothing
    of the file is used then.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadGold(
            f"The known answers {path} can't be read: {error.strerror}. "
            "`resume-assets evaluate --help` tells their form."
        ) from None
    faults: list[str] = []
    found = [*_read(content, faults)]
    if faults:
        more = f"\n  and {len(faults) - _TOLD:,} lines more" if len(faults) > _TOLD else ""
        lines = "\n".join(f"  {fault}" for fault in faults[:_TOLD])
        raise BadGold(f"{path} was not used, for these lines are at fault:\n{lines}{more}")
    if not found:
        raise BadGold(f"{path} has no line with known answers.")
    return together(found)


def _read(content: bytes, faults: list[str]) -> Iterator[Known]:
    for number, line in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            yield _line(line)
        except _Fault as fault:
            faults.append(f"line {number}: {fault}")


def _line(line: bytes) -> Known:
    try:
        value = json.loads(line.decode())
    except UnicodeDecodeError:
        raise _Fault("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _Fault(f"it is no JSON ({error.msg}, character {error.colno})") from None
    except RecursionError:
        raise _Fault("it is no JSON that holds known answers") from None
    if not isinstance(value, dict):
        raise _Fault("it is no JSON object")
    if unknown := len(value.keys() - _KEYS):
        raise _Fault(f"{unknown} of its keys are none of {', '.join(sorted(_KEYS))}")
    answers = dict(_answers("known", value.get("known", {})))
    wrong, judged = _wrong(value.get("wrong", []))
    answers = judged | answers
    wrong = wrong - answers.keys()
    if not answers and not wrong:
        raise _Fault("it knows nothing: `known` and `wrong` are empty")
    return Known(_userid(value), _hash(value), answers, wrong)


def _userid(line: Mapping[str, Any]) -> str | None:
    userid = line.get("userid")
    if userid is None:
        if line.get("text") is None and line.get("text_hash") is None:
            raise _Fault("it has neither `userid` nor `text`")
        return None
    if isinstance(userid, bool) or not isinstance(userid, int | str) or not str(userid).strip():
        raise _Fault("`userid` is neither a whole number nor a text")
    return str(userid)


def _hash(line: Mapping[str, Any]) -> str | None:
    text, told = line.get("text"), line.get("text_hash")
    if text is not None:
        if not isinstance(text, str) or not text.strip():
            raise _Fault("`text` is no resume")
        return text_hash(text)
    if told is not None and not (isinstance(told, str) and _HASH.fullmatch(told)):
        raise _Fault("`text_hash` is no SHA-256 in hex")
    return told


def _answers(key: str, answers: Any) -> Iterator[tuple[str, Answer]]:
    if not isinstance(answers, dict):
        raise _Fault(f"`{key}` is no JSON object")
    for place, (column, value) in enumerate(answers.items(), 1):
        yield _column(key, place, column), _answer(column, value)


def _wrong(wrong: Any) -> tuple[frozenset[str], dict[str, Answer]]:
    """Return the columns whose present value is wrong, and those for which the value is told."""
    if isinstance(wrong, list):
        columns = [_column("wrong", place, column) for place, column in enumerate(wrong, 1)]
        return frozenset(columns), {}
    values = dict(_answers("wrong", wrong))
    if any(isinstance(value, Since) for value in values.values()):
        raise _Fault("in `wrong`, {since} is no value")
    return frozenset(), {
        column: Not(value)
        for column, value in values.items()
        if value is None or isinstance(value, str)
    }


def _column(key: str, place: int, name: Any) -> str:
    if name in _NAMES:
        return str(name)
    # What stands there is told only by the column that was meant: it might be of a resume.
    near = difflib.get_close_matches(name, _NAMES, 1) if isinstance(name, str) else []
    meant = f"; is {near[0]} meant?" if near else ""
    raise _Fault(f"entry {place} of `{key}` names no column{meant}")


def _answer(column: str, value: Any) -> Answer:
    form = FORMS[column]
    if value is None:
        return None
    if isinstance(value, dict):
        month = value.get("since")
        if form is not Form.years or len(value) != 1 or not _MONTH.fullmatch(str(month)):
            raise _Fault(f'{column}: an object is {{"since": "YYYY-MM"}}, for years only')
        return Since(str(month))
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _Fault(f"{column}: neither a text nor a number nor null")
    text = str(value).strip()
    if form in (Form.start, Form.end) and text:
        month = standardize_date(text, end=form is Form.end)
        if month is None:
            raise _Fault(f"{column}: no date can be read in it (YYYY-MM, an end also Present)")
        return month
    if form is Form.years and text and not _is_number(text):
        raise _Fault(f"{column}: no number")
    return text or None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
