"""Where request and result files are kept."""

import dagster as dg

from resume_assets.batches.store import BatchStore
from resume_assets.resources.settings_resource import SettingsResource


class BatchStoreResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """`RESUME_BATCH_STORE`: a folder, or any fsspec URL that all workers reach."""

    settings: dg.ResourceDependency[SettingsResource]

    def store(self) -> BatchStore:
        """The store; creates no folder or bucket."""
        return BatchStore(self.settings.load().store_url)
