// The review: one question after another. Moves the ends, hands in answers, takes them back.
(() => {
  "use strict";
  const { ask, say, counted, clock, fixed, on, soon } = window.retrorun;
  const $ = (id) => document.getElementById(id);
  const SNAP_S = 3, LAP_S = 30, LEAST_S = 3;
  const panel = $("question"), kept = $("kept");
  let inbox = JSON.parse($("review-data").textContent);
  let queue = inbox.queue.slice(), place = 0, given = [], busy = false, q = null, drag = null;
  const fetched = new Map(); // "session/start" → promise of a question
  const key = (each) => `${each.session}/${each.start_s}`;

  // -- one question on the screen -------------------------------------------------------------------
  const X = (t) => (100 * (t - q.first_s)) / (q.last_s - q.first_s);
  const index = (t) => Math.max(0, Math.min(q.way_dm.length - 1, Math.round((t - q.first_s) / q.step_s)));
  const nearest = (moments, t, most) => moments.filter((each) => Math.abs(each - t) <= most).sort((a, b) => Math.abs(a - t) - Math.abs(b - t))[0];
  function metres() {
    const m = (q.way_dm[index(q.end_s)] - q.way_dm[index(q.start_s)]) / 10, [long, short] = q.unit_m;
    if (m >= long * (long > 1500 ? 0.25 : 1)) return `${fixed(m / long, 2)} ${q.units[0]}`;
    return `${Math.round(m / short / 10) * 10} ${q.units[1]}`;
  }
  // the step rate over the line: at the ends as they were asked what the session's page says, and what moved ends add to it
  function excess() {
    if (q.above_percent !== null && q.start_s === q.asked[0] && q.end_s === q.asked[1]) return q.above_percent;
    const now = measured(q.start_s, q.end_s), before = measured(...q.asked);
    return q.above_percent === null || now === null || before === null ? now : q.above_percent + now - before;
  }
  function measured(start_s, end_s) {
    const a = index(start_s) + Math.ceil(3 / q.step_s), b = index(end_s) - Math.ceil(3 / q.step_s), shares = [];
    for (let i = a; i < b; i++) if (q.steps[i] !== null && q.expected[i]) shares.push(q.steps[i] / q.expected[i] - 1);
    if (shares.length < 3) return null;
    shares.sort((x, y) => x - y);
    return Math.round(100 * shares[shares.length >> 1]);
  }
  const kindOf = (t) => (q.laps.includes(t) ? "lap" : q.turns.includes(t) ? "turn" : "");

  function draw() {
    for (const end of ["start", "end"]) {
      const t = q[`${end}_s`], handle = $(`handle-${end}`), kind = kindOf(t);
      handle.style.left = `${X(t)}%`;
      handle.firstElementChild.textContent = clock(t) + (kind ? ` ${say(`at_${kind}`)}` : "");
      handle.setAttribute("aria-valuemin", end === "start" ? q.first_s : q.start_s + LEAST_S);
      handle.setAttribute("aria-valuemax", end === "start" ? q.end_s - LEAST_S : q.last_s);
      handle.setAttribute("aria-valuenow", t);
      handle.setAttribute("aria-valuetext", clock(t) + (kind ? `, ${say(`near_${kind}`)}` : ""));
      $(`${end}-words`).textContent = clock(t);
    }
    $("band").style.left = `${X(q.start_s)}%`;
    $("band").style.width = `${X(q.end_s) - X(q.start_s)}%`;
    const a = (q.start_s - q.first_s) / q.step_s, b = (q.end_s - q.first_s) / q.step_s;
    const clip = (id, x, width) => { $(id).setAttribute("x", x); $(id).setAttribute("width", Math.max(0, width)); };
    clip("clip-inside", a, b - a);
    clip("clip-before", -9, a + 9);
    clip("clip-after", b, q.way_dm.length - b + 9);
    map();
    sentence();
    nameLine();
  }
  // the name of the forward line stands behind the stretch, before it where there is more room, else above
  function nameLine() {
    const name = panel.querySelector(".line-name");
    if (!name) return;
    const wide = name.parentElement.clientWidth, needs = name.offsetWidth + 6;
    const before = (X(q.start_s) * wide) / 100, behind = wide - (X(q.end_s) * wide) / 100;
    name.classList.toggle("aside", behind < needs && before > behind);
    name.classList.toggle("above", Math.max(before, behind) < needs);
  }
  function sentence() {
    const more = excess(), bold = (text) => { const b = document.createElement("b"); b.textContent = text; return b; };
    const parts = [bold(say("between", { low: clock(q.start_s), high: clock(q.end_s) })), ", ", bold(metres())];
    if (more !== null) {
      const up = bold(say(`question_steps_${more > 0 ? "above" : more < 0 ? "below" : "on"}`, { percent: Math.abs(more) }));
      up.className = "up";
      parts.push(`, ${say("question_step_rate")} `, up);
    }
    $("span").replaceChildren(...parts);
    const gap = $("gap");
    if (gap) {
      gap.textContent = more === null ? "" : `${more > 0 ? "+" : more < 0 ? "−" : "±"}${Math.abs(more)}\u00a0%`;
      gap.style.left = `${X((q.start_s + q.end_s) / 2)}%`;
    }
    const line = [];
    for (const end of ["start", "end"]) {
      const t = q[`${end}_s`], values = { end: say(`end_${end}`) };
      const lap = nearest(q.laps, t, LAP_S), turn = nearest(q.turns, t, SNAP_S);
      if (lap !== undefined) line.push(say(lap === t ? "snap_at_lap" : "snap_from_lap", { ...values, seconds: Math.abs(lap - t), time: clock(lap) }));
      else if (turn !== undefined && turn === t) line.push(say("snap_at_turn", { ...values, time: clock(t) }));
    }
    $("snap").textContent = line.join(" ") || say("snap_none");
    panel.querySelector("[data-do=laps]").disabled = ["start", "end"].every((end) => nearest(q.laps, q[`${end}_s`], LAP_S) === undefined);
  }
  function map() {
    const at = $("map-stretch");
    if (!at) return;
    const known = (i) => q.map_x[i] !== null && q.map_x[i] !== undefined;
    const way = (a, b) => { let d = "", pen = "M"; for (let i = a; i <= b; i++) { if (!known(i)) { pen = "M"; continue; } d += `${pen}${q.map_x[i]} ${q.map_y[i]}`; pen = "L"; } return d; };
    const a = index(q.start_s), b = index(q.end_s), last = q.way_dm.length - 1, d = way(a, b);
    at.setAttribute("d", d);
    $("map-core").setAttribute("d", d);
    const made = (name, values, text) => { const node = document.createElementNS("http://www.w3.org/2000/svg", name); Object.entries(values).forEach(([k, v]) => node.setAttribute(k, v)); if (text) node.textContent = text; return node; };
    const bearing = (i) => { let p = Math.max(0, i - 5), n = Math.min(last, i + 5); while (p < i && !known(p)) p++; while (n > i && !known(n)) n--; return known(p) && known(n) ? Math.atan2(q.map_y[n] - q.map_y[p], q.map_x[n] - q.map_x[p]) : 0; };
    const marks = [];
    for (const [i, look] of [[a >> 1, ""], [(a + b) >> 1, " backward"], [(b + last) >> 1, ""]]) {
      if (known(i)) marks.push(made("path", { class: `arrow${look}`, d: "M-12 -14L18 0L-12 14L-5 0Z", transform: `translate(${q.map_x[i]} ${q.map_y[i]}) rotate(${Math.round((bearing(i) * 180) / Math.PI)})` }));
    }
    for (const [i, t] of [[a, q.start_s], [b, q.end_s]]) {
      if (!known(i)) continue;
      const side = bearing(i) - Math.PI / 2;
      marks.push(made("circle", { class: "point", cx: q.map_x[i], cy: q.map_y[i], r: 10 }));
      marks.push(made("text", { class: "time", "text-anchor": "middle", x: Math.round(q.map_x[i] + 52 * Math.cos(side)), y: Math.round(q.map_y[i] + 44 * Math.sin(side) + 10) }, clock(t)));
    }
    $("map-marks").replaceChildren(...marks);
  }
  function counts() {
    const whole = given.length + queue.length, now = given.length + place + 1;
    $("position").textContent = now;
    $("whole").textContent = whole;
    const meter = $("meter");
    meter.setAttribute("aria-valuemax", whole);
    meter.setAttribute("aria-valuenow", now);
    meter.firstElementChild.style.width = `${(100 * now) / whole}%`;
    document.title = `${say("title_review")} · ${now} ${say("of_count")} ${whole}`;
  }
  const undoable = () => given.length > 0 || Number(panel.firstElementChild?.dataset.undo || 0) > 0;

  function put(html, { quiet = false } = {}) {
    panel.innerHTML = html;
    $("act").hidden = false;
    begin(quiet);
  }
  function begin(quiet) {
    q = JSON.parse($("question-data").textContent);
    q.asked = [q.start_s, q.end_s];
    const at = queue.findIndex((each) => each.session === q.session && each.start_s === q.start_s);
    if (at >= 0) place = at;
    panel.querySelectorAll(".lap").forEach((lap) => {
      lap.style.left = `${X(+lap.dataset.at)}%`;
      lap.classList.add(+lap.dataset.at < (q.start_s + q.end_s) / 2 ? "left" : "right");
    });
    learnt();
    counts();
    draw();
    list();
    $("act").querySelector("[data-do=undo]").disabled = !undoable();
    if (!quiet) { $("ask").focus({ preventScroll: true }); scrollTo(0, 0); }
    ahead();
  }
  function learnt() {
    const text = inbox.learnt || say("learnt_none");
    document.querySelectorAll("#learnt, .learnt-line").forEach((at) => { at.textContent = text; });
  }
  function done() {
    panel.replaceChildren($("done").content.cloneNode(true));
    q = null;
    $("act").querySelector("[data-do=undo]").disabled = !given.length;
    $("act").hidden = !given.length;
    ["yes", "no"].forEach((name) => { $("act").querySelector(`[data-do=${name}]`).hidden = true; });
    document.title = say("title_review");
    learnt();
    list();
    $("done-title").focus({ preventScroll: true });
  }
  function list() {
    const rest = queue.slice(place + 1), many = 12;
    $("after").textContent = rest.length ? say("after_this", { count: rest.length }) : say("after_this_none");
    const line = (each) => {
      const li = document.createElement("li"), a = document.createElement("a");
      a.href = `/review?session=${encodeURIComponent(each.session)}&segment=${each.segment}`;
      a.dataset.key = key(each);
      for (const [name, text] of [["date", each.day || ""], ["name", each.name || ""], ["span", say("between", { low: clock(each.start_s), high: clock(each.end_s) })], ["likely", each.likely || ""]]) {
        const span = document.createElement({ name: "bdi", date: "time" }[name] || "span");
        if (name === "date" && each.date) span.dateTime = each.date;
        span.className = name;
        span.textContent = text;
        a.append(span, " ");
      }
      li.append(a);
      return li;
    };
    $("queue").replaceChildren(...rest.slice(0, many).map(line));
    if (rest.length > many) { const li = document.createElement("li"); li.className = "more"; li.textContent = say("more_after", { count: rest.length - many }); $("queue").append(li); }
  }

  // -- from one to the next -------------------------------------------------------------------------
  function fetchOne(each) {
    const name = key(each);
    if (!fetched.has(name)) {
      const found = ask(`/api/review/${encodeURIComponent(each.session)}/${each.start_s}`);
      found.catch(() => fetched.delete(name));
      fetched.set(name, found);
    }
    return fetched.get(name);
  }
  function ahead() { for (const each of queue.slice(place + 1, place + 3)) fetchOne(each).catch(() => {}); }
  async function go(to, options = {}) {
    if (!queue.length) { done(); return; }
    place = (to + queue.length) % queue.length;
    ["yes", "no"].forEach((name) => { $("act").querySelector(`[data-do=${name}]`).hidden = false; });
    try {
      const { html } = await fetchOne(queue[place]);
      put(html, options);
    } catch (problem) { kept.textContent = problem.message; }
  }
  // the candidates of one session as they are now, in the place of those before
  function follow(state) {
    for (const name of [...fetched.keys()]) if (name.startsWith(`${state.session}/`)) fetched.delete(name);
    const old = queue.filter((each) => each.session === state.session);
    let at = queue.findIndex((each) => each.session === state.session);
    queue = queue.filter((each) => each.session !== state.session);
    if (at < 0) at = Math.min(place, queue.length);
    const about = old[0] || given.find((each) => each.entry.session === state.session)?.entry || {};
    const now = state.segments.filter((each) => each.direction === "backward" && each.verdict === "candidate").map((each) => ({ ...about, session: state.session, segment: each.number, start_s: Math.round(each.start_s), end_s: Math.round(each.end_s), likely: old.find((other) => other.start_s === Math.round(each.start_s))?.likely || "" }));
    queue.splice(at, 0, ...now);
    return { at, now };
  }
  const refresh = soon(async () => {
    try {
      inbox = await ask("/api/inbox");
      const current = q && queue[place];
      queue = inbox.queue.slice();
      const found = current ? queue.findIndex((each) => each.session === current.session && each.start_s === current.start_s) : -1;
      if (found >= 0) { place = found; counts(); list(); } else if (!q && queue.length) go(0);
      learnt();
    } catch { /* asked again with the next event */ }
  }, 300);

  // where the queue has what stands for this question now: of its session, else where it was
  function closest({ session, start_s }) {
    const off = (i) => Math.abs(queue[i].start_s - start_s);
    const own = [...queue.keys()].filter((i) => queue[i].session === session).sort((a, b) => off(a) - off(b));
    return own.length ? own[0] : Math.min(place, queue.length - 1);
  }
  async function once(work) {
    if (busy) return;
    busy = true;
    try { await work(); } catch (problem) {
      kept.textContent = problem.message;
      if (problem.status === 409) { kept.textContent = say("already_answered"); fetched.clear(); inbox = await ask("/api/inbox"); queue = inbox.queue.slice(); await go(q ? closest(q) : 0); }
    } finally { busy = false; }
  }
  const answer = (yes) => once(async () => {
    if (!q) return;
    const entry = queue[place], { session, start_s, end_s } = q;
    const body = { answer: yes ? "accept" : "reject", segments: [q.number], start_s, end_s };
    const state = await ask(`/api/sessions/${encodeURIComponent(session)}/answers`, body);
    given.push({ entry: entry || { session }, start_s, end_s });
    const { at, now } = follow(state);
    const next = now.findIndex((each) => each.start_s >= end_s - 1);
    const words = say(yes ? "kept_yes" : "kept_no", { span: say("between", { low: clock(start_s), high: clock(end_s) }) });
    const mark = document.createElement("b");
    mark.textContent = `✓ ${say("kept")} `;
    kept.replaceChildren(mark, words);
    const to = next >= 0 ? at + next : at + now.length;
    await go(to < queue.length ? to : 0);
    refresh();
  });
  const undo = () => once(async () => {
    const last = given.at(-1), session = last ? last.entry.session : q && undoable() ? q.session : null;
    if (!session) return;
    const before = new Set(queue.map(key));
    const state = await ask(`/api/sessions/${encodeURIComponent(session)}/undo`, {});
    if (last) given.pop();
    const { at, now } = follow(state);
    const overlap = (each) => (last ? Math.min(each.end_s, last.end_s) - Math.max(each.start_s, last.start_s) : before.has(key(each)) ? 0 : 1);
    const best = now.map((each, i) => [overlap(each), i]).sort((a, b) => b[0] - a[0])[0];
    await go(best && best[0] > 0 ? at + best[1] : Math.min(at, queue.length - 1));
    kept.textContent = say("taken_back");
    refresh();
  });

  // -- ends -----------------------------------------------------------------------------------------
  function set(end, to, snap) {
    let t = Math.round(to);
    if (snap) t = nearest([...q.laps, ...q.turns], t, SNAP_S) ?? t;
    if (end === "start") q.start_s = Math.max(q.first_s, Math.min(q.end_s - LEAST_S, t));
    else q.end_s = Math.min(q.last_s, Math.max(q.start_s + LEAST_S, t));
    draw();
  }
  function laps() {
    if (!q) return;
    const start = nearest(q.laps, q.start_s, LAP_S), end = nearest(q.laps, q.end_s, LAP_S);
    if (start !== undefined && start !== end && start < q.end_s - LEAST_S) q.start_s = start;
    if (end !== undefined && end !== start && end > q.start_s + LEAST_S) q.end_s = end;
    draw();
  }
  panel.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".handle");
    if (!handle) return;
    drag = handle.dataset.end;
    handle.setPointerCapture(event.pointerId);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  });
  panel.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const box = panel.querySelector(".ends-track").getBoundingClientRect();
    set(drag, q.first_s + ((event.clientX - box.left) / box.width) * (q.last_s - q.first_s), true);
  });
  for (const name of ["pointerup", "pointercancel"]) panel.addEventListener(name, () => { drag = null; });

  const doing = { yes: () => answer(true), no: () => answer(false), undo, next: () => go(place + 1), before: () => go(place - 1), laps };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]"), nudge = event.target.closest(".nudge"), link = event.target.closest("[data-key]");
    if (button && !button.disabled) doing[button.dataset.do]?.();
    if (nudge && q) set(nudge.dataset.end, q[`${nudge.dataset.end}_s`] + +nudge.dataset.by, false);
    if (link && !event.ctrlKey && !event.metaKey) { const to = queue.findIndex((each) => key(each) === link.dataset.key); if (to >= 0) { event.preventDefault(); go(to); } }
  });
  const letters = $("letter-keys");
  try { letters.checked = localStorage.getItem("letter-keys") !== "off"; } catch { /* stays on */ }
  letters.addEventListener("change", () => { try { localStorage.setItem("letter-keys", letters.checked ? "on" : "off"); } catch { /* holds for this page */ } });
  const KEYS = { y: "yes", n: "no", u: "undo", j: "next", k: "before", l: "laps" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const handle = event.target.closest?.(".handle");
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[event.key];
    if (handle && q && by) {
      event.preventDefault();
      const end = handle.dataset.end;
      set(end, q[`${end}_s`] + by * (event.shiftKey && Math.abs(by) === 1 ? 10 : 1), false);
      return;
    }
    if (!letters.checked || event.target.matches?.("textarea, select, input:not([type=checkbox])")) return;
    const name = KEYS[event.key.toLowerCase()];
    if (name && !event.repeat) { event.preventDefault(); doing[name](); }
  });
  on("inbox", refresh);
  if ($("question-data")) begin(true); else if (queue.length) go(0, { quiet: true }); else done();
  document.documentElement.dataset.answers = "ready"; // from now on a click is heard
})();
