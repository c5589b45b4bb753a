"""The platform's settings as a resource, so that a test or the demo can replace them."""

import dagster as dg
from pydantic import Field

from resume_assets.settings import Settings, demo_settings, load_settings


class SettingsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Reads environment and `.env` whenever it is asked; `resume-assets doctor` shows them."""

    demo: bool = Field(
        default=False, description="Only the defaults: no configured database, key or limit."
    )
    overrides: dict[str, str] = Field(
        default_factory=dict, description="Values by variable name that win; never a secret."
    )

    def load(self) -> Settings:
        """The settings in force. Raises SettingsError."""
        return demo_settings() if self.demo else load_settings(**self.overrides)
