// Pages over many sessions: filters over list, calendar and charts, and marks that lead to pages.
// Works from disk; the filters stand in the address after the #, so that a view can be kept.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const json = (id) => { const at = $(id); return at ? JSON.parse(at.textContent) : null; };
  const read = () => [...document.querySelectorAll(".log tbody tr")].map((at) => {
    const link = at.querySelector("a"), href = link.getAttribute("href");
    return { at, href, id: href.slice(href.lastIndexOf("/") + 1).replace(/\.html$/, ""), text: at.textContent.toLowerCase(), date: at.querySelector("time").dateTime, month: at.closest(".month") };
  });
  const marked = () => [...document.querySelectorAll("[data-session]")];
  let rows, numbers, places, marks;
  function index() {
    rows = read();
    marks = marked();
    numbers = new Map(rows.map((row, i) => [row.id, i]));
    places = new Map(rows.map((row, i) => [row.at, i]));
  }
  index();
  // the sessions that wait after the newest: its page leads on to them when its answers are saved
  const call = document.querySelector(".call a[data-then]");
  if (call?.dataset.then) call.search = `?then=${call.dataset.then}`;
  const charts = () => [...document.querySelectorAll("[data-chart]")].filter((at) => at.data);

  // -- which sessions, and what of them ------------------------------------------------------------
  const VERDICTS = { counted: [0, 1, 3], compass: [0], labelled: [1], habit: [3], maybe: [2] };
  const form = $("filters");
  let log = json("log-data");
  let shown = rows.map(() => true);

  function wanted() {
    const fields = Object.fromEntries(new FormData(form));
    return { ...fields, words: fields.text.toLowerCase().split(/\s+/).filter(Boolean) };
  }
  function partsOf(i, want) {
    const verdicts = VERDICTS[want.kind] || [0, 1, 2, 3];
    return log.parts[i].filter(([gait, verdict]) => verdicts.includes(verdict) && (!want.gait || gait === +want.gait));
  }
  function fits(i, want) {
    const date = log.date[i];
    if ((want.from || want.until) && !date) return false; // its clock was wrong
    if ((want.from && date < want.from) || (want.until && date > want.until)) return false;
    if (want.place && log.place[i] !== +want.place) return false;
    const found = partsOf(i, want).length > 0;
    if (["undecided", "without"].includes(want.kind) && (want.kind === "undecided") !== log.undecided.includes(i)) return false;
    if (["without", "undecided"].includes(want.kind) ? found : (want.kind || want.gait) && !found) return false;
    return want.words.every((word) => rows[i].text.includes(word) || date.includes(word));
  }
  // what counts as backward in sums: certain parts, unless another verdict was asked for
  const seconds = (i, want, kinds) => ["without", "undecided"].includes(want.kind) ? 0 : partsOf(i, want)
    .reduce((sum, [, verdict, part]) => sum + (kinds.includes(verdict) ? part : 0), 0);

  function spoken(total) {
    const two = (n) => String(n).padStart(2, "0"), minutes = Math.round(total / 60), whole = Math.round(total);
    if (whole < 60) return form.dataset.seconds.replace("{value}", whole);
    return whole < 3600
      ? form.dataset.minutes.replace("{value}", `${Math.floor(whole / 60)}:${two(whole % 60)}`)
      : form.dataset.hours.replace("{value}", `${Math.floor(minutes / 60)}:${two(minutes % 60)}`);
  }

  // a maybe is called one: the sums of that filter are of nothing else
  function backward(total, want) {
    if (!total) return form.dataset.monthNone;
    return form.dataset[want.kind === "maybe" ? "rowMaybe" : "monthBackward"].replace("{time}", spoken(total));
  }
  const counted = (count) => count === 1 ? form.dataset.sessionsOne : form.dataset.sessionsMany.replace("{count}", count);
  const summed = (which, want) => which.reduce((sum, i) => sum + seconds(i, want, VERDICTS[want.kind] || VERDICTS.counted), 0);

  // what the month's heading says, of the sessions that are shown
  function totalMonth(month, want, active) {
    const note = month.querySelector("h3 small");
    if (note.dataset.whole === undefined) note.dataset.whole = note.textContent;
    const on = [...month.querySelectorAll("tbody tr:not([hidden])")].map((at) => places.get(at));
    month.hidden = !on.length;
    note.textContent = active ? `${counted(on.length)} · ${backward(summed(on, want), want)}` : note.dataset.whole;
  }

  function apply() {
    const want = wanted();
    shown = rows.map((_, i) => fits(i, want));
    const active = Object.entries(want).some(([key, value]) => key !== "words" && value);
    const months = new Set();
    rows.forEach((row, i) => {
      if (row.at.hidden === shown[i]) row.at.hidden = !shown[i];
      months.add(row.month);
    });
    months.forEach((month) => totalMonth(month, want, active));
    marks.forEach((at) => {
      const i = numbers.get(at.dataset.session), off = i !== undefined && !shown[i];
      if (at.tagName === "TR") at.hidden = off; else at.classList.toggle("off", off);
    });
    document.querySelectorAll(".filtered").forEach((at) => { at.hidden = !active; });
    const on = shown.flatMap((fitting, i) => (fitting ? [i] : []));
    const status = $("filter-count"), words = on.length ? status.dataset.words : status.dataset.none;
    status.textContent = words.replace("{shown}", on.length).replace("{sessions}", counted(rows.length)).replace("{backward}", backward(summed(on, want), want));
    form.classList.toggle("active", active);
    filterCharts(want);
  }

  // -- charts ------------------------------------------------------------------------------------
  const whole = new WeakMap();
  function filterCharts(want, which = charts()) {
    if (typeof Plotly === "undefined") return;
    which.forEach((at) => {
      if (at.id === "weeks") { restyle(at, weekly(want), [0, 1, 2]); return; }
      const place = at.data.findIndex((trace) => trace.customdata && numbers.has(trace.customdata[0]));
      if (place < 0) return;
      if (!whole.has(at)) whole.set(at, json(at.dataset.chart).data[place].y);
      const y = whole.get(at).map((value, k) => (shown[numbers.get(at.data[place].customdata[k])] ? value : null));
      restyle(at, { y: [y] }, [place]);
    });
  }
  const restyle = (at, change, traces) => Plotly.restyle(at, change, traces);
  function weekly(want) {
    const mondays = json("weeks-of").mondays, start = mondays.map((day) => Date.parse(day));
    const sums = [0, 1, 2].map(() => mondays.map(() => 0));
    rows.forEach((_, i) => {
      if (!shown[i]) return;
      const day = Date.parse(rows[i].date);
      let week = Math.floor((day - start[0]) / 6048e5);
      if (start[week] === undefined || day < start[week] || day >= start[week] + 6048e5) week = start.findIndex((at) => day >= at && day < at + 6048e5);
      if (week < 0) return;
      const forward = want.gait ? log.forward_s[i][+want.gait] : log.forward_s[i][0] + log.forward_s[i][1];
      sums[0][week] += forward / 60;
      sums[1][week] -= seconds(i, want, VERDICTS.counted) / 60;
      sums[2][week] -= seconds(i, want, VERDICTS.maybe) / 60;
    });
    const round = (value) => Math.round(value * 10) / 10;
    const y = sums.map((column) => column.map((value) => round(value) || null));
    return { y, customdata: y.map((column) => column.map(Math.abs)) };
  }

  // -- the address keeps the filters -------------------------------------------------------------
  function remember() {
    const kept = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
    try { history.replaceState(null, "", `${location.pathname}${location.search}${String(kept) ? `#${kept}` : ""}`); } catch { /* some browsers refuse it for files */ }
  }
  function recall() {
    new URLSearchParams(location.hash.slice(1)).forEach((value, key) => {
      const field = form.elements.namedItem(key);
      if (field && "value" in field) field.value = value;
    });
  }

  // a calendar that is wider than the screen begins where its last session is in sight
  function showLast(year) {
    const box = year.querySelector(".scroll"), last = [...box.querySelectorAll("a")].pop();
    if (last) box.scrollLeft += last.getBoundingClientRect().right - box.getBoundingClientRect().right + 8;
  }

  function begin() {
    document.querySelectorAll(".year").forEach((year) => { showLast(year); year.addEventListener("toggle", () => showLast(year)); });
    const leads = (at) => at.on("plotly_click", (event) => {
      const row = rows[numbers.get(event.points[0].customdata)];
      if (row) location.href = row.href;
    });
    // charts are drawn when the page stands already
    document.addEventListener("charted", ({ target }) => { leads(target); if (form?.classList.contains("active")) filterCharts(wanted(), [target]); });
    if (!form || !log) return;
    form.hidden = rows.length < 2;
    recall();
    let due = 0;
    const later = () => { cancelAnimationFrame(due); due = requestAnimationFrame(() => { apply(); remember(); }); };
    form.addEventListener("input", later);
    // on a narrow screen one button shows the fields and hides them
    const fold = $("filters-fold");
    fold.addEventListener("click", () => fold.setAttribute("aria-expanded", form.classList.toggle("open")));
    // the button goes once nothing is filtered: the next Tab leads to the first field
    form.tabIndex = -1;
    form.addEventListener("reset", () => { if (form.contains(document.activeElement)) form.focus(); setTimeout(later); });
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", () => { form.reset(); recall(); apply(); });
    // the charts are drawn anew in the other colours: filter those too
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
    // a live page has put another list in the place of this one
    document.addEventListener("relisted", () => { index(); log = json("log-data"); form.hidden = rows.length < 2; apply(); });
    if (location.hash) apply();
    form.dataset.ready = "yes";
  }
  begin();
})();
