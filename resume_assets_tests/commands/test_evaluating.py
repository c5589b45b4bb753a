"""`evaluate`: the samples' records against their known answers."""

import sqlalchemy as sa

from resume_assets import samples
from resume_assets.commands.evaluating import accuracy
from resume_assets_tests.commands.calling import call, ok
from resume_assets_tests.home import Platform

CHOSEN = (1001, 1002, 1013)


def processed(platform: Platform) -> None:
    known = {sample.userid: sample.text for sample in samples.load() if sample.userid in CHOSEN}
    platform.seed(known)
    platform.to_the_end("b1")


def test_a_table_by_column_and_a_sum(platform: Platform) -> None:
    processed(platform)
    said = ok("evaluate")
    rows = {
        words[0]: words[1:]
        for line in said.splitlines()
        if len(words := line.split()) == 6 and words[1].isdigit()
    }
    chosen = [sample for sample in samples.load() if sample.userid in CHOSEN]
    assert set(rows) == {column for sample in chosen for column in sample.expected}
    all_known = all_right = 0
    for *counts, share in rows.values():
        known, right, wrong, missing = map(int, counts)
        assert known == right + wrong + missing
        assert share == f"{right / known:.1%}"
        all_known += known
        all_right += right
    assert all_right / all_known > 0.9
    assert f"{all_right / all_known:.1%} of {all_known} known values are met, in 3 records." in said


def test_what_is_wrong_is_seen(platform: Platform) -> None:
    processed(platform)
    before = accuracy(platform.database)
    platform.change(1001, LastName="Somebody", MostRecentStartDate=None)
    after = accuracy(platform.database)
    assert after.right == before.right - 2
    assert after.columns["LastName"].wrong == before.columns["LastName"].wrong + 1
    assert after.columns["MostRecentStartDate"].missing == 1


def test_another_candidate_of_that_id_is_not_judged(platform: Platform) -> None:
    processed(platform)
    platform.change(1001, markdownResume="# Somebody else, with the id of a sample")
    assert accuracy(platform.database).records == 2


def test_without_a_sample_there_is_nothing_to_compare(platform: Platform) -> None:
    platform.seed(1)
    platform.to_the_end("b1")
    result = call("evaluate")
    assert result.exit_code == 1
    assert "resume-assets demo" in result.stderr


def test_only_the_samples_are_read(platform: Platform) -> None:
    """A table of millions is not brought here for eighty of them."""
    processed(platform)
    statements: list[str] = []
    engine = platform.database.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    accuracy(platform.database)
    assert any("userid IN" in statement for statement in statements)
