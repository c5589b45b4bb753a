"""Settings are read once, and anew as soon as something else is said."""

from pathlib import Path

import pytest

from resume_assets.settings import SettingsError, load_settings

pytestmark = pytest.mark.usefixtures("home")


def test_what_is_said_later_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().batch_size == 500
    monkeypatch.setenv("RESUME_BATCH_SIZE", "7")
    assert load_settings().batch_size == 7
    monkeypatch.delenv("RESUME_BATCH_SIZE")
    Path(".env").write_text("RESUME_BATCH_SIZE=8\n", encoding="utf-8")
    assert load_settings().batch_size == 8
    Path(".env").write_text("RESUME_BATCH_SIZE=9\n", encoding="utf-8")  # of the same size
    assert load_settings().batch_size == 9
    Path(".env").unlink()
    assert load_settings().batch_size == 500


def test_another_folder_has_its_own_env_file_and_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESUME_ASSETS_HOME", "here")
    assert load_settings().home_folder == Path.cwd() / "here"
    monkeypatch.chdir(tmp_path)
    assert load_settings().home_folder == tmp_path / "here"
    (tmp_path / ".env").write_text("RESUME_BATCH_SIZE=8\n", encoding="utf-8")
    assert load_settings().batch_size == 8


def test_what_overrides_them_is_not_kept() -> None:
    assert load_settings(RESUME_BATCH_SIZE=3).batch_size == 3
    assert load_settings().batch_size == 500


def test_what_can_t_be_read_is_no_answer_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESUME_BATCH_SIZE", "many")
    for _ in range(2):
        with pytest.raises(SettingsError, match="RESUME_BATCH_SIZE"):
            load_settings()
    monkeypatch.setenv("RESUME_BATCH_SIZE", "4")
    assert load_settings().batch_size == 4


def test_they_are_read_once() -> None:
    assert load_settings() is load_settings()
