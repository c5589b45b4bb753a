"""Every command in the README and in `docs/` is typed as it stands, one after the other."""

import re
import shlex
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from resume_assets import samples
from resume_assets.batches.ledger.states import OPEN
from resume_assets.cli import cli
from resume_assets_tests.documentation.pages import DOCS, PAGES, ROOT, shell_lines, statements
from resume_assets_tests.flow import resume
from resume_assets_tests.home import Platform

NOT_ENDED = 3
MAY_NOT_HAVE_ENDED = ("trial", "check")

ELSEWHERE = (
    "make ",  # test_each_target_of_make_is_there; CI runs `make test`
    ". .venv/bin/activate",
    "dagster ",  # test_plain_dagster
    'eval "$(resume-assets completion ',  # commands/test_completing
    "docker ",  # SQL Server's own image can't be had where these tests run
    "export RESUME_TEST_SQLSERVER_",
    ".venv/bin/python -m ",
)
"""How lines begin that no test here types, and why."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]+=\S*")


class Walk:
    """One page's commands on one platform, in which `monday-1` is a batch that is done."""

    def __init__(self, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
        self.platform = platform
        self.monkeypatch = monkeypatch
        self.typed: list[str] = []
        self.seeded = 1
        sample = next(sample for sample in samples.load() if sample.text and sample.expected)
        mine = {userid: resume(userid) for userid in (4711, 4712, 1)}
        platform.seed({sample.userid: sample.text, **mine})
        platform.to_the_end("monday-1")

    def type(self, line: str) -> None:
        """One line, with the settings before it; alone, these stay."""
        words = shlex.split(line, comments=True)
        if not words or line.startswith(ELSEWHERE):
            return
        if words[0] == "python":
            venv = Path(sys.executable).parent
            subprocess.run(line, shell=True, check=True, env={"PATH": str(venv)}, cwd=Path.cwd())
            return
        with self.monkeypatch.context() as here:
            while words and _ASSIGNMENT.fullmatch(words[0]):
                name, _, value = words.pop(0).partition("=")
                (here if words else self.monkeypatch).setenv(name, value)
                if not words:
                    self._more_resumes()
                    return
            assert words[0] == "resume-assets", f"who types this? {line}"
            self._run(words[1:])

    def _run(self, arguments: list[str]) -> None:
        if arguments[0] in ("submit", "continuous"):
            self._more_resumes()
        arguments = [self._places().get(word, word) for word in arguments]
        result = self._call(arguments)
        may = (0, NOT_ENDED) if arguments[0] in MAY_NOT_HAVE_ENDED else (0,)
        assert result.exit_code in may, f"{arguments}: {result.exit_code}: {result.output}"
        self.typed.append(arguments[0])
        out = [batch.batch_key for batch in self.platform.batches() if batch.state in OPEN]
        self.platform.until_the_server_has_ended(*out)

    def _call(self, arguments: list[str]) -> Result:
        return CliRunner().invoke(cli, arguments, input="y\n", catch_exceptions=False)

    def _more_resumes(self) -> None:
        self.seeded += 1
        self.platform.seed({self.seeded: resume(self.seeded)})

    def _places(self) -> dict[str, str]:
        """What stands for a key that only the reader knows."""
        trials = self.platform.rows(self.platform.database.ledger.trials.select())
        batches = [batch for batch in self.platform.batches() if batch.trial_key is None]
        newest = max(batches, key=lambda batch: batch.planned_at)
        trial = {"KEY": trials[-1].trial_key} if trials else {}
        return {
            "BATCH": newest.batch_key,
            "trial-20261127-152326-lkca": trial.get("KEY", ""),
            **trial,
        }


@pytest.fixture
def walk(platform: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Walk:
    monkeypatch.chdir(tmp_path)
    Path("known.jsonl").write_text('{"userid": 1, "known": {"FirstName": "Ada"}}\n')
    Path("my-prompt.txt").write_text(
        "Extract the candidate's data from the resume. Invent nothing.\n"
    )
    Path("cvs").mkdir()
    Path("cvs", "mary.md").write_text("Mary Somerville, mary@example.com, Jedburgh since 1780\n")
    return Walk(platform, monkeypatch)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_of_a_page_does_what_it_should(page: Path, walk: Walk) -> None:
    for line in shell_lines(page):
        walk.type(line)


def test_from_a_model_that_ends_to_its_successor(walk: Walk) -> None:
    for line in shell_lines(DOCS / "models.md"):
        walk.type(line)
    assert {"trial", "doctor", "reprocess", "undo"} <= set(walk.typed)
    assert Path("trial.html").stat().st_mode & 0o077 == 0
    models = [batch.model for batch in walk.platform.batches() if batch.trial_key is None]
    assert models == ["gpt-4o-mini-2024-07-18", "gpt-6-luna", "gpt-6-luna"]


def test_each_sql_statement_finds_something(walk: Walk) -> None:
    found = [sql for page in PAGES for sql in statements(page)]
    assert found
    for sql in found:
        work = partial(_rows_of, sql=sql)
        assert walk.platform.database.write(work) > 0, sql


def _rows_of(connection: sa.Connection, *, sql: str) -> int:
    result = connection.execute(sa.text(sql))
    return len(result.all()) if result.returns_rows else result.rowcount


def test_each_target_of_make_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    named = {
        line.split()[1] for page in PAGES for line in shell_lines(page) if line.startswith("make ")
    }
    assert named
    assert named <= targets
