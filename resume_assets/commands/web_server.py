"""Dagster's web server, asked by its GraphQL API."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from resume_assets.errors import PlatformError

_ANSWER_SECONDS = 30.0


class NotLaunched(PlatformError):
    """A run could not be handed over, could not be followed, or failed at the worker."""


class Unreachable(NotLaunched):
    """The web server did not answer, or not as Dagster does."""


class WebServer:
    """The one at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def ask(self, query: str, field: str, *expected: str, **variables: object) -> Any:
        """What the answer has as `field`, where it is of one of the expected types.

        Raises NotLaunched, with Dagster's own first line; Unreachable where there is no answer.
        """
        found = self._post({"query": query, "variables": variables})
        data = (found.get("data") or {}).get(field)
        if data is not None and data["__typename"] in expected:
            return data
        wrong = data or (found.get("errors") or [{}])[0]
        told = str(wrong.get("message") or wrong.get("__typename") or "an answer without data")
        raise NotLaunched(f"Dagster at {self.url} turned it down: {told.splitlines()[0]}")

    def _post(self, document: Mapping[str, object]) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 (the setting takes http and https only)
            f"{self.url}/graphql",
            json.dumps(document).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
                found = json.load(answer)
        except urllib.error.HTTPError as error:
            # GraphQL's own errors come with status 400 and a document.
            found = _document(error)
            if found is None:
                raise Unreachable(self._away(f"HTTP {error.code}")) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            why = getattr(reason, "strerror", None) or str(reason)
            raise Unreachable(self._away(why)) from None
        except ValueError:
            raise Unreachable(self._away("no JSON")) from None
        if not isinstance(found, dict):
            raise Unreachable(self._away("no answer of Dagster's"))
        return found

    def _away(self, why: str) -> str:
        return (
            f"Dagster's web server did not answer at {self.url} ({why}): RESUME_DAGSTER_URL names "
            "another address. Without --launch the command does the work itself."
        )


def _document(error: urllib.error.HTTPError) -> dict[str, Any] | None:
    try:
        found = json.load(error)
    except ValueError:
        return None
    return found if isinstance(found, dict) and ("data" in found or "errors" in found) else None
