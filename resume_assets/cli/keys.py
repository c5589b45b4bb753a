"""Arguments that name a batch or a trial."""

import click
from click.shell_completion import CompletionItem


class Key(click.ParamType):  # type: ignore[type-arg]
    """A batch's key, or a trial's; `of` says whose are proposed."""

    name = "key"

    def __init__(self, *of: str) -> None:
        self.of = of

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Those that the ledger knows, newest first; none, silently, where it can't be asked."""
        from resume_assets.commands import keys

        return [
            CompletionItem(key, help=state)
            for key, state in keys.known(self.of)
            if key.startswith(incomplete)
        ]
