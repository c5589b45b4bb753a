"""Files that real programs made (`making.py`), read as people read them; and why others are not."""

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from resume_assets.documents import limits, reading
from resume_assets.documents.kinds import ENDINGS, Kind
from resume_assets.documents.reading import Document, read
from resume_assets.documents.reasons import TOLD, Reason, Unreadable
from resume_assets_tests.documents.making import FILES

PDF = FILES / "typst_columns.pdf"
DOCX = FILES / "python_docx.docx"
ODT = FILES / "libreoffice.odt"
RTF = FILES / "libreoffice.rtf"

CANDIDATE = "Ada Lovelace, engineer in Turku since 1843"


def opened(name: str) -> Document:
    path = FILES / name
    return read(path.suffix, path.read_bytes())


def why(ending: str, data: bytes) -> Reason:
    with pytest.raises(Unreadable) as raised:
        read(ending, data)
    return raised.value.reason


def in_order(text: str, *parts: str) -> bool:
    """Whether the parts stand in the text, one after the other."""
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def test_two_columns_are_read_one_after_the_other() -> None:
    text = opened("typst_columns.pdf").text
    assert in_order(text, "The left begins", "The left ends", "The right begins", "The right ends")
    text = opened("typst_sidebar.pdf").text
    assert in_order(text, "Skills", "Languages", "Zelda Quixby", "Acme Offices", "Education")


@pytest.mark.parametrize("name", ["typst_sidebar.pdf", "weasyprint.pdf", "libreoffice.docx"])
def test_words_are_whole_without_ligatures_and_soft_hyphens(name: str) -> None:
    text = opened(name).text
    assert "unbelievable soft hyphen" in text
    assert not {"\xad", "\ufffe", "\ufb00", "\ufb01", "\ufb02", "\ufb03"} & set(text)
    whole = (
        ("Efficient offices",) if "typst" in name else ("efficient fluff", "internationalisation")
    )
    assert all(word in text for word in whole)


def test_a_word_that_a_line_parts_at_a_pages_end_is_whole() -> None:
    text = opened("weasyprint.pdf").text
    assert "responsibilities" in text
    assert in_order(text, "Page 1 of 2", "One two three", "Page 2 of 2")


@pytest.mark.parametrize("name", ["weasyprint.pdf", "libreoffice.docx"])
def test_scripts_of_the_world_and_bullets_that_are_pictures(name: str) -> None:
    text = opened(name).text
    for part in ("שלום עולם", "مرحبا بالعالم", "山田太郎、東京都", "\U0001f680 Rockets"):
        assert part in text, part


@pytest.mark.parametrize(
    "name", ["weasyprint.pdf", "libreoffice.docx", "libreoffice.odt", "libreoffice.rtf", DOCX.name]
)
def test_a_row_of_a_table_is_a_line(name: str) -> None:
    lines = opened(name).text.splitlines()
    [line] = [line for line in lines if line.startswith("Acme Offices")]
    assert in_order(line, "Acme Offices", "2019-03", "Austin,")


@pytest.mark.parametrize(
    "name", [DOCX.name, "libreoffice.odt", "libreoffice.rtf", "libreoffice.pdf"]
)
def test_headers_and_footers_are_read(name: str) -> None:
    text = opened(name).text
    assert "In the header: zelda@example.com" in text
    assert "In the footer: +1 512 555 0142" in text


@pytest.mark.parametrize(
    "name", [DOCX.name, "libreoffice.odt", "libreoffice.rtf", "libreoffice.pdf"]
)
def test_a_layout_made_of_a_table(name: str) -> None:
    text = opened(name).text
    assert in_order(text, "Left column", "of a layout", "Right column", "In a table in a")


def test_what_word_has_that_libraries_leave_out() -> None:
    text = opened(DOCX.name).text
    assert text.count("In a box: Rust") == 1
    assert "In a control: Go" in text
    assert "Tracked: put in\n" in text
    assert "struck out" not in text
    assert "hidden" not in text
    assert "unbelievable full-time" in text
    assert in_order(text, "One line\n", "the next\tafter a tab")


def test_two_hundred_pages() -> None:
    found = opened("typst_200_pages.pdf")
    assert found.pages == 200
    assert in_order(found.text, "Page 1 of a life", "Page 100 of a life", "Page 200 of a life")


def test_where_a_link_leads_is_told_if_it_stands_nowhere() -> None:
    text = opened("typst_sidebar.pdf").text
    assert text.endswith("Links:\nhttps://www.linkedin.com/in/zelda-quixby\n")
    page = f'<p>{CANDIDATE}</p><a href="https://linkedin.com/in/ada">LinkedIn</a>'
    assert "LinkedIn (https://linkedin.com/in/ada)" in read(".html", page.encode()).text


def test_each_says_what_read_it() -> None:
    assert opened("typst_columns.pdf").library.startswith("pypdfium2 ")
    assert opened("libreoffice.rtf").library.startswith("striprtf ")
    assert opened(DOCX.name).library.startswith("resume-assets")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("weasyprint_scan.pdf", Reason.no_text),
        ("qpdf_locked.pdf", Reason.password),
        ("msoffcrypto_locked.docx", Reason.password),
    ],
)
def test_a_real_file_that_can_not_be_read(name: str, reason: Reason) -> None:
    path = FILES / name
    assert why(path.suffix, path.read_bytes()) is reason


def test_a_pdf_that_only_may_not_be_printed_is_read() -> None:
    assert opened("qpdf_owned.pdf").text == opened("typst_columns.pdf").text


@pytest.mark.parametrize("path", [PDF, DOCX, ODT, RTF], ids=lambda path: path.suffix)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_file_that_is_cut_off_is_never_half_a_resume(path: Path, share: float) -> None:
    data = path.read_bytes()
    assert why(path.suffix, data[: int(len(data) * share)]) is Reason.broken


@pytest.mark.parametrize("path", [PDF, DOCX, ODT, RTF], ids=lambda path: path.suffix)
def test_a_file_that_is_spoilt_is_read_whole_or_not_at_all(path: Path) -> None:
    """Its bytes changed here and there: whatever comes of it, it is an answer."""
    whole = set(read(path.suffix, path.read_bytes()).text.split())
    data = bytearray(path.read_bytes())
    for at in range(200, len(data), max(1, len(data) // 40)):
        data[at] ^= 0x55
    try:
        found = read(path.suffix, bytes(data))
    except Unreadable as unreadable:
        reason = unreadable.reason
    else:
        assert set(found.text.split()) & whole
        return
    assert reason in (Reason.broken, Reason.other_kind, Reason.no_text, Reason.garbled)


@pytest.mark.parametrize(
    ("ending", "data", "reason"),
    [
        (".pdf", b"", Reason.empty),
        (".txt", b" \n\t\n", Reason.empty),
        (".txt", "\u200b\u200b".encode(), Reason.empty),
        (".html", b"<html><script>var x = 'a long enough text of a script'</script>", Reason.empty),
        (".docx", b"not a package", Reason.broken),
        (".pdf", b"not a PDF", Reason.broken),
        (".jpg", b"\xff\xd8\xff", Reason.other_kind),
        (".xlsx", b"PK\x03\x04", Reason.other_kind),
        (".exe", b"MZ", Reason.other_kind),
        ("", b"anything", Reason.other_kind),
        (".doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"Workbook", Reason.other_kind),
    ],
)
def test_what_is_no_resume(ending: str, data: bytes, reason: Reason) -> None:
    assert why(ending, data) is reason


def test_the_file_itself_says_what_it_is() -> None:
    """Word writes RTF and web pages under .doc, and people rename files."""
    assert read(".doc", RTF.read_bytes()).kind is Kind.rtf
    assert read(".doc", f"<html><body><p>{CANDIDATE}".encode()).kind is Kind.html
    assert read(".txt", PDF.read_bytes()).kind is Kind.pdf
    assert read(".docx", ODT.read_bytes()).kind is Kind.odt
    assert read(".PDF", PDF.read_bytes()).kind is Kind.pdf


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("utf-16-le", ""), ("utf-16-be", "")],
)
def test_text_in_its_encodings(encoding: str, told: str) -> None:
    text = f"Zofia Łódzka, {CANDIDATE}\r\nĄŻ\r\n"
    found = read(".txt", text.encode(encoding))
    assert found.text == text.replace("\r\n", "\n")
    assert told in found.library


def test_an_encoding_that_nobody_tells_is_found_and_named() -> None:
    text = "Иван Петров, инженер-конструктор.\nОпыт работы: десять лет на заводе в городе Твери.\n"
    found = read(".txt", text.encode("cp1251"))
    assert found.text == text
    assert found.library.endswith("cp1251")
    page = f'<meta charset="windows-1251"><p>{text}</p>'
    assert "инженер-конструктор" in read(".html", page.encode("cp1251")).text


def test_markdown_is_as_it_was() -> None:
    text = f"# Ada\n\n- one\n- two\n\n{CANDIDATE}\n"
    assert read(".md", text.encode()).text == text


def test_html_in_lines() -> None:
    page = (
        f"<head><title>CV</title></head><h1>Ada</h1><p>{CANDIDATE}<br>next</p><ul><li>one<li>two</ul>"
        "<table><tr><td>a<td>b<tr><td>c<td>d</table><pre>x  y\n z</pre><style>p{}</style>&amp;"
    )
    assert read(".html", page.encode()).text == (
        f"# Ada\n{CANDIDATE}\nnext\n- one\n- two\na | b\nc | d\nx  y\n z\n&\n"
    )


def package(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in parts.items():
            made.writestr(name, data)
    return stream.getvalue()


def docx(document: bytes, **parts: bytes) -> bytes:
    return package(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": document, **parts})


W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def words(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>%b</w:t></w:r></w:p>" % text


def body(inner: bytes) -> bytes:
    return b"<w:document %b><w:body>%b</w:body></w:document>" % (W, inner)


def test_a_small_package_is_read() -> None:
    assert read(".docx", docx(body(words(CANDIDATE.encode())))).text == f"{CANDIDATE}\n"


def test_a_bomb_harms_nobody() -> None:
    """A hundred megabytes that were a hundred kilobytes; read no further than is allowed."""
    bomb = docx(body(words(b"a" * (limits.MOST_UNPACKED + 10))))
    assert len(bomb) < 200_000
    assert why(".docx", bomb) is Reason.too_large


def test_a_package_of_many_parts_is_counted_as_a_whole() -> None:
    many = {f"word/header{number}.xml": body(words(b" " * 30_000_000)) for number in range(5)}
    assert why(".docx", docx(body(words(CANDIDATE.encode())), **many)) is Reason.too_large


def test_depth_harms_nobody() -> None:
    deep = b"<w:tbl><w:tr><w:tc>" * 50_000 + words(b"x") + b"</w:tc></w:tr></w:tbl>" * 50_000
    assert why(".docx", docx(body(deep))) is Reason.too_large
    page = "<div>" * 200_000 + CANDIDATE + "</div>" * 200_000
    assert read(".html", page.encode()).text == f"{CANDIDATE}\n"
    nested = b"{\\rtf1 " + b"{" * 100_000 + CANDIDATE.encode() + b"}" * 100_000 + b"}"
    assert CANDIDATE in read(".rtf", nested).text


def test_entities_of_a_documents_own_are_not_taken() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + body(
        words(b"&b;" + b"x" * 50)
    )
    outside = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + body(words(b"&f;"))
    assert why(".docx", docx(laughs)) is Reason.broken
    assert why(".docx", docx(outside)) is Reason.broken


def test_too_many_pages() -> None:
    data = (FILES / "typst_200_pages.pdf").read_bytes()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(limits, "MOST_PAGES", 199)
        monkeypatch.setattr("resume_assets.documents.readers.pdf.MOST_PAGES", 199)
        from resume_assets.documents.readers import pdf

        with pytest.raises(Unreadable) as raised:
            pdf.read(data)
    assert raised.value.reason is Reason.too_large


def test_too_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    assert why(".txt", b"x" * 101) is Reason.too_large


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SECONDS", 0.001)
    assert why(".pdf", PDF.read_bytes()) is Reason.too_much


@pytest.mark.parametrize(
    "harm",
    [
        "x = 'a' * 10**7\nwhile True: x += x",  # memory
        "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass",
        "import os\nos.kill(os.getpid(), 11)",  # a library's own fault
        "import os\nos._exit(3)",
        "open('/tmp/resume_assets_harm', 'w').write('x' * 9)",
        "print('{}')",
        "print('[1]')",
    ],
    ids=["memory", "processor", "crash", "exit", "file", "lies", "more lies"],
)
def test_a_process_that_comes_to_harm_gives_a_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, harm: str
) -> None:
    """As if a library did that while it read: in the very process, with its very limits."""
    limited = (
        "from resume_assets.documents.limits import limit_this_process\nlimit_this_process()\n"
    )
    (tmp_path / "harmed.py").write_text(limited + harm, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(reading, "_CHILD", "harmed")
    assert why(".pdf", PDF.read_bytes()) in (Reason.too_much, Reason.broken)
    left = Path("/tmp/resume_assets_harm")
    assert not left.exists() or not left.read_bytes()
    left.unlink(missing_ok=True)


def test_the_process_has_none_of_our_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = "{'text': ' '.join(os.environ), 'library': '', 'pages': 0}"
    tells = f"import json, os\nprint(json.dumps({told}))"
    (tmp_path / "telling.py").write_text(tells, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nobodys")
    monkeypatch.setattr(reading, "_CHILD", "telling")
    assert "OPENAI_API_KEY" not in read(".pdf", PDF.read_bytes()).text.split()


def test_words_old_format_needs_a_converter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why(".doc", (FILES / "libreoffice.doc").read_bytes()) is Reason.no_converter


CONVERTERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not here")
    )
    for name in ("soffice", "antiword")
]


@pytest.mark.parametrize("name", CONVERTERS)
def test_words_old_format_by_a_converter(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    program = shutil.which(name)
    assert program
    (tmp_path / name).symlink_to(program)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin" if name == "soffice" else str(tmp_path))
    found = opened("libreoffice.doc")
    assert found.kind is Kind.doc
    assert found.library.startswith("LibreOffice" if name == "soffice" else "antiword")
    assert in_order(found.text, "Zelda Quixby", "Acme Offices", "2019-03", "Efficient offices")


def test_each_reason_has_its_sentence_and_each_ending_its_kind() -> None:
    assert TOLD.keys() == set(Reason)
    assert {".pdf", ".docx", ".doc", ".odt", ".rtf", ".html", ".txt", ".md"} < ENDINGS
