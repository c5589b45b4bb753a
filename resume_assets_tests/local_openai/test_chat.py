import copy
import json
from typing import Any

import openai
import pytest

from resume_assets.extraction.candidate import response_format
from resume_assets.local_openai.server import running
from resume_assets.models.tokens import count
from resume_assets_tests.local_openai.support import MODEL, SCHEMA, Driver, request

TEXT = "Grace Hopper\ngrace@example.org\n\nSkills: COBOL, Compilers"


def create(driver: Driver, text: str = TEXT, **more: Any) -> openai.types.chat.ChatCompletion:
    made = driver.client.chat.completions.create(**request("x", text, **more)["body"])
    assert isinstance(made, openai.types.chat.ChatCompletion)
    return made


def strict(schema: Any, **more: Any) -> dict[str, Any]:
    wrapped = {"name": "candidate", "strict": True, "schema": schema, **more}
    return {"type": "json_schema", "json_schema": wrapped}


def test_an_answer_follows_the_schema_and_says_what_made_it(shared: Driver) -> None:
    answer = create(shared)
    assert (answer.object, answer.model) == ("chat.completion", MODEL)
    (choice,) = answer.choices
    assert (choice.finish_reason, choice.message.refusal) == ("stop", None)
    assert json.loads(choice.message.content or "").keys() == SCHEMA["properties"].keys()
    assert "no_language_model" in (answer.system_fingerprint or "")
    raw = shared.client.chat.completions.with_raw_response.create(**request("x")["body"])
    assert "no language model" in raw.headers["x-local-server"]
    assert raw.headers["x-request-id"].startswith("req_")


def test_the_projects_own_schema_is_accepted(shared: Driver) -> None:
    answer = create(shared, response_format=response_format())
    wanted = response_format()["json_schema"]["schema"]["properties"]
    assert json.loads(answer.choices[0].message.content or "").keys() == wanted.keys()


def test_without_a_schema(shared: Driver) -> None:
    body = request("x")["body"]
    del body["response_format"]
    answer = shared.client.chat.completions.create(**body)
    assert "no language model" in answer.choices[0].message.content
    messages = [{"role": "system", "content": "Answer in JSON."}, *body["messages"]]
    answer = create(shared, messages=messages, response_format={"type": "json_object"})
    assert json.loads(answer.choices[0].message.content or "") == {}


def test_json_objects_are_to_be_asked_for_by_name(shared: Driver) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        create(shared, response_format={"type": "json_object"})
    assert error.value.param == "messages"
    assert "the word 'json'" in error.value.message


def test_text_parts_are_read(shared: Driver) -> None:
    parts = [{"type": "text", "text": TEXT[:10]}, {"type": "text", "text": TEXT[10:]}]
    messages = [{"role": "system", "content": "Extract."}, {"role": "user", "content": parts}]
    assert (
        create(shared, messages=messages).choices[0].message.content
        == create(shared).choices[0].message.content
    )


def test_tokens_are_counted_exactly(folder) -> None:
    with running(folder) as server:
        driver = Driver(server, folder)
        answer = create(driver)
        longer = create(driver, TEXT + " and FLOW-MATIC")
        assert answer.usage
        assert longer.usage
        assert answer.usage.completion_tokens == count(answer.choices[0].message.content or "")
        more = count(TEXT + " and FLOW-MATIC") - count(TEXT)
        assert longer.usage.prompt_tokens - answer.usage.prompt_tokens == more
        assert answer.usage.total_tokens == (
            answer.usage.prompt_tokens + answer.usage.completion_tokens
        )


def test_an_answer_too_long_is_cut(shared: Driver) -> None:
    whole = create(shared).choices[0].message.content or ""
    answer = create(shared, max_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens == 3
    content = answer.choices[0].message.content or ""
    assert whole.startswith(content)
    assert len(content) < len(whole)


def cached_and_written(shared: Driver, **body: Any) -> tuple[int, int]:
    usage = create(shared, **body).usage
    assert usage
    details = usage.prompt_tokens_details
    assert details
    return details.cached_tokens or 0, details.cache_write_tokens or 0


def long_messages(rules: str, **more: Any) -> list[dict[str, Any]]:
    block = {"type": "text", "text": rules * 2_000, **more}
    return [{"role": "system", "content": [block]}, {"role": "user", "content": TEXT}]


def test_older_models_read_the_prefix_from_their_cache_by_128_tokens(shared: Driver) -> None:
    read, written = cached_and_written(shared, messages=long_messages("Rules. "))
    assert (read > 1_024, read % 128, written) == (True, 0, 0)


def test_from_gpt_5_6_on_everything_is_written_anew_unless_told(shared: Driver) -> None:
    luna = {"model": "gpt-6-luna", "messages": long_messages("Rules. ")}
    for _ in range(2):
        read, written = cached_and_written(shared, **luna)
        assert (read, written > 2_000) == (0, True)
    off = {"prompt_cache_options": {"mode": "explicit"}}
    assert cached_and_written(shared, **luna, **off) == (0, 0)


def test_a_breakpoint_writes_the_prefix_once_and_reads_it_then(shared: Driver) -> None:
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    body: dict[str, Any] = {
        "model": "gpt-6-luna",
        "messages": long_messages("Once. ", **mark),
        "prompt_cache_options": {"mode": "explicit"},
    }
    read, written = cached_and_written(shared, **body)
    assert (read, written > 1_024) == (0, True)
    body["messages"][1]["content"] = "Another resume."
    assert cached_and_written(shared, **body) == (written, 0)
    short = [
        {"role": "system", "content": [{"type": "text", "text": "Short.", **mark}]},
        {"role": "user", "content": TEXT},
    ]
    assert cached_and_written(shared, **body | {"messages": short}) == (0, 0)


def marked(mark: object) -> list[dict[str, Any]]:
    return [
        {
            "role": "user",
            "content": [{"type": "text", "text": "x", "prompt_cache_breakpoint": mark}],
        }
    ]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"model": "no-such-model"}, 404, "model_not_found"),
        ({"model": None}, 400, None),
        ({"model": 3}, 400, "invalid_type"),
        ({"surprise": 1}, 400, None),
        ({"stream": True}, 400, None),
        ({"n": 2}, 400, None),
        ({"messages": None}, 400, "missing_required_parameter"),
        ({"messages": []}, 400, "empty_array"),
        ({"messages": "hello"}, 400, "invalid_type"),
        ({"messages": ["hello"]}, 400, "invalid_type"),
        ({"messages": [{"role": "boss", "content": "x"}]}, 400, "invalid_value"),
        ({"messages": [{"role": "user", "content": None}]}, 400, "invalid_type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, 400, "invalid_type"),
        ({"temperature": 2.1}, 400, "decimal_above_max_value"),
        ({"temperature": -1}, 400, "decimal_below_min_value"),
        ({"temperature": "hot"}, 400, "invalid_type"),
        ({"temperature": 0.2, "model": "gpt-6-luna"}, 400, "unsupported_value"),
        ({"reasoning_effort": "none"}, 400, "unsupported_parameter"),
        ({"reasoning_effort": "none", "model": "gpt-5-mini"}, 400, "unsupported_value"),
        ({"reasoning_effort": "minimal", "model": "gpt-6-luna"}, 400, "unsupported_value"),
        ({"prompt_cache_options": {"mode": "explicit"}}, 400, "unsupported_parameter"),
        (
            {"prompt_cache_options": {"mode": "explicit"}, "model": "gpt-5.4-nano"},
            400,
            "unsupported_parameter",
        ),
        ({"prompt_cache_options": [], "model": "gpt-6-luna"}, 400, "invalid_type"),
        ({"prompt_cache_options": {"mode": "x"}, "model": "gpt-6-luna"}, 400, "invalid_value"),
        ({"messages": marked({"mode": "explicit"})}, 400, "unsupported_parameter"),
        ({"messages": marked({}), "model": "gpt-6-luna"}, 400, "invalid_value"),
        ({"messages": marked("x"), "model": "gpt-6-luna"}, 400, "invalid_value"),
        ({"max_tokens": 10, "model": "gpt-6-luna"}, 400, "unsupported_parameter"),
        ({"max_tokens": 1_000_000}, 400, "invalid_value"),
        ({"max_tokens": 0}, 400, "integer_below_min_value"),
        ({"max_completion_tokens": "x"}, 400, "invalid_type"),
        ({"response_format": "json"}, 400, "invalid_type"),
        ({"response_format": {"type": "xml"}}, 400, "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, 400, "missing_required_parameter"),
        ({"response_format": strict(SCHEMA, name="a b")}, 400, "invalid_value"),
        ({"response_format": strict(SCHEMA, name=None)}, 400, "missing_required_parameter"),
        ({"response_format": strict(None)}, 400, "missing_required_parameter"),
        ({"response_format": strict([])}, 400, "invalid_type"),
    ],
)
def test_a_wrong_request_is_refused(
    shared: Driver, changed: dict[str, Any], status: int, code: str | None
) -> None:
    with pytest.raises(openai.APIStatusError) as error:
        shared.client.post(
            "/chat/completions", cast_to=object, body=request("x", **changed)["body"]
        )
    assert (error.value.status_code, error.value.code) == (status, code)
    assert error.value.type == "invalid_request_error"


def test_reasoning_models_take_what_they_take(shared: Driver) -> None:
    answer = create(shared, model="gpt-6-luna", temperature=1, max_completion_tokens=500)
    assert answer.choices[0].finish_reason == "stop"


def test_a_resume_longer_than_the_window(shared: Driver) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        create(shared, "x" * 600_000)
    assert (error.value.code, error.value.param) == ("context_length_exceeded", "messages")
    assert "maximum context length is 128000 tokens" in error.value.message
    create(shared, "x" * 400_000)
    with pytest.raises(openai.BadRequestError, match=r"in the messages, 16000 in the completion"):
        create(shared, "x" * 496_000, max_tokens=16_000)
    with pytest.raises(openai.BadRequestError, match="maximum context length is 272000 tokens"):
        create(shared, "x" * 1_200_000, model="gpt-5.4-nano")


def _at(path: tuple[str, ...], change: dict[str, Any]) -> dict[str, Any]:
    schema = copy.deepcopy(SCHEMA)
    part: Any = schema
    for key in path:
        part = part[key]
    for key, value in change.items():
        if value is None:
            del part[key]
        else:
            part[key] = value
    return schema


NESTED: dict[str, Any] = {"type": "string"}
for _ in range(11):
    NESTED = {
        "type": "object",
        "properties": {"a": NESTED},
        "required": ["a"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (_at((), {"additionalProperties": None}), "'additionalProperties' is required"),
        (_at((), {"additionalProperties": True}), "'additionalProperties' is required"),
        (_at((), {"required": ["skills"]}), "Missing 'first_name'"),
        (_at((), {"required": None}), "'required' is required"),
        (_at((), {"required": ["first_name", "skills", "more"]}), "Extra required key"),
        (_at((), {"type": "array"}), "must be a JSON Schema of 'type: \"object\"'"),
        (_at((), {"allOf": []}), "'allOf' is not permitted"),
        (_at((), {"not": {}}), "'not' is not permitted"),
        (_at(("properties", "skills"), {"maxItems": 10}), "'maxItems' is not permitted"),
        (_at(("properties", "skills"), {"items": None}), "array schema missing items"),
        (_at(("properties", "first_name"), {"pattern": "a"}), "'pattern' is not permitted"),
        (_at(("properties", "first_name"), {"default": ""}), "'default' is not permitted"),
        (_at(("properties", "first_name"), {"type": None}), "must have a 'type' key"),
        (_at(("properties", "first_name"), {"$ref": "#/$defs/a"}), "$ref cannot have keywords"),
        (_at(("properties",), {"first_name": "string"}), "is not permitted"),
        (
            _at(("properties", "first_name"), {"enum": [str(n) for n in range(1_001)]}),
            "enum values",
        ),
        (NESTED, "nesting exceeds"),
    ],
)
def test_what_strict_schemas_must_not_be(shared: Driver, schema: dict[str, Any], says: str) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        create(shared, response_format=strict(schema))
    assert error.value.param == "response_format"
    assert "Invalid schema for response_format 'candidate': In context=(" in error.value.message
    assert says in error.value.message
    create(shared, response_format=strict(schema, strict=False))


def test_strict_schemas_may_refer_and_choose(shared: Driver) -> None:
    schema = _at(("properties", "skills", "items"), {"type": None, "$ref": "#/$defs/skill"})
    schema["$defs"] = {"skill": {"type": "string", "description": "one"}}
    schema["properties"]["first_name"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    create(shared, response_format=strict(schema))


def test_models(shared: Driver) -> None:
    models = {model.id: model for model in shared.client.models.list()}
    assert models[MODEL].owned_by == "local rules"
    one = shared.client.models.retrieve(MODEL)
    assert one == models[MODEL]
    # What answers here are rules, which do not end when the model of that name does.
    assert (one.object, one.shutdown_date) == ("model", None)
    with pytest.raises(openai.NotFoundError) as error:
        shared.client.models.retrieve("no-such-model")
    assert error.value.code == "model_not_found"


def test_other_addresses_and_methods(shared: Driver) -> None:
    with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(GET /v1/nothing\)"):
        shared.client.get("/nothing", cast_to=object)
    with pytest.raises(openai.APIStatusError, match="Not allowed to PATCH on /v1/batches") as error:
        shared.client.patch("/batches", cast_to=object)
    assert error.value.status_code == 405
    with pytest.raises(openai.BadRequestError, match="could not parse the JSON body"):
        shared.client.post("/batches", cast_to=object, content=b"{")


def test_flex_is_for_models_that_have_a_price_for_it(shared: Driver) -> None:
    flex = create(
        shared, model="gpt-6-luna", max_tokens=None, temperature=None, service_tier="flex"
    )
    assert flex.service_tier == "flex"
    assert create(shared, service_tier="default").service_tier == "default"
    for tier in ("flex", "never"):
        with pytest.raises(openai.BadRequestError) as error:
            create(shared, service_tier=tier)
        assert error.value.param == "service_tier"
