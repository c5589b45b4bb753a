"""`doctor` on the endpoint: what is there, and with `--ask` whether the model answers in shape."""

import datetime
from collections.abc import Iterator
from dataclasses import replace

from resume_assets.batches.planning.asked import asked_now, fixed_tokens
from resume_assets.choices import ResponseFormat
from resume_assets.extraction.responses import Answer, Outcome
from resume_assets.models.caching import with_caching
from resume_assets.models.catalogue import Model, model_for
from resume_assets.models.prices import Service, Usage, price
from resume_assets.openai_api.errors import BATCH_ONLY
from resume_assets.openai_api.limits import most_requests
from resume_assets.openai_api.probing import Found, probe
from resume_assets.resources import OpenAIResource, SettingsResource
from resume_assets.servers import Access
from resume_assets.settings import Settings

_HINTS = {
    Outcome.failed: "The server turns down what a batch would ask, or failed",
    Outcome.invalid: "It does not answer in the shape that is asked for: try another RESUME_MODEL",
    Outcome.cut: "Raise RESUME_MAX_OUTPUT_TOKENS",
    Outcome.refused: "The model declines: try another RESUME_MODEL",
}

_OF_DEPLOYMENT = {
    BATCH_ONLY: "{name} takes no single requests, as a batch deployment does not: the first "
    "batch shows how it answers, `resume-assets submit --batch-size 5`",
    "DeploymentNotFound": "there is no deployment {name}: RESUME_MODEL is a deployment's name, "
    "RESUME_BASE_MODEL its model's; a new one takes five minutes to be known",
}
"""What Azure's codes mean where a deployment is to answer batches."""

_NOT_KNOWN = (400, 415, 422, 500, 501)
"""Statuses by which servers turn down a response format that they do not know."""


def look(settings: Settings) -> Iterator[Found]:
    """What the endpoint is and has. Raises SettingsError where none is configured."""
    with OpenAIResource(settings=SettingsResource()).api(quick=True) as api:
        yield from probe(api, settings.model)
        if api.access.is_azure:
            how = "tokens of Entra" if api.access is Access.entra else "a key"
            yield Found(
                f"Azure OpenAI, asked with {how}: {most_requests(settings):,} requests a "
                "file at most; what takes it longer than 24 hours is late, and goes on",
                None,  # whether it lets us in is told above
            )
        elif settings.azure_openai_api_key is not None:
            yield Found("AZURE_OPENAI_API_KEY is set, and not used: another server is asked", None)


def ask(settings: Settings) -> Iterator[Found]:
    """Send one tiny resume, and say what came of it and what it cost.

    Where that may be due to the response format, the simpler ones are tried too, until one works.
    Raises SettingsError, PromptError.
    """
    from resume_assets.openai_api.asking import ask as ask_once

    model, today = model_for(settings), datetime.datetime.now(datetime.UTC).date()
    request = asked_now(settings, model)
    request = with_caching(request, model, fixed_tokens(request), today)
    with OpenAIResource(settings=SettingsResource()).api() as api:
        asked = ask_once(api, request)
        if asked.answer is None:
            yield Found(asked.why_none, ok=False)
            return
        if api.access.is_azure:
            yield from _of_deployment(model, asked.answer)
            if _code(asked.answer) in _OF_DEPLOYMENT:
                return
        yield _told(model, asked.answer)
        if not _may_be_due_to_format(asked.answer):
            return
        for simpler in _simpler_than(settings.response_format):
            answer = ask_once(api, replace(request, response_format=simpler)).answer
            if answer is not None and answer.outcome is Outcome.succeeded:
                yield Found(
                    f"with RESUME_RESPONSE_FORMAT={simpler} it answers, the schema being told in "
                    f"the instructions: set that.{_cost(model, answer)}",
                    None,
                )
                return


def _of_deployment(model: Model, answer: Answer) -> Iterator[Found]:
    """What the answer to a single request tells of a deployment that is to answer batches."""
    code = _code(answer)
    if code in _OF_DEPLOYMENT:
        yield Found(_OF_DEPLOYMENT[code].format(name=model.name), ok=code == BATCH_ONLY)
    elif answer.outcome is Outcome.succeeded:
        yield Found(
            f"{model.name} answers single requests, so it is no batch deployment: batches need one "
            "of type Global Batch or Data Zone Batch, and RESUME_MODEL its name",
            None,
        )


def _code(answer: Answer) -> str:
    return answer.reason.partition(":")[2]


def _may_be_due_to_format(answer: Answer) -> bool:
    """Whether the server may not know the response format, or may take no notice of it."""
    # Some say 500 for what is the request's own fault.
    return answer.outcome is Outcome.invalid or (
        answer.outcome is Outcome.failed and answer.status_code in _NOT_KNOWN
    )


def _simpler_than(response_format: ResponseFormat) -> list[ResponseFormat]:
    formats = list(ResponseFormat)
    return formats[formats.index(response_format) + 1 :]


def _told(model: Model, answer: Answer) -> Found:
    if answer.outcome is not Outcome.succeeded:
        reason = f": {answer.reason}" if answer.reason else ""
        hint = _HINTS.get(answer.outcome, "Look at the server")
        return Found(
            f"{model.name} gave no usable answer ({answer.outcome}{reason}). {hint}."
            f"{_cost(model, answer)}",
            ok=False,
        )
    if answer.recovered or answer.odd_values:
        return Found(
            f"{model.name} answers, but its answer had to be mended: it does not keep to the "
            f"schema.{_cost(model, answer)}",
            None,
        )
    return Found(f"{model.name} answers in the shape that is asked for.{_cost(model, answer)}")


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
