"""`doctor` on the endpoint: what is there, and with `--ask` whether the model answers in shape."""

import datetime
from collections.abc import Iterator

from resume_assets.extraction.requests import RequestTemplate
from resume_assets.extraction.responses import Answer, Outcome
from resume_assets.models.caching import caching_for
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.prices import Service, Usage, price
from resume_assets.models.tokens import counter_for, estimated_overhead
from resume_assets.openai_api.probing import Found, probe
from resume_assets.resources import OpenAIResource, SettingsResource
from resume_assets.settings import Settings

_HINTS = {
    Outcome.failed: "The server turns down what a batch would ask (a strict JSON schema among it), "
    "or failed",
    Outcome.invalid: "It does not keep to the schema: another RESUME_MODEL, or a server that "
    "supports response_format json_schema",
    Outcome.cut: "Raise RESUME_MAX_OUTPUT_TOKENS",
    Outcome.refused: "The model declines: try another RESUME_MODEL",
}


def look(settings: Settings) -> Iterator[Found]:
    """What the endpoint is and has. Raises SettingsError where none is configured."""
    with OpenAIResource(settings=SettingsResource()).api(quick=True) as api:
        yield from probe(api, settings.model)


def ask(settings: Settings) -> Iterator[Found]:
    """Send one tiny resume, and say what came of it and what it cost. Raises SettingsError."""
    from resume_assets.openai_api.asking import ask as ask_once

    model = model_for(settings)
    today = datetime.datetime.now(datetime.UTC).date()
    fixed = RequestTemplate(model.request_settings(None, 1)).fixed_text
    overhead = estimated_overhead(fixed, counter_for(model.facts_of))
    request = model.request_settings(
        settings.temperature, settings.max_output_tokens, caching_for(model, overhead, today)
    )
    with OpenAIResource(settings=SettingsResource()).api() as api:
        asked = ask_once(api, request)
    if asked.answer is None:
        yield Found(asked.why_none, ok=False)
        return
    answer = asked.answer
    if answer.outcome is not Outcome.succeeded:
        reason = f": {answer.reason}" if answer.reason else ""
        hint = _HINTS.get(answer.outcome, "Look at the server")
        yield Found(
            f"{model.name} gave no usable answer ({answer.outcome}{reason}). {hint}."
            f"{_cost(model, answer)}",
            ok=False,
        )
    elif answer.recovered or answer.odd_values:
        yield Found(
            f"{model.name} answers, but its answer had to be mended: it does not keep to the "
            f"schema.{_cost(model, answer)}",
            None,
        )
    else:
        yield Found(f"{model.name} answers in the shape that is asked for.{_cost(model, answer)}")


def _cost(model: Model, answer: Answer) -> str:
    tokens = answer.input_tokens + answer.output_tokens
    if not tokens:
        return ""
    used = Usage(
        answer.input_tokens, answer.cached_tokens, answer.cache_write_tokens, answer.output_tokens
    )
    today = datetime.datetime.now(datetime.UTC).date()
    bill = price(model, used, on=today, service=Service.standard)
    return f" {tokens:,} tokens" + (
        "; no price known." if bill is None else f", ${bill.total:.5f}."
    )
