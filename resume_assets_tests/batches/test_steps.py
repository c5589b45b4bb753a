"""What long steps count: each comes to its end, whatever it is."""

from collections.abc import Iterator
from contextlib import contextmanager

from resume_assets.batches.ledger.lease import leased
from resume_assets.batches.upkeep import reprocessing, undoing
from resume_assets.progress import Step, watched_by
from resume_assets_tests.flow import KEY, Flowing


class Noting:
    """Keeps the steps that ended."""

    def __init__(self) -> None:
        self.ended: list[Step] = []

    @contextmanager
    def watch(self, step: Step) -> Iterator[None]:
        yield
        self.ended.append(step)


def test_each_step_of_a_batchs_life_counts_to_its_total(flow: Flowing) -> None:
    noting = Noting()
    with watched_by(noting):
        flow.until_done()
        with leased(flow.database, KEY) as lease:
            undoing.look(flow.database, KEY)
            undoing.undo(lease)
        flow.ask_now(*flow.waiting()[:2])
        reprocessing.put_back(flow.database, flow.batch().model or "", flow.written())
    counted = [step for step in noting.ended if step.unit is not None]
    assert {step.doing for step in counted} == {
        *("claiming", "noting the claims", "building the requests", "uploading", "downloading"),
        *("reading the answers", "writing the records", "looking at the records", "putting back"),
        "asking",
    }
    assert [(step.doing, step.done) for step in counted if step.done != step.total] == []
    assert all(step.done > 0 for step in counted)
