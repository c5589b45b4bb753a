"""Skills: two words, a whole term, no loose end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resume_assets.extraction.skills import skill

CONNECTING = frozenset(
    ("of", "in", "for", "to", "as", "on", "the", "and", "or", "with", *"&/+|-–—")
)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Python", "Python"),
        ("Data Modeling", "Data Modeling"),
        ("Amazon Web Services (AWS)", "AWS"),
        ("Customer Relationship Management (CRM) Software", "CRM"),
        ("Search Engine Optimization", "Search Engine"),
        ("AWS (EC2, S3)", "AWS"),
        ("AWS (EC2", "AWS"),
        ("Microsoft Excel (advanced)", "Microsoft Excel"),
        ("Machine Learning (ML)", "Machine Learning"),
        ("Python (Pandas)", "Python (Pandas)"),
        ("(Python)", "Python"),
        ("Python)", "Python"),
        ("Internet of Things", "Internet of Things"),
        ("Research & Development", "Research & Development"),
        ("Research and Development", "Research and Development"),
        ("Health & Safety Compliance", "Health & Safety"),
        ("Leadership and Team Management", "Leadership"),
        ("Data Analysis and Reporting", "Data Analysis"),
        ("Quality Assurance of Software", "Quality Assurance"),
        ("Leadership and Team of Experts", "Leadership and Team"),
        ("Research Project Planning (R)", "Research Project"),
        ("and", "and"),
        ("CI / CD", "CI / CD"),
        ("C / C++ / Java", "C / C++"),
        ("English – native", "English"),
        ("English - C1 level", "English"),
        ("English –", "English"),
        ("Head of )", "Head"),
        ("Microsoft Office: Word, Excel", "Microsoft Office"),
        ("Hiring, Firing and so on", "Hiring"),
        ("• Python", "Python"),
        ("- SQL,", "SQL"),
        ("C++", "C++"),
        (".NET", ".NET"),
        ("A/B Testing", "A/B Testing"),
        ("—", ""),
    ],
)
def test_skill(given, kept):
    assert skill(given) == kept


@given(st.text(max_size=40) | st.text(st.sampled_from("ab &/(–),of +"), max_size=20))
def test_two_words_and_no_loose_end(text):
    text = " ".join(text.split())
    kept = skill(text)
    words = kept.split()
    assert sum(word.casefold() not in CONNECTING for word in words[1:]) <= 1
    if len(text.split()) > 2:
        assert kept.count("(") == kept.count(")")
        assert not kept or words[-1].casefold() not in CONNECTING or len(words) == 1
    assert skill(kept) == kept
