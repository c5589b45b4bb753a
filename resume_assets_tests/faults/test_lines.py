"""Every way a line can be wrong: none stops the batch, each is counted under its reason."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from resume_assets.batches.upkeep import people
from resume_assets_tests.flow import KEY, Flow, Flowing
from resume_assets_tests.local_openai.faults import rewrite

Lines = list[bytes]


def run_with(flow: Flow, change: Callable[[Lines], Lines], key: str = KEY) -> dict[str, int]:
    """A whole batch whose output was changed at the server; returns what it came to."""
    flow.until_ended(key)
    assert rewrite(flow.server_folder, flow.batch(key).output_file_id, change)
    flow.bring_in(key)
    assert flow.is_balanced()
    tally: dict[str, int] = json.loads(flow.batch(key).tally)
    return tally


def of(lines: Lines, number: int) -> bytes:
    """The line of one candidate, whatever the order."""
    (found,) = [line for line in lines if json.loads(line)["custom_id"] == str(number)]
    return found


def edit(lines: Lines, number: int, change: Callable[[Any], Any]) -> Lines:
    """The lines with one candidate's parsed, changed and put back."""
    old = of(lines, number)
    value = json.loads(old)
    new = change(value) or value
    return [json.dumps(new).encode() + b"\n" if line == old else line for line in lines]


def message(value: Any) -> Any:
    return value["response"]["body"]["choices"][0]["message"]


def set_content(content: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        message(value)["content"] = content

    return change


def finish(reason: str) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        value["response"]["body"]["choices"][0]["finish_reason"] = reason

    return change


def refusal(value: Any) -> None:
    message(value).update(refusal="I can't help with Ada Lovelace2", content=None)


def status(code: int, error: str = "bad_thing") -> Callable[[Any], None]:
    def change(value: Any) -> None:
        body = {"error": {"code": error, "type": "t", "message": "Ada Lovelace2"}}
        value["response"] = {"status_code": code, "request_id": "r", "body": body}

    return change


def error_line(code: str) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        value["response"], value["error"] = None, {"code": code, "message": "Ada Lovelace2"}

    return change


WRONG = {
    "refusal": (refusal, "refused: refusal", True),
    "cut": (finish("length"), "cut: length", True),
    "content filter": (finish("content_filter"), "refused: content_filter", True),
    "unknown finish": (finish("tired"), "invalid: finish_reason:tired", True),
    "not JSON inside": (set_content("I think she is a welder."), None, True),
    "another shape inside": (set_content('["a", "b"]'), None, True),
    "no content": (set_content(None), "invalid: no_content", True),
    "no choices": (lambda value: value["response"]["body"].pop("choices") and None, None, True),
    "4xx": (status(400), "failed: http_400:bad_thing", True),
    "429": (status(429, "rate_limit"), "failed: http_429:rate_limit", False),
    "5xx": (status(500, "server_error"), "failed: http_500:server_error", False),
    "expired": (error_line("batch_expired"), "expired: batch_expired", False),
    "another error": (error_line("odd"), "failed: error:odd", False),
    "no response": (lambda value: value.update(response=None), "failed: no_response", False),
    "wrong types": (lambda value: value.update(response={"status_code": [200]}), None, False),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_wrong_line_is_counted_and_the_others_are_written(flow: Flowing, name: str) -> None:
    change, reason, used = WRONG[name]
    tally = run_with(flow, lambda lines: edit(lines, 2, change))
    assert tally["succeeded"] == 2
    assert flow.written() == [1, 3]
    item = flow.items()[2]
    ended = f"{item.state}: {item.reason}"
    assert tally[ended] == 1
    assert item.attempt_used is used
    if reason is not None:
        assert ended == reason
    assert "Ada" not in ended
    assert flow.waiting() == [2]


def test_missing(flow: Flowing) -> None:
    tally = run_with(flow, lambda lines: [line for line in lines if line != of(lines, 2)])
    assert tally == {"succeeded": 2, "missing: no_line": 1}
    assert not flow.items()[2].attempt_used
    assert flow.waiting() == [2]


def test_out_of_order(flow: Flowing) -> None:
    run_with(flow, lambda lines: sorted(lines, reverse=True))
    assert flow.written() == [1, 2, 3]
    assert [flow.candidate(n).Email for n in (1, 2, 3)] == [
        f"ada{n}@example.com" for n in (1, 2, 3)
    ]


def renamed(line: bytes, name: str) -> bytes:
    """The line with another address in its answer."""
    value = json.loads(line)
    message(value)["content"] = message(value)["content"].replace("ada2@", f"{name}@")
    return json.dumps(value).encode() + b"\n"


def test_twice_the_first_usable_line_counts(flow: Flowing) -> None:
    tally = run_with(
        flow, lambda lines: [*lines, *(renamed(of(lines, 2), name) for name in ("two", "three"))]
    )
    assert tally == {"succeeded": 3, "lines repeated": 2}
    assert flow.candidate(2).Email == "ada2@example.com"


@pytest.mark.parametrize(
    ("lines_of_2", "end", "used"),
    [
        ([refusal, status(500, "server_error")], "refused: refusal", True),
        ([status(500, "server_error"), refusal], "failed: http_500:server_error", False),
    ],
)
def test_twice_the_first_of_two_unusable_lines_counts(
    flow: Flowing, lines_of_2: list[Callable[[Any], None]], end: str, used: bool
) -> None:
    def both(lines: Lines) -> Lines:
        bad = []
        for change in lines_of_2:
            value = json.loads(of(lines, 2))
            change(value)
            bad.append(json.dumps(value).encode() + b"\n")
        return [*bad, *(line for line in lines if line != of(lines, 2))]

    assert run_with(flow, both) == {"succeeded": 2, end: 1, "lines repeated": 1}
    assert flow.ends()[2] == end
    assert flow.items()[2].attempt_used is used


def test_twice_a_usable_line_counts_after_an_unusable_one(flow: Flowing) -> None:
    def refused_first(lines: Lines) -> Lines:
        bad = json.loads(of(lines, 2))
        refusal(bad)
        return [json.dumps(bad).encode() + b"\n", *lines]

    assert run_with(flow, refused_first) == {"succeeded": 3, "lines repeated": 1}
    assert flow.written() == [1, 2, 3]


def test_unknown_ids_and_things_that_are_no_answers(flow: Flowing) -> None:
    def more(lines: Lines) -> Lines:
        stranger = json.loads(of(lines, 1)) | {"custom_id": "4711"}
        return [
            json.dumps(stranger).encode() + b"\n",
            b"not JSON\n",
            b"[1, 2]\n",
            b'"text"\n',
            b"null\n",
            b"\n",
            b"   \n",
            b"\x00\x00\x00\n",
            b"\xff\xfe\xfa\n",
            b'{"custom_id": 1}\n',
            b'{"custom_id": "' + b"x" * 100 + b'"}\n',
            *lines,
        ]

    assert run_with(flow, more) == {"succeeded": 3, "lines unknown": 9}
    assert flow.written() == [1, 2, 3]


def test_nul_and_lone_surrogates_in_an_answer(flow: Flowing) -> None:
    def odd(value: Any) -> None:
        text = json.dumps(json.loads(message(value)["content"]))
        message(value)["content"] = text.replace("Steel", r"St\u0000eel\ud800x\udc00")

    assert run_with(flow, lambda lines: edit(lines, 2, odd))["succeeded"] == 3
    company = flow.candidate(2).MostRecentCompany
    assert company.startswith("St")
    assert "\0" not in company
    company.encode()  # no lone surrogate either


def test_nul_and_lone_surrogates_raw_in_the_line(flow: Flowing) -> None:
    def odd(lines: Lines) -> Lines:
        old = of(lines, 2)
        return [
            old.replace(b"Steel", b"Steel\xed\xa0\x80") if line == old else line for line in lines
        ]

    assert run_with(flow, odd)["succeeded"] == 3
    assert flow.candidate(2).MostRecentCompany.startswith("Steel")


def test_a_line_of_fifty_megabytes(flow: Flowing) -> None:
    def huge(value: Any) -> None:
        content = json.loads(message(value)["content"])
        content["summary"] = "x" * 50_000_000
        message(value)["content"] = json.dumps(content)

    assert run_with(flow, lambda lines: edit(lines, 2, huge))["succeeded"] >= 2
    assert {1, 3} <= set(flow.written())


def test_a_line_of_fifty_megabytes_that_is_nothing(flow: Flowing) -> None:
    tally = run_with(flow, lambda lines: [b"[" * 50_000_000 + b"\n", *lines])
    assert tally == {"succeeded": 3, "lines unknown": 1}


def test_a_half_line_at_the_end(flow: Flowing) -> None:
    """The file itself ends so: what was cut off in the download alone is downloaded again."""

    def half(lines: Lines) -> Lines:
        last = of(lines, 2)
        rest = [line for line in lines if line != last]
        return [*rest, last[: len(last) // 2]]

    tally = run_with(flow, half)
    assert tally == {"succeeded": 2, "lines unknown": 1, "missing: no_line": 1}
    assert flow.waiting() == [2]


def test_a_last_line_without_its_newline(flow: Flowing) -> None:
    tally = run_with(flow, lambda lines: [*lines[:-1], lines[-1].rstrip(b"\n")])
    assert tally == {"succeeded": 3}


class TestAttempts:
    """What is left of a resume's attempts, and what a person can do."""

    def fail(self, flow: Flow, key: str, change: Callable[[Any], Any], number: int = 2) -> None:
        run_with(flow, lambda lines: edit(lines, number, change), key)

    def test_three_refusals_and_a_person_sees_it(self, flow: Flowing) -> None:
        for attempt in range(3):
            assert 2 in flow.waiting()
            self.fail(flow, f"b{attempt}", refusal)
        assert flow.waiting() == []
        (one,) = flow.given_up()
        assert (one.userid, one.state, one.reason, one.batch_key) == (
            2,
            "refused",
            "refusal",
            "b2",
        )

    def test_retry_sends_it_again(self, flow: Flowing) -> None:
        for attempt in range(3):
            self.fail(flow, f"b{attempt}", refusal)
        assert people.forgive(flow.database, flow.settings, [1]) == 0
        assert people.forgive(flow.database, flow.settings) == 1
        assert flow.given_up() == []
        assert flow.waiting() == [2]
        flow.until_done("again")
        assert flow.written() == [1, 2, 3]
        assert people.forgive(flow.database, flow.settings) == 0

    def test_retry_of_one_of_two(self, flow: Flowing) -> None:
        def both(lines: Lines) -> Lines:
            return edit(edit(lines, 2, refusal), 1, refusal)

        for attempt in range(3):
            run_with(flow, both, f"b{attempt}")
        assert [one.userid for one in flow.given_up()] == [1, 2]
        assert people.forgive(flow.database, flow.settings, [2]) == 1
        assert flow.waiting() == [2]

    def test_a_cut_answer_gets_more_room_each_time(self, flow: Flowing) -> None:
        rooms = []
        for attempt in range(3):
            key = f"b{attempt}"
            self.fail(flow, key, finish("length"))
            request = next(
                json.loads(line)
                for line in flow.store.batch(key).path("requests.jsonl").read_bytes().splitlines()
                if json.loads(line)["custom_id"] == "2"
            )
            rooms.append(request["body"]["max_completion_tokens"])
        assert rooms == [4_000, 8_000, 16_000]
        assert [one.reason for one in flow.given_up()] == ["length"]

    def test_what_is_nobodys_fault_is_tried_ten_times(self, flow: Flowing) -> None:
        for attempt in range(10):
            assert 2 in flow.waiting(), attempt
            self.fail(flow, f"b{attempt}", status(500))
        assert flow.waiting() == []
        assert [one.userid for one in flow.given_up()] == [2]

    def test_an_edited_text_starts_afresh(self, flow: Flowing) -> None:
        for attempt in range(3):
            self.fail(flow, f"b{attempt}", refusal)
        assert flow.waiting() == []
        flow.change(2, markdownResume="# Ada Lovelace2\n\nada2@example.com, welder, edited")
        assert flow.waiting() == [2]
        assert flow.given_up() == []
        self.fail(flow, "edited", refusal)
        assert flow.waiting() == [2]

    def test_null_by_hand_starts_afresh(self, flow: Flowing) -> None:
        for attempt in range(2):
            self.fail(flow, f"b{attempt}", refusal)
        flow.until_done("well")
        assert flow.written() == [1, 2, 3]
        flow.change(2, LastProcessed=None)
        for attempt in range(3):
            assert flow.waiting() == [2]
            self.fail(flow, f"c{attempt}", refusal)
        assert flow.waiting() == []
