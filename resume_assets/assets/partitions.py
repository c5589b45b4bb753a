"""One partition is one batch is one request file."""

import dagster as dg

GROUP = "resume_batches"
OWNERS = ["team:recruiting-data"]

resume_batches = dg.DynamicPartitionsDefinition(name="resume_batches")
