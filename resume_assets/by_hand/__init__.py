"""Jobs that a person starts in the UI, each by the name of its command; one thin op each.

What they do is done in `batches` and `trials`. Here fields are described, wrong ones refused before
anything happened, and what came of it is told.
"""

from resume_assets.by_hand.auditing import audit
from resume_assets.by_hand.exporting import export
from resume_assets.by_hand.forgetting import forget
from resume_assets.by_hand.importing import import_resumes
from resume_assets.by_hand.now import now
from resume_assets.by_hand.people import cancel, retry
from resume_assets.by_hand.reprocessing import reprocess
from resume_assets.by_hand.submitting import submit
from resume_assets.by_hand.trials import trial
from resume_assets.by_hand.undoing import undo

JOBS = (audit, cancel, export, forget, import_resumes, now, reprocess, retry, submit, trial, undo)

__all__ = ["JOBS"]
