"""A trial forgets a person: before it is sent, while it is out, once it is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from resume_assets.trials.pages import page_path, write_page
from resume_assets.trials.report import from_json
from resume_assets_tests.flow import flow_at
from resume_assets_tests.forgetting import PERSON, forget, told_by_address, traces
from resume_assets_tests.trials.trying import Trying

THERE = "local_openai"


@pytest.fixture
def addressed(tmp_path: Path) -> Iterator[Trying]:
    """Three resumes of candidates whose ids are e-mail addresses."""
    with told_by_address(tmp_path / "home") as flow:
        yield Trying(flow)


def is_gone(trying: Trying) -> None:
    trying.flow.delete(PERSON)
    forget(trying.flow)
    trying.flow.database.dispose()
    assert traces(trying.flow.home, but=(THERE,)) == {}


def test_once_it_is_done(addressed: Trying) -> None:
    trying, flow = addressed, addressed.flow
    key = trying.create(size=3)
    report = trying.to_the_end(key)
    assert all(column.userids == () for pair in report.pairs for column in pair.columns)
    page = page_path(flow.settings, key)
    write_page(page, report)
    assert "zerelda" not in page.read_text()
    page.write_text(f"as an older program made it: {PERSON}")
    receipt = forget(flow)
    assert (receipt.trials, receipt.ledger_rows, receipt.files_removed) == (1, 2, 1)
    assert from_json(trying.trial(key).report) == report  # the figures stay
    result = trying.result(key)
    assert len(result.sample) == trying.trial(key).sample_size == 2
    assert [len(variant.records) for variant in result.variants] == [2, 2]
    is_gone(trying)


def test_while_it_is_out(addressed: Trying) -> None:
    trying, flow = addressed, addressed.flow
    key = trying.create(size=3)
    trying.advance(key)
    receipt = forget(flow)
    assert receipt.answers_discarded == 2
    report = trying.to_the_end(key)
    assert report.resumes == 2
    assert [variant.usable and variant.usable.value for variant in report.variants] == [1.0, 1.0]
    assert all(variant.reasons == {} for variant in report.variants)
    is_gone(trying)


def test_before_it_is_sent(addressed: Trying) -> None:
    trying, flow = addressed, addressed.flow
    key = trying.create(size=3)
    assert forget(flow).trials == 1
    assert trying.to_the_end(key).resumes == 2
    assert len(flow.book.sent()) == 4
    is_gone(trying)


def test_all_of_its_sample(addressed: Trying) -> None:
    trying, flow = addressed, addressed.flow
    key = trying.create(size=3)
    trying.advance(key)
    forget(flow, *trying.sample(key))
    assert trying.to_the_end(key).resumes == 0


def test_numbers(tmp_path: Path) -> None:
    with flow_at(tmp_path / "home") as flow:
        flow.seed(5)
        trying = Trying(flow)
        key = trying.create(size=4)
        trying.advance(key)
        person = trying.sample(key)[0]
        forget(flow, person)
        report = trying.to_the_end(key)
        assert report.resumes == 3
        assert person not in trying.sample(key)
        assert person not in flow.waiting()
