"""Answering many requests: in this process, or with helper processes when there are very many.

Rules take a millisecond or two a resume, and Python's GIL lets one thread compute at a time.
Helpers are plain processes that read requests on their standard input and end when it closes, so
none is left when this process dies. (No `multiprocessing`: it would run the caller's main module
again.)
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import BinaryIO, NamedTuple

import orjson

from resume_assets.local_openai.completions import Completer, Completion, Rules
from resume_assets.local_openai.settings import Limits
from resume_assets.processors import processors

HELP_FROM = 2_000
"""Requests in a batch from which helpers are worth their second of starting."""

_MOST_HELPERS = 4


class Job(NamedTuple):
    """A line of a request file, and its input tokens where they are known."""

    line: bytes
    tokens: int | None


class Answerer:
    """Answers requests in their order."""

    def __init__(self, limits: Limits, rules: Rules | None) -> None:
        self._limits = limits
        self.completer = Completer(limits, rules) if rules else Completer(limits)
        self.may_have_help = rules is None
        self._helpers: list[subprocess.Popen[bytes]] = []

    def answer(
        self, jobs: Sequence[Job], now: float, still_wanted: Callable[[], None]
    ) -> Iterator[Completion]:
        """Answer in this process, one by one as they are asked for."""
        for job in jobs:
            still_wanted()
            yield _answer_one(job, self.completer, now)

    def answer_together(
        self, jobs: Sequence[Job], now: float, still_wanted: Callable[[], None]
    ) -> Iterator[Completion]:
        """Answer with helper processes. Raises OSError when one died."""
        try:
            self._start()
            share = -(-len(jobs) // len(self._helpers))
            slices = [jobs[n : n + share] for n in range(0, len(jobs), share)]
            for helper, part in zip(self._helpers, slices, strict=False):
                self._send(helper, part, now)
            for helper, part in zip(self._helpers, slices, strict=False):
                for _ in part:
                    still_wanted()
                    yield _received(helper)
        except BaseException:
            # Given up half way: what helpers still write must not be taken for later answers.
            self.close()
            raise

    def close(self) -> None:
        """End the helpers; they start again when needed."""
        helpers, self._helpers = self._helpers, []
        for helper in helpers:
            helper.kill()
            with helper:
                pass

    def _start(self) -> None:
        if any(helper.poll() is not None for helper in self._helpers):
            self.close()
        wanted = min(processors(), _MOST_HELPERS)
        settings = orjson.dumps(asdict(self._limits)).decode()
        while len(self._helpers) < wanted:
            self._helpers.append(
                subprocess.Popen(  # noqa: S603 - this very module
                    [sys.executable, "-m", __name__, settings],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    # Ctrl-C is for the parent process only; helpers end when it does.
                    start_new_session=True,
                )
            )

    @staticmethod
    def _send(helper: subprocess.Popen[bytes], part: Sequence[Job], now: float) -> None:
        if helper.stdin is None:
            raise OSError("a helper has no input")
        header = orjson.dumps([now, [job.tokens for job in part]]) + b"\n"
        helper.stdin.writelines([header, *(job.line.rstrip(b"\r\n") + b"\n" for job in part)])
        helper.stdin.flush()


def _answer_one(job: Job, completer: Completer, now: float) -> Completion:
    return completer.complete(orjson.loads(job.line)["body"], now, job.tokens)


def _received(helper: subprocess.Popen[bytes]) -> Completion:
    line = b"" if helper.stdout is None else helper.stdout.readline()
    if not line.endswith(b"\n"):
        raise OSError("a helper process ended")
    *numbers, body = line[:-1].split(b" ", 4)
    return Completion(int(numbers[0]), orjson.Fragment(body), *map(int, numbers[1:]))


def help_out(limits: Limits, requests: BinaryIO, answers: BinaryIO) -> None:
    """What a helper does: read a share of requests, answer each, until the input ends."""
    completer = Completer(limits)
    while header := requests.readline():
        now, tokens = orjson.loads(header)
        # All of it first: who sends does not read until everything is sent.
        jobs = [Job(requests.readline(), count) for count in tokens]
        for job in jobs:
            done = _answer_one(job, completer, now)
            numbers = (done.status, done.input_tokens, done.cached_tokens, done.output_tokens)
            answers.write(b"%d %d %d %d " % numbers + orjson.dumps(done.body) + b"\n")
        answers.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        help_out(Limits(**orjson.loads(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
