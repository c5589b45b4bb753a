"""The review page in a real Chromium: marks, filters, keys, verdicts, saving, an attack."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from resume_assets.reviewing.page import page_of
from resume_assets.reviewing.signs import Sign
from resume_assets_tests.commands.calling import ok
from resume_assets_tests.flow import Flowing, flow_at, resume
from resume_assets_tests.home import Platform
from resume_assets_tests.reviewing.browser import (
    CONTRASTS,
    LAPTOP,
    Watched,
    browsing,
    field,
    focused,
    shown,
)
from resume_assets_tests.reviewing.spoiling import brought_in, review_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

ATTACK = """\
<script>document.title = "taken"</script></script><!--<script>
<img src="https://example.com/pixel.png" onerror="document.title = 'taken'">
<style>* { display: none }</style> {{constructor}} &lt;b&gt; javascript:alert(1)
\u202egnp.exe \u0000 </textarea></title><svg onload=alert(1)>
"""
SPOILT: dict[str, dict[str, Any]] = {
    "2": {"emails": ["john.doe@example.com"], "skills": ["Underwater basketry"]},
    "3": {"positions": [{"company": "Steel & Sons", "start": "2019", "end": "", "location": ""}]},
    "4": {"last_name": "</script><img src=x onerror=alert(1)>", "titles": ["<b>Chief</b>"]},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as opened:
        yield opened


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flowing]:
    """Six records: two that are faultless, one invented, one assumed, one attack, one changed."""
    with flow_at(tmp_path_factory.mktemp("review") / "home") as opened:
        texts = {number: resume(number) for number in range(1, 7)}
        opened.seed({**texts, 4: resume(4) + ATTACK, 6: "😀 " + resume(6) + "\n".join("x" * 99)})
        opened.change(5, City="Turku")
        brought_in(opened, SPOILT)
        yield opened


@pytest.fixture(scope="module")
def path(flow: Flowing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("page") / "review.html"
    found.write_text(page_of(review_of(flow)), "utf-8")
    return found


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A new browser profile's page, which must do nothing that it should not."""
    context = browser.new_context(viewport=LAPTOP)
    found = Watched(context.new_page())
    yield found
    context.close()
    assert found.problems == []
    assert all(url.startswith(("file:", "blob:")) for url in found.asked)


@pytest.fixture
def page(watched: Watched, path: Path) -> Page:
    return watched.open(path)


def saved(page: Page, folder: Path) -> Path:
    """The file that the page saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Save verdicts").click()
    found: Path = folder / download.value.suggested_filename
    download.value.save_as(found)
    return found


def apart(work: Callable[[], str]) -> str:
    """Do it in a thread: this one has the event loop of Playwright, which Dagster would take."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


# Marks


def test_each_value_is_marked_in_the_resume(page: Page) -> None:
    marked = page.locator("#text mark").all_inner_texts()
    assert "ada1@example.com" in marked
    assert "2019" in marked
    assert page.locator("#text").text_content() == resume(1)


def test_to_point_at_one_shows_the_other(page: Page) -> None:
    field(page, "Email").hover()
    assert page.locator("mark.here").all_inner_texts() == ["ada1@example.com"]
    page.locator("mark", has_text="Springfield").hover()
    assert "Springfield" in field(page, "City").inner_text()
    assert "here" in str(field(page, "City").get_attribute("class"))
    assert page.locator(".field.here").count() == 1
    assert page.locator("mark.here").all_inner_texts() == ["Springfield"]


def test_what_is_out_of_sight_is_brought_into_it(page: Page) -> None:
    page.get_by_label("Candidate", exact=True).select_option("5")
    assert shown(page) == "6"
    page.locator("#resume").evaluate("pane => pane.scrollTop = pane.scrollHeight")
    mark = page.locator("mark", has_text="ada6@example.com")
    assert mark.evaluate("mark => mark.getBoundingClientRect().bottom") < 0
    field(page, "Email").hover()
    assert mark.evaluate("mark => mark.getBoundingClientRect().top") > 0
    assert mark.inner_text() == "ada6@example.com"  # behind an emoji


# Signs and filters


def test_each_sign_has_its_filter_and_count(page: Page, flow: Flowing) -> None:
    filters = page.get_by_role("group", name="Only records with")
    buttons = filters.get_by_role("button").all_inner_texts()
    told = {text[2:].rpartition(" ")[0]: text.rpartition(" ")[2] for text in buttons}
    known = Counter(sign for record in review_of(flow).records for sign in record.all_signs)
    assert told == {sign.value: str(known[sign]) for sign in Sign}
    assert known[Sign.not_borne_out] > 1
    filters.get_by_role("button", name="differs 1").click()
    assert shown(page) == "5"
    assert page.locator("#status").inner_text() == "1 of 1"
    assert "Before it was Turku" in field(page, "City").inner_text()
    filters.get_by_role("button", name="assumed 1").click()
    assert page.locator("#status").inner_text() == "2 of 2"
    assert page.locator("#candidates option").count() == 2
    page.get_by_role("button", name="Previous").click()
    assert shown(page) == "3"
    assert "assumed" in field(page, "MostRecentStartDate").inner_text()
    assert page.locator("mark.flag").inner_text() == "2019"


def test_what_was_not_written_is_told_all_the_same(page: Page) -> None:
    page.get_by_role("button", name="Next").click()
    email = field(page, "Email").inner_text()
    assert "empty" in email
    assert "not borne out" in email
    assert "The answer told john.doe@example.com" in email
    assert "it does not stand in the resume" in field(page, "Skill1").inner_text()


# Keys and verdicts


def test_a_batch_is_reviewed_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    page.keyboard.press("n")
    assert (shown(page), focused(page)) == ("2", "candidate")
    page.keyboard.press("p")
    page.keyboard.press("j")
    assert focused(page) == "City"
    page.keyboard.press("r")
    page.keyboard.press("j")
    page.keyboard.press("w")
    page.keyboard.type("PA jnprs")  # keys are letters while one types
    page.keyboard.press("Enter")
    assert focused(page) == "State"
    page.keyboard.press("j")
    page.keyboard.press("w")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert (shown(page), focused(page)) == ("1", "City")
    with page.expect_download() as download:
        page.keyboard.press("s")
    download.value.save_as(tmp_path / "saved.jsonl")
    [line] = lines(tmp_path / "saved.jsonl")
    assert line["userid"] == "1"
    assert line["known"] == {"City": "Springfield", "State": "PA jnprs"}
    assert line["wrong"] == {"Phone1": "+1 555 010 0001"}
    right = field(page, "City").get_by_role("button", name="Right")
    assert right.get_attribute("aria-pressed") == "true"
    page.keyboard.press("u")
    assert right.get_attribute("aria-pressed") == "false"


def test_single_keys_can_be_switched_off(page: Page) -> None:
    page.get_by_text("Keys, and what is kept where").click()
    page.get_by_label("Single keys work").uncheck()
    page.locator("h1").click()
    page.keyboard.press("n")
    assert shown(page) == "1"
    page.reload()
    assert not page.get_by_label("Single keys work").is_checked()


def test_verdicts_are_kept_and_found_again(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Next").click()
    field(page, "Email").get_by_role("button", name="Right").click()  # certainly none
    field(page, "Skill1").get_by_role("button", name="Wrong").click()
    field(page, "Skill1").get_by_label("There is none").check()
    field(page, "City").get_by_role("button", name="Wrong").click()
    field(page, "City").get_by_label("Right value").fill("  Łódź 😀 ")
    before = lines(saved(page, tmp_path))
    assert before[0]["known"] == {"Email": None, "Skill1": None, "City": "Łódź 😀"}
    assert "Saved as review-b1.jsonl" in page.locator("#verdicts").inner_text()
    page.reload()
    assert shown(page) == "2"
    assert field(page, "Skill1").get_by_label("There is none").is_checked()
    assert field(page, "City").get_by_label("Right value").input_value() == "Łódź 😀"
    assert lines(saved(page, tmp_path)) == before
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Discard them").click()
    assert page.locator("[data-verdict][aria-pressed=true]").count() == 0
    page.reload()
    assert page.locator("[data-verdict][aria-pressed=true]").count() == 0
    assert page.get_by_role("button", name="Save verdicts").is_disabled()


def test_a_column_that_is_empty_can_be_judged_too(page: Page, tmp_path: Path) -> None:
    assert field(page, "Email2").count() == 0
    page.get_by_role("button", name="Show empty columns").click()
    field(page, "Email2").get_by_role("button", name="Right").click()
    field(page, "Masters").get_by_role("button", name="Wrong").click()
    [line] = lines(saved(page, tmp_path))
    assert line["known"] == {"Email2": None}
    assert line["wrong"] == {"Masters": None}
    assert not field(page, "Masters").get_by_label("There is none").is_enabled()


def test_a_right_date_or_number_is_one_that_evaluate_takes(page: Page, tmp_path: Path) -> None:
    row = field(page, "MostRecentStartDate")
    row.get_by_role("button", name="Wrong").click()
    for text, is_taken in (("spring", False), ("Present", False), ("2019-04", True)):
        row.get_by_label("Right value").fill(text)
        assert row.get_by_label("Right value").get_attribute("aria-invalid") == (
            "false" if is_taken else "true"
        )
    [line] = lines(saved(page, tmp_path))
    assert line["known"] == {"MostRecentStartDate": "2019-04"}
    row.get_by_label("Right value").fill("2019")
    [line] = lines(saved(page, tmp_path))
    assert line["wrong"] == {"MostRecentStartDate": "2019-03"}
    assert "known" not in line


def test_where_the_browser_keeps_nothing_the_page_says_so(
    browser: Browser, path: Path, tmp_path: Path
) -> None:
    context = browser.new_context(viewport=LAPTOP)
    context.add_init_script("Storage.prototype.setItem = () => { throw new Error('full'); }")
    page = Watched(context.new_page()).open(path)
    assert "keeps nothing" in page.locator("#verdicts").inner_text()
    field(page, "City").get_by_role("button", name="Right").click()
    assert lines(saved(page, tmp_path))[0]["known"] == {"City": "Springfield"}
    context.close()


def test_what_is_saved_is_taken_by_evaluate(
    platform: Platform, watched: Watched, tmp_path: Path
) -> None:
    def reviewed() -> str:
        platform.seed(3)
        platform.to_the_end("b1")
        platform.change(3, MostRecentStartDate="spring")
        return ok("review", "b1")

    said = apart(reviewed)
    [where] = [line for line in said.splitlines() if line.endswith("review.html")]
    page = watched.open(Path(where))
    field(page, "City").get_by_role("button", name="Right").click()
    field(page, "State").get_by_role("button", name="Wrong").click()
    page.keyboard.press("n")
    field(page, "Email").get_by_role("button", name="Wrong").click()
    field(page, "Email").get_by_label("Right value").fill("ada@example.org")
    page.keyboard.press("Enter")
    page.keyboard.press("n")
    dated = field(page, "MostRecentStartDate")
    dated.get_by_role("button", name="Right").click()
    assert "this column takes a month as YYYY-MM" in dated.inner_text()
    dated.get_by_role("button", name="Wrong").click()
    field(page, "City").get_by_role("button", name="Right").click()
    path = saved(page, tmp_path)
    found = json.loads(apart(lambda: ok("evaluate", str(path), "--json")))
    assert found["records"] == 3
    assert found["not_compared"] == {}
    right = {column: told["right"] for column, told in found["columns"].items()}
    cases = {column: told["cases"] for column, told in found["columns"].items()}
    assert right == {"City": 2, "State": 0, "Email": 0, "MostRecentStartDate": 0}
    assert cases == {"City": 2, "State": 1, "Email": 1, "MostRecentStartDate": 1}


# What a resume may bring along


def test_markup_and_scripts_stay_text(page: Page, watched: Watched) -> None:
    page.get_by_label("Candidate", exact=True).select_option("3")
    assert page.locator("#text").text_content() == resume(4) + ATTACK
    assert page.title() == "Review of b1"
    assert page.locator("main script, main img, main style, main svg").count() == 0
    assert "<b>Chief</b>" in field(page, "PrimaryTitle").inner_text()
    assert "onerror" in field(page, "LastName").inner_text()
    assert len(watched.asked) == 1  # the page itself


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server that would answer anybody: its URL, and what it was asked for."""
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}", asked
        serving.shutdown()


TRIES = """async (url) => {
  const script = document.createElement('script');
  try { script.textContent = 'document.title = "taken"'; } catch { /* trusted types */ }
  document.body.append(script);
  const image = new Image();
  const loaded = new Promise((done) => {
    image.onload = () => done('loaded');
    image.onerror = () => done('refused');
  });
  image.src = `${url}/image`;
  let markup = 'taken';
  try { document.body.insertAdjacentHTML('beforeend', '<b>x</b>'); } catch { markup = 'refused'; }
  const sent = await fetch(`${url}/fetch`).then(() => 'sent', () => 'refused');
  return [document.title, await loaded, markup, sent];
}"""


def test_the_policy_lets_nothing_in_and_nothing_out(
    page: Page, watched: Watched, server: tuple[str, list[str]]
) -> None:
    url, asked = server
    assert urlopen(f"{url}/works").status == 200
    tried = page.evaluate(TRIES, url)
    assert tried == ["Review of b1", "refused", "refused", "refused"]
    assert asked == ["/works"]
    assert any("Content Security Policy" in problem for problem in watched.problems)
    watched.problems.clear()
    watched.asked.clear()  # what is refused is told as if it was asked for


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 1024])
def test_everything_can_be_read(browser: Browser, path: Path, scheme: Any, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700}, color_scheme=scheme)
    page = Watched(context.new_page()).open(path)
    page.keyboard.press("n")
    field(page, "Skill1").get_by_role("button", name="Wrong").click()
    field(page, "City").get_by_role("button", name="Right").click()
    page.locator("footer summary").last.click()
    assert page.evaluate(CONTRASTS) == []
    wide = "() => document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(wide)
    context.close()


def test_every_control_has_a_name_and_values_their_descriptions(page: Page) -> None:
    page.keyboard.press("n")
    tree = page.locator("body").aria_snapshot()
    assert "main:" in tree
    assert 'heading "Candidate 2" [level=2]' in tree
    assert 'region "Resume"' in tree
    assert not re.search(r"- (?:button|combobox|checkbox|textbox)(?!.* \")\s*(?:\[|:|$)", tree)
    assert 'button "Wrong: Email"' in tree
    for described in field(page, "City").evaluate(
        "row => row.getAttribute('aria-describedby').split(' ')"
    ):
        assert page.locator(f"#{described}").count() == 1
    place = page.locator("[id=" + "place-" + _number(page, "City") + "]")
    assert place.text_content() == (
        "In line 3 of the resume: ada2@example.com | +1 555 010 0002 | Springfield, IL"
    )


def _number(page: Page, column: str) -> str:
    found: Any = field(page, column).get_attribute("aria-describedby")
    return str(found.rsplit("-", 1)[1])


def test_the_tab_key_goes_through_the_page_in_its_order(page: Page) -> None:
    visited = []
    for _ in range(16):
        page.keyboard.press("Tab")
        visited.append(
            page.evaluate(
                "() => document.activeElement.id || document.activeElement.ariaLabel"
                " || document.activeElement.textContent"
            )
        )
    wanted = ["To the values", "candidates", "next", "resume", "empty", "Right: City"]
    places = [visited.index(name) for name in wanted]
    assert places == sorted(places)


def test_500_records_open_in_under_two_seconds(
    flow: Flowing, watched: Watched, tmp_path: Path
) -> None:
    """The quickest of three, for others may be at work on this machine."""
    review = review_of(flow)
    text = resume(1) + "And a line that is there to be long, as resumes are.\n" * 90
    many = [replace(review.records[number % 6], userid=number, text=text) for number in range(500)]
    path = tmp_path / "many.html"
    path.write_text(page_of(replace(review, records=many, of=500)), "utf-8")
    assert path.stat().st_size > 2_500_000
    taken = []
    for _ in range(3):
        before = time.perf_counter()
        watched.open(path)
        taken.append(time.perf_counter() - before)
    assert watched.page.locator("#candidates option").count() == 500
    assert min(taken) < 2, taken
