"""Who is drawn, and which models and prompts make a trial."""

from collections import Counter
from pathlib import Path

import pytest

from resume_assets.database.connect import Database
from resume_assets.extraction.prompt import PromptError
from resume_assets.models.catalogue import find_model
from resume_assets.trials.creating import NothingToTry, create, estimates
from resume_assets.trials.sampling import draw, remaining, sizes_of
from resume_assets.trials.variants import BadVariants, from_json, to_json, variants_of
from resume_assets_tests.databases import backend, database, empty_database, seed, settings
from resume_assets_tests.trials.trying import MINI, NANO, Trying

__all__ = ["backend", "database", "empty_database"]


def drawn(database: Database, size: int, number: int = 7) -> list[object]:
    return database.read(lambda connection: draw(connection, database, size, number))


def test_the_same_seed_draws_the_same(database: Database) -> None:
    seed(database, 40)
    first = drawn(database, 10)
    assert first == drawn(database, 10)
    assert first == drawn(database, 20)[:10]
    assert first != drawn(database, 10, 8)
    assert len(set(first)) == 10


def test_everybody_is_as_likely(database: Database) -> None:
    seed(database, 10)
    often = Counter(userid for number in range(300) for userid in drawn(database, 5, number))
    assert set(often) == set(range(1, 11))
    assert all(110 < count < 190 for count in often.values()), often


def test_only_those_with_a_resume_processed_or_not(database: Database) -> None:
    seed(database, {1: "A resume", 2: None, 3: "", 4: "  \u200b\n", 5: "Another"})
    there = database.candidates
    now = database.read(database.dialect.utc_now)
    processed = there.table.update().where(there.userid == 5).values({there.processed.name: now})
    database.write(lambda connection: connection.execute(processed))
    assert sorted(map(str, drawn(database, 9))) == ["1", "5"]
    assert len(drawn(database, 1)) == 1


def test_many_blank_ones_are_passed_over(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("resume_assets.trials.sampling.PAGE", 3)
    seed(database, {number: "Text" if number % 4 == 0 else " " for number in range(1, 41)})
    assert len(drawn(database, 8)) == 8


def test_nobody_has_a_resume(database: Database) -> None:
    variants = variants_of(settings(), [MINI, NANO], [])
    for ask in (create, estimates):
        with pytest.raises(NothingToTry, match="nothing to try"):
            ask(database, settings(), variants, size=5, seed=1)


def test_a_trial_is_written_down_and_has_all_to_send(database: Database) -> None:
    seed(database, 5)
    variants = variants_of(settings(), [MINI, NANO], [])
    key, size = create(database, settings(), variants, size=4, seed=7)
    assert size == 4
    for variant in variants:
        rows = database.read(lambda c: remaining(c, database, key, variant.number))  # noqa: B023
        assert [row.userid for row in rows] == drawn(database, 4)
        assert all(row.text_bytes > 0 for row in rows)


def test_a_resume_that_is_gone_is_still_sent_for(database: Database) -> None:
    seed(database, 2)
    rows = database.read(lambda c: sizes_of(c, database, [2, 3]))
    assert [row.userid for row in rows] == [2, 3]
    assert rows[1].text_bytes == 0


def test_the_estimate_of_each_variant(trying: Trying) -> None:
    flow = trying.flow
    variants = variants_of(flow.settings, [MINI, NANO, "gpt-4-none"], [])
    found = estimates(flow.database, flow.settings, variants, size=4, seed=7)
    assert [one.requests for one in found] == [4, 4, 4]
    assert all(one.input_tokens > 1_000 for one in found)
    assert [one.cost is None for one in found] == [False, False, True]
    assert not flow.rows(flow.database.ledger.trials.select())


class TestVariants:
    def test_each_model_with_each_prompt(self, tmp_path: Path) -> None:
        own = tmp_path / "own.md"
        own.write_text("Extract.", encoding="utf-8")
        variants = variants_of(settings(), [MINI, NANO], ["lean", str(own)])
        assert [(one.model, one.prompt) for one in variants] == [
            (MINI, "lean"),
            (MINI, "own.md"),
            (NANO, "lean"),
            (NANO, "own.md"),
        ]
        assert [one.number for one in variants] == [0, 1, 2, 3]
        assert len({one.name for one in variants}) == 4
        own.unlink()
        again = from_json(to_json(variants))
        assert again == variants
        asked = [one.asked(find_model(one.model)) for one in again]
        assert [one.prompt.text for one in asked][1::2] == ["Extract.", "Extract."]
        assert [one.model for one in asked] == [MINI, MINI, NANO, NANO]

    def test_what_is_not_named_is_the_configured_one(self) -> None:
        variants = variants_of(settings(model=NANO), [], ["lean", "detailed"])
        assert [(one.model, one.prompt) for one in variants] == [
            (NANO, "lean"),
            (NANO, "detailed"),
        ]

    def test_one_alone_is_compared_with_what_is_there(self) -> None:
        assert [one.model for one in variants_of(settings(), [MINI], [])] == [MINI]

    @pytest.mark.parametrize("models", [[], list("abcdefg"), [MINI, MINI], ["", MINI]])
    def test_what_is_no_trial(self, models: list[str]) -> None:
        with pytest.raises(BadVariants):
            variants_of(settings(), models, [])

    def test_a_prompt_that_is_not_there(self) -> None:
        with pytest.raises(PromptError):
            variants_of(settings(), [MINI, NANO], ["nowhere.txt"])
