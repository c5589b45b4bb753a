"""How long an answer may be to be looked through."""

import pytest

from resume_assets.extraction import recovery
from resume_assets.extraction.lenient import ShapeError
from resume_assets.extraction.recovery import find_object


def test_an_answer_of_the_greatest_length_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'Here: {"city": "Turku"}'
    monkeypatch.setattr(recovery, "LONGEST", len(text))
    assert find_object(text) == {"city": "Turku"}
    with pytest.raises(ShapeError, match="not_json"):
        find_object(text + " ")
