"""The platform's settings as a resource, so that a test or the demo can replace them."""

import dagster as dg
from pydantic import Field

from resume_assets.resources.in_force import set_by_the_user, showing
from resume_assets.settings import Settings, demo_settings, load_settings


def _limit(dollars: float | None) -> str:
    return "no limit" if dollars is None else f"{dollars:,.2f}"


def _facts(resource: "SettingsResource") -> dict[str, object]:
    settings = resource.load()
    return {
        "home": settings.home_folder,
        "resumes a batch": f"{settings.batch_size:,}",
        "batches out at once": settings.max_in_flight,
        "dollars in all": _limit(settings.max_cost_usd),
        "dollars a day": _limit(settings.max_cost_usd_a_day),
        "tokens enqueued at once": settings.enqueued_token_limit or "learned from OpenAI",
        **({} if resource.demo else set_by_the_user(settings)),
    }


@showing(_facts)
class SettingsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads environment and `.env` whenever it is asked; `resume-assets doctor` shows them."""

    # As with OpenAIResource, the launchpad does not open with these.
    demo: bool | None = Field(
        default=None, description="true: only the defaults, no configured database, key or limit."
    )
    overrides: dict[str, str] = Field(
        default_factory=dict, description="Values by variable name that win; never a secret."
    )

    def load(self) -> Settings:
        """The settings in force. Raises SettingsError."""
        return demo_settings() if self.demo else load_settings(**self.overrides)
