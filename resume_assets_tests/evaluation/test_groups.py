"""How a field that nobody described for the evaluation is compared: by what its column says."""

import pytest

from resume_assets.evaluation.groups import _FIELDS, Form, Together, _by_evidence
from resume_assets.extraction.candidate import Candidate, fields_of


@pytest.mark.parametrize("name", _FIELDS)
def test_a_field_that_is_described_would_be_compared_alike_if_it_were_not(name: str) -> None:
    _, _, by_hand = _FIELDS[name]
    group, _, derived = _by_evidence(name, fields_of(Candidate)[name])
    assert group == name
    assert derived is (Together.ranked if by_hand is Together.open else by_hand)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("first_name", Form.name),
        ("certifications", Form.certificate),
        ("emails", Form.email),
        ("skills", Form.term),
        ("years_experience", Form.years),
        ("summary", Form.words),  # nothing of it must stand in the resume
    ],
)
def test_its_form_is_that_of_its_evidence(name: str, form: Form) -> None:
    assert _by_evidence(name, fields_of(Candidate)[name])[1] is form
