"""The review page as text: what is in it, and what is not."""

import json
import re
from dataclasses import replace
from typing import Any

from resume_assets.evaluation.gold_file import FORMS
from resume_assets.evaluation.groups import GROUPS, JOBS
from resume_assets.extraction.candidate import COLUMNS
from resume_assets.reviewing.page import page_of
from resume_assets_tests.flow import Flowing
from resume_assets_tests.reviewing.spoiling import brought_in, review_of


def data_of(page: str) -> dict[str, Any]:
    [block] = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    found = json.loads(block)
    assert isinstance(found, dict)
    return found


def test_every_column_is_there_by_group_and_the_jobs_are_last(flow: Flowing) -> None:
    brought_in(flow)
    columns = data_of(page_of(review_of(flow)))["columns"]
    assert sorted(name for name, *_ in columns) == sorted(column.name for column in COLUMNS)
    headings = list(dict.fromkeys(heading for _, _, heading, _ in columns))
    groups = [group for group in GROUPS if group != JOBS]
    assert headings[: len(groups)] == groups
    assert headings[len(groups) :] == ["job 1, the newest", *(f"job {n}" for n in range(2, 8))]
    assert all(form == FORMS[name] for name, _, _, form in columns)


def test_a_column_that_the_table_lacks_is_not_offered(flow: Flowing) -> None:
    brought_in(flow)
    review = review_of(flow)
    less = [name for name in review.columns if name != "City"]
    for record in review.records:
        del record.fields["City"]
    page = page_of(replace(review, columns=tuple(less)))
    assert "City" not in [name for name, *_ in data_of(page)["columns"]]


def test_only_what_is_told_is_in_it(flow: Flowing) -> None:
    brought_in(flow)
    [userid, _, text, bits, notes, fields] = data_of(page_of(review_of(flow)))["records"][0]
    assert userid == "1"  # as text: a number may be too large for JavaScript
    assert (bits, notes) == (0, [])
    assert text.startswith("# Ada")
    assert all(value is not None or bits for _, value, _, _, bits, *_ in fields)
    assert [number for number, *_ in fields] == sorted(number for number, *_ in fields)


def test_nothing_is_loaded_and_no_handler_is_markup(flow: Flowing) -> None:
    brought_in(flow)
    page = page_of(review_of(flow))
    body = page.partition("<body>")[2].partition("<script")[0]
    assert not re.search(r"\b(?:src|on\w+|style)\s*=", body)
    assert "innerHTML" not in page
    assert not re.search(r"https?:", page)
