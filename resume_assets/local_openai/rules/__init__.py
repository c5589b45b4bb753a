"""The answers of the local server: rules, no language model.

A resume is read by patterns and word lists, as data: what it tells a model to do has no effect. The
reading is decent, not good; it is there so that everything around an answer can be tried without a
key. Dates are answered as the resume writes them.

Rules and samples grew together, so what `evaluate` and `demo` report of them says that nothing
broke. Of samples that they had not seen the rules met 85 % (twelve usual ones) and 73 % (eight
hard ones) of the known answers.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from resume_assets.local_openai.rules.facts import read_facts
from resume_assets.local_openai.rules.instance import Walk

__all__ = ["answer"]


def answer(
    schema: Mapping[str, Any], resume: str, *, today: datetime.date | None = None
) -> dict[str, Any]:
    """Return an instance of a strict JSON schema, filled from a resume's text.

    `schema` is the JSON schema itself or the `response_format` that carries it. Properties are
    filled by their names; one that is not known gets null where the schema allows it, else an empty
    value of its type. Takes time in proportion to the text's length. `today` stands for the end of
    a position that has not ended; the clock's day where it is not given.
    """
    for wrapper in ("json_schema", "schema"):
        inner = schema.get(wrapper)
        if isinstance(inner, Mapping) and "properties" not in schema:
            schema = inner
    built = Walk(schema).instance(read_facts(resume, today))
    return built if isinstance(built, dict) else {}
