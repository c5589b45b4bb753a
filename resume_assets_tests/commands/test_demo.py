"""`demo`, as someone who just cloned the repository runs it, whatever is configured."""

import re
import sqlite3
import time
from pathlib import Path

from resume_assets import samples
from resume_assets_tests.commands.processes import run, said, until_nothing_runs

HOSTILE = {
    "RESUME_DATABASE_URL": "mssql+pyodbc://nobody:secret@db.invalid/people",
    "server_ip": "db.invalid",
    "database": "people",
    "username": "nobody",
    "password": "secret",
    "OPENAI_API_KEY": "sk-nobody",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "RESUME_MODEL": "no-such-model",
    "RESUME_BATCH_SIZE": "many",
    "RESUME_BATCH_STORE": "/nowhere/at/all",
    "RESUME_MAX_COST_USD": "0",
    "RESUME_TABLE": "nobody.knows",
    "DAGSTER_HOME": "/nowhere/at/all",
    "OPENAI_ORG_ID": "org-nobody",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}

BROKEN = "RESUME_MAX_ATTEMPTS=\x00many\n'unclosed\nOPENAI_API_KEY=sk-file\n"

LINES = (
    r"^Seeded \d+ sample candidates into \S+resumes\.db;$",
    r"^  unprocessed_resumes +\d+ claimed$",
    r"^  batch_requests +\d+ requests, [\d.]+ MB, \d+ cut to the model's window$",
    r"^  submitted_batch +batch_\w+$",
    r"^  batch_completion_sensor +completed$",
    r"^  batch_output +\d+ answers ticked off$",
    r"^  updated_candidate_records +\d+ records written$",
    r"^  batch_cost +\$[\d.]+ by OpenAI's prices$",
    r"^  records written +\d+ of \d+$",
    r"^  dates +all well-formed in \d+ records; \d+ months assumed",
    r"^  tokens +[\d,]+ in, [\d,]+ out$",
    r"^  cost +\$[\d.]+ as a batch, \$[\d.]+ at the standard price",
    r"^  known answers +[\d.]+% met: [\d,]+ of [\d,]+ values in \d+ records",
    r"^Where to look next$",
    r"^Before you use it: gpt-4o-mini-2024-07-18 (is|was) shut down at OpenAI on 2027-01-14",
)
BAD_DATES = """
    SELECT count(*) FROM aicandidate WHERE MostRecentStartDate IS NOT NULL
    AND MostRecentStartDate NOT GLOB '[12][09][0-9][0-9]-[01][0-9]'"""


def test_it_runs_twice_and_ignores_whatever_is_configured(own_home: Path) -> None:
    folder = own_home.parent / "a folder with a broken .env"
    folder.mkdir()
    (folder / ".env").write_text(
        "RESUME_MAX_ATTEMPTS=\x00many\n'unclosed\nOPENAI_API_KEY=sk-file\n"
    )
    known = samples.load()
    resumes = sum(bool(sample.text and sample.text.strip()) for sample in known)
    for _ in range(2):
        began = time.monotonic()
        result = run(own_home, "resume-assets", "demo", cwd=folder, env=HOSTILE)
        assert result.returncode == 0, said(result)
        assert time.monotonic() - began < 60
        for line in LINES:
            assert re.search(line, result.stdout, re.MULTILINE), f"{line}\n{said(result)}"
        assert f"  records written   {resumes - 1} of {resumes}\n" in result.stdout
        unnamed = "  not written       1: invalid: empty (the answer names nobody)\n"
        assert unnamed in result.stdout  # lorem ipsum
        met = re.search(r"known answers +([\d.]+)% met", result.stdout)
        assert met
        assert float(met[1]) > 90
        assert "secret" not in result.stdout + result.stderr
        until_nothing_runs(own_home)
    with sqlite3.connect(own_home / "resumes.db") as database:
        written = "SELECT count(*) FROM aicandidate WHERE LastProcessed IS NOT NULL"
        assert database.execute(written).fetchone() == (resumes - 1,)
        assert database.execute("SELECT count(*) FROM aicandidate").fetchone() == (len(known),)
        assert database.execute(BAD_DATES).fetchone() == (0,)
        ended = "SELECT state, requests FROM resume_batches"
        assert database.execute(ended).fetchall() == [("done", resumes)] * 2
    assert not Path("/nowhere").exists()
    assert {path.name for path in folder.iterdir()} == {".env"}
