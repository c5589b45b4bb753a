"""Pages that hold a person go, however the id is written there; others' stay."""

import json
from html import escape
from pathlib import Path

import pytest

from resume_assets.batches.upkeep.pages import remove_trial_pages
from resume_assets.extraction.requests import custom_id
from resume_assets_tests.databases import settings

PERSON = "zoë'&\"q@example.com"


def left(home: Path, text: str, *userids: str) -> bool:
    """Whether a trial's page with this text is there afterwards; another's is in any case."""
    page, another = (home / "trials" / f"{name}.html" for name in ("t1", "t2"))
    page.parent.mkdir(exist_ok=True)
    page.write_text(text, encoding="utf-8")
    another.write_text("<td>ada@example.com</td>", encoding="utf-8")
    removed = remove_trial_pages(settings(home=home), userids)
    assert another.exists()
    assert removed == (not page.exists())
    return page.exists()


@pytest.mark.parametrize(
    "written",
    [
        PERSON,
        escape(PERSON),
        escape(PERSON, quote=False),
        json.dumps(PERSON)[1:-1],
        json.dumps(PERSON, ensure_ascii=False)[1:-1],
        custom_id(PERSON),
    ],
    ids=["plain", "html", "html in text", "json", "json with letters", "custom_id"],
)
def test_in_whatever_form_it_is_there(tmp_path: Path, written: str) -> None:
    assert not left(tmp_path, f"<td>{written}</td>", "nobody@example.com", PERSON)
    assert not left(tmp_path, written, PERSON)
    assert left(tmp_path, f"x{written}", PERSON)
    assert left(tmp_path, f"{written}m", PERSON)


def test_where_nobody_is_named_all_stay(tmp_path: Path) -> None:
    assert left(tmp_path, PERSON)
    assert remove_trial_pages(settings(home=tmp_path / "none"), [PERSON]) == 0


def test_one_that_another_process_removes_first_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def removed_then(page: Path) -> bytes:
        content = read(page)
        if content == PERSON.encode():
            page.unlink()
        return content

    monkeypatch.setattr(Path, "read_bytes", removed_then)
    assert not left(tmp_path, PERSON, PERSON)


def test_each_page_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "trials"
    folder.mkdir()
    for name in ("a.html", "b.html", "c.txt"):
        (folder / name).write_text(PERSON, encoding="utf-8")
    assert remove_trial_pages(settings(home=tmp_path), [PERSON]) == 2
    assert [path.name for path in folder.iterdir()] == ["c.txt"]
