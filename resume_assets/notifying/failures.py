"""What a try to tell somebody came to, where it did not go well."""

from resume_assets.errors import PlatformError


class NotTold(PlatformError):
    """A receiver does not have the message, as far as is known; nothing secret is in the words.

    `retry_after`: seconds that it wants to be left alone. `refused`: it would turn the same message
    down again; `for_good`: it takes no message any more.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        refused: bool = False,
        for_good: bool = False,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.refused = refused
        self.for_good = for_good
