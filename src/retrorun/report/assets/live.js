// Pages of `retrorun open`: what they ask their own server, and the inbox of the home page.
// Nothing is evaluated, and nothing but the server that the page came from is ever asked.
(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const at = $("live-words");
  const words = at ? JSON.parse(at.textContent) : {};
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
  const say = (key, values = {}) => fill(words[key] || key, values);

  async function ask(path, body, headers = { "Content-Type": "application/json" }) {
    const how = body === undefined ? {} : { method: "POST", headers, body: body instanceof FormData ? body : JSON.stringify(body) };
    let answer;
    try { answer = await fetch(path, { credentials: "same-origin", ...how }); } catch { throw new Error(say("no_server")); }
    const found = await answer.json().catch(() => ({}));
    if (answer.ok) return found;
    const refused = new Error(say("not_kept", { reason: found.error || answer.status }));
    refused.status = answer.status;
    throw refused;
  }
  function clock(seconds) {
    const whole = Math.round(seconds), h = Math.floor(whole / 3600), m = Math.floor(whole / 60) % 60, s = whole % 60;
    const two = (n) => String(n).padStart(2, "0");
    return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  }
  const signs = $("signs"), decimal = signs ? JSON.parse(signs.textContent).decimal_sign : ".";
  const fixed = (value, digits) => value.toFixed(digits).replace(".", decimal);
  const counted = (key, count, values = {}) => say(`${key}_${count === 1 ? "one" : "many"}`, { count, ...values });

  // -- what the server tells of its own accord; it is asked anew after a break ----------------------
  const listeners = {};
  const on = (name, listener) => { (listeners[name] = listeners[name] || []).push(listener); };
  function listen() {
    const source = new EventSource("/api/events");
    for (const name of ["import", "file", "session", "inbox", "fresh"]) {
      source.addEventListener(name, (event) => {
        let found = {};
        try { found = JSON.parse(event.data || "{}"); } catch { return; }
        (listeners[name] || []).forEach((listener) => listener(found));
      });
    }
    addEventListener("pagehide", () => source.close());
  }
  // many events in a row ask once
  function soon(work, wait_ms) {
    let due = 0;
    return () => { if (!due) due = setTimeout(() => { due = 0; work(); }, wait_ms); };
  }
  window.retrorun = Object.assign(window.retrorun || {}, { ask, say, counted, clock, fixed, on, soon });

  const home = $("inbox");
  if (home) inbox();
  if ($("zones")) zones();
  const freshness = (state) => document.querySelectorAll("[data-fresh]").forEach((note) => {
    note.textContent = say(state);
    note.classList.toggle("pending", state !== "fresh");
  });
  on("fresh", ({ fresh }) => freshness(fresh ? "fresh" : "not_fresh"));
  window.retrorun.freshness = freshness;
  addEventListener("load", listen);

  // -- privacy zones -------------------------------------------------------------------------------
  function zones() {
    const status = $("zone-status"), track = $("zone-track"), degrees = $("zone-degrees");
    async function relist() { // the list stays as it is where the page cannot be had
      const text = await fetch("/zones", { credentials: "same-origin" }).then((page) => page.text()).catch(() => "");
      const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("zone-list");
      if (fresh) $("zone-list").replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
    }
    async function change(sent) {
      const buttons = $("zones").querySelectorAll("button");
      buttons.forEach((button) => { button.disabled = true; });
      status.textContent = $("zones").dataset.working;
      try {
        status.textContent = (await ask("/api/zones", sent)).words;
        await relist();
      } catch (problem) { status.textContent = problem.message; }
      buttons.forEach((button) => { button.disabled = false; });
      status.tabIndex = -1;
      status.focus(); // what was pressed may be gone
    }
    const numbers = (form, ...names) => Object.fromEntries(names.map((name) => [name, Number(form.elements[name].value)]));
    const seconds = (text) => text.split(":").reduce((sum, part) => 60 * sum + Number(part), 0);
    $("zones").addEventListener("click", ({ target }) => {
      if (!target.dataset?.zone || !confirm($("zones").dataset.sure)) return;
      const [latitude_deg, longitude_deg, radius_m] = target.dataset.zone.split(" ").map(Number);
      change({ change: "remove", latitude_deg, longitude_deg, radius_m });
    });
    degrees.addEventListener("submit", (event) => {
      event.preventDefault();
      change({ change: "add", ...numbers(degrees, "latitude_deg", "longitude_deg", "radius_m") });
    });
    if (!track) return;
    const { where, time, session } = track.elements;
    const follow = () => { const asks = where.value === "moment"; time.closest("label").hidden = !asks; time.required = asks; };
    where.addEventListener("change", follow);
    follow();
    track.addEventListener("submit", (event) => {
      event.preventDefault();
      const at = where.value === "moment" ? seconds(time.value) : where.value;
      change({ change: "add", session: session.value, at, ...numbers(track, "radius_m") });
    });
  }

  // -- home ----------------------------------------------------------------------------------------
  function inbox() {
    const status = $("added"), meter = $("import-meter"), drop = $("drop");
    const make = (name, text) => { const made = document.createElement(name); made.textContent = text; return made; };
    let before = null;
    const show = (found) => {
      $("waiting").hidden = !found.candidates;
      $("waiting-none").hidden = Boolean(found.candidates);
      const count = make("b", counted("inbox_stretches", found.candidates));
      $("waiting-words").replaceChildren(count, ` ${say("inbox_may")} ${counted("inbox_sessions", found.sessions)}`);
      $("learnt-words").textContent = found.learnt || "";
      progress(found.import);
      $("trouble").textContent = found.trouble || "";
      const aside = found.set_aside || [];
      $("set-aside").hidden = !aside.length;
      if (before !== null && aside.length > before) $("set-aside").open = true; // what was just added
      before = aside.length;
      $("set-aside-title").textContent = counted("set_aside", aside.length);
      $("set-aside-list").replaceChildren(...aside.map((each) => {
        const line = document.createElement("li");
        line.append(make("b", each.name), " ", make("span", each.reason || ""), " ", make("em", each.remedy || ""));
        return line;
      }));
    };
    function progress(now) {
      $("importing").hidden = !now;
      $("inbox").querySelector("[data-fresh]").hidden = Boolean(now); // they are not, while files wait
      if (!now) return;
      meter.setAttribute("aria-valuemax", now.total);
      meter.setAttribute("aria-valuenow", now.done);
      meter.firstElementChild.style.width = `${now.total ? (100 * now.done) / now.total : 0}%`;
      const parts = [say("import_progress", now)];
      if (now.rate_per_s) parts.push(say("import_rate", { rate: fixed(now.rate_per_s, 1) }));
      if (now.left_s) parts.push(say("import_left", { time: clock(now.left_s) }));
      $("import-words").textContent = parts.join(" · ");
      meter.setAttribute("aria-valuetext", parts.join(", "));
    }
    const refresh = soon(async () => { try { show(await ask("/api/inbox")); } catch { /* asked again at the next event */ } }, 150);
    // the list below follows: its markup comes from the page itself
    const relist = soon(async () => {
      try {
        const text = await (await fetch("/", { credentials: "same-origin" })).text();
        const fresh = new DOMParser().parseFromString(text, "text/html");
        for (const name of ["#all-sessions > .top", "#log-key", "#log-data", "#all-sessions .logs"]) {
          const here = document.querySelector(name), there = fresh.querySelector(name);
          if (here && there) here.replaceChildren(...[...there.childNodes].map((node) => document.importNode(node, true)));
        }
        document.dispatchEvent(new Event("relisted"));
      } catch { /* the next event asks again */ }
    }, 700);
    on("import", (now) => { progress(now.total === undefined || now.done >= now.total ? null : now); });
    on("file", () => { refresh(); relist(); });
    on("inbox", refresh);
    on("fresh", ({ fresh }) => { if (fresh) relist(); });

    async function add(files) {
      const wanted = [...files];
      if (!wanted.length) return;
      const form = new FormData();
      wanted.forEach((file) => form.append("file", file, file.name));
      status.textContent = say("sending", { count: wanted.length });
      try {
        const { files: stored } = await ask("/api/exports", form, {});
        const good = stored.filter((each) => !each.problem), bad = stored.filter((each) => each.problem);
        const lines = [good.length ? counted("added", good.length) : "", ...good.filter((each) => each.stored_as && each.stored_as !== each.name).map((each) => say("added_as", { name: each.name, stored: each.stored_as }))];
        status.replaceChildren(...lines.filter(Boolean).map((line) => make("span", line)), ...bad.map((each) => make("span", `${each.name}: ${each.problem}`)));
      } catch (problem) { status.textContent = problem.message; }
      refresh();
    }
    const input = $("exports");
    const chosen = () => { if (input.files.length) { add(input.files); input.value = ""; } };
    input.addEventListener("change", chosen);
    chosen(); // what was chosen before this script ran
    document.addEventListener("keydown", (event) => {
      const link = $("review-all"), off = event.ctrlKey || event.metaKey || event.altKey || event.repeat || $("waiting").hidden;
      if (off || event.target.matches?.("textarea, select, input:not([type=file])") || event.key.toUpperCase() !== link.getAttribute("aria-keyshortcuts")) return;
      try { if (localStorage.getItem("letter-keys") === "off") return; } catch { /* they are on */ }
      event.preventDefault();
      link.click();
    });
    let inside = 0;
    const carries = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
    addEventListener("dragenter", (event) => { if (carries(event)) { inside += 1; drop.hidden = false; } });
    addEventListener("dragleave", (event) => { if (carries(event) && --inside <= 0) { inside = 0; drop.hidden = true; } });
    addEventListener("dragover", (event) => { if (carries(event)) event.preventDefault(); });
    addEventListener("drop", (event) => {
      if (!carries(event)) return;
      event.preventDefault();
      inside = 0;
      drop.hidden = true;
      add(event.dataTransfer.files);
    });
    show(JSON.parse($("inbox-data").textContent));
  }
})();
