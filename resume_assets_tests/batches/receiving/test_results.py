"""Which of several lines of one request counts: the first usable one, else the first."""

from collections import Counter
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.batches.ledger.states import NO_LINE, ItemState
from resume_assets.batches.receiving.results import (
    Asked,
    Results,
    end_of_unanswered,
    tally_of,
)
from resume_assets.batches.receiving.tracking import LOST
from resume_assets.extraction.responses import Answer, Outcome

IDS = ("1", "2", "3")


def results() -> Results:
    return Results({one: Asked(int(one), "submitted", None, None) for one in IDS})


def answer(custom_id: str | None, outcome: Outcome, reason: str = "") -> Answer:
    return Answer(custom_id, outcome, reason, attempt_used=outcome is Outcome.refused)


def test_of_two_unusable_lines_the_first_counts() -> None:
    refused = answer("2", Outcome.refused, "refusal")
    failed = answer("2", Outcome.failed, "http_500")
    for first, second in ((refused, failed), (failed, refused)):
        found = results()
        assert list(found.usable([first, second])) == []
        assert found.unusable == {"2": first}
        assert found.repeated == 1
        assert list(found.unanswered) == ["1", "3"]


lines = st.lists(
    st.builds(
        answer,
        st.sampled_from([*IDS, "4711", None]),
        st.sampled_from([Outcome.succeeded, Outcome.refused, Outcome.failed]),
        st.text(max_size=3),
    ),
    max_size=12,
)


@given(lines)
def test_every_line_and_every_request_is_counted_once(answers: list[Answer]) -> None:
    found = results()
    usable = [got for _, got in found.usable(answers)]
    by_id = {one: [a for a in answers if a.custom_id == one] for one in IDS}
    first_usable = [
        next((a for a in of if a.outcome is Outcome.succeeded), None) for of in by_id.values()
    ]
    assert [a for a in usable if all(a is not one for one in first_usable)] == []
    assert len(usable) == sum(one is not None for one in first_usable)
    unusable = {
        one: of[0]
        for one, of in by_id.items()
        if of and all(a.outcome is not Outcome.succeeded for a in of)
    }
    assert found.unusable == unusable
    assert all(found.unusable[one] is of for one, of in unusable.items())
    counts = Counter(a.custom_id for a in answers)
    assert found.unknown == counts["4711"] + counts[None]
    assert found.repeated == sum(counts[one] - 1 for one in IDS if counts[one])
    assert list(found.unanswered) == [one for one in IDS if not counts[one]]


@pytest.mark.parametrize(
    ("status", "end"),
    [
        ("expired", (ItemState.expired, NO_LINE)),
        ("cancelled", (ItemState.cancelled, NO_LINE)),
        ("failed", (ItemState.released, "batch_failed")),
        (LOST, (ItemState.missing, "batch_lost")),
        ("completed", (ItemState.missing, NO_LINE)),
        (None, (ItemState.missing, NO_LINE)),
    ],
)
def test_a_request_without_a_line_ends_as_its_batch_did(
    status: str | None, end: tuple[ItemState, str]
) -> None:
    batch = SimpleNamespace(openai_status=status)
    assert end_of_unanswered(batch) == end  # type: ignore[arg-type]


def test_each_outcome_is_counted_and_what_is_not_there_is_not() -> None:
    def told(answers: list[Answer]) -> dict[str, int]:
        found = results()
        list(found.usable(answers))
        batch = SimpleNamespace(openai_status="completed")
        return dict(tally_of(found, batch))  # type: ignore[arg-type]

    assert told([answer(one, Outcome.succeeded) for one in IDS]) == {"succeeded": 3}
    assert told([]) == {"succeeded": 0, f"missing: {NO_LINE}": 3}
    assert told(
        [
            answer("1", Outcome.refused, "refusal"),
            answer("2", Outcome.refused, "refusal"),
            answer("2", Outcome.failed, "http_500"),
            answer("3", Outcome.failed),
            answer("4711", Outcome.succeeded),
        ]
    ) == {
        "succeeded": 0,
        "refused: refusal": 2,
        "failed": 1,
        "lines unknown": 1,
        "lines repeated": 1,
    }


def test_whose_answer_is_another_s_and_who_is_forgotten_are_counted_as_such() -> None:
    found = results()
    found.asked["2"].is_sent = found.asked["3"].is_sent = False
    found.asked["4"] = Asked(4, "submitted", None, None, is_forgotten=True)
    list(found.usable([answer(one, Outcome.succeeded) for one in ("1", "2")]))
    batch = SimpleNamespace(openai_status="completed")
    assert dict(tally_of(found, batch)) == {  # type: ignore[arg-type]
        "succeeded": 1,
        "reused": 1,
        "released: same_text_unanswered": 1,
        "forgotten: by_request": 1,
    }
    assert list(found.unanswered) == ["3"]
