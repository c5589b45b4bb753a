"""The Dagster resources: settings, and connections to OpenAI, the database and the batch store.

Nothing here decides or does anything with them.
"""

from resume_assets.resources.openai_resource import OpenAIResource
from resume_assets.resources.settings_resource import SettingsResource
from resume_assets.resources.sqlserver_resource import SQLServerResource
from resume_assets.resources.store_resource import BatchStoreResource

__all__ = ["BatchStoreResource", "OpenAIResource", "SQLServerResource", "SettingsResource"]
