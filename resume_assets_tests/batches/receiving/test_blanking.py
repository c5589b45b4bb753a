"""Lines of people who are forgotten, in files that are kept."""

import json

import pytest

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.receiving.blanking import blank
from resume_assets.batches.store import OUTPUT, REQUESTS
from resume_assets.batches.upkeep.forgetting import forget
from resume_assets_tests.flow import KEY, Flowing


def test_what_is_blank_already_is_left_as_it_is(flow: Flowing) -> None:
    flow.until_done(rows=3)
    forget(flow.database, flow.settings, flow.store, None, [2])
    path = flow.home / "batches" / KEY / OUTPUT
    before = path.stat().st_ino  # a file that is written anew is another one
    assert b"Lovelace2" not in path.read_bytes()
    with leased(flow.database, KEY) as lease:
        assert blank(lease, flow.store.batch(KEY)) == 0
    assert path.stat().st_ino == before


@pytest.mark.parametrize("end", [b"\n", b""])
def test_what_comes_back_is_blanked_and_counted_and_all_else_stays(
    flow: Flowing, end: bytes
) -> None:
    """A file that was put back from a copy, say; its last line may have no newline."""
    flow.until_done()
    files = flow.store.batch(KEY)
    paths = {name: files.path(name) for name in (REQUESTS, OUTPUT)}
    before = {name: path.read_bytes().rstrip(b"\n") + end for name, path in paths.items()}
    last = json.loads(before[OUTPUT].splitlines()[-1])["custom_id"]
    forget(flow.database, flow.settings, flow.store, None, [int(last)])
    for name, path in paths.items():
        path.write_bytes(before[name])
    with leased(flow.database, KEY) as lease:
        assert blank(lease, files) == 2
        assert blank(lease, files) == 0
    for name, path in paths.items():
        lines = before[name].splitlines(keepends=True)
        theirs = [json.loads(line)["custom_id"] == last for line in lines]
        assert path.read_bytes().splitlines(keepends=True) == [
            b" " * len(line.rstrip(b"\n")) + b"\n" * line.endswith(b"\n") if gone else line
            for line, gone in zip(lines, theirs, strict=True)
        ]
        assert sum(theirs) == 1
