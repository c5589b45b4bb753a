"""How well records meet known answers, and each other.

Here belong what counts as equal, which value is compared with which, and the measures. Known
answers are read here too (`gold`); the records come from whoever has them.
"""

from resume_assets.evaluation.comparing import Agreement, Verdict, agreement, judge
from resume_assets.evaluation.marks import Not, Since
from resume_assets.evaluation.measures import Report, Score, score

__all__ = [
    "Agreement",
    "Not",
    "Report",
    "Score",
    "Since",
    "Verdict",
    "agreement",
    "judge",
    "score",
]
