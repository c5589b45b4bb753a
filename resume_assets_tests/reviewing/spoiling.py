"""Batches whose answers are not what they should be, so that there is something to look at."""

import json
from collections.abc import Mapping
from typing import Any

from resume_assets.reviewing.gathering import Review, gather
from resume_assets_tests.flow import KEY, Flow
from resume_assets_tests.local_openai.faults import each_line, rewrite

Spoilt = Mapping[str, Mapping[str, Any]]
"""By custom_id, the answer's fields that are others."""


def spoil(flow: Flow, spoilt: Spoilt, key: str = KEY) -> None:
    """Change what the server has answered; the batch has ended and is not collected."""

    def change(line: Any) -> Any:
        message = line["response"]["body"]["choices"][0]["message"]
        if fields := spoilt.get(line["custom_id"]):
            message["content"] = json.dumps({**json.loads(message["content"]), **fields})
        return line

    assert rewrite(flow.server_folder, flow.batch(key).output_file_id, each_line(change))


def brought_in(flow: Flow, spoilt: Spoilt | None = None, key: str = KEY) -> None:
    """A whole batch, with these fields of its answers changed."""
    flow.until_ended(key)
    if spoilt:
        spoil(flow, spoilt, key)
    flow.bring_in(key)


def review_of(flow: Flow, key: str = KEY, **how: Any) -> Review:
    """What a page would show."""
    return gather(flow.database, key, flow.store.batch(key), **how)
