"""Self-contained HTML pages: nothing is loaded, and nothing runs but the page's own script.

The content security policy names style and script by their hashes, so that whatever a text brings
along stays text. Who writes a page with personal data in it makes the file private.
"""

import base64
import hashlib
import json
from html import escape
from typing import Any

import orjson


def document(
    title: str, body: str, *, style: str, script: str | None = None, data: Any = None
) -> str:
    """A whole page; `title` is text, `body` markup.

    `script` runs once the page is there. `data` is put beside it as JSON, in `#data`, which
    does not run.
    """
    block = f'<script type="application/json" id="data">{_json(data)}</script>\n' if script else ""
    run = f"<script>{script}</script>" if script else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)}</title>\n<style>{style}</style></head>\n"
        f"<body>{body}\n{block}{run}</body></html>\n"
    )


def _policy(style: str, script: str | None) -> str:
    """What the browser allows: no source but these two texts, no form, and no markup from strings.

    Source: W3C, Content Security Policy Level 3; W3C, Trusted Types.
    """
    allowed = f"default-src 'none'; style-src 'sha256-{_hash(style)}'; "
    if script is not None:
        allowed += f"script-src 'sha256-{_hash(script)}'; "
    return (
        f"{allowed}base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _json(data: Any) -> str:
    try:
        told = orjson.dumps(data).decode()
    except TypeError:  # lone surrogates, which UTF-8 can't hold: JSON in ASCII can
        told = json.dumps(data)
    # Without "<" there is neither an end of the block in it nor the beginning of a comment.
    return told.replace("<", "\\u003c")
