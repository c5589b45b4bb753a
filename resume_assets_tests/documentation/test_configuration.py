"""The page of settings says what the settings class says."""

from resume_assets.settings import Settings
from resume_assets_tests.documentation import configuration


def test_the_page_is_as_the_settings_are() -> None:
    made = configuration.page()
    assert configuration.PAGE.read_text(encoding="utf-8") == made, (
        "python -m resume_assets_tests.documentation.configuration makes it anew"
    )
    rows = [line for line in made.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == [
        field.alias for field in Settings.model_fields.values()
    ]
