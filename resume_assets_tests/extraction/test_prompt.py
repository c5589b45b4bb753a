"""Prompts: ours and those that users bring, read the same on every machine."""

import hashlib
from pathlib import Path

import pytest

from resume_assets.extraction.candidate import Candidate, fields_of
from resume_assets.extraction.prompt import (
    DEFAULT_PROMPT,
    PromptError,
    load_prompt,
    prompt_names,
)
from resume_assets.settings import Settings


def test_ours() -> None:
    assert prompt_names() == ["detailed", "lean"]
    assert Settings.model_fields["prompt"].default == DEFAULT_PROMPT == "lean"
    for name in prompt_names():
        prompt = load_prompt(name)
        assert prompt.name == name
        assert prompt.version == hashlib.sha256(prompt.text.encode()).hexdigest()[:12]
        assert prompt.text == prompt.text.strip()


def test_lean_is_what_was_sent_before_there_was_a_choice() -> None:
    """Byte by byte: what was measured with it goes on to hold."""
    assert load_prompt("lean").version == "c2aec660584d"


def test_detailed_keeps_leans_rules_and_says_more_of_the_fields_that_leave_room_for_taste() -> None:
    told = dict(line.split(": ", 1) for line in load_prompt("detailed").text.splitlines()[1:])
    fields = [field for head in told for field in head.split(", ")]
    assert len(set(fields)) == len(fields)
    assert set(fields) <= fields_of(Candidate).keys()
    lean = load_prompt("lean").text.splitlines()
    assert load_prompt("detailed").text.startswith(lean[0])
    assert f"positions: {told['positions']}" in lean
    for field in ("industries", "categories", "titles", "skills", "specialty", "summary"):
        assert len(told[field]) > 100
        assert told[field].count(". ") == 0  # one sentence a field


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    mine.write_text("Tell all.\nAuf Deutsch: Größe.\n", encoding="utf-8")
    prompt = load_prompt(str(mine))
    assert (prompt.name, prompt.text) == ("mine.md", "Tell all.\nAuf Deutsch: Größe.")
    assert prompt.version == hashlib.sha256(prompt.text.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    "data",
    [
        b"one\r\ntwo\r\n",
        b"one\rtwo",
        b"\xef\xbb\xbfone\ntwo",
        b"\n\n one\ntwo \n\n",
    ],
)
def test_how_an_editor_saved_it_makes_no_other_prompt(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "p.txt").write_bytes(data)
    (tmp_path / "plain.txt").write_text("one\ntwo")
    plain = load_prompt(str(tmp_path / "plain.txt"))
    assert load_prompt(str(tmp_path / "p.txt")).version == plain.version


def test_a_path_may_be_relative_or_begin_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lean").write_text("Another one of that name.")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_prompt("./lean") == load_prompt("~/lean") != load_prompt("lean")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \r\n\t", "is empty"),
        ("Größe".encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
        ("Tell all.".encode("utf-16"), "is not UTF-8 text"),
        ("Tell all.".encode("utf-16-le"), "is not UTF-8 text"),
        (b"x" * 1_000_001, "has more than 1,000,000 bytes"),
    ],
)
def test_what_is_no_prompt(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "mine.md").write_bytes(data)
    with pytest.raises(PromptError, match=words) as refused:
        load_prompt(str(tmp_path / "mine.md"))
    assert str(tmp_path / "mine.md") in str(refused.value)


def test_the_longest_prompt_that_is_taken(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_bytes(b"x" * 1_000_000)
    assert len(load_prompt(str(tmp_path / "mine.md")).text) == 1_000_000


def test_what_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PromptError) as refused:
        load_prompt("detaild")
    assert str(refused.value).startswith(f"The prompt {tmp_path / 'detaild'} is not there.")
    assert "RESUME_PROMPT" in str(refused.value)
    assert "detailed, lean" in str(refused.value)
    with pytest.raises(PromptError, match="is no file"):
        load_prompt(str(tmp_path))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.md").write_text("Tell all.")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(PromptError, match=r"can't be read \(PermissionError\)"):
        load_prompt(str(tmp_path / "mine.md"))
