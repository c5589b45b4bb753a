"""`docs/changing.md`: its one line adds a column to everything, in a copy of the package."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import resume_assets
from resume_assets_tests.documentation.pages import DOCS

PACKAGE = Path(resume_assets.__file__).parent
PAGE = DOCS / "changing.md"

_READ = """
import datetime
from resume_assets.extraction.candidate import Candidate, COLUMNS, response_format
from resume_assets.extraction.mapping import to_record
from resume_assets.evaluation.groups import GROUP_OF
empty = {"array": [], "string": ""}
fields = {
    name: empty.get(str(kind["type"]))
    for name, kind in response_format()["json_schema"]["schema"]["properties"].items()
}
record = to_record(Candidate(**fields | {"notice_period": "4 weeks"}), datetime.date(2026, 11, 27))
values = dict(zip([column.name for column in COLUMNS], record.values, strict=True))
print(values["NoticePeriod"], GROUP_OF["NoticePeriod"])
"""


def run(package: Path, home: Path, *arguments: str) -> str:
    """Run Python on that copy of the package; its output."""
    done = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(package.parent), "RESUME_ASSETS_HOME": str(home)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_one_line_adds_a_column(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = ("-m", "resume_assets.cli")
    run(PACKAGE, home, *command, "init-db")
    line = re.search(r"```python\n(.+\n)```", PAGE.read_text(encoding="utf-8"))
    assert line
    copy = tmp_path / "copy" / "resume_assets"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    candidate = copy / "extraction" / "candidate.py"
    source = candidate.read_text(encoding="utf-8")
    assert source.count("    project_types:") == 1
    candidate.write_text(source.replace("    project_types:", line[1] + "    project_types:"))

    assert "NoticePeriod" in run(copy, home, *command, "init-db")
    run(copy, home, *command, "demo")
    with sqlite3.connect(home / "resumes.db") as database:
        written = database.execute(
            "SELECT count(*), count(NoticePeriod) FROM aicandidate WHERE LastProcessed IS NOT NULL"
        ).fetchone()
    assert written[0] > 90
    assert written[1] == 0, "the local server's rules know nothing of it"
    requests = next((home / "batches").rglob("*requests*.jsonl"))
    assert '"notice_period"' in requests.read_text(encoding="utf-8")
    assert run(copy, home, "-c", _READ).split() == ["4", "weeks", "notice_period"]
