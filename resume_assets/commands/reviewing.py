"""`review`: a page on which a person checks what a batch wrote."""

from collections import Counter
from pathlib import Path

import dagster as dg

from resume_assets.batches.ledger import batches
from resume_assets.batches.ledger.lease import PATIENCE, leased
from resume_assets.batches.store import REVIEW, BatchFiles, FilesGone
from resume_assets.commands.output import answer, say, warn
from resume_assets.commands.session import Session
from resume_assets.errors import WrongUseError
from resume_assets.private import private_text
from resume_assets.resources import BatchStoreResource
from resume_assets.reviewing.gathering import MOST, NothingToReview, Review, gather
from resume_assets.reviewing.page import page_of
from resume_assets.reviewing.signs import Sign
from resume_assets.words import counted

_ASSET = "updated_candidate_records"


def review(
    session: Session, name: str, *, flagged: bool, sample: int | None, page: Path | None
) -> int:
    """Write the page, tell Dagster where it is, and say what is on it; the exit code.

    `page`: the file; None for the batch's folder. Raises UnknownBatch, OfTrial, NothingToReview,
    FilesGone, BatchBusy, StoreFailed, OSError.
    """
    if flagged and sample is not None:
        raise WrongUseError("--flagged or --sample: a sample of what is flagged says little.")
    database, key = session.database, session.batch(name).batch_key
    # Nobody deletes the batch's files meanwhile, nor writes its records again.
    with leased(database, key, patience=PATIENCE) as lease, lease.kept_alive():
        files = _files(session, session.batch(key))
        place = _place(files, page, key)
        found = gather(database, key, files, flagged=flagged, sample=sample or MOST)
        if not found.records:
            return _nothing(found)
        where = _write(page_of(found), place)
    _tell_dagster(session, found, where)
    _say(found, where)
    return 0


def _files(session: Session, batch: batches.Batch) -> BatchFiles | None:
    """The batch's files, where they are kept and its own."""
    if batch.local_deleted_at is not None:
        return None
    database = session.database
    store = BatchStoreResource(settings=session.resource).store()
    installation = database.read(lambda connection: batches.installation_of(connection, database))
    files = store.find(batch.batch_key, batch.store_url, installation)
    return None if files.is_of_another(installation) else files


def _place(files: BatchFiles | None, page: Path | None, key: str) -> BatchFiles | Path:
    if page is not None:
        return page
    if files is None:
        raise FilesGone(
            f"The files of {key} are no longer kept (RESUME_KEEP_FILES_DAYS), and a page beside "
            f"them would stay for ever. `resume-assets review {key} --page FILE` writes it where "
            "you delete it yourself."
        )
    return files


def _write(content: str, place: BatchFiles | Path) -> str:
    if isinstance(place, Path):
        return str(private_text(place, content).absolute())
    with place.write(REVIEW) as stream:
        stream.write(content.encode())
    return place.shown(REVIEW)


def _tell_dagster(session: Session, found: Review, where: str) -> None:
    """Note with the batch's partition of the asset where its page is."""
    key = found.batch.batch_key
    session.know(key)
    session.instance.report_runless_asset_event(
        dg.AssetObservation(
            _ASSET,
            partition=key,
            metadata={"review_page": dg.MetadataValue.path(where), "records": len(found.records)},
        )
    )


def _nothing(found: Review) -> int:
    """Say why there is no page; raises NothingToReview where there is no record at all."""
    key = found.batch.batch_key
    if found.flagged and found.of:
        answer(records=0, page=None, next=f"resume-assets review {key}")
        say(
            f"No record of {key} that can be shown has a sign: `resume-assets review {key}` shows "
            "all there are."
        )
        return 0
    told = "; ".join(f"{len(ids):,} {why}" for why, ids in found.not_shown.items())
    raise NothingToReview(f"Batch {key} has no record that can be shown: {told or 'none at all'}.")


def _say(found: Review, where: str) -> None:
    shown = len(found.records)
    drawn = f", drawn at random from {found.of:,}" if found.drawn else ""
    following = f"resume-assets evaluate review-{found.batch.batch_key}.jsonl"
    say(f"{counted(shown, 'record')} of {found.batch.batch_key}{drawn}:")
    signs = Counter(sign for record in found.records for sign in record.all_signs)
    answer(
        records=shown,
        page=where,
        signs={str(sign): count for sign, count in signs.items()},
        not_shown={str(why): len(ids) for why, ids in found.not_shown.items()},
        next=following,
    )
    for sign in Sign:
        if signs[sign]:
            say(f"{signs[sign]:>7,}  {sign}")
    for why, ids in found.not_shown.items():
        say(f"{len(ids):>7,}  not shown: {why}")
    say(where)
    say(f"Open it in a browser. What you save there is taken by `{following}`.")
    warn("It has resumes in it: keep it as private as they are.")
