import pytest
import tiktoken

from resume_assets.models.vocabularies import load_encoding


@pytest.fixture(scope="session")
def o200k() -> tiktoken.Encoding:
    return load_encoding("o200k_base")
