"""What a person is told: one base class for every error whose message is safe and complete."""


class PlatformError(RuntimeError):
    """Says what happened, to which batch or candidate, what was kept, and what to do next.

    Its message never holds a secret, a resume's content or a value of a row.
    """


class WrongUseError(PlatformError):
    """The user asked for something that can't be: a bad key, an unknown batch, a bad setting."""
