// Answers on a session's page: rows, handles, laps, notes. A page of `retrorun open` hands each to
// its server, which keeps it before the page says so; a page on disk collects them for a table.
(() => {
  "use strict";
  const page = window.retrorun = window.retrorun || {}, live = typeof page.ask === "function";
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("session-data").textContent), facts = page.facts || data, known = data.answers;
  const SNAP_S = 3, LEAST_S = 3;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  const say = (key, values = {}) => fill(known.words[key] || key, values);
  const two = (n) => String(n).padStart(2, "0");
  const clock = page.clock || ((t) => `${Math.floor(t / 60)}:${two(Math.round(t) % 60)}`);
  const span = (a, b) => say("between", { low: clock(a), high: clock(b) });
  const bar = $("answer-bar"), status = $("answer-status"), undoButton = $("undo");
  let chosen = null, number = null, busy = false;

  // -- one answer: {answer, segments, start_s, end_s, direction, laps} as the server takes it --------
  const rowOf = (n) => document.querySelector(`#part-stretches tr[data-n="${n}"]`);
  const candidates = () => [...document.querySelectorAll("#part-stretches tr.candidate")];
  const moved = (row) => (chosen && number === +row.dataset.n ? chosen : [+row.dataset.s, +row.dataset.e]);
  function tell(mark, words) {
    const b = document.createElement("b");
    b.textContent = mark ? `✓ ${mark} ` : "";
    status.replaceChildren(b, words);
  }
  const keptWords = (given) => {
    if (given.laps || given.segments === "all") return say("kept_all");
    const name = given.answer === "accept" || given.direction === "backward" ? "yes" : given.direction === "clear" ? "clear" : "no";
    return say(`kept_${name}`, { span: span(given.start_s, given.end_s) });
  };
  async function give(given) {
    if (busy) return;
    busy = true;
    try {
      if (live) { follow(await page.ask(`/api/sessions/${encodeURIComponent(data.id)}/answers`, given)); tell(say("kept"), keptWords(given)); } else collect(given);
      if (live && chosen && page.choose) page.choose(0, 0); // on disk the command to copy stays
    } catch (problem) { bar.hidden = false; tell("", problem.message); } finally { busy = false; }
  }
  // the focus goes to the next stretch that waits, else to the way back
  function focusAfter(start_s) {
    const row = candidates().filter((each) => each.querySelector("[data-answer]")).find((each) => +each.dataset.s > start_s) || candidates().find((each) => each.querySelector("[data-answer]"));
    (row ? row.querySelector("[data-answer=accept]") : live ? undoButton : $("save")).focus({ preventScroll: true });
  }
  const byRow = (row, answer) => {
    const [start_s, end_s] = moved(row);
    return { answer, segments: [+row.dataset.n], start_s, end_s };
  };

  // -- live: the server sends the page as it is now; its parts take their places --------------------
  const PARTS = ["part-top", "part-tiles", "part-map", "part-lanes", "part-answers", "part-repeated", "part-stretches", "part-contrast", "part-technique", "part-claims", "part-guidance", "part-quality"];
  function follow(state) {
    if (state.page) {
      const fresh = new DOMParser().parseFromString(state.page, "text/html");
      const openSets = () => [...document.querySelectorAll("#part-stretches .set details")], before = openSets().map((at) => at.open);
      for (const id of PARTS) { const at = $(id), from = fresh.getElementById(id); if (at && from) at.replaceChildren(...[...from.childNodes].map((node) => document.importNode(node, true))); }
      const after = openSets(); // a set stays as the reader left it
      if (after.length === before.length) after.forEach((at, i) => { at.open = before[i]; });
      const now = JSON.parse(fresh.getElementById("session-data").textContent);
      Object.assign(facts, now);
      Object.assign(known, now.answers);
      document.title = fresh.title;
      page.look?.();
      beginLaps();
    }
    bar.hidden = false;
    undoButton.disabled = !state.undo;
    // this session is done; the others and the comparison follow, and an event says when
    page.freshness(state.fresh === false ? "stale" : "not_fresh");
  }

  // -- on disk: answers are collected, and saved as a table with the labels that were there ---------
  const given = [];
  function labelsOf(answer) {
    if (answer.laps) return answer.rows;
    if (answer.segments === "all") return answer.rows;
    const direction = answer.direction || (answer.answer === "accept" ? "backward" : "forward");
    const rows = [[answer.start_s, answer.end_s, direction]];
    const row = answer.segments && rowOf(answer.segments[0]);
    // what the athlete cut off a candidate is not backward
    if (row && answer.answer === "accept") for (const [a, b] of [[+row.dataset.s, Math.min(+row.dataset.e, answer.start_s)], [Math.max(+row.dataset.s, answer.end_s), +row.dataset.e]]) if (a < b) rows.unshift([a, b, "forward"]);
    return rows;
  }
  // A later label takes the place of those of its direction that it overlaps and cuts the others. What the page
  // showed stays as it was (by: earlier); only answers of this page (by: page) overrule what is labelled meanwhile.
  const outside = (parts, a, b) => parts.flatMap(([x, y]) => [[x, Math.min(y, a)], [Math.max(x, b), y]]).filter(([x, y]) => x < y);
  function table() {
    let rows = known.rows.map((row) => [...row, "earlier"]);
    for (const answer of given) {
      const moves = answer.answer !== "accept" && answer.answer !== "reject";
      for (const [start, end, direction] of labelsOf(answer)) {
        // a candidate only adds to labels of its direction: those stay whole
        let parts = [[start, end]];
        for (const [a, b, way] of moves ? [] : rows) if (way === direction) parts = outside(parts, a, b);
        rows = rows.flatMap(([a, b, way, by]) => {
          if (way !== direction) return outside([[a, b]], start, end).map((part) => [...part, way, by]);
          return moves && a < end && start < b ? [] : [[a, b, way, by]];
        });
        rows.push(...parts.map((part) => [...part, direction, "page"]));
      }
    }
    rows.sort((x, y) => x[0] - y[0]);
    const several = known.activity > 1, head = `start,end,direction,by${several ? ",activity" : ""}`;
    return `${[head, ...rows.map((row) => row.concat(several ? [known.activity] : []).join(","))].join("\n")}\n`;
  }
  function mark() {
    document.querySelectorAll(".unsaved").forEach((each) => each.remove());
    document.querySelectorAll("#part-stretches .asked").forEach((each) => { each.hidden = false; });
    document.querySelectorAll("#part-stretches tr").forEach((each) => each.classList.remove("answered"));
    for (const answer of given) {
      for (const [start, end, direction] of labelsOf(answer)) {
        for (const row of document.querySelectorAll("#part-stretches tr[data-n]")) {
          const shared = Math.min(end, +row.dataset.e) - Math.max(start, +row.dataset.s);
          if (shared < 0.5 * (row.dataset.e - row.dataset.s)) continue;
          const cell = row.querySelector(".text"), note = document.createElement("span");
          cell.querySelector(".unsaved")?.remove();
          note.className = "unsaved";
          note.textContent = say("row_unsaved", { direction: say(direction === "clear" ? "row_clear" : direction === "backward" ? "row_yes" : "row_no") });
          cell.append(note);
          const asked = cell.querySelector(".asked");
          if (asked) asked.hidden = true;
          row.classList.add("answered");
        }
      }
    }
    bar.hidden = !given.length;
    status.textContent = given.length === 1 ? say("answers_unsaved_one") : say("answers_unsaved_many", { count: given.length });
    if (!known.savable && given.length) { status.textContent = say("save_not"); $("save").disabled = true; }
  }
  function collect(answer) { given.push(answer); mark(); }
  function save() {
    const url = URL.createObjectURL(new Blob([table()], { type: "text/csv" })), link = document.createElement("a");
    link.href = url;
    link.download = known.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
    status.textContent = say("save_how", { name: known.file });
    saved = given.length;
    onward();
  }
  // the list from which this page was opened names in its link the sessions that wait, too
  function onward() {
    const [next, ...rest] = (new URLSearchParams(location.search).get("then") || "").split(",").filter((each) => /^[\w-]+$/.test(each));
    if (!next) return;
    $("next-session").href = `${next}.html${rest.length ? `?then=${rest.join(",")}` : ""}#part-answers`;
    $("next-session").hidden = false;
  }
  let saved = 0;
  if (!live) addEventListener("beforeunload", (event) => { if (given.length > saved) event.preventDefault(); });

  async function undo() {
    if (busy) return;
    if (!live) { given.pop(); mark(); focusAfter(-1); return; }
    busy = true;
    try { follow(await page.ask(`/api/sessions/${encodeURIComponent(data.id)}/undo`, {})); tell("", say("taken_back_page")); } catch (problem) { tell("", problem.message); } finally { busy = false; }
  }

  // -- rows, all, laps ------------------------------------------------------------------------------
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    const row = event.target.closest("#part-stretches tr[data-n]");
    if (!button) { if (row) pickRow(row, false); return; }
    if (button.dataset.answer && row) { const start_s = +row.dataset.s; await give(byRow(row, button.dataset.answer)); focusAfter(start_s); } else if (button.classList.contains("choose") && row) pickRow(row);
    else if (button.dataset.all) { await giveAll(button.dataset.all); focusAfter(-1); } else if (button.dataset.lap) { turnLap(button); lapWords(); } else if (button.id === "laps-swap") { lapButtons().forEach(turnLap); lapWords(); } else if (button.id === "laps-yes") { await giveLaps(); focusAfter(-1); } else if (button === undoButton) await undo();
    else if (button.id === "save") save();
    else if (button.id === "mark-part" && page.choose) markPart();
    else if (button.classList.contains("asked-side")) { await give({ answer: "label", start_s: +button.dataset.s, end_s: +button.dataset.e, direction: button.dataset.direction }); focusAfter(-1); }
    else if (button.dataset.word && chosen) await give(number === null || button.dataset.word === "clear" || !rowOf(number)?.classList.contains("candidate") ? { answer: "label", start_s: chosen[0], end_s: chosen[1], direction: button.dataset.word } : byRow(rowOf(number), button.dataset.word === "backward" ? "accept" : "reject"));
  });
  function pickRow(row, follow_ = true) {
    if (!row || !page.choose) return;
    page.choose(+row.dataset.s, +row.dataset.e, +row.dataset.n);
    if (!follow_) return;
    $("handle-start").focus({ preventScroll: true });
    $("stack").scrollIntoView({ block: "nearest" });
  }
  // nothing is known: the middle fifth is a beginning that the athlete moves
  function markPart() {
    page.choose(0.4 * facts.duration_s, 0.6 * facts.duration_s);
    $("stack").scrollIntoView({ block: "center" });
    $("handle-start").focus({ preventScroll: true });
  }
  function giveAll(answer) {
    const direction = answer === "accept" ? "backward" : "forward", rows = candidates().map((row) => [+row.dataset.s, +row.dataset.e, direction]);
    return give(live ? { answer, segments: "all", seen: known.seen } : { answer, segments: "all", rows });
  }
  const lapButtons = () => [...document.querySelectorAll("#laps [data-lap]")];
  const isOn = (button) => button.getAttribute("aria-pressed") === "true";
  const lapCount = (on) => (on.length === 1 ? say("laps_one") : say("laps_many", { count: on.length }));
  const alternate = () => lapButtons().every((button) => isOn(button) === (button.dataset.lap % 2 === 0));
  const asProposed = () => lapButtons().every((button) => isOn(button) === (button.dataset.proposed === "yes"));
  function turnLap(button) {
    const on = !isOn(button);
    button.setAttribute("aria-pressed", on);
    button.querySelector("em").textContent = say(on ? "laps_backward" : "laps_forward");
  }
  function lapWords() {
    if (!$("laps")) return;
    const on = lapButtons().filter(isOn), time = on.reduce((sum, each) => sum + (each.dataset.e - each.dataset.s), 0);
    $("laps-preview").textContent = on.length ? say("laps_preview", { laps: lapCount(on), time: clock(time) }) : say("laps_preview_none");
    $("laps-yes").textContent = asProposed() ? say("laps_title") : say("laps_yes", { laps: lapCount(on) });
    $("laps-yes").disabled = !on.length;
  }
  function giveLaps() {
    const every = alternate(), on = lapButtons().filter(isOn), numbers = on.map((each) => +each.dataset.lap);
    const wanted = every ? lapButtons() : on, rows = wanted.map((each) => [+each.dataset.s, +each.dataset.e, isOn(each) ? "backward" : "forward"]);
    const answer = { answer: "laps", laps: every ? "alternate" : numbers, direction: "backward" };
    return give(live ? answer : { ...answer, rows });
  }
  function beginLaps() { lapWords(); }

  // -- handles --------------------------------------------------------------------------------------
  const handles = ["start", "end"].map((end) => $(`handle-${end}`)).filter(Boolean);
  const kindOf = (t) => (known.laps.includes(t) ? "lap" : known.turns.includes(t) ? "turn" : "");
  page.onchoose = (now, segment) => {
    chosen = now;
    number = segment;
    for (const handle of handles) {
      handle.hidden = !chosen;
      if (!chosen) continue;
      const isStart = handle.dataset.end === "start", t = chosen[isStart ? 0 : 1], x = page.toX(t), kind = kindOf(t);
      handle.hidden = x < page.edges[0] - 1 || x > $("stack").clientWidth - page.edges[1] + 1;
      handle.style.left = `${x}px`;
      handle.firstElementChild.textContent = clock(t) + (kind ? ` ${say(`at_${kind}`)}` : "");
      handle.setAttribute("aria-label", handle.dataset.name.replace("{n}", number === null ? "" : number).trim());
      handle.setAttribute("aria-valuemin", isStart ? 0 : chosen[0] + LEAST_S);
      handle.setAttribute("aria-valuemax", isStart ? Math.max(0, chosen[1] - LEAST_S) : facts.duration_s);
      handle.setAttribute("aria-valuenow", t);
      handle.setAttribute("aria-valuetext", clock(t) + (kind ? `, ${say(`near_${kind}`)}` : ""));
    }
    if (chosen && $("selected-span")) $("selected-span").textContent = number === null ? span(...chosen) : say("selected_name", { span: span(...chosen), number });
  };
  function set(end, to, snap) {
    let t = Math.round(to);
    if (snap) t = [...known.laps, ...known.turns].filter((each) => Math.abs(each - t) <= SNAP_S).sort((a, b) => Math.abs(a - t) - Math.abs(b - t))[0] ?? t;
    const [a, b] = chosen;
    if (end === "start") page.choose(Math.max(0, Math.min(b - LEAST_S, t)), b, number);
    else page.choose(a, Math.min(facts.duration_s, Math.max(a + LEAST_S, t)), number);
  }
  for (const handle of handles) {
    let held = false;
    handle.addEventListener("pointerdown", (event) => { held = true; handle.setPointerCapture(event.pointerId); handle.focus({ preventScroll: true }); event.preventDefault(); event.stopPropagation(); });
    handle.addEventListener("pointermove", (event) => { if (held) { event.stopPropagation(); set(handle.dataset.end, page.toTime(event.clientX - $("stack").getBoundingClientRect().left), true); } });
    for (const name of ["pointerup", "pointercancel"]) handle.addEventListener(name, () => { held = false; });
    handle.addEventListener("click", (event) => event.stopPropagation());
    handle.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
      if (event.key === "Escape") { page.choose(0, 0); $("cursor").focus(); }
      if (!by || !chosen) return;
      event.preventDefault();
      set(handle.dataset.end, chosen[handle.dataset.end === "start" ? 0 : 1] + by * (event.shiftKey && Math.abs(by) === 1 ? 10 : 1), false);
    });
  }

  // -- note, and what another tab or an import changes ----------------------------------------------
  const note = $("note");
  let show = () => {};
  if (live && note) {
    const NAMES = ["pain", "effort", "text"], at = $("note-status"), field = (name) => note.elements[name];
    const value = (name, text) => (name === "text" ? text : text === "" ? null : Number(text));
    const written = () => Object.fromEntries(NAMES.map((name) => [name, value(name, field(name).value)]));
    let seen = Object.fromEntries(NAMES.map((name) => [name, value(name, field(name).defaultValue)]));
    // paper has what is kept in place of the form
    const paper = (name, kept) => { const line = document.querySelector(`[data-kept="${name}"]`); line.hidden = kept === ""; line.querySelector("b").textContent = kept; };
    // what is stored now takes the place of what was not changed here since
    show = (stored, before = seen) => {
      const here = written();
      for (const name of NAMES) paper(name, stored[name] ?? "");
      for (const name of NAMES) if (here[name] === before[name]) { field(name).value = stored[name] ?? ""; seen[name] = value(name, field(name).value); }
    };
    // a text that is too long is said to be before it is sent, and never cut off: maxlength would do so
    const NEAR = 500, length = (text) => [...text].length, text = field("text");
    let room = "";
    text.addEventListener("input", () => {
      const left = Math.max(+text.dataset.most, length(seen.text)) - length(text.value);
      const words = left < 0 ? say("note_too_long", { over: -left }) : left < NEAR ? say("note_room", { left }) : "";
      if (words || at.textContent === room) at.textContent = words;
      room = words;
    });
    addEventListener("beforeunload", (event) => { if (text.value !== seen.text) event.preventDefault(); });
    note.addEventListener("submit", async (event) => {
      event.preventDefault();
      const sent = written(), path = `/api/sessions/${encodeURIComponent(data.id)}`;
      try {
        const stored = (await page.ask(`${path}/note`, { ...sent, seen })).note;
        seen = { ...sent };
        show(stored, sent);
        at.textContent = say(NAMES.every((name) => (stored[name] ?? "") === (sent[name] ?? "")) ? "note_kept" : "note_kept_both");
      } catch (problem) {
        at.textContent = problem.message;
        if (problem.status !== 409) { room = problem.message; return; } // until the text is changed
        const { pain, effort } = (await page.ask(path)).note; // asked: the next time they are replaced
        if (pain === seen.pain && effort === seen.effort) return; // refused for another reason, which is there
        seen = { ...seen, pain, effort };
        at.textContent = say("note_differs", { pain: pain ?? "–", effort: effort ?? "–" });
      }
    });
    page.on("session", async ({ session }) => {
      if (session !== data.id || busy) return;
      try { const state = await page.ask(`/api/sessions/${encodeURIComponent(data.id)}`); const hidden = bar.hidden && !state.undo; follow(state); show(state.note); bar.hidden = hidden; } catch { /* the next event asks again */ }
    });
  }
  beginLaps();
  document.documentElement.dataset.answers = "ready"; // from now on a click is heard
})();
