"""When it is time to look at OpenAI again: RESUME_CHECK_INTERVAL, in whole sensor ticks."""

TICK_SECONDS = 60
"""Between two sensor ticks, as the sensors are defined: the setting can't change that."""


def is_time_to_look(last_look: float | None, now: float, interval: float) -> bool:
    """Whether a tick should look: the one that is nearest to an interval after the last look.

    Times and `interval` in seconds. `last_look`: None where it is not known. No tick is left out
    for an interval no longer than the ticks', however early one comes.
    """
    if last_look is None or last_look > now:  # a clock that was set back
        return True
    return now - last_look >= interval - TICK_SECONDS / 2 or interval <= TICK_SECONDS
