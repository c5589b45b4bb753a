"""What the README and `docs/` name is there: files, variables, commands and their options."""

import re
import shlex
from pathlib import Path

import click
import pytest

from resume_assets.cli import cli
from resume_assets.settings import Settings
from resume_assets_tests.documentation.pages import DOCS, PAGES, ROOT, inline, links

VARIABLES = {str(field.alias) for field in Settings.model_fields.values()}
OF_TESTS = {
    "RESUME_CRASH_EVERY",
    "RESUME_RANDOM_KILLS",
    "RESUME_FUZZ_SECONDS",
    "RESUME_TEST_SQLSERVER_URL",
    "RESUME_TEST_SQLSERVER_RESTART",
}
A_FILE = re.compile(r"[\w./-]+\.(?:py|md|toml|yaml|sql|json|lock|txt)")
WHERE = [ROOT, DOCS, ROOT / "resume_assets", ROOT / "resume_assets_tests"]
OF_READERS = {"mine.md", "my-prompt.txt", "known.jsonl", "dagster.yaml", ".bench/results.json"}
"""Files that a reader has or makes."""

by_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def is_there(name: str) -> bool:
    if any((folder / name).exists() for folder in WHERE):
        return True
    return "/" not in name and any(any(folder.rglob(name)) for folder in WHERE[2:])


@by_page
def test_each_link_leads_somewhere(page: Path) -> None:
    lost = [
        target
        for target in links(page)
        if not target.startswith(("http://", "https://", "mailto:"))
        and not (page.parent / target).exists()
    ]
    assert not lost


@by_page
def test_each_file_that_is_named_is_there(page: Path) -> None:
    named = {words for words in inline(page) if A_FILE.fullmatch(words)}
    assert not {name for name in named - OF_READERS if not is_there(name)}


@by_page
def test_each_variable_that_is_named_is_read_by_somebody(page: Path) -> None:
    named = set(re.findall(r"\bRESUME_[A-Z0-9_]+\b(?!\*)", page.read_text(encoding="utf-8")))
    assert not {name for name in named if name not in VARIABLES | OF_TESTS}


@by_page
def test_each_command_that_is_named_takes_its_options(page: Path) -> None:
    for words in inline(page):
        if not words.startswith("resume-assets "):
            continue
        name, *arguments = shlex.split(words, comments=True)[1:]
        if name.startswith("-"):
            continue
        command = cli.get_command(click.Context(cli), name)
        assert command, words
        options = {option for parameter in command.params for option in parameter.opts}
        given = {one.partition("=")[0] for one in arguments if one.startswith("-") and one != "-"}
        assert given <= options | {"--help", "-h"}, words
