"""Vocabularies come from a wheel, checked, and never from the network."""

import socket

import pytest

from resume_assets.models import vocabularies
from resume_assets.models.vocabularies import VocabularyError, encoding_name, load_encoding


def test_no_network_is_touched(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    fresh = vocabularies._load.__wrapped__("o200k_base")
    assert fresh.n_vocab == load_encoding("o200k_base").n_vocab


def test_a_wrong_vocabulary_is_refused():
    with pytest.raises(VocabularyError, match="not the file"):
        vocabularies._vocabulary("any/o200k_base.tiktoken", "0" * 64)
    with pytest.raises(VocabularyError, match="bpe-openai"):
        vocabularies._vocabulary("any/missing.tiktoken", "0" * 64)
    with pytest.raises(ValueError, match="gpt2"):
        load_encoding("gpt2")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-4o-mini", "o200k_base"),
        ("gpt-6-luna", "o200k_base"),
        ("gpt-4-0613", "cl100k_base"),
        ("gpt-oss-20b", "o200k_base"),
        ("somebody/else", "o200k_base"),
    ],
)
def test_encoding_of_a_model(model, name):
    assert encoding_name(model) == name
