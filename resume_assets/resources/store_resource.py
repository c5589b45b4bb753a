"""Where request and result files are kept."""

import dagster as dg

from resume_assets.batches.store import BatchStore
from resume_assets.batches.store_errors import shown_url
from resume_assets.resources.in_force import showing
from resume_assets.resources.settings_resource import SettingsResource


def _facts(resource: "BatchStoreResource") -> dict[str, object]:
    settings = resource.settings.load()
    return {"store": shown_url(settings.store_url), "kept, in days": settings.keep_files_days}


@showing(_facts)
class BatchStoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """`RESUME_BATCH_STORE`: a folder, or any fsspec URL that all workers reach."""

    settings: dg.ResourceDependency[SettingsResource]

    def store(self) -> BatchStore:
        """The store; creates no folder or bucket."""
        return BatchStore.configured(self.settings.load())
