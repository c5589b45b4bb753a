"""What is at an endpoint: an API like OpenAI's, with the model, Files and Batches; for `doctor`.

Only GET calls, to this endpoint's own host. Sentences name a server by its address, for it may be
anybody's, not OpenAI's.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx2
import openai

from resume_assets.azure import v1_url
from resume_assets.openai_api.client import BatchApi
from resume_assets.openai_api.errors import safe_code
from resume_assets.openai_api.reaching import address_of, why_plain, why_unreached
from resume_assets.servers import Access

_NAMED = 8  # models
_MODEL_NAME = re.compile(r"[\w.:/@+-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence about the endpoint; `ok` is None for what is worth a look and no error.

    `is_open`: whether it has the model is only told by asking that.
    """

    text: str
    ok: bool | None = True
    is_open: bool = False


class _Unreached(Exception):
    """No HTTP answer came; the message is for people."""


def probe(api: BatchApi, model: str) -> Iterator[Found]:
    """Look at the endpoint's models, Files and Batches; where it is no such API, say why."""
    looking = _Looking(api)
    try:
        yield from looking.look(model)
    except _Unreached as why:
        yield Found(str(why), ok=False)


class _Looking:
    def __init__(self, api: BatchApi) -> None:
        self.client = api.client
        self.base = api.client.base_url
        self.name = api.endpoint
        self.access = api.access

    def look(self, model: str) -> Iterator[Found]:
        models = self._get("/models")
        files = self._get("/files?purpose=batch&limit=1")
        if (why := self._why_none(models, files)) is not None:
            yield Found(why, ok=False)
            return
        yield from self._model(models, model)
        yield self._has("Files", files)
        yield self._has("Batches", self._get("/batches?limit=1"))

    def _get(self, path: str) -> httpx2.Response:
        """The answer, whatever its status. Raises _Unreached."""
        try:
            return self.client.get(path, cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            return error.response
        except openai.APIConnectionError as error:
            why = why_unreached(error, self.base)
        raise _Unreached(why)

    def _why_none(self, models: httpx2.Response, files: httpx2.Response) -> str | None:
        """Why this is no endpoint that can be used, None where it looks like one."""
        if models.history and address_of(models.url) != f"{address_of(self.base)}/models":
            there = address_of(models.url).removesuffix("/models")
            return f"{self.name} sends us on to {there}: set OPENAI_BASE_URL={there}"
        if _is_refused(models) and _is_refused(files):
            what = "identity" if self.access is Access.entra else "key"
            return f"{self.name} refuses the {what} ({_shown(models)}). {self.access.value}"
        if _is_list(models) or _is_list(files):
            return None
        for candidate in self._candidates():
            answer = self._get(f"{candidate}/models")
            if _is_list(answer) or (_is_refused(answer) and _json(answer) is not None):
                return (
                    f"{self.name} is not where the API is: it answers at {candidate}. Set "
                    f"OPENAI_BASE_URL={candidate}"
                )
        return why_plain(models) or f"{self.name} {_no_api(models)}"

    def _candidates(self) -> list[str]:
        """Where else on this host the API may be: with `/v1`, or without what stands after it."""
        shown = address_of(self.base)
        origin = shown.removesuffix(self.base.path.rstrip("/"))
        candidates = [f"{shown.partition('/v1')[0]}/v1", f"{shown}/v1", f"{origin}/v1", origin]
        if self.access.is_azure:
            candidates.insert(0, v1_url(shown))
        return [one for one in dict.fromkeys(candidates) if one != shown]

    def _model(self, models: httpx2.Response, model: str) -> Iterator[Found]:
        if self.access.is_azure:
            # Its list is of what can be deployed in the region, whatever is.
            yield Found(
                f"{self.name} answers, and tells nobody its deployments: RESUME_MODEL={model} has "
                "to be the name of one of type Global Batch or Data Zone Batch",
                None,
                is_open=True,
            )
            return
        one = _json(self._get(f"/models/{quote(model, safe='')}"))
        known = _names(models)
        is_there = isinstance(one, dict) and one.get("id") == model
        if is_there or model in known:
            yield Found(f"{self.name} answers and has {model}")
            end = one.get("shutdown_date") if isinstance(one, dict) else None
            if isinstance(end, str) and re.fullmatch(r"[\d-]{8,10}", end):
                yield Found(f"it announces the model's end for {end}, which counts", None)
        elif not _is_list(models):
            yield Found(
                f"{self.name} answers, but tells no models ({_shown(models)}), {model} or another",
                None,
                is_open=True,
            )
        else:
            near = difflib.get_close_matches(model, known, n=_NAMED, cutoff=0.0)
            more = f" and {len(known) - len(near)} more" if len(known) > len(near) else ""
            has = f"it has {', '.join(near)}{more}" if near else "it has none"
            yield Found(
                f"{self.name} answers, but knows no model {model} (RESUME_MODEL): {has}", ok=False
            )

    def _has(self, what: str, answer: httpx2.Response) -> Found:
        if _is_list(answer):
            return Found(f"{what} are there")
        if _is_refused(answer):
            return Found(f"{what}: the key has no right to them ({_shown(answer)})", ok=False)
        if answer.status_code == 429 or (answer.status_code >= 500 and answer.status_code != 501):
            return Found(f"{what}: {self.name} has a problem ({_shown(answer)})", ok=False)
        return Found(
            f"{what}: {self.name} has none ({_shown(answer)}), and without them no batch can be "
            "sent",
            ok=False,
        )


def _json(response: httpx2.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _is_list(response: httpx2.Response) -> bool:
    body = _json(response) if response.status_code == 200 else None
    return isinstance(body, dict) and isinstance(body.get("data"), list)


def _is_refused(response: httpx2.Response) -> bool:
    return response.status_code in (401, 403)


def _names(models: httpx2.Response) -> list[str]:
    """The models' names, those that look like names."""
    if not _is_list(models):
        return []
    ids = [one.get("id") for one in _json(models)["data"] if isinstance(one, dict)]
    return [name for name in ids if isinstance(name, str) and _MODEL_NAME.fullmatch(name)]


def _shown(response: httpx2.Response) -> str:
    body = _json(response)
    error = body.get("error") if isinstance(body, dict) else None
    code = safe_code(error.get("code")) if isinstance(error, dict) else None
    is_news = code not in (None, str(response.status_code))
    return f"HTTP {response.status_code}{f', {code}' if is_news else ''}"


def _no_api(response: httpx2.Response) -> str:
    shown, status = _shown(response), response.status_code
    if status == 429 or status >= 500:
        return f"has a problem ({shown})"
    kind = response.headers.get("content-type", "").partition(";")[0]
    if kind == "text/html":
        return f"answers with a web page ({shown}): it is no API like OpenAI's"
    if status in (404, 405):
        return (
            f"knows no {response.request.url.path} ({shown}): is the path in OPENAI_BASE_URL right?"
        )
    return f"answers otherwise than an API like OpenAI's ({shown})"
