"""How a request that is sent by itself is served: at half price where there is such a tier.

Source: https://developers.openai.com/api/docs/guides/flex-processing. Azure has it as a preview for
some deployments, which no list tells; there, and at servers of one's own, it is not asked for.
"""

from datetime import date
from typing import Any

from resume_assets.azure import host_of
from resume_assets.choices import Endpoint
from resume_assets.models.catalogue import Model
from resume_assets.models.prices import Service, Usage, price
from resume_assets.settings import Settings

_OPENAI = "openai.com"


def service_for(settings: Settings, model: Model, on: date, *, standard: bool = False) -> Service:
    """Return flex where model and endpoint have it, else standard.

    `on`: the day of the prices, which tell whether the model has it; `standard`: a person wants it.
    """
    if standard or not is_openai(settings):
        return Service.standard
    has_flex = price(model, Usage(1), on=on, service=Service.flex) is not None
    return Service.flex if has_flex else Service.standard


def parameters_of(service: Service, settings: Settings) -> dict[str, Any]:
    """Return what a request says beside a batch's line; nothing where no server may know it.

    Else OpenAI goes by the project's own setting, and the price might be another one.
    """
    if not is_openai(settings):
        return {}
    return {"service_tier": "flex" if service is Service.flex else "default"}


def storing(settings: Settings) -> bool | None:
    """Return what a request says about being stored: False, or None where no server may know it.

    Source: OpenAI's guide "Migrate to the Responses API": chat completions are stored by default
    for new accounts. A resume would stay there for 30 days, for all who see the project's logs.
    """
    return False if is_openai(settings) else None


def is_openai(settings: Settings) -> bool:
    """Whether the endpoint is OpenAI, or the local server, which knows what OpenAI knows."""
    if settings.endpoint is Endpoint.local:
        return True
    host = host_of(settings.openai_base_url)
    if host == "":
        return not settings.is_azure
    return host == _OPENAI or host.endswith(f".{_OPENAI}")
