"use strict";
/* The review page. `data` as page.py makes it:
   signs    [word, glyph, what it means], by the bit that stands for it
   columns  [name, name within its group, group, form]
   records  [userid, text's hash, text, bits of signs, notes, fields]
   notShown [why, how many, the first userids]
   fields   [column's number, value, what the answer told, what was there before, bits of signs,
             notes, places in the text]
   Texts of others go into text nodes only. What is kept and saved has the form of a gold line:
   {userid, text_hash, known: {column: right value}, wrong: {column: the value judged}}. */

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

function made(name, properties = {}, ...children) {
  const { dataset, aria, ...plain } = properties;
  const element = Object.assign(document.createElement(name), plain);
  Object.assign(element.dataset, dataset);
  for (const [key, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${key}`, value);
  element.append(...children);
  return element;
}

function count(number, word) {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

/* Verdicts, kept by the browser */

const NAME = `resume-assets review ${data.installation} ${data.key}`;
const FORMS = new Map(data.columns.map(([name, , , form]) => [name, form]));
const MONTH = /^(19|20)\d\d-(0[1-9]|1[0-2])$/;
const NUMBER = /^\d+(\.\d+)?$/;
const TAKEN = {
  start: [(text) => MONTH.test(text), "a month as YYYY-MM"],
  end: [(text) => MONTH.test(text) || text === "Present", "a month as YYYY-MM, or Present"],
  years: [(text) => NUMBER.test(text), "a number of years"],
};
let isKept = true;
let isSaved = true;
const kept = restored();

function restored() {
  const found = { verdicts: {}, userid: null, keys: true };
  try {
    Object.assign(found, JSON.parse(localStorage.getItem(NAME)));
  } catch {
    isKept = false;
  }
  return found;
}

function keep() {
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
    isKept = true;
  } catch {
    isKept = false;
  }
  tellVerdicts();
}

function isTaken(column, value) {
  const rule = TAKEN[FORMS.get(column)];
  return value === null || rule === undefined || rule[0](value);
}

function verdictOn(record, column, value) {
  const found = kept.verdicts[idOf(record)];
  if (found && Object.hasOwn(found.known, column)) {
    const right = found.known[column];
    return right === value ? { is: "right" } : { is: "wrong", right };
  }
  const isWrong = found && Object.hasOwn(found.wrong, column) && found.wrong[column] === value;
  return isWrong ? { is: "wrong" } : {};
}

function idOf([userid, hash]) {
  return `${userid} ${hash}`;
}

/* `is`: right, wrong or nothing; `right`: the right value of a wrong one, undefined if not known. */
function judge(record, column, value, is, right) {
  const [userid, text_hash] = record;
  const found = (kept.verdicts[idOf(record)] ??= { userid, text_hash, known: {}, wrong: {} });
  delete found.known[column];
  delete found.wrong[column];
  if (is === "right") found.known[column] = value;
  else if (is === "wrong" && right !== undefined) found.known[column] = right;
  else if (is === "wrong") found.wrong[column] = value;
  if (!Object.keys({ ...found.known, ...found.wrong }).length) delete kept.verdicts[idOf(record)];
  isSaved = false;
  keep();
}

function goldLines() {
  const lines = [];
  for (const { userid, text_hash, known, wrong } of Object.values(kept.verdicts)) {
    // What no date or number can be read from is told by its column alone.
    const odd = Object.keys(wrong).filter((column) => !isTaken(column, wrong[column]));
    const told = Object.entries(wrong).filter(([column]) => !odd.includes(column));
    const line = { userid, text_hash };
    if (Object.keys(known).length) line.known = known;
    if (told.length) line.wrong = Object.fromEntries(told);
    if (line.known || line.wrong) lines.push(line);
    if (odd.length) lines.push({ userid, text_hash, wrong: odd });
  }
  return lines;
}

function save() {
  const text = goldLines().map((line) => `${JSON.stringify(line)}\n`).join("");
  const link = made("a", {
    href: URL.createObjectURL(new Blob([text], { type: "application/jsonl" })),
    download: `review-${data.key}.jsonl`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  isSaved = true;
  tellVerdicts(`Saved as ${link.download}. `);
}

function discard() {
  if (!confirm("Discard all verdicts on this batch that this browser keeps?")) return;
  kept.verdicts = {};
  isSaved = true;
  keep();
  show(current);
}

function tellVerdicts(before = "") {
  const all = Object.values(kept.verdicts);
  const values = all.reduce((sum, { known, wrong }) =>
    sum + Object.keys(known).length + Object.keys(wrong).length, 0);
  const warning = isKept ? "" : " This browser keeps nothing: save before you close the page.";
  at("verdicts").textContent =
    `${before}${count(values, "value")} of ${count(all.length, "candidate")} judged.${warning}`;
  at("save").disabled = at("discard").disabled = !all.length;
}

/* One record */

let current = 0;
let shown = [];
let rows = new Map(); // column's number -> its row
let marks = new Map(); // column's number -> its marks in the resume

function show(index, { focus = false } = {}) {
  current = index;
  const record = data.records[index];
  const fields = new Map(record[5].map(([column, ...field]) => [column, field]));
  kept.userid = record[0];
  keep();
  at("candidate").textContent = `Candidate ${record[0]}`;
  const place = shown.indexOf(index);
  at("status").textContent = `${place + 1} of ${shown.length}`;
  at("candidates").value = index;
  at("previous").disabled = place <= 0;
  at("next").disabled = place >= shown.length - 1;
  at("notes").replaceChildren(...record[4].map((note) => made("li", { textContent: note })));
  showText(record[2], fields);
  showFields(record, fields);
  at("resume").scrollTop = at("fields").scrollTop = 0;
  if (focus) at("candidate").focus();
}

function showText(text, fields) {
  marks = new Map();
  const places = [];
  for (const [column, field] of fields) {
    for (const [start, end] of field[5]) places.push({ column, start, end, bits: field[3] });
  }
  const cuts = new Set([0, text.length]);
  for (const { start, end } of places) cuts.add(start).add(end);
  const borders = [...cuts].sort((one, other) => one - other);
  const pieces = [];
  for (let piece = 1; piece < borders.length; piece += 1) {
    const [start, end] = [borders[piece - 1], borders[piece]];
    const here = places.filter((place) => place.start <= start && end <= place.end);
    pieces.push(here.length ? marked(text.slice(start, end), here) : text.slice(start, end));
  }
  at("text").replaceChildren(...pieces);
}

function marked(text, places) {
  const mark = made("mark", {
    textContent: text,
    className: places.some(({ bits }) => bits) ? "flag" : "",
    title: places.map(({ column }) => data.columns[column][0]).join(", "),
  });
  for (const { column } of places) {
    if (!marks.has(column)) marks.set(column, []);
    marks.get(column).push(mark);
  }
  mark.addEventListener("mouseenter", () => point(places.map(({ column }) => column), "fields"));
  mark.addEventListener("click", () => rows.get(places[0].column).focus());
  return mark;
}

function showFields(record, fields) {
  rows = new Map();
  const withEmpty = at("empty").getAttribute("aria-pressed") === "true";
  const groups = new Map();
  data.columns.forEach(([, , group], column) => {
    const field = fields.get(column) ?? (withEmpty ? [null, null, null, 0, [], []] : null);
    if (field === null) return;
    if (!groups.has(group)) groups.set(group, []);
    groups.get(group).push(row(record, column, field));
  });
  at("groups").replaceChildren(...[...groups].map(([group, members], number) =>
    made("section", { aria: { labelledby: `group-${number}` } },
      made("h3", { id: `group-${number}`, textContent: group }), ...members)));
}

function row(record, column, field) {
  const [value, told, before, bits, notes, places] = field;
  const [name, label] = data.columns[column];
  const found = made("div", {
    className: "field",
    tabIndex: -1,
    role: "group",
    dataset: { column: name },
    aria: { label: name, describedby: `value-${column} more-${column} place-${column}` },
  });
  const written = value === null
    ? made("span", { className: "value none", textContent: "empty" })
    : made("bdi", { className: "value", textContent: value });
  const verdict = made("div", { className: "verdict" });
  for (const is of ["right", "wrong"]) {
    verdict.append(made("button", {
      type: "button",
      textContent: is === "right" ? "Right" : "Wrong",
      dataset: { verdict: is },
      aria: { pressed: "false", label: `${is === "right" ? "Right" : "Wrong"}: ${name}` },
      onclick: () => turn(found, is),
    }));
  }
  found.append(
    made("span", { className: "name", textContent: label }),
    made("span", { id: `value-${column}` }, written, ...signs(bits)),
    verdict,
    more(column, notes, told, before),
    made("span", { className: "unseen", id: `place-${column}`,
      textContent: lineOf(record[2], places) }),
  );
  found.addEventListener("mouseenter", () => point([column], "text"));
  found.addEventListener("focusin", () => point([column], "text"));
  Object.assign(found, { record, value, column: name });
  rows.set(column, found);
  refresh(found);
  return found;
}

function signs(bits) {
  return data.signs.flatMap(([word, glyph], bit) => (bits >> bit) & 1
    ? [" ", made("span", { className: "sign" },
      made("span", { textContent: glyph, aria: { hidden: "true" } }), ` ${word}`)]
    : []);
}

function more(column, notes, told, before) {
  const found = made("p", { className: "more", id: `more-${column}` });
  const parts = notes.length ? [[`${notes.join("; ")}. `, null]] : [];
  if (told !== null) parts.push(["The answer told ", told]);
  if (before !== null) parts.push(["Before it was ", before]);
  for (const [text, value] of parts) {
    found.append(text);
    if (value !== null) found.append(made("b", {}, made("bdi", { textContent: value })), " ");
  }
  return found;
}

function lineOf(text, places) {
  if (!places.length) return "";
  const [start] = places[0];
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const line = text.slice(from).split("\n", 1)[0];
  const number = text.slice(0, from).split("\n").length;
  return `In line ${number} of the resume: ${line.slice(0, 200)}`;
}

/* Point at columns in the one pane, and have the other show them: "text" or "fields" */
function point(columns, pane) {
  for (const element of document.querySelectorAll(".here")) element.classList.remove("here");
  for (const column of columns) {
    rows.get(column)?.classList.add("here");
    for (const mark of marks.get(column) ?? []) mark.classList.add("here");
  }
  const first = pane === "text" ? marks.get(columns[0])?.[0] : rows.get(columns[0]);
  first?.scrollIntoView({ block: "nearest" });
}

/* Verdicts on a row */

function turn(found, is) {
  const before = verdictOn(found.record, found.column, found.value).is;
  if (is === "right" && !isTaken(found.column, found.value)) {
    refresh(found, `It can't be right: this column takes ${TAKEN[FORMS.get(found.column)][1]}.`);
    return;
  }
  judge(found.record, found.column, found.value, before === is ? undefined : is);
  refresh(found);
}

function refresh(found, problem = "") {
  const verdict = verdictOn(found.record, found.column, found.value);
  for (const button of found.querySelectorAll("[data-verdict]")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict.is));
  }
  found.querySelector(".correction")?.remove();
  if (problem) {
    found.append(made("p", { className: "correction problem", role: "alert",
      textContent: problem }));
  } else if (verdict.is === "wrong") {
    found.append(correction(found, verdict.right));
  }
}

function correction(found, right) {
  const problem = made("span", { className: "problem", role: "status" });
  const input = made("input", { type: "text", value: right ?? "", autocomplete: "off",
    spellcheck: false, disabled: right === null, aria: { label: `Right value: ${found.column}` } });
  const none = made("input", { type: "checkbox", checked: right === null,
    disabled: found.value === null, aria: { label: `There is none: ${found.column}` } });
  const read = () => {
    const text = input.value.trim();
    const isGood = none.checked || !text || isTaken(found.column, text);
    input.disabled = none.checked;
    input.setAttribute("aria-invalid", String(!isGood));
    problem.textContent = isGood ? "" : `It takes ${TAKEN[FORMS.get(found.column)][1]}.`;
    const known = none.checked ? null : text && isGood && text !== found.value ? text : undefined;
    judge(found.record, found.column, found.value, "wrong", known);
  };
  input.addEventListener("input", read);
  none.addEventListener("change", read);
  return made("div", { className: "correction" },
    made("label", {}, "Right value ", input), made("label", {}, none, " There is none"), problem);
}

/* Which records */

const SIGNS_OF = data.records.map((record) =>
  record[5].reduce((bits, field) => bits | field[4], record[3]));

function wanted() {
  let bits = 0;
  for (const button of at("filters").children) {
    if (button.getAttribute("aria-pressed") === "true") bits |= Number(button.dataset.bit);
  }
  return bits;
}

function filter() {
  const bits = wanted();
  shown = [...data.records.keys()].filter((index) => !bits || SIGNS_OF[index] & bits);
  at("candidates").replaceChildren(...shown.map((index) => {
    const words = data.signs.filter((_, bit) => (SIGNS_OF[index] >> bit) & 1).map(([word]) => word);
    return made("option", { value: index,
      textContent: `${data.records[index][0]}${words.length ? ": " : ""}${words.join(", ")}` });
  }));
  show(shown.includes(current) ? current : shown[0]);
}

function makeFilters() {
  at("filters").append(...data.signs.map(([word, glyph, meaning], bit) => {
    const found = SIGNS_OF.filter((bits) => (bits >> bit) & 1).length;
    return made("button", {
      type: "button",
      title: meaning,
      disabled: !found,
      dataset: { bit: 1 << bit },
      aria: { pressed: "false" },
      onclick: ({ currentTarget }) => {
        flip(currentTarget);
        filter();
      },
    }, made("span", { textContent: glyph, aria: { hidden: "true" } }), ` ${word} ${found}`);
  }));
}

function flip(button) {
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
}

function step(by, options) {
  const next = shown[shown.indexOf(current) + by];
  if (next !== undefined) show(next, options);
}

/* Keys */

function nextValue(by) {
  const all = [...rows.values()];
  const here = all.indexOf(document.activeElement.closest(".field"));
  all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)].focus();
}

function onRow(work) {
  const found = document.activeElement.closest(".field");
  if (found) work(found);
}

function wrong(found) {
  if (verdictOn(found.record, found.column, found.value).is !== "wrong") turn(found, "wrong");
  found.querySelector(".correction input")?.focus();
}

function toggleEmpty() {
  flip(at("empty"));
  show(current);
}

const KEYS = {
  n: () => step(1, { focus: true }),
  p: () => step(-1, { focus: true }),
  ArrowRight: () => step(1, { focus: true }),
  ArrowLeft: () => step(-1, { focus: true }),
  j: () => nextValue(1),
  k: () => nextValue(-1),
  r: () => onRow((found) => turn(found, "right")),
  w: () => onRow(wrong),
  u: () => onRow((found) => {
    judge(found.record, found.column, found.value);
    refresh(found);
  }),
  e: toggleEmpty,
  s: () => at("save").click(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.matches("input[type=text], select")) {
    if (["Enter", "Escape"].includes(event.key)) event.target.closest(".field")?.focus();
  } else if (at("keys").checked && Object.hasOwn(KEYS, event.key)) {
    event.preventDefault(); // or what is typed would go into the field that gets the focus
    KEYS[event.key]();
  }
});

/* Begin */

function list(texts) {
  return texts.map((text) => made("li", { textContent: text }));
}

at("about").append(...list(data.about));
const left = data.notShown.reduce((sum, [, number]) => sum + number, 0);
at("not-shown").hidden = !left;
at("not-shown").firstElementChild.textContent = `${count(left, "candidate")} not shown`;
at("not-shown").lastElementChild.append(...list(data.notShown.map(([why, number, ids]) =>
  `${number}: ${why} (${ids.join(", ")}${number > ids.length ? ", …" : ""})`)));
at("where").textContent = `Verdicts are kept by this browser, on this computer, as “${NAME}”, until
 you discard them. They, and the file that is saved, are as private as the resumes.`;
at("previous").addEventListener("click", () => step(-1));
at("next").addEventListener("click", () => step(1));
at("candidates").addEventListener("change", ({ target }) => show(Number(target.value)));
at("save").addEventListener("click", save);
at("discard").addEventListener("click", discard);
at("empty").addEventListener("click", toggleEmpty);
at("keys").checked = kept.keys;
at("keys").addEventListener("change", ({ target }) => {
  kept.keys = target.checked;
  keep();
});
addEventListener("beforeunload", (event) => {
  if (!isKept && !isSaved) event.preventDefault();
});
addEventListener("storage", ({ key }) => { // another tab has the same batch
  if (key === NAME) Object.assign(kept, restored());
});
makeFilters();
current = Math.max(0, data.records.findIndex(([userid]) => userid === kept.userid));
filter();
