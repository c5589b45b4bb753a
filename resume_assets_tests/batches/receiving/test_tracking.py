"""What OpenAI says of a batch is written where it is news."""

from pathlib import Path

import pytest

from resume_assets.local_openai.settings import Pace
from resume_assets_tests.flow import flow_at


def test_a_look_without_news_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with flow_at(tmp_path / "home", pace=Pace(0, 80_000, 0, 0, 0)) as flow:
        flow.seed(2)
        for key in ("a", "b"):
            flow.until_submitted(key, rows=1)
            while flow.api.retrieve(flow.batch(key).openai_batch_id).status != "in_progress":
                pass  # ends with the server's validation, or with the test's time-out
        assert flow.poll().out == 2
        assert {batch.openai_status for batch in flow.batches()} == {"in_progress"}

        def nothing(*_: object) -> None:
            raise AssertionError("there is no news")

        monkeypatch.setattr(flow.database, "write", nothing)
        assert flow.poll().out == 2
