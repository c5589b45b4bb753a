"""Records weighed: the same by this process and by the one beside it, and a clear end."""

import signal
import subprocess
from collections.abc import Generator, Iterator
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from resume_assets.batches.records import weighing
from resume_assets.batches.records.weighing import (
    TOGETHER,
    Load,
    WeigherDied,
    filter_weights,
    weigh_load,
    weigh_loads,
)
from resume_assets.evidence.weighing import NO_WEIGHT, Weight
from resume_assets.extraction.candidate import COLUMNS, Evidence
from resume_assets.extraction.mapping import to_record
from resume_assets.extraction.responses import read_line
from resume_assets.extraction.text import text_hash
from resume_assets.extraction.values import Change
from resume_assets_tests.extraction.answers import full_answer, output_bytes
from resume_assets_tests.helpers import remembered

TEXT = "Zofia Łódzka | zofia@example.com | Austin, TX | Acme | 2021 | Python, SQL — 10 years"
MANY = 10**6
PIPE = 65_536
"""Bytes that a pipe holds where nobody asked for more."""


def load(text: str | None = TEXT, sent: str | None = None, **fields: Any) -> Load:
    """An answer's record and a resume; `sent`: the hash of another one."""
    candidate = read_line(output_bytes(full_answer(**fields))).candidate
    assert candidate is not None
    record = to_record(candidate, date(2026, 11, 1))
    return record.values, record.changes, text, sent or (text and text_hash(text))


def parcels() -> list[tuple[int, list[Load]]]:
    """Good and odd ones, numbered."""
    good = [load(f"{TEXT} {number}", first_name=f"Zofia{number % 7}") for number in range(90)]
    odd = [
        load("half a pair: \ud83d " + TEXT),
        load("\0 日本語 😀 " + TEXT),
        load(None),
        load(""),
        load(sent="f" * 64),
        load("x" * (weighing._LONG + 1)),
        ((), {}, None, None),
        load(positions=[{"company": "Acme", "start": "", "end": "", "location": ""}]),
        load("nothing of it"),
    ]
    assert {Change.claimed} <= {change for _, changes, _, _ in odd for change in changes.values()}
    return [*enumerate([good, *([one] for one in odd), [], odd, good[:TOGETHER]])] * 3


@pytest.fixture
def helped(monkeypatch: pytest.MonkeyPatch) -> list["subprocess.Popen[bytes]"]:
    """The helper has all of them, on any machine; those that were started."""
    monkeypatch.setattr(weighing, "HEAD", 0)
    monkeypatch.setattr(weighing, "processors", lambda: 2)
    return remembered(monkeypatch)


@pytest.mark.parametrize("head", [0, 2 * TOGETHER, MANY])
def test_both_ways_weigh_the_same(helped: list[Any], monkeypatch: pytest.MonkeyPatch, head: int):
    monkeypatch.setattr(weighing, "HEAD", head)
    here = list(weigh_loads(iter(parcels()), expected=0))
    assert not helped
    there = list(weigh_loads(iter(parcels()), expected=MANY))
    assert there == here
    assert [number for number, _ in there] == [number for number, _ in parcels()]
    weights = [weight for _, found in there for weight in found]
    assert all(type(weight) is Weight for weight in weights)
    assert weights.count(NO_WEIGHT) == 3 * 2 * 4  # no text twice, another one, no record
    assert any(weight.missing for weight in weights)
    assert max(weight.checked for weight in weights) > 20
    (process,) = helped
    assert process.returncode is not None


def test_the_helper_does_weigh(helped: list[Any], monkeypatch: pytest.MonkeyPatch):
    """What goes over is not weighed here as well, as it would be where it can't go over."""

    def boom(_: Load) -> Weight:
        raise AssertionError

    monkeypatch.setattr(weighing, "weigh_load", boom)
    loads = [load() for _ in range(TOGETHER)]
    found = list(weigh_loads(iter([("a", loads), ("b", loads)]), expected=MANY))
    assert [thing for thing, _ in found] == ["a", "b"]
    assert len(helped) == 1


def test_nobody_waits_for_the_other(helped: list[Any]):
    """More than a pipe holds may be on its way either way: then neither side stands still."""
    names = [column.name for column in COLUMNS]
    nowhere = {Evidence.year: "1907-01", Evidence.computed: "43"}
    values = [nowhere.get(column.evidence, "Qx9 Zzyzx") for column in COLUMNS]
    worst: Load = (values, dict.fromkeys(names, Change.claimed), TEXT, text_hash(TEXT))
    assert len(weigh_load(worst).missing) > 60
    packed = weighing._packed([worst] * TOGETHER)
    assert packed is not None
    back = BytesIO()
    filter_weights(BytesIO(packed), back)
    assert min(len(packed), len(back.getvalue())) * weighing._AHEAD > PIPE
    many = [(number, [worst] * TOGETHER) for number in range(4 * weighing._AHEAD)]
    assert len(list(weigh_loads(iter(many), expected=MANY))) == len(many)
    assert len(helped) == 1


def endless() -> Iterator[tuple[int, list[Load]]]:
    """More than any pipe holds."""
    loads = [load(TEXT * 100)] * TOGETHER
    for number in range(1_000):
        yield number, loads


def weighings() -> Generator[Any]:
    yield from weigh_loads(endless(), expected=MANY)


def test_who_stops_early_leaves_no_process(helped: list[Any]):
    found = weighings()
    assert next(found)[0] == 0
    (process,) = helped
    assert process.returncode is None
    found.close()
    assert process.returncode == -signal.SIGKILL


def test_a_weigher_that_is_killed_is_told(helped: list[Any]):
    found = weighings()
    next(found)
    (process,) = helped
    process.kill()
    with pytest.raises(WeigherDied, match=r"exit code -9.*What was written stays"):
        list(found)


def test_a_weigher_that_ends_with_the_last_parcels_is_told(helped: list[Any]):
    """Then nothing is written to it any more: it is missed by what does not come back."""

    def ended() -> Iterator[tuple[int, list[Load]]]:
        yield 0, [load()]
        (process,) = helped
        process.kill()
        process.wait()

    with pytest.raises(WeigherDied, match="exit code -9"):
        list(weigh_loads(ended(), expected=MANY))


def test_a_weigher_that_fails_quotes_nobody(
    helped: list[Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
):
    # The process beside finds this before anything else; here everything is loaded already.
    (tmp_path / "sitecustomize.py").write_text(
        "from resume_assets.evidence import weighing\n"
        "def boom(values, changes, text): raise RuntimeError(text)\n"
        "weighing.weigh = boom\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WeigherDied, match="exit code 1"):
        list(weigh_loads(iter([(0, [load()])]), expected=MANY))
    said = capfd.readouterr().err
    assert "weighing records: RuntimeError" in said
    assert "Zofia" not in said
    assert "Traceback" not in said


def test_a_stream_that_is_no_parcel_is_refused_without_quoting_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for stream in (b"Zofia, not a size\n", b"9\nno line", b"3\n[]\nZofia\n"):
        with pytest.raises(ValueError, match="not found") as refusal:
            filter_weights(BytesIO(stream), BytesIO())
        assert "Zofia" not in str(refusal.value)
    assert capsys.readouterr().err == ""


def test_few_records_or_one_processor_start_none(
    helped: list[Any], monkeypatch: pytest.MonkeyPatch
):
    for expected, processors in ((weighing.HELP_FROM - 1, 2), (MANY, 1)):
        monkeypatch.setattr(weighing, "processors", lambda: processors)  # noqa: B023 (called at once)
        found = list(weigh_loads(iter(parcels()), expected=expected))
        assert len(found) == len(parcels())
    assert not helped
