"""A small coverage-guided fuzzer: an input that reaches a new edge of the code is built upon.

An edge is a pair of lines run one after the other in a file under test, with how often (1, 2, 4 …).
A few seconds of it in each run of the tests find what random input alone does not.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any

Edge = tuple[str, int, int]


@dataclass
class Fuzzer:
    """Runs `target` on mutations of the corpus; an exception of it is the finding."""

    target: Callable[[bytes], object]
    modules: Iterable[ModuleType]
    words: tuple[bytes, ...]
    seed: int = 0
    corpus: list[bytes] = field(default_factory=list)
    edges: set[tuple[Edge, int]] = field(default_factory=set)
    runs: int = 0

    def __post_init__(self) -> None:
        self._files = {module.__file__ for module in self.modules}
        self._chance = random.Random(self.seed)

    def fuzz(self, seconds: float, seeds: Iterable[bytes]) -> None:
        """Go on for so long. Raises what the target raises, with the input as its note."""
        for seed in seeds:
            self._try(seed)
            self.corpus.append(seed)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = self._mutated()
            if self._try(data):
                self.corpus.append(data)

    def _try(self, data: bytes) -> bool:
        """Whether the input reached something new."""
        self.runs += 1
        counts: dict[Edge, int] = {}
        before = sys.gettrace()

        def enter(frame: FrameType, event: str, argument: Any) -> Any:
            file = frame.f_code.co_filename
            if file not in self._files:
                return None
            last = 0

            def line(frame: FrameType, event: str, argument: Any) -> Any:
                nonlocal last
                if event == "line":
                    edge = (file, last, frame.f_lineno)
                    counts[edge] = counts.get(edge, 0) + 1
                    last = frame.f_lineno
                return line

            return line

        sys.settrace(enter)
        try:
            self.target(data)
        except BaseException as error:
            sys.settrace(before)
            error.add_note(f"input: {data!r}")
            raise
        finally:
            sys.settrace(before)
        found = {(edge, count.bit_length()) for edge, count in counts.items()}
        new = not found <= self.edges
        self.edges |= found
        return new

    def _mutated(self) -> bytes:
        chance = self._chance
        # What was found last is built upon most.
        data = bytearray(self.corpus[-1 - int(len(self.corpus) * chance.random() ** 2)])
        for _ in range(1 << chance.randint(0, 4)):
            at = chance.randint(0, len(data))
            match chance.randint(0, 6):
                case 0 if data:
                    data[at % len(data)] ^= 1 << chance.randint(0, 7)
                case 1:
                    data[at:at] = chance.choice(self.words)
                case 2:
                    data[at : at + chance.randint(1, 16)] = b""
                case 3:
                    data[at:at] = bytes([chance.randint(0, 255)])
                case 4:
                    other = chance.choice(self.corpus)
                    start = chance.randint(0, len(other))
                    data[at:at] = other[start : start + chance.randint(1, 64)]
                case 5:
                    data[at:at] = data[at : at + chance.randint(1, 32)]
                case 6 if data:
                    data[at % len(data)] = chance.choice(b'0123456789"{}[],:-/ \\\n')
        return bytes(data[:20_000])
