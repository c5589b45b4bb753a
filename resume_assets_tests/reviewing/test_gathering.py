"""What a review page is made of: records with signs and places, and what can't be shown."""

from typing import Any

import pytest

from resume_assets.batches.ledger.batches import OfTrial, RecordsNotWritten
from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.upkeep.forgetting import forget
from resume_assets.batches.upkeep.undoing import undo
from resume_assets.extraction.text import text_hash
from resume_assets.reviewing.gathering import Review, gather
from resume_assets.reviewing.records import Field, Reviewed, Why
from resume_assets.reviewing.signs import Sign
from resume_assets_tests.flow import KEY, Flowing, resume
from resume_assets_tests.reviewing.spoiling import brought_in, review_of

POSITION = {"company": "Steel & Sons", "start": "March 2019", "end": "Present", "location": ""}


def of(review: Review, userid: int) -> Reviewed:
    [found] = [record for record in review.records if record.userid == userid]
    return found


def field(review: Review, column: str, userid: int = 1) -> Field:
    return of(review, userid).fields[column]


def test_each_record_has_its_resume_and_each_value_its_place(flow: Flowing) -> None:
    brought_in(flow)
    review = review_of(flow)
    assert [record.userid for record in review.records] == [1, 2, 3]
    assert not review.not_shown
    for record in review.records:
        assert record.text == resume(record.userid)
        assert record.text_hash == text_hash(record.text)
        assert record.all_signs == set(), {c: f for c, f in record.fields.items() if f.signs}
        [(start, end)] = record.fields["Email"].places
        assert record.text[start:end] == record.fields["Email"].value
    assert field(review, "MostRecentStartDate").value == "2019-03"
    assert field(review, "Email2") == Field(None)


@pytest.mark.parametrize(
    ("fields", "column", "sign", "value", "told"),
    [
        ({"emails": ["x@example.com"]}, "Email", Sign.not_borne_out, None, "x@example.com"),
        ({"skills": ["Basketry"]}, "Skill1", Sign.not_borne_out, "Basketry", None),
        ({"skills": [f"S{n}" for n in range(12)]}, "Skill10", Sign.cut, "S9", None),
        ({"city": "x" * 101}, "City", Sign.cut, "x" * 100, None),
        (
            {"positions": [{**POSITION, "start": "some day"}]},
            "MostRecentStartDate",
            Sign.cut,
            None,
            "some day",
        ),
        (
            {"positions": [{**POSITION, "start": "2019"}]},
            "MostRecentStartDate",
            Sign.assumed,
            "2019-01",
            None,
        ),
        ({"state": "Illinoiss"}, "State", Sign.odd, "Illinoiss", None),
        ({"first_name": "**Ada**"}, "FirstName", Sign.odd, "Ada", None),
        (
            {"positions": [{**POSITION, "end": "2018-01"}]},
            "MostRecentStartDate",
            Sign.odd,
            "2019-03",
            None,
        ),
        (
            {"positions": [{**POSITION, "start": "2088-01"}]},
            "MostRecentStartDate",
            Sign.odd,
            "2088-01",
            None,
        ),
    ],
)
def test_what_should_be_looked_at_has_its_sign(
    flow: Flowing, fields: dict[str, Any], column: str, sign: Sign, value: str, told: str | None
) -> None:
    brought_in(flow, {"1": fields})
    found = field(review_of(flow), column)
    assert sign in found.signs
    assert found.notes
    assert (found.value, found.told) == (value, told)
    assert sign not in field(review_of(flow), column, userid=2).signs


def test_what_was_there_before_is_told_where_it_differs(flow: Flowing) -> None:
    flow.change(1, City="Turku", Address="1 Old Road", State="IL")
    brought_in(flow)
    review = review_of(flow)
    city, street = field(review, "City"), field(review, "Address")
    assert (city.value, city.before, city.signs) == ("Springfield", "Turku", {Sign.differs})
    assert (street.value, street.before, street.signs) == (None, "1 Old Road", {Sign.differs})
    assert field(review, "State").value == "IL"
    assert field(review, "State").signs == set()
    assert field(review, "State").before is None


def test_what_a_person_changed_since_differs_from_what_the_answer_told(flow: Flowing) -> None:
    brought_in(flow)
    flow.change(1, City="Turku")
    city = field(review_of(flow), "City")
    assert (city.value, city.told, city.signs) == ("Turku", "Springfield", {Sign.differs})
    assert city.notes == ["changed since the batch wrote it"]
    flow.apply()  # materialized again: now it is kept as a correction
    city = field(review_of(flow), "City")
    assert (city.value, city.told) == ("Turku", "Springfield")
    assert city.notes == ["kept as a person corrected it"]


def test_only_what_has_a_sign(flow: Flowing) -> None:
    brought_in(flow, {"2": {"emails": ["x@example.com"]}})
    items = flow.database.ledger.items
    flow.database.write(
        lambda c: c.execute(items.update().where(items.c.userid != 2).values(changes=None))
    )
    review = review_of(flow, flagged=True)
    assert [record.userid for record in review.records] == [2]
    assert (review.of, review.drawn, review.flagged) == (3, False, True)


def test_a_sample_is_the_same_again_and_none_of_it_repeated(flow: Flowing) -> None:
    flow.seed({number: resume(number) for number in range(4, 30)})
    brought_in(flow)
    drawn = [record.userid for record in review_of(flow, sample=10).records]
    assert len(set(drawn)) == 10
    items = flow.items()
    places = [items[userid].position for userid in drawn]
    assert places == sorted(places)
    assert places != list(range(10))
    again = review_of(flow, sample=10)
    assert [record.userid for record in again.records] == drawn
    assert (again.of, again.drawn) == (29, True)
    assert not review_of(flow, sample=29).drawn


def test_what_can_not_be_shown_is_told_with_the_reason(flow: Flowing) -> None:
    flow.seed({number: resume(number) for number in range(4, 9)})
    flow.until_ended()
    flow.delete(5)
    flow.bring_in()
    with leased(flow.database, KEY) as lease:
        assert undo(lease, [2]).put_back == 1
    flow.delete(3)
    flow.change(4, LastProcessed=None)
    flow.change(6, markdownResume="# Another text")
    flow.change(7, LastProcessed=None)
    flow.plan("b2", rows=1)  # the newest that waits: the undone one
    review = gather(flow.database, KEY, None)
    assert [record.userid for record in review.records] == [1, 8]
    not_shown = dict(review.not_shown)
    assert not_shown.pop(Why.undone) == [2]
    assert not_shown.pop(Why.gone) == [3]
    assert not_shown.pop(Why.processed) == [4, 7]
    assert not_shown.pop(Why.no_text) == [6]
    [(other, userids)] = not_shown.items()
    assert other.startswith("no record, stale")
    assert userids == [5]
    assert review.answers_gone


def test_texts_of_others_are_still_read_beside_a_blanked_line(flow: Flowing) -> None:
    brought_in(flow)
    forget(flow.database, flow.settings, flow.store, flow.api, [1])
    flow.change(3, markdownResume="another one by now")
    assert of(review_of(flow), 3).text == resume(3)


def test_who_is_forgotten_is_not_shown(flow: Flowing) -> None:
    brought_in(flow)
    forget(flow.database, flow.settings, flow.store, flow.api, [2])
    review = review_of(flow)
    assert [record.userid for record in review.records] == [1, 3]
    assert review.not_shown == {Why.forgotten: [2]}


def test_a_later_batchs_record_is_not_this_ones(flow: Flowing) -> None:
    brought_in(flow)
    flow.change(1, LastProcessed=None)
    brought_in(flow, key="b2")
    assert review_of(flow).not_shown[Why.later] == [1]
    assert [record.userid for record in review_of(flow, "b2").records] == [1]


def test_a_resume_that_is_another_by_now_is_shown_as_it_was_sent(flow: Flowing) -> None:
    brought_in(flow)
    flow.change(1, markdownResume="# Another text")
    record = of(review_of(flow), 1)
    assert record.text == resume(1)
    assert record.text_hash == text_hash(resume(1))
    assert "this is the one that was sent" in record.notes[0]
    [(start, end)] = record.fields["Email"].places
    assert record.text[start:end] == "ada1@example.com"


def test_the_places_are_counted_as_a_browser_does(flow: Flowing) -> None:
    flow.seed({9: "😀 " + resume(9)})
    brought_in(flow)
    record = of(review_of(flow), 9)
    [(start, end)] = record.fields["Email"].places
    units = record.text.encode("utf-16-le")
    assert units[2 * start : 2 * end].decode("utf-16-le") == "ada9@example.com"


def test_nothing_is_changed(flow: Flowing) -> None:
    brought_in(flow)
    before = flow.candidate(1), flow.items(), flow.batch()
    review_of(flow)
    assert (flow.candidate(1), flow.items(), flow.batch()) == before


def test_before_its_records_are_written_there_is_nothing_to_review(flow: Flowing) -> None:
    flow.until_collected()
    with pytest.raises(RecordsNotWritten, match="`resume-assets check b1`"):
        review_of(flow)
    flow.bring_in()
    flow.update(trial_key="t1")
    with pytest.raises(OfTrial):
        review_of(flow)
