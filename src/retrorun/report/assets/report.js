// The script of every page: draws the figures that the page carries as JSON, and links pictures,
// lanes and table. Nothing is loaded, nothing is evaluated, nothing is stored.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const json = (id) => { const at = $(id); return at ? JSON.parse(at.textContent) : null; };

  // numbers and dates as the page's language writes them; an English page needs no signs
  const signs = json("signs"), decimal = signs ? signs.decimal_sign : ".";
  const fixed = (value, digits) => value.toFixed(digits).replace(".", decimal).replace("-", "−").replace(/^−(?=[0.,]*$)/, "");

  // -- figures: colours are names of CSS properties until here ------------------------------------
  const painted = (value, style) => {
    if (typeof value === "string") return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    if (Array.isArray(value)) return value.length && typeof value[0] === "object" && value[0] ? value.map((each) => painted(each, style)) : value;
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, style)]));
    return value;
  };
  const charts = [];
  const config = { displayModeBar: false, responsive: true, displaylogo: false, staticPlot: false, showTips: false };
  function speak() {
    const { months, months_short: shortMonths, weekdays: days, weekdays_short: shortDays } = signs;
    const dates = { month: signs.chart_month, dayMonth: signs.chart_day, dayMonthYear: signs.chart_day_year };
    config.locale = document.documentElement.lang;
    // the library's weeks begin on Sunday
    const sunday = (names) => [...names.slice(-1), ...names.slice(0, -1)];
    Plotly.register({ moduleType: "locale", name: config.locale, dictionary: {}, format: { months, shortMonths, days: sunday(days), shortDays: sunday(shortDays), ...dates } });
  }
  const draw = (chart) => {
    const figure = painted(chart.figure, getComputedStyle(document.documentElement));
    figure.layout.font = { ...figure.layout.font, family: getComputedStyle(document.body).fontFamily };
    if (signs) figure.layout.separators = decimal + signs.thousands_sign;
    if (chart.width) figure.layout.width = chart.width;
    return Plotly.react(chart.at, figure.data, figure.layout, config);
  };
  // what is seen first is drawn first; the rest follows while the page has nothing else to do
  const waiting = [];
  function drawNext() {
    const chart = waiting.shift();
    draw(chart);
    chart.at.dispatchEvent(new CustomEvent("charted", { bubbles: true }));
    if (!waiting.length) document.documentElement.dataset.drawn = "yes";
  }
  function drawLater() {
    const idle = window.requestIdleCallback || setTimeout; // Safari has none
    // at the latest after two seconds: a busy computer may never be idle
    if (waiting.length) idle(() => { if (waiting.length) drawNext(); drawLater(); }, { timeout: 2000 });
  }
  function redraw() {
    if (typeof Plotly === "undefined") return; // it will be drawn in the colours and width of then
    while (waiting.length) drawNext();
    charts.forEach(draw);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // a chart is as wide as its sheet before the browser lays the sheet out, which else shrinks all of
  // it; it takes the colours of paper once those hold, and is as wide as the window again afterwards
  const paper = (on) => {
    charts.forEach((chart) => { chart.width = !on ? 0 : chart.at.closest(".card") ? 300 : 680; });
    redraw();
    if (!on && typeof Plotly !== "undefined") charts.forEach(({ at }) => Plotly.Plots.resize(at));
  };
  addEventListener("beforeprint", () => paper(true));
  addEventListener("afterprint", () => paper(false));
  matchMedia("print").addEventListener("change", (event) => paper(event.matches));
  function beginCharts() {
    if (typeof Plotly === "undefined") return;
    if (signs) speak();
    const seen = ({ at }) => at.getBoundingClientRect().top < innerHeight;
    const first = charts.filter(seen);
    waiting.push(...first, ...charts.filter((chart) => !first.includes(chart)));
    first.forEach(drawNext);
    drawLater();
  }
  document.querySelectorAll("[data-chart]").forEach((at) => {
    const chart = { at, figure: json(at.dataset.chart) };
    at.style.minHeight = `${chart.figure.layout.height}px`; // nothing moves when it is drawn
    charts.push(chart);
  });
  // the library is large and comes last: the page answers before it is read
  if (charts.length) document.addEventListener("DOMContentLoaded", beginCharts);
  else document.documentElement.dataset.drawn = "yes";
  // paper cannot be opened: what is folded is printed open
  addEventListener("beforeprint", () => document.querySelectorAll("details:is(.fold, .studies):not([open])").forEach((at) => { at.open = true; at.dataset.folded = ""; }));
  addEventListener("afterprint", () => document.querySelectorAll("details[data-folded]").forEach((at) => { at.open = false; delete at.dataset.folded; }));

  // -- one session: cursor, selection, links ------------------------------------------------------
  const data = json("session-data");
  if (data && $("part-lanes")) session(data);
  if (data) rows(data);

  function clock(seconds) {
    const whole = Math.round(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  }
  function shown({ form, scale, unit }, value) {
    if (value === null || value === undefined) return "–";
    if (form === "pace") return `${clock(value)} ${unit}`;
    if (form === "angle") return `${value > 180 ? value - 360 : value}°`;
    return `${fixed(value / scale, scale === 100 ? 2 : 0)} ${unit}`;
  }
  function atTime(line, t) {
    // a thinned grid has gaps of one point: look at the neighbours too
    const i = Math.round(t / line.dx);
    for (const j of [i, i - 1, i + 1]) if (line.y[j] !== null && line.y[j] !== undefined) return line.y[j];
    return null;
  }
  // rows come and go with answers, so the section that holds them listens
  function overRows(enter, leave) {
    const table = $("part-stretches");
    if (!table) return;
    let over = null;
    table.addEventListener("pointerover", (event) => {
      const row = event.target.closest("tr[data-s]");
      if (row === over) return;
      if (over) leave(over);
      over = row;
      if (row) enter(row);
    });
    table.addEventListener("pointerleave", () => { if (over) leave(over); over = null; });
  }
  function rows(facts) {
    overRows((row) => focusMap(facts, +row.dataset.s, +row.dataset.e), () => focusMap(facts, 0, 0));
    // a number on the map leads to its row
    document.addEventListener("click", (event) => {
      const mark = event.target.closest(".map .mark"), row = mark && $(`stretch-${mark.dataset.n}`), page = window.retrorun;
      if (!row) return;
      event.preventDefault();
      const set = row.closest("tbody").querySelector(".set details");
      if (set) set.open = true;
      page?.choose?.(+row.dataset.s, +row.dataset.e, +row.dataset.n);
      row.scrollIntoView({ block: "center" });
      row.focus({ preventScroll: true });
    });
  }
  function focusMap(facts, start, end) {
    const path = document.querySelector(".map .focus");
    if (!path || !facts.map_x) return;
    let d = "", pen = "M";
    const step = facts.map_step_s;
    for (let i = Math.floor(start / step); i <= Math.ceil(end / step) && end > start; i++) {
      if (facts.map_x[i] === null || facts.map_x[i] === undefined) { pen = "M"; continue; }
      d += `${pen}${facts.map_x[i]} ${facts.map_y[i]}`; pen = "L";
    }
    path.setAttribute("d", d);
  }

  function session(facts) {
    const stack = $("stack"), plot = $("part-lanes"), cursor = $("cursor"), pick = $("pick"), readout = $("readout");
    const panel = $("selection"), command = $("command"), page = window.retrorun = window.retrorun || {};
    const dot = () => document.querySelector(".map .cursor");
    const left = plot.offsetLeft, right = stack.clientWidth - left - plot.clientWidth;
    let now = 0, anchor = null, chosen = null, segment = null, word = "backward", lit = null, due = 0, dragged = false, view = null;

    const range = () => view || [0, facts.duration_s];
    const toTime = (x) => { const [a, b] = range(); return Math.min(b, Math.max(a, a + (x - left) / plot.clientWidth * (b - a))); };
    const toX = (t) => { const [a, b] = range(); return left + (t - a) / (b - a) * plot.clientWidth; };

    function show(t) {
      now = Math.min(facts.duration_s, Math.max(0, t));
      const x = toX(now);
      cursor.style.left = `${x}px`;
      cursor.classList.add("shown");
      cursor.style.visibility = x < left - 1 || x > stack.clientWidth - right + 1 ? "hidden" : "visible";
      const index = facts.spans.findIndex(([s, e]) => now >= s && now < e);
      const row = index < 0 ? null : document.querySelector(`tr[data-s="${facts.spans[index][0]}"]`);
      const name = row ? row.querySelector(".what").textContent : "";
      const words = [[clock(now), name], ...facts.lines.map((line) => [line.name, shown(line, atTime(line, now))])];
      readout.replaceChildren(...words.map(([key, value], i) => {
        const span = document.createElement("span"), strong = document.createElement("b");
        strong.textContent = i ? value : key;
        span.append(...(i ? [`${key} `, strong] : [strong, ` ${value}`]));
        return span;
      }));
      cursor.setAttribute("aria-valuenow", String(Math.round(now)));
      cursor.setAttribute("aria-valuetext", words.map((pair) => pair.join(" ")).join(", "));
      if (lit !== row) { if (lit) lit.classList.remove("on"); if (row) row.classList.add("on"); lit = row; }
      if (dot() && facts.map_x) {
        const i = Math.round(now / facts.map_step_s), px = facts.map_x[i], py = facts.map_y[i];
        const known = px !== null && px !== undefined;
        dot().setAttribute("cx", known ? px : -9999); dot().setAttribute("cy", known ? py : -9999);
      }
    }
    const later = (t) => { if (due) cancelAnimationFrame(due); due = requestAnimationFrame(() => { due = 0; show(t); }); };

    function drawPick() {
      const [a, b] = chosen || [0, 0];
      const x0 = Math.max(left, toX(a)), x1 = Math.min(stack.clientWidth - right, toX(b));
      pick.style.left = `${x0}px`; pick.style.width = `${chosen ? Math.max(0, x1 - x0) : 0}px`;
    }
    // a stretch of time; with its number, where it is a segment of the table
    function choose(a, b, number = null) {
      const start = Math.max(0, Math.floor(Math.min(a, b))), end = Math.min(facts.duration_s, Math.ceil(Math.max(a, b)));
      chosen = end > start ? [start, end] : null;
      segment = chosen ? number : null;
      drawPick();
      panel.hidden = !chosen;
      focusMap(facts, ...(chosen || [0, 0]));
      $("selected-span").textContent = `${clock(start)} – ${clock(end)}`;
      page.onchoose?.(chosen, segment);
      if (!chosen) return;
      command.textContent = `retrorun label ${facts.id} ${start} ${end} ${word}${facts.archive || ""}`;
      $("copy").textContent = $("copy").dataset.label;
    }
    // lanes over the part that is looked at: there the samples themselves take the medians' place
    function look() {
      const [a, b] = range(), whole = facts.duration_s;
      plot.classList.toggle("near", !!view);
      plot.style.setProperty("--zoom", whole / (b - a));
      plot.style.setProperty("--from", a / whole);
      plot.querySelectorAll(".lane svg").forEach((svg, i) => {
        svg.setAttribute("viewBox", `${a} 0 ${b - a} 1000`);
        svg.querySelectorAll(".sample").forEach((path) => path.remove());
        if (view) svg.append(...facts.spans.filter(([s, e]) => s < b && e > a).map((span) => samples(facts.lines[i], span, svg.dataset)));
      });
      const steps = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200], step = steps.find((each) => (b - a) / each <= 6) || 21600;
      if (view || plot.dataset.timed) {
        const times = plot.querySelector(".times");
        times.replaceChildren();
        for (let t = Math.ceil(a / step) * step; t <= b; t += step) {
          const at = document.createElement("span");
          at.textContent = clock(t);
          at.style.left = `${100 * (t - a) / (b - a)}%`;
          times.append(at);
        }
        plot.dataset.timed = "yes";
      }
      drawPick();
      show(now);
      page.onchoose?.(chosen, segment);
    }
    function samples(line, [start, end, kind], { top, foot }) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      let d = "", pen = "M";
      for (let i = Math.floor(start / line.dx); i <= Math.ceil(end / line.dx); i++) {
        const value = line.y[i];
        if (value === null || value === undefined) { pen = "M"; continue; }
        d += `${pen}${i * line.dx} ${Math.round(1000 * Math.min(1, Math.max(0, (value / line.scale - top) / (foot - top))))}`; pen = "L";
      }
      path.setAttribute("d", d);
      path.setAttribute("class", `line sample ${kind}`);
      return path;
    }
    function zoom(to) { view = to; $("zoomed").hidden = !to; look(); }

    stack.addEventListener("pointermove", (event) => {
      const t = toTime(event.clientX - stack.getBoundingClientRect().left);
      if (anchor !== null && Math.abs(toX(anchor) - toX(t)) > 4) { dragged = true; choose(anchor, t); }
      later(t);
    });
    stack.addEventListener("pointerdown", (event) => {
      const t = toTime(event.clientX - stack.getBoundingClientRect().left);
      dragged = false;
      if (event.pointerType === "mouse" && event.button === 0) { anchor = t; choose(t, t); stack.setPointerCapture(event.pointerId); }
      show(t);
    });
    // a click or a tap without a drag chooses the stretch there
    stack.addEventListener("click", (event) => {
      if (dragged) return;
      const t = toTime(event.clientX - stack.getBoundingClientRect().left);
      const row = [...document.querySelectorAll("#part-stretches tr[data-n]")].find((each) => t >= +each.dataset.s && t < +each.dataset.e);
      if (row) choose(+row.dataset.s, +row.dataset.e, +row.dataset.n);
    });
    stack.addEventListener("pointerup", () => { anchor = null; });
    stack.addEventListener("pointercancel", () => { anchor = null; });
    cursor.addEventListener("keydown", (event) => {
      const [a, b] = range(), page = Math.max(10, (b - a) / 20);
      const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageDown: -page, PageUp: page, Home: -1e9, End: 1e9 };
      if (event.key === "Escape") { anchor = null; choose(0, 0); return; }
      if (!(event.key in moves)) return;
      event.preventDefault();
      if (event.shiftKey && !chosen) anchor = now;
      const from = event.shiftKey ? (anchor ?? chosen[0]) : null;
      show(Math.round(now + moves[event.key]));
      if (from !== null) { choose(from, now); anchor = from; } else anchor = null;
    });
    panel.querySelectorAll("[data-word]").forEach((button) => button.addEventListener("click", () => {
      word = button.dataset.word;
      if (chosen) choose(...chosen, segment);
    }));
    const copy = $("copy");
    copy.dataset.label = copy.textContent;
    copy.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(command.textContent); } catch {
        const select = getSelection(); select.selectAllChildren(command); document.execCommand("copy");
      }
      copy.textContent = copy.dataset.done;
    });
    $("zoom").addEventListener("click", () => zoom(chosen));
    $("unzoom").addEventListener("click", () => zoom(null));
    $("unselect").addEventListener("click", () => choose(0, 0));
    overRows((row) => {
      if (chosen) return;
      const x = Math.max(left, toX(+row.dataset.s));
      later(+row.dataset.s);
      pick.style.left = `${x}px`; pick.style.width = `${Math.max(0, Math.min(stack.clientWidth - right, toX(+row.dataset.e)) - x)}px`;
    }, drawPick);
    const map = $("part-map");
    if (map && facts.map_x) map.addEventListener("pointermove", (event) => {
      const drawn = map.querySelector(".map");
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawn.getScreenCTM().inverse());
      let best = -1, near = 70 * 70;
      facts.map_x.forEach((x, i) => {
        if (x === null) return;
        const d = (x - at.x) ** 2 + (facts.map_y[i] - at.y) ** 2;
        if (d < near) { near = d; best = i; }
      });
      if (best >= 0) later(best * facts.map_step_s);
    });
    new ResizeObserver(() => { drawPick(); cursor.style.left = `${toX(now)}px`; page.onchoose?.(chosen, segment); }).observe(stack);
    cursor.style.left = `${left}px`;
    // what the script of answers needs
    Object.assign(page, { facts, choose, toTime, toX, edges: [left, right], clock, look });
  }
})();
