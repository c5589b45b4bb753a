"""Self-contained pages: what the policy allows, and that texts end no block."""

import base64
import hashlib
import json
import re

import pytest

from resume_assets.pages import document


def sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def policy(page: str) -> dict[str, str]:
    [found] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    return dict(part.strip().partition(" ")[::2] for part in found.split(";"))


def test_only_this_style_and_this_script_are_allowed() -> None:
    allowed = policy(document("T", "<p>", style="p { color: red }", script="let a = 1 < 2;"))
    assert allowed["default-src"] == "'none'"
    assert allowed["style-src"] == f"'sha256-{sha256('p { color: red }')}'"
    assert allowed["script-src"] == f"'sha256-{sha256('let a = 1 < 2;')}'"
    assert allowed["base-uri"] == allowed["form-action"] == allowed["trusted-types"] == "'none'"


def test_a_page_without_script_may_run_none() -> None:
    page = document("T", "<p>", style="")
    assert "script-src" not in policy(page)
    assert "<script" not in page


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!--<script>",
        "]]>",
        "\\u003c",
        "\x00\u2028\u2029\x7f",
        "\ud83d alone",
        "😀 Łódź",
    ],
)
def test_data_comes_back_as_it_was_and_ends_no_block(text: str) -> None:
    page = document("T", "", style="", script="1", data={text: [text]})
    [block] = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(block) == {text: [text]}
    assert "<" not in block
    assert page.count("</script>") == 2


def test_the_title_is_text() -> None:
    assert "<title>a&lt;b&amp;</title>" in document("a<b&", "", style="")
