"""What a resume does not bear out: counted, and cleared as far as the setting says so."""

import json
from typing import Any

import pytest

from resume_assets.batches.planning.decision import NoPlan, Stop
from resume_assets.batches.planning.planner import Planned, plan_batch
from resume_assets.batches.planning.quota import resume_planning
from resume_assets.batches.receiving import reading
from resume_assets.batches.records.auditing import borne_out
from resume_assets.batches.records.rows import Applied
from resume_assets.choices import NotBorneOut
from resume_assets_tests.evidence.spoiled import noted
from resume_assets_tests.flow import KEY, Flowing, resume
from resume_assets_tests.local_openai.faults import each_line, rewrite

INVENTED: dict[str, Any] = {"emails": ["john.doe@example.com"], "skills": ["Underwater basketry"]}


def collected(flow: Flowing, key: str = KEY, *, who: str = "1", **fields: Any) -> None:
    """A batch whose answers are back; in that of `who` these fields are others."""

    def spoil(line: Any) -> Any:
        message = line["response"]["body"]["choices"][0]["message"]
        if line["custom_id"] == who or who == "*":
            message["content"] = json.dumps({**json.loads(message["content"]), **fields})
        return line

    flow.until_ended(key)
    assert rewrite(flow.server_folder, flow.batch(key).output_file_id, each_line(spoil))
    flow.collect(key)


def names(flow: Flowing, userid: int = 1) -> list[str]:
    return noted(flow.items()[userid])


def test_true_answers_are_borne_out(flow: Flowing):
    collected(flow)
    applied = flow.apply()
    assert applied.share_borne_out == 1.0
    assert applied.values_checked >= 3 * 8
    for item in flow.items().values():
        assert item.values_checked >= 8
        assert (item.values_not_borne_out, item.not_borne_out) == (0, None)


@pytest.mark.parametrize(
    ("policy", "email", "skill"),
    [
        (NotBorneOut.contacts, None, "Underwater basketry"),
        (NotBorneOut.keep, "john.doe@example.com", "Underwater basketry"),
        (NotBorneOut.null, None, None),
    ],
)
@pytest.mark.parametrize("processors", [1, 2])
def test_the_setting_says_what_is_cleared(
    flow: Flowing, monkeypatch: pytest.MonkeyPatch, policy, email, skill, processors: int
):
    """Also where the records are read and weighed in a process of its own."""
    monkeypatch.setattr(reading, "processors", lambda: processors)
    monkeypatch.setattr(reading, "HELP_FROM", 1)
    flow.database.not_borne_out = policy
    collected(flow, **INVENTED)
    applied = flow.apply()
    assert (flow.candidate(1).Email, flow.candidate(1).Skill1) == (email, skill)
    assert flow.candidate(2).Email == "ada2@example.com"
    assert names(flow) == ["Email", "Skill1"]
    for userid, item in flow.items().items():
        assert item.digests == flow.digests(userid), "of what was written, not of what was read"
    assert applied.not_borne_out == {"Email": 1, "Skill1": 1}
    changes = json.loads(flow.items()[1].changes or "{}")
    cleared = {column for column, what in changes.items() if what == "not in the resume"}
    assert cleared == {
        column for column, value in (("Email", email), ("Skill1", skill)) if value is None
    }
    assert applied.values_cut == 0, "what was invented is no loss, nor is a third category"


def test_the_ledger_keeps_names_and_never_values(flow: Flowing):
    collected(flow, **INVENTED)
    flow.apply()
    kept = json.dumps([str(value) for value in flow.items()[1]])
    assert "john.doe" not in kept
    assert "basketry" not in kept


def test_shares_can_be_queried_by_record_and_batch(flow: Flowing):
    collected(flow, **INVENTED)
    applied = flow.apply()
    item = flow.items()[1]
    assert item.values_not_borne_out == 2
    found = flow.database.read(lambda connection: borne_out(connection, flow.database, KEY))
    checked = sum(each.values_checked for each in flow.items().values())
    assert found.checked == applied.values_checked == checked
    assert found.share == applied.share_borne_out == 1 - 2 / checked
    assert found.found.offenders == [("1", "Email"), ("1", "Skill1")]
    assert found.found.looked_at == 3


def test_written_again_the_same_is_cleared_and_counted(flow: Flowing):
    collected(flow, **INVENTED)
    flow.apply()
    first, record = flow.items(), flow.candidate(1)
    again = flow.apply()
    assert again.not_borne_out == {"Email": 1, "Skill1": 1}
    assert (flow.items(), flow.candidate(1)) == (first, record)
    flow.database.not_borne_out = NotBorneOut.keep
    flow.apply()
    assert flow.candidate(1).Email == "john.doe@example.com"
    assert names(flow) == ["Email", "Skill1"]
    flow.database.not_borne_out = NotBorneOut.contacts
    flow.apply()
    assert flow.candidate(1).Email is None


def test_items_of_an_older_ledger_are_counted_once_written_again(flow: Flowing):
    collected(flow, **INVENTED)
    flow.apply()
    items = flow.database.ledger.items
    older = items.update().values(
        values_checked=None, values_not_borne_out=None, not_borne_out=None
    )
    flow.database.write(lambda connection: connection.execute(older))
    found = flow.database.read(lambda connection: borne_out(connection, flow.database, KEY))
    assert (found.share, found.found.looked_at) == (None, 0)
    assert flow.settle().batch.low_borne_out is None
    flow.apply()
    assert flow.settle().batch.low_borne_out is False


def test_an_existing_address_stays_where_nulls_are_not_written(flow: Flowing):
    flow.change(1, Email="ada@their-own.example.com")
    flow.database.keep_existing = True
    collected(flow, **INVENTED)
    flow.apply()
    assert flow.candidate(1).Email == "ada@their-own.example.com"


def test_a_resume_that_is_gone_bears_nothing_out_and_is_not_written(flow: Flowing):
    collected(flow)
    flow.change(1, markdownResume=None)
    applied = flow.apply()
    assert applied.written == 2
    assert flow.ends()[1] == "stale: changed_meanwhile"
    assert flow.items()[1].values_checked is None


def test_a_number_of_the_models_own_must_stand_in_the_resume(flow: Flowing):
    undated = [{"company": "Steel & Sons", "start": "", "end": "", "location": ""}]
    for userid in (1, 2):
        flow.change(userid, markdownResume=f"{resume(userid)}\nOver 12 years of welding.")
    collected(flow, who="*", positions=undated, years_experience=12)
    flow.apply()
    assert flow.candidate(1).YearsofExperience == "12"
    assert (names(flow, 1), names(flow, 3)) == ([], ["YearsofExperience"])


def test_nothing_looked_for_is_no_lack():
    assert Applied().share_borne_out == 1.0


# Two batches in a row that invent much stop the planning


def invent(flow: Flowing, key: str, userid: int, **fields: Any) -> None:
    flow.seed({userid: resume(userid)})
    collected(flow, key, who="*", **fields)
    flow.apply(key)
    flow.settle(key)


MUCH: dict[str, Any] = {
    "first_name": "John",
    "last_name": "Smith",
    "emails": ["john.doe@example.com"],
    "phones": ["123-456-7890"],
    "titles": ["Astronaut"],
}


def plan(flow: Flowing) -> object:
    return plan_batch(flow.database, flow.settings, rows=10, origin="test")


def test_two_batches_that_invent_much_stop_the_planning(flow: Flowing):
    for key, userid in (("a", 11), ("b", 12)):
        invent(flow, key, userid, **MUCH)
        assert flow.batch(key).low_borne_out is True
        assert flow.batch(key).low_share is False
        flow.seed({userid + 10: resume(userid + 10)})
        stopped = plan(flow)
        assert isinstance(stopped, NoPlan) == (key == "b"), stopped
        if not isinstance(stopped, NoPlan):
            assert isinstance(stopped, Planned)
            flow.update(stopped.key, state="abandoned")
    assert isinstance(stopped, NoPlan)
    assert stopped.stop is Stop.low_borne_out
    for told in ("RESUME_BORNE_OUT_SHARE", "values_borne_out", "`resume-assets unpause`"):
        assert told in stopped.why
    flow.database.write(lambda connection: resume_planning(connection, flow.database))
    assert not isinstance(plan(flow), NoPlan)


def test_one_good_batch_between_them_does_not(flow: Flowing):
    invent(flow, "a", 11, **MUCH)
    invent(flow, "b", 12)
    assert flow.batch("b").low_borne_out is False
    invent(flow, "c", 13, **MUCH)
    flow.seed({20: resume(20)})
    assert not isinstance(plan(flow), NoPlan)


def test_the_share_is_the_settings(flow: Flowing):
    flow.set(borne_out_share=0.0)
    invent(flow, "a", 11, **MUCH)
    assert flow.batch("a").low_borne_out is False
    flow.set(borne_out_share=1.0)
    assert flow.settle("a").batch.low_borne_out is True
