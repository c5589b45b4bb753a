"""Dagster's UI as `make ui` starts it: the runs, the launchpad, the jobs, the first sight."""

from __future__ import annotations

import json
import re
import sqlite3
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from resume_assets.by_hand import JOBS
from resume_assets.dagster_home import LOCATION
from resume_assets_tests.commands.processes import free_port, listens, resume_assets, started
from resume_assets_tests.local_openai.support import until
from resume_assets_tests.reviewing.browser import browsing

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LONGEST = 300  # seconds for the demo: twenty, where nothing else runs
PATIENCE = 60_000  # milliseconds for a page: most take one or two thousand


BACKFILL = """
mutation($what: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $what) { ... on LaunchBackfillSuccess { backfillId } }
}
"""
STANDING = """
query($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status numPartitions } }
}
"""


class Ui:
    """The UI of a home where the demo ran, and a page to look at it."""

    def __init__(self, page: Page, port: int, home: Path) -> None:
        self.page = page
        self.home = home
        self._port = port
        page.set_default_timeout(PATIENCE)

    def open(self, path: str) -> Page:
        self.page.goto(f"http://127.0.0.1:{self._port}{path}")
        return self.page

    def open_job(self, name: str, tab: str = "") -> Page:
        return self.open(f"/locations/__repository__@{LOCATION}/jobs/{name}{tab}")

    def ask(self, query: str, **variables: Any) -> Any:
        """What the page itself asks: GraphQL."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE / 1_000) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def launchpad(self, name: str) -> str:
        """What the launchpad of a job opens with."""
        page = self.open_job(name, "/playground")
        editor = page.locator(".CodeMirror").first
        editor.wait_for()
        editor.get_by_text("ops:").wait_for()
        return str(editor.evaluate("one => one.CodeMirror.getValue()"))


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    home: Path = tmp_path_factory.mktemp("ui") / "home"
    with started(home, "resume-assets", "demo") as demo:
        assert demo.wait(LONGEST) == 0
    port = free_port()
    with started(home, "resume-assets", "ui", "--port", str(port)) as server:
        until(lambda: listens(port) or server.poll() is not None, LONGEST)
        assert server.poll() is None
        with browsing() as browser:
            yield Ui(browser.new_page(viewport={"width": 1440, "height": 1000}), port, home)


def test_runs_of_the_command_line_stand_on_their_jobs_page(ui: Ui) -> None:
    for job in ("submit_batch", "collect_batch"):
        page = ui.open_job(job, "/runs")
        page.get_by_text("Success").first.wait_for()
        page.get_by_text("resume_assets/from: command line").first.wait_for()


def test_runs_of_the_command_line_stand_in_the_timeline(ui: Ui) -> None:
    page = ui.open("/overview/activity/timeline")
    for job in ("submit_batch", "collect_batch"):
        page.get_by_role("link", name=job).first.wait_for()


def test_a_batch_of_seven_needs_no_more_than_the_number(ui: Ui) -> None:
    assert ui.launchpad("submit_batch") == (
        "ops:\n  unprocessed_resumes:\n    config:\n      batch_size: 500\n"
    )


@pytest.mark.parametrize("name", [job.name for job in JOBS])
def test_the_launchpad_of_each_job_opens_with_its_fields(ui: Ui, name: str) -> None:
    opened = ui.launchpad(name)
    assert re.search(r"\bconfig:\n +\w+:", opened), opened
    assert "resources:" not in opened


def test_the_one_check_that_is_yellow_says_why(ui: Ui) -> None:
    page = ui.open("/assets/updated_candidate_records?view=checks")
    page.get_by_text("Succeeded").first.wait_for()
    assert page.get_by_text("Failed", exact=True).count() == 1
    page.get_by_text("nothing_cut_or_unread").first.click()
    page.get_by_text("lose a little on purpose").first.wait_for()


def test_the_columns_of_the_table_are_described(ui: Ui) -> None:
    page = ui.open("/assets/aicandidate?view=overview")
    page.get_by_text("NULL waits for the next batch").first.wait_for()


def test_a_backfill_of_two_batches_is_two_runs_to_its_end(ui: Ui) -> None:
    with closing(sqlite3.connect(ui.home / "resumes.db")) as database, database:
        columns = "userid, markdownResume, datelastmodified"
        database.executemany(
            f"INSERT INTO aicandidate ({columns}) VALUES (?, ?, CURRENT_TIMESTAMP)",
            [(90_000 + number, f"# Ada Lovelace {number}") for number in range(4)],
        )
    for key in ("first", "second"):
        assert resume_assets(ui.home, "new", key).returncode == 0
    limits = {"ops": {"unprocessed_resumes": {"config": {"batch_size": 2}}}}
    assets = ("unprocessed_resumes", "batch_requests", "submitted_batch")
    what = {
        "partitionNames": ["first", "second"],
        "assetSelection": [{"path": [name]} for name in assets],
        "fromFailure": False,
        "runConfigData": json.dumps(limits),
    }
    begun = ui.ask(BACKFILL, what=what)["launchPartitionBackfill"]["backfillId"]

    def status() -> str:
        return str(ui.ask(STANDING, id=begun)["partitionBackfillOrError"]["status"])

    until(lambda: status().startswith("COMPLETED"), LONGEST)
    assert status() == "COMPLETED_SUCCESS"
    page = ui.open(f"/runs/b/{begun}")
    page.get_by_text("submitted_batch").first.wait_for()
    claimed = "SELECT rows_claimed FROM resume_batches WHERE batch_key IN ('first', 'second')"
    with closing(sqlite3.connect(ui.home / "resumes.db")) as database:
        assert database.execute(claimed).fetchall() == [(2,), (2,)]
