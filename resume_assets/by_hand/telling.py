"""How these jobs tell what came of them: sentences in the log, and all of it beside the step."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg


def tell(
    context: dg.OpExecutionContext, lines: Sequence[str], figures: Mapping[str, Any] | None = None
) -> None:
    """Log the lines, and keep them with the figures as the output's metadata."""
    for line in lines:
        context.log.info(line)
    words = dg.MetadataValue.md("\n\n".join(lines))
    context.add_output_metadata({"in_words": words, **(figures or {})})
