// The review: one question after another. Moves the ends, hands in answers, takes them back.
// The next question is shown while the server keeps the last answer. Answers given meanwhile wait in line; each is
// handed in only if its stretch is still as it was shown, so that none falls on a question that nobody has seen.
(() => {
  "use strict";
  const { ask, say, counted, clock, fixed, on, soon } = window.retrorun;
  const $ = (id) => document.getElementById(id);
  const SNAP_S = 3, LAP_S = 30, LEAST_S = 3, LOOK_MS = 200; // nobody answers quicker what they have seen
  const panel = $("question"), kept = $("kept");
  let inbox = JSON.parse($("review-data").textContent);
  let queue = inbox.queue.slice(), place = 0, given = [], q = null, drag = null;
  let line = [], sending = false, undoing = false, turn = 0, version = 0, shown_ms = -Infinity;
  const fetched = new Map(); // "session/start" → promise of a question
  const headlines = new Map(); // session → headline of its page as the last answer left it
  const key = (each) => `${each.session}/${each.start_s}`;
  // pages round times to seconds
  const same = (a, b) => a.session === b.session && Math.abs(a.start_s - b.start_s) <= 1 && Math.abs(a.end_s - b.end_s) <= 1;
  const placeOf = (wanted) => queue.findIndex((each) => same(each, wanted));
  const asked = () => ({ session: q.session, start_s: q.asked[0], end_s: q.asked[1] });

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
    const here = $("here");
    if (here) { here.style.left = `${(100 * q.start_s) / q.duration_s}%`; here.style.width = `${(100 * (q.end_s - q.start_s)) / q.duration_s}%`; }
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
    const near = [];
    for (const end of ["start", "end"]) {
      const t = q[`${end}_s`], values = { end: say(`end_${end}`) };
      const lap = nearest(q.laps, t, LAP_S), turn = nearest(q.turns, t, SNAP_S);
      if (lap !== undefined) near.push(say(lap === t ? "snap_at_lap" : "snap_from_lap", { ...values, seconds: Math.abs(lap - t), time: clock(lap) }));
      else if (turn !== undefined && turn === t) near.push(say("snap_at_turn", { ...values, time: clock(t) }));
    }
    $("snap").textContent = near.join(" ") || say("snap_none");
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
  const answered = () => [...given, ...line].reduce((sum, each) => sum + each.entries.length, 0);
  function counts() {
    const whole = answered() + queue.length, now = answered() + place + 1;
    $("position").textContent = now;
    $("whole").textContent = whole;
    const meter = $("meter");
    meter.setAttribute("aria-valuemax", whole);
    meter.setAttribute("aria-valuenow", now);
    meter.firstElementChild.style.width = `${(100 * now) / whole}%`;
    document.title = `${say("title_review")} · ${now} ${say("of_count")} ${whole}`;
  }
  const undoable = () => given.length + line.length > 0 || Number(panel.firstElementChild?.dataset.undo || 0) > 0;
  const undoButton = $("act").querySelector("[data-do=undo]");

  function put(html, { quiet = false, ends = null } = {}) {
    panel.innerHTML = html;
    $("act").hidden = false;
    shown_ms = performance.now();
    begin(quiet, ends);
  }
  function begin(quiet, ends = null) {
    q = JSON.parse($("question-data").textContent);
    q.asked = [q.start_s, q.end_s];
    if (ends) [q.start_s, q.end_s] = ends;
    panel.removeAttribute("aria-busy");
    const at = placeOf(asked());
    if (at >= 0) place = at;
    panel.querySelectorAll(".lap").forEach((lap) => {
      lap.style.left = `${X(+lap.dataset.at)}%`;
      lap.classList.add(+lap.dataset.at < (q.start_s + q.end_s) / 2 ? "left" : "right");
    });
    learnt();
    counts();
    draw();
    list();
    undoButton.disabled = !undoable();
    if (!quiet) { $("ask").focus({ preventScroll: true }); scrollTo(0, 0); }
    ahead();
  }
  function learnt() {
    const now = inbox.learnt || say("learnt_none"), text = given.length && !inbox.fresh && (!q || now === say("learnt_none")) ? say("learnt_soon") : now;
    document.querySelectorAll("#learnt, .learnt-line").forEach((at) => { at.textContent = text; });
  }
  function done() {
    panel.replaceChildren($("done").content.cloneNode(true));
    q = null;
    panel.removeAttribute("aria-busy");
    undoButton.disabled = !undoable();
    $("act").hidden = !undoable();
    ["yes", "no"].forEach((name) => { $("act").querySelector(`[data-do=${name}]`).hidden = true; });
    document.title = say("title_review");
    learnt();
    made();
    list();
    $("done-title").focus({ preventScroll: true });
  }
  // each session that was answered, with the headline that the last answer to it made
  function made() {
    const of = new Map(given.flatMap((job) => job.entries).map((each) => [each.session, each])), many = 12;
    $("made").hidden = !of.size;
    $("made").querySelector("ul").replaceChildren(...[...of.values()].slice(0, many).map(({ session, day, date }) => {
      const li = document.createElement("li"), a = document.createElement("a"), time = document.createElement("time");
      a.href = `/sessions/${encodeURIComponent(session)}`;
      time.dateTime = date;
      time.textContent = day;
      a.append(time);
      li.append(a, " ", headlines.get(session) || "");
      return li;
    }));
    if (of.size > many) { const li = document.createElement("li"); li.textContent = say("more_after", { count: of.size - many }); $("made").querySelector("ul").append(li); }
  }
  function list() {
    const rest = queue.slice(place + 1), many = 12;
    $("after").textContent = rest.length ? say("after_this", { count: rest.length }) : say("after_this_none");
    const item = (each) => {
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
    $("queue").replaceChildren(...rest.slice(0, many).map(item));
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
    const mine = ++turn;
    q = null; // until the next question stands there, no answer is taken
    if (!queue.length) { done(); return; }
    place = (to + queue.length) % queue.length;
    panel.setAttribute("aria-busy", "true");
    ["yes", "no"].forEach((name) => { $("act").querySelector(`[data-do=${name}]`).hidden = false; });
    const before = version;
    try {
      const { html } = await fetchOne(queue[place]);
      if (mine !== turn) return;
      put(html, options);
      if (before !== version && queue.length && placeOf(asked()) < 0) await go(closest(q)); // it was made before the last answer
    } catch (problem) {
      if (mine !== turn) return;
      if (sending) { await idle(); if (mine === turn) await go(place, options); return; }
      panel.removeAttribute("aria-busy");
      notice(problem.message);
    }
  }
  // the candidates of one session as they are now, in the place of those before; how many more than were answered are gone
  function follow(state) {
    version += 1;
    headlines.set(state.session, new DOMParser().parseFromString(state.page, "text/html").querySelector("h1")?.textContent.trim());
    inbox.fresh = false;
    for (const name of [...fetched.keys()]) if (name.startsWith(`${state.session}/`)) fetched.delete(name);
    const old = queue.filter((each) => each.session === state.session);
    let at = queue.findIndex((each) => each.session === state.session);
    queue = queue.filter((each) => each.session !== state.session);
    if (at < 0) at = Math.min(place, queue.length);
    const about = old[0] || [...given, ...line].flatMap((each) => each.entries).find((each) => each.session === state.session) || {};
    const found = state.segments.filter((each) => each.direction === "backward" && each.verdict === "candidate").map((each) => ({ ...about, session: state.session, segment: each.number, start_s: Math.round(each.start_s), end_s: Math.round(each.end_s), likely: "" }));
    for (const each of found) each.likely = old.find((other) => other.start_s === each.start_s)?.likely || "";
    const now = unanswered(found);
    queue.splice(at, 0, ...now);
    return { at, now, gone: Math.max(0, old.length - now.length), lost: lost(found, state.session) };
  }
  const unanswered = (all) => all.filter((each) => !line.some((job) => job.entries.some((other) => same(each, other))));
  // answers in line whose stretch is no longer as it was shown are not handed in; one that the answer before has
  // decided is named by its time, because the athlete's own word about it holds
  function lost(found, session) {
    const other = line.filter((job) => job.session === session && !found.some((each) => same(each, job.asked)));
    const off = other.filter((job) => job.all || found.some((each) => overlap(each, job) > 0));
    for (const job of other) if (!off.includes(job)) job.body = { answer: "label", start_s: job.start_s, end_s: job.end_s, direction: job.yes ? "backward" : "forward" };
    line = line.filter((job) => !off.includes(job));
    return off;
  }
  // the question that stands there, after its session was analysed again: as it was, or to be looked at again
  async function look(state, { at: first, now, lost: off }) {
    if (off.length) notice(say("already_answered"));
    const gone = off.find((job) => queue.some((each) => overlap(each, job) > 0));
    if (gone) { await go(closest(gone)); return; }
    if (!q) { if (queue.length && !panel.hasAttribute("aria-busy")) await go(0); return; }
    const at = placeOf(asked());
    if (at < 0 && q.session === state.session) { // it has changed, or the answer before has decided it
      if (now.some((each) => overlap(each, q) > 0)) { notice(say("already_answered")); await go(closest(q)); } else await go(first + now.length < queue.length ? first + now.length : 0);
      return;
    }
    if (at >= 0) place = at;
    counts();
    list();
    undoButton.disabled = !undoable();
    if (q.session === state.session && at >= 0) { q.seen = null; restrip(queue[at]); }
  }
  // the strip shows what is still asked; ends that are moved meanwhile stay
  async function restrip(entry) {
    try {
      const { html } = await fetchOne(entry), fresh = new DOMParser().parseFromString(html, "text/html");
      if (!q || !same(asked(), entry)) return;
      const now = JSON.parse(fresh.getElementById("question-data").textContent), from = fresh.getElementById("whole-session"), at = $("whole-session");
      [q.number, q.seen] = [now.number, now.seen];
      if (at && from) at.replaceWith(document.importNode(from, true)); else at?.remove();
      draw();
    } catch { /* the next question has it */ }
  }
  const overlap = (each, job) => (each.session === job.session ? Math.min(each.end_s, job.end_s) - Math.max(each.start_s, job.start_s) : 0);
  const refresh = soon(async () => {
    if (sending || undoing) return; // asked when all is kept
    const before = version;
    try {
      const found = await ask("/api/inbox");
      if (sending || undoing || before !== version) { if (!sending && !undoing) refresh(); return; }
      inbox = found;
      queue = inbox.queue.slice();
      const at = q ? placeOf(asked()) : -1;
      if (at >= 0) { place = at; counts(); list(); } else if (!q && queue.length && !panel.hasAttribute("aria-busy")) go(0);
      learnt();
    } catch { /* asked again with the next event */ }
  }, 300);

  // where the queue has what stands for this question now: of its session, else where it was
  function closest({ session, start_s }) {
    const off = (i) => Math.abs(queue[i].start_s - start_s);
    const own = [...queue.keys()].filter((i) => queue[i].session === session).sort((a, b) => off(a) - off(b));
    return own.length ? own[0] : Math.min(place, queue.length - 1);
  }

  // -- answers --------------------------------------------------------------------------------------
  const notice = (...words) => kept.replaceChildren(...words);
  const words = (job) => (job.all ? say(job.yes ? "kept_all_yes" : "kept_all_no", { count: job.entries.length }) : say(job.yes ? "kept_yes" : "kept_no", { span: say("between", { low: clock(job.start_s), high: clock(job.end_s) }) }));
  function keeping() { notice(line.length > 1 ? say("keeping_many", { count: line.length }) : say("keeping", { answer: words(line[0]) })); }
  // whether an answer can be taken now; if not, the page says why
  function takes() {
    if (undoing || (!q && queue.length)) {
      notice(say("wait"));
      if (!undoing && !panel.hasAttribute("aria-busy")) go(place); // it could not be fetched before
      return false;
    }
    if (q && performance.now() - shown_ms < LOOK_MS) { notice(say("just_shown")); return false; }
    return Boolean(q);
  }
  function enter(job) {
    const at = placeOf(job.asked), of = job.entries;
    queue = queue.filter((each) => !of.includes(each));
    line.push({ ...job, at: Math.max(at, 0) });
    version += 1;
    keeping();
    const next = Math.max(at, 0);
    go(next < queue.length ? next : 0);
    send();
  }
  function answer(yes) {
    if (!takes()) return;
    const { session, start_s, end_s } = q, at = placeOf(asked());
    const entry = at >= 0 ? queue[at] : asked();
    enter({ session, start_s, end_s, yes, asked: asked(), entries: [entry], body: { answer: yes ? "accept" : "reject", segments: [q.number], start_s, end_s } });
  }
  // all stretches of this session that may be backward; only as the strip shows them
  function all(yes) {
    if (!$("whole-session") || !takes()) return;
    const { session, start_s, end_s } = q;
    if (!q.seen || line.some((job) => job.session === session)) { notice(say("wait")); return; }
    if (start_s !== q.asked[0] || end_s !== q.asked[1]) { notice(say("all_moved")); return; }
    enter({ session, start_s, end_s, yes, all: true, asked: asked(), entries: queue.filter((each) => each.session === session), body: { answer: yes ? "accept" : "reject", segments: "all", seen: q.seen } });
  }
  let resting = [];
  const idle = () => (sending ? new Promise((done_) => { resting.push(done_); }) : Promise.resolve());
  async function send() {
    if (sending) return;
    sending = true;
    while (line.length) {
      const job = line[0];
      job.sent = true;
      try {
        const state = await ask(`/api/sessions/${encodeURIComponent(job.session)}/answers`, job.body);
        line.shift();
        given.push(job);
        const found = follow(state);
        if (line.length) keeping(); else confirm(job, found.gone);
        if ($("made")) made();
        await look(state, found);
      } catch (problem) { await refused(job, problem); }
    }
    sending = false;
    resting.splice(0).forEach((each) => each());
    refresh();
  }
  function confirm(job, gone) {
    const mark = document.createElement("b");
    mark.textContent = `✓ ${say("kept")} `;
    const more = gone && !job.all ? ` ${counted("decided", gone)}` : "";
    notice(mark, words(job) + more);
  }
  async function refused(job, problem) {
    version += 1;
    if (problem.status === 409) {
      line.shift();
      fetched.clear();
      try { inbox = await ask("/api/inbox"); } catch { /* as it was */ }
      const off = line.filter((each) => !inbox.queue.some((other) => same(other, each.asked)));
      line = line.filter((each) => !off.includes(each));
      queue = unanswered(inbox.queue);
      const there = queue.some((each) => overlap(each, job) > 0), at = q ? placeOf(asked()) : -1;
      if (there || at < 0) await go(queue.length ? closest(job.asked) : 0);
      else { place = at; counts(); list(); }
      notice(say("already_answered"));
      return;
    }
    // nothing that was answered later is handed in: all of it is asked again, from here
    const after = line.length - 1;
    for (const each of line.splice(0).reverse()) queue.splice(Math.min(each.at, queue.length), 0, ...each.entries);
    const at = placeOf(job.asked);
    await go(Math.max(at, 0), { ends: [job.start_s, job.end_s] });
    notice(problem.message + (after ? ` ${counted("not_sent", after)}` : ""));
  }
  async function undo() {
    if (undoing || !undoable()) return;
    if (line.length > 1) { // not handed in yet
      const last = line.pop();
      queue.splice(Math.min(last.at, queue.length), 0, ...last.entries);
      version += 1;
      await go(Math.max(placeOf(last.asked), 0), { ends: [last.start_s, last.end_s] });
      notice(say("taken_back"));
      return;
    }
    undoing = true;
    try {
      const [job] = line;
      if (job) { notice(say("wait")); await idle(); }
      if (!job || given.at(-1) === job) await takeBack(); // one that was refused is asked again already
    } catch (problem) { notice(problem.message); } finally { undoing = false; }
    refresh();
  }
  async function takeBack() {
    const last = given.at(-1), session = last ? last.session : q && undoable() ? q.session : null;
    if (!session) return;
    const before = new Set(queue.map(key));
    const state = await ask(`/api/sessions/${encodeURIComponent(session)}/undo`, {});
    if (last) given.pop();
    const { at, now } = follow(state);
    const shared = (each) => (last ? overlap(each, last) : before.has(key(each)) ? 0 : 1);
    const best = now.map((each, i) => [shared(each), i]).sort((a, b) => b[0] - a[0])[0];
    await go(best && best[0] > 0 ? at + best[1] : Math.min(at, queue.length - 1));
    notice(say("taken_back"));
  }
  addEventListener("beforeunload", (event) => { if (line.length) event.preventDefault(); });

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

  const doing = { yes: () => answer(true), no: () => answer(false), all: () => all(true), none: () => all(false), undo, next: () => skip(1), before: () => skip(-1), laps };
  function skip(by) { if (!undoing) go(place + by); }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]"), nudge = event.target.closest(".nudge"), link = event.target.closest("[data-key]");
    if (button && !button.disabled) doing[button.dataset.do]?.();
    if (nudge && q) set(nudge.dataset.end, q[`${nudge.dataset.end}_s`] + +nudge.dataset.by, false);
    if (link && !undoing && !event.ctrlKey && !event.metaKey) { const to = queue.findIndex((each) => key(each) === link.dataset.key); if (to >= 0) { event.preventDefault(); go(to); } }
  });
  const letters = $("letter-keys");
  try { letters.checked = localStorage.getItem("letter-keys") !== "off"; } catch { /* stays on */ }
  letters.addEventListener("change", () => { try { localStorage.setItem("letter-keys", letters.checked ? "on" : "off"); } catch { /* holds for this page */ } });
  const KEYS = {}; // letter of the page's language → what its button does; kept while no question stands there
  function readKeys() { for (const each of document.querySelectorAll("[data-do][aria-keyshortcuts]")) KEYS[each.getAttribute("aria-keyshortcuts").toLowerCase()] = each.dataset.do; }
  readKeys();
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
    if (event.key === "Escape" && q && !drag) { [q.start_s, q.end_s] = q.asked; draw(); return; } // moved ends go back
    if (!letters.checked || event.target.matches?.("textarea, select, input:not([type=checkbox])")) return;
    readKeys();
    const name = KEYS[event.key.toLowerCase()];
    if (name && !event.repeat) { event.preventDefault(); doing[name](); }
  });
  on("inbox", refresh);
  if ($("question-data")) begin(true); else if (queue.length) go(0, { quiet: true }); else done();
  document.documentElement.dataset.answers = "ready"; // from now on a click is heard
})();
