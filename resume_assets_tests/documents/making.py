"""Makes `files/`, once: `python -m resume_assets_tests.documents.making`. No test needs it.

Each file is written by a program that people write resumes with, or that programs write them with:
Typst 0.15 (`typst`), WeasyPrint 70 (`weasyprint`), python-docx 1.2 (`python-docx`), LibreOffice 7.4
(`soffice`), and for locks qpdf 11 and msoffcrypto-tool. Fonts: Libertinus (in Typst), DejaVu, IPA
Gothic, Symbola. Everybody in them is invented.
"""

import io
import shutil
import struct
import subprocess
import tempfile
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "files"
PASSWORD = "secret"

SIDEBAR = r"""
#set document(date: none)
#set page(margin: 15mm)
#set text(font: "Libertinus Serif", size: 10pt, hyphenate: true, lang: "en")
#grid(columns: (60mm, 1fr), gutter: 8mm,
[
= Skills
- Efficient offices
- Workflow, fluff
= Contact
#link("mailto:zelda@example.com")[zelda\@example.com] \
#link("https://www.linkedin.com/in/zelda-quixby")[LinkedIn] \
+1 512 555 0142 \
Austin, TX
= Languages
Polish, Ελληνικά
],
[
= Zelda Quixby
#strong[Chief Office Officer]
= Experience
== Acme Offices, Austin, TX
March 2019 -- Present \
Responsible for administration, telecommunications, internationalisation and the
reorganisation of correspondence throughout seventeen extraordinarily uncooperative departments.
== Globex, Dallas, TX
2015 -- 2018 \
An un#sym.hyph.soft;believ#sym.hyph.soft;able soft hyphen.
= Education
B.S. Mathematics, 2014
])
"""

COLUMNS = r"""
#set document(date: none)
#set page(columns: 2, margin: 15mm)
#set text(size: 10pt)
= Zelda Quixby
The left begins here. #lorem(60) The left ends here.
#colbreak()
= Experience
The right begins here. #lorem(40) The right ends here.
"""

LONG = r"""
#set document(date: none)
#set page(width: 70mm, height: 20mm, margin: 5mm)
#set text(size: 9pt)
#for n in range(1, 201) [ Page #n of a life. #pagebreak(weak: true) ]
"""

PAGE = """<!doctype html><html lang=en><meta charset=utf-8><title>CV</title><style>
@page { size: A5; margin: 20mm 15mm; @top-center { content: "CV of Zelda Quixby" }
  @bottom-center { content: "Page " counter(page) " of " counter(pages) } }
body { font: 9pt "DejaVu Sans", "IPAGothic", "Symbola"; hyphens: manual }
td, th { border: 1px solid; padding: 2mm }
ul { list-style: none }
.rtl { direction: rtl }
</style>
<h1>Zelda Quixby</h1>
<p>zelda@example.com | +1 512 555 0142</p>
<table><tr><th>Employer<th>From<th>To<th>Place
<tr><td>Acme Offices<td>2019-03<td>Present<td>Austin, TX
<tr><td>Globex GmbH &amp; Co.<td>2015-01<td>2018-12<td>Dallas, TX</table>
<h2>Skills</h2><ul><li>\U0001f680 Rockets<li>\U0001f527 Tools<li>\u2714 Checks</ul>
<p class=rtl lang=he>שלום עולם, זלדה</p><p class=rtl lang=ar>مرحبا بالعالم</p>
<p lang=ja>山田太郎、東京都。ソフトウェア開発者</p>
<p>Office workflow, e\ufb03cient \ufb02uff. An un&shy;believ&shy;able soft hyphen.</p>
<p style="width: 22mm">Consultant for inter&shy;national&shy;isation of soft&shy;ware.</p>
<div style="height: 88mm"></div>
<p style="width: 30mm; orphans: 1; widows: 1">One two three four five six seven eight nine ten
responsi&shy;bilities after the end of a page.</p>
"""

SIGNED = "http://schemas.openxmlformats.org"
TEXT_BOX = f"""<w:p xmlns:w="{SIGNED}/wordprocessingml/2006/main"
 xmlns:mc="{SIGNED}/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"
 xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><w:r>
<mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx><w:txbxContent>
<w:p><w:r><w:t>In a box: Rust</w:t></w:r></w:p></w:txbxContent></wps:txbx></w:drawing></mc:Choice>
<mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>In a box: Rust</w:t></w:r></w:p>
</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"""
CONTROL = f"""<w:sdt xmlns:w="{SIGNED}/wordprocessingml/2006/main"><w:sdtContent><w:p><w:r>
<w:t>In a control: Go</w:t></w:r></w:p></w:sdtContent></w:sdt>"""
TRACKED = f"""<w:p xmlns:w="{SIGNED}/wordprocessingml/2006/main"><w:r><w:t>Tracked: </w:t></w:r>
<w:del w:id="1" w:author="x"><w:r><w:delText>struck out</w:delText></w:r></w:del>
<w:ins w:id="2" w:author="x"><w:r><w:t>put in</w:t></w:r></w:ins>
<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>"""
HYPHENS = f"""<w:p xmlns:w="{SIGNED}/wordprocessingml/2006/main"><w:r><w:t>un</w:t><w:softHyphen/>
<w:t>believable full</w:t><w:noBreakHyphen/><w:t>time</w:t></w:r></w:p>"""


def main() -> None:
    """Make all of them."""
    FILES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _typst(folder)
        _weasyprint(folder)
        _docx()
        for kind, form in (
            ("odt", "writer8"),
            ("rtf", "Rich Text Format"),
            ("doc", "MS Word 97"),
            ("pdf", "writer_pdf_Export"),
        ):
            _office(folder, FILES / "python_docx.docx", kind, form)
        (folder / "cv.html").write_text(PAGE, encoding="utf-8")
        _office(folder, folder / "cv.html", "docx", "MS Word 2007 XML")
    _lock()


def _typst(folder: Path) -> None:
    typst: Any = import_module("typst")
    for name, source in (("sidebar", SIDEBAR), ("columns", COLUMNS), ("200_pages", LONG)):
        written = folder / f"{name}.typ"
        written.write_text(source, encoding="utf-8")
        typst.compile(str(written), output=str(folder / f"{name}.pdf"))
        packed = [
            "qpdf",
            "--object-streams=generate",
            "--recompress-flate",
            "--compression-level=9",
        ]
        source_pdf, target = folder / f"{name}.pdf", FILES / f"typst_{name}.pdf"
        if name == "200_pages":  # four times as large as Typst writes it
            subprocess.run([*packed, str(source_pdf), str(target)], check=True)
        else:
            shutil.copy(source_pdf, target)


def _weasyprint(folder: Path) -> None:
    weasyprint: Any = import_module("weasyprint")
    weasyprint.HTML(string=PAGE).write_pdf(FILES / "weasyprint.pdf")
    (folder / "scan.png").write_bytes(_picture())
    scanned = '<img src="scan.png" style="width: 100%">'
    weasyprint.HTML(string=scanned, base_url=str(folder)).write_pdf(FILES / "weasyprint_scan.pdf")


def _picture(width: int = 120, height: int = 160) -> bytes:
    """Grey lines, as of a page that was scanned."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + crc

    rows = b"".join(
        b"\0" + bytes(0 if y % 8 < 3 and (x * 7 + y) % 9 < 6 else 255 for x in range(width))
        for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def _docx() -> None:
    docx: Any = import_module("docx")
    made = docx.Document()
    made.core_properties.author = ""
    section = made.sections[0]
    section.header.paragraphs[0].text = "In the header: zelda@example.com"
    section.footer.paragraphs[0].text = "In the footer: +1 512 555 0142"
    made.add_heading("Zelda Quixby", 1)
    table = made.add_table(rows=2, cols=3)
    rows = (("Acme Offices", "2019-03", "Austin, TX"), ("Globex", "2015-01", "Dallas, TX"))
    for number, cells in enumerate(rows):
        for place, text in enumerate(cells):
            table.cell(number, place).text = text
    layout = made.add_table(rows=1, cols=2)
    layout.cell(0, 0).text = "Left column\nof a layout"
    right = layout.cell(0, 1)
    right.text = "Right column"
    right.add_table(1, 2).cell(0, 1).text = "In a table in a table"
    made.add_paragraph("Efficient offices", style="List Bullet")
    broken = made.add_paragraph("One line")
    broken.runs[0].add_break()
    broken.add_run("the next\tafter a tab")
    made.add_paragraph("山田太郎 שלום مرحبا Łódź \U0001f680")
    body = made.element.body
    for part in (TEXT_BOX, CONTROL, TRACKED, HYPHENS):
        body.insert(len(body) - 1, docx.oxml.parse_xml(part.replace("\n", "")))
    made.save(FILES / "python_docx.docx")


def _office(folder: Path, source: Path, kind: str, form: str) -> None:
    profile = (folder / "profile").as_uri()
    command = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--convert-to"]
    subprocess.run(
        [*command, f"{kind}:{form}", "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
    )
    shutil.copy(folder / f"{source.stem}.{kind}", FILES / f"libreoffice.{kind}")


def _lock() -> None:
    lock = ["qpdf", "--encrypt", PASSWORD, PASSWORD, "256", "--"]
    source, target = FILES / "weasyprint_scan.pdf", FILES / "qpdf_locked.pdf"
    subprocess.run([*lock, str(source), str(target)], check=True)
    # Readable by everybody; only printing and the like are not allowed.
    lock[2], source = "", FILES / "typst_columns.pdf"
    subprocess.run([*lock, str(source), str(FILES / "qpdf_owned.pdf")], check=True)
    ooxml: Any = import_module("msoffcrypto.format.ooxml")
    locked = io.BytesIO()
    with (FILES / "libreoffice.docx").open("rb") as stream:
        ooxml.OOXMLFile(stream).encrypt(PASSWORD, locked)
    (FILES / "msoffcrypto_locked.docx").write_bytes(locked.getvalue())


if __name__ == "__main__":
    main()
