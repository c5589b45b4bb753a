"""The upload: tried three times, each time looking first what the try before has left there."""

import pytest

from resume_assets.batches.sending import uploading
from resume_assets.batches.store import REQUESTS
from resume_assets.openai_api.errors import ApiUnavailable
from resume_assets_tests.flow import KEY, Flowing
from resume_assets_tests.local_openai.faults import DropAfter, Respond

FILES = "/v1/files"


def test_three_tries_and_no_more(flow: Flowing, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(uploading, "backoff", pauses.append)
    flow.until_built()
    flow.faults.add("POST", FILES, Respond(500), times=None)
    with pytest.raises(ApiUnavailable):
        flow.submit()
    assert flow.faults.count("POST", FILES) == 3
    assert (flow.batch().state, flow.batch().input_file_id) == ("built", None)
    assert pauses == [1, 2]  # each longer than the last, and none after it


def test_the_third_try_is_as_good_as_the_first(flow: Flowing) -> None:
    flow.until_built()
    flow.faults.add("POST", FILES, Respond(500), times=2)
    assert flow.submit().input_file_id == flow.api.uploads("")[0].id
    assert flow.faults.count("POST", FILES) == 3


def test_of_several_whole_uploads_one_is_kept(flow: Flowing) -> None:
    """Tries whose answers were lost and which the list showed too late, and half of one."""
    flow.until_built()
    flow.faults.add("POST", FILES, DropAfter())
    flow.faults.add("GET", FILES, Respond(500))
    with pytest.raises(ApiUnavailable):
        flow.submit()
    [first] = flow.api.uploads("")
    whole = flow.store.batch(KEY).path(REQUESTS).read_bytes()
    create = flow.api.client.files.create
    for content in (whole, whole[: len(whole) // 2]):
        create(file=(first.filename, content), purpose="batch")
    other = create(file=("others.jsonl", whole), purpose="batch")
    batch = flow.submit()
    left = {file.id for file in flow.api.uploads("")}
    assert left == {batch.input_file_id, other.id}
    assert flow.faults.count("POST", FILES) == 4  # ours once, and the three above
    flow.wait()
    assert flow.bring_in().succeeded == 3
