"use strict";
(() => {
  const ROW = 58, CONTEXT = 3, BATCH = 400, LONG = 2000;
  const SAME = 0, VARIES = 1, DIFFERS = 2, NOTED = 3;
  const $ = (id) => document.getElementById(id);
  const meta = JSON.parse($("meta").textContent);
  const state = { q: "", c: "", d: "", t: "", view: "" };
  let rows = [], shown = [], hay = null, opened = -1, current = null;

  // --- small tools

  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }
  function svg(tag, attributes, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const ms = (value) => value === null || value === undefined ? "–" : value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  function say(text) { $("live").textContent = text; }
  function problem(text) { $("problem").textContent = text; $("problem").hidden = !text; }
  // what is no character to look at is shown by its code: controls, overrides, invisible ones
  const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
  const visible = (text) => String(text).replace(UNSEEN, (char) => "\\u" + char.charCodeAt(0).toString(16).padStart(4, "0"));

  async function inflate(text) {
    const binary = atob(text.trim());
    const bytes = new Uint8Array(binary.length);
    for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  const kept = new Map();
  async function detailOf(number) {
    let low = 0, high = meta.starts.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (meta.starts[middle] <= number) low = middle; else high = middle - 1; }
    if (!kept.has(low)) {
      if (kept.size > 3) kept.delete(kept.keys().next().value);
      kept.set(low, chunk(low));
    }
    return (await kept.get(low))[number - meta.starts[low]];
  }
  async function chunk(number) {
    const name = `chunk-${number}`;
    if (self.gaiaParity) return inflate(await beside(name));
    if (!$(name) && document.readyState === "loading") await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
    return inflate($(name).textContent);
  }
  // the folder form: data are scripts, since a page from file:// may read nothing else
  async function beside(name) {
    if (!(name in self.gaiaParity)) await new Promise((done, failed) => {
      document.head.append(el("script", { src: `data/${name}.js`, onload: done, onerror: () => failed(new Error(`data/${name}.js is missing`)) }));
    });
    const text = self.gaiaParity[name];
    delete self.gaiaParity[name];
    return text;
  }

  // --- state in the address

  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(state)) state[key] = given.get(key) || "";
  }
  function writeHash(push) {
    const filled = Object.entries(state).filter(([, value]) => value);
    const hash = "#" + filled.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
    if (hash === location.hash || (hash === "#" && !location.hash)) return;
    try { history[push ? "pushState" : "replaceState"](null, "", hash); } catch { location.hash = hash; }
  }
  function remember(key, value) { try { localStorage.setItem(`gaia-parity-${key}`, value); } catch { /* a sandbox has no storage */ } }
  function recall(key) { try { return localStorage.getItem(`gaia-parity-${key}`); } catch { return null; } }

  // --- filter

  function parseFilter(text) {
    const terms = [];
    for (const [, no, key, quoted, plain] of text.matchAll(/(!?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
      const value = (quoted ?? plain ?? "").toLowerCase();
      const known = { s: 1, m: 1, p: 1, path: 1, k: 1, is: 1 }[key];
      if (value || quoted !== undefined) terms.push({ no: !!no, key: known ? key : "", value: key && !known ? `${key}:${value}`.toLowerCase() : value });
    }
    return terms.filter((term) => term.value);
  }
  function haystack() {
    return hay ??= rows.map((row) => `${row[0]}\n${row[2].join("\n")}\n${row[7]}\n${row[5].map((one) => one.slice(0, 4).join("\n")).join("\n")}`.toLowerCase());
  }
  function tester(term) {
    const { key, value } = term;
    if (key === "s") return (row) => meta.verdicts[row[1]][0].startsWith(value);
    if (key === "m") return (row) => row[2].some((one) => one.toLowerCase().startsWith(value + " "));
    if (key === "p") return (row) => row[2].some((one) => one.toLowerCase().includes(value));
    if (key === "is") return (row) => value === "new" && row[8] === 1;
    if (key === "k") return (row) => row[5].some((one) => one[1].includes(value));
    if (key === "path") return (row) => row[5].some((one) => one[0].toLowerCase().includes(value));
    const all = haystack();
    return (row, number) => all[number].includes(value);
  }
  function filtered() {
    const terms = parseFilter(state.q);
    const any = terms.filter((term) => term.key === "s" && !term.no).map(tester);
    const every = terms.filter((term) => term.key !== "s" || term.no).map((term) => { const test = tester(term); return term.no ? (row, number) => !test(row, number) : test; });
    const found = [];
    for (let number = 0; number < rows.length; number++) {
      const row = rows[number];
      if ((!any.length || any.some((test) => test(row))) && every.every((test) => test(row, number))) found.push(number);
    }
    return found;
  }
  function applyFilter() {
    shown = state.q.trim() ? filtered() : rows.map((_, number) => number);
    const none = !shown.length;
    $("found").textContent = shown.length === rows.length ? `${rows.length}` : `${shown.length} of ${rows.length}`;
    $("empty").hidden = !none || !rows.length;
    $("scroller").hidden = none;
    const chosen = parseFilter(state.q).filter((term) => term.key === "s" && !term.no).map((term) => term.value);
    for (const button of document.querySelectorAll("[data-verdict]"))
      button.setAttribute("aria-pressed", chosen.includes(button.dataset.verdict));
    $("list").style.height = `${shown.length * ROW}px`;
    $("list").replaceChildren();
    $("scroller").scrollTop = 0;
    paintList();
  }

  // --- the list: only what is in sight is in the page

  let focused = 0;
  function paintList() {
    const list = $("list"), scroller = $("scroller");
    const from = Math.max(0, Math.floor(scroller.scrollTop / ROW) - 8);
    const to = Math.min(shown.length, Math.ceil((scroller.scrollTop + (scroller.clientHeight || 800)) / ROW) + 8);
    const wanted = new Set();
    for (let at = from; at < to; at++) wanted.add(at);
    if (focused < shown.length) wanted.add(focused);
    for (const item of [...list.children]) if (!wanted.delete(Number(item.dataset.at))) item.remove();
    for (const at of [...wanted].sort((a, b) => a - b)) {
      const item = listItem(at);
      let before = null;
      for (const other of list.children) if (Number(other.dataset.at) > at) { before = other; break; }
      list.insertBefore(item, before);
    }
    for (const item of list.children) mark(item);
  }
  function mark(item) {
    const link = item.firstChild, at = Number(item.dataset.at);
    link.tabIndex = at === focused ? 0 : -1;
    if (shown[at] === opened) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
  function badge(number) {
    const [value, sign, word] = meta.verdicts[number];
    return el("span", { class: `badge v-${value}` }, el("span", { "aria-hidden": "true" }, sign + " "), word);
  }
  // the file gives way first: the end of a name tells tests apart
  function nameParts(test) {
    const cut = test.indexOf("::");
    const whole = cut < 0 ? test : test.slice(cut + 2), at = whole.endsWith("]") ? whole.indexOf("[") : -1;
    const name = el("span", { class: "name" }, visible(at < 0 ? whole : whole.slice(0, at)));
    return el("span", { class: "names" }, cut < 0 ? null : el("span", { class: "file" }, visible(test.slice(0, cut + 2))), name,
      at < 0 ? null : el("span", { class: "case" }, visible(whole.slice(at))));
  }
  function listItem(at) {
    const row = rows[shown[at]];
    const [test, verdict, endpoints, , , fields, errors, reason, isNew] = row;
    const first = fields[0];
    let two = first ? `${first[0]}: ${first[2]} → ${first[3]}` : reason || endpoints.join(", ");
    if (errors > 1) two = `${errors} × ${two}`;
    const item = el("li", { "data-at": at, "aria-setsize": shown.length, "aria-posinset": at + 1 },
      el("a", { href: `#${state.q ? `q=${encodeURIComponent(state.q)}&` : ""}c=${encodeURIComponent(test)}`, title: visible(test) },
        el("span", { class: "one" }, badge(verdict), isNew ? el("span", { class: "badge v-unstable" }, "new") : null, nameParts(test)),
        el("span", { class: "two" }, visible(two) || "no exchange")));
    item.style.top = `${at * ROW}px`;
    return item;
  }
  function focusRow(at) {
    if (!shown.length) return;
    focused = Math.max(0, Math.min(shown.length - 1, at));
    const scroller = $("scroller"), top = focused * ROW;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW - scroller.clientHeight;
    paintList();
    $("list").querySelector(`[data-at="${focused}"] a`)?.focus({ preventScroll: true });
  }

  // --- a comparison

  async function show() {
    const number = state.c ? rows.findIndex((row) => row[0] === state.c) : -1;
    if (state.c && number < 0) problem(`There is no comparison named ${visible(state.c)} in this report.`); else problem("");
    opened = number;
    document.body.classList.toggle("opened", number >= 0);
    if (number < 0) {
      current = null;
      $("detail").hidden = true; $("detail").replaceChildren(); $("overview").hidden = false;
      paintList();
      return;
    }
    const at = shown.indexOf(number);
    if (at >= 0) focused = at;
    paintList();
    try {
      const data = await detailOf(number);
      if (opened !== number) return;
      render(number, data);
    } catch (error) {
      problem(`This comparison cannot be shown: ${error.message}. Its values are in the results file and the recordings.`);
    }
  }

  function render(number, data) {
    const row = rows[number];
    current = { number, data, unified: isUnified(), places: new Map() };
    const box = $("detail");
    const detail = document.createDocumentFragment();
    detail.append(el("div", { class: "head" },
      el("div", { class: "crumbs" },
        el("button", { type: "button", onclick: back }, "← Back"),
        el("button", { type: "button", onclick: () => step(-1), title: "k" }, "Previous"),
        el("button", { type: "button", onclick: () => step(1), title: "j" }, "Next"),
        el("span", { class: "gap" }),
        data.differences.length ? el("button", { type: "button", onclick: () => difference(-1), title: "p" }, "↑ difference") : null,
        data.differences.length ? el("button", { type: "button", onclick: () => difference(1), title: "n" }, "↓ difference") : null,
        el("button", { type: "button", id: "unify", "aria-pressed": current.unified, title: "u", onclick: unify }, "Unified")),
      el("h2", {}, badge(row[1]), " ", visible(row[0]))));
    if (row[7]) detail.append(el("p", {}, visible(row[7])));
    detail.append(...records(data), ...causes(data), ...differences(data));
    if (data.observations.length) detail.append(el("section", { class: "card" }, el("h3", {}, "Observations"), diffTable(data.observations, "Observations")));
    data.exchanges.forEach((exchange, index) => detail.append(exchangeCard(exchange, index, data)));
    if (data.exchanges.length > 1) detail.append(waterfall(data));
    box.replaceChildren(detail);
    box.dataset.number = number;
    box.hidden = false; $("overview").hidden = true;
    $("main").scrollTop = 0;
    if (state.d) goTo(Number(state.d) - 1, false);
  }
  function records(data) {
    const lines = data.records.map((one, side) => {
      const name = side ? meta.candidate : meta.baseline;
      if (!one) return `${name}: no result`;
      return `${name}: ${one.outcome}${one.phase !== "call" ? ` in ${one.phase}` : ""}, ${ms(one.ms)}`;
    });
    const out = [el("p", { class: "muted" }, visible(lines.join(" · ")))];
    const messages = data.records.map((one) => one?.message || "");
    if (messages.some(Boolean)) out.push(el("div", { class: "sides" }, ...messages.map((text, side) =>
      el("div", {}, el("h3", {}, visible(side ? meta.candidate : meta.baseline)), text ? el("pre", { tabindex: "0" }, visible(text)) : el("p", { class: "muted" }, "no message")))));
    return out;
  }
  function causes(data) {
    if (!data.causes.length) return [];
    return [el("ul", { class: "causes" }, ...data.causes.map((one) => el("li", {},
      el("p", {}, el("strong", {}, visible(one.says)), " ", el("span", { class: "muted" }, visible(one.id))),
      one.hint ? el("p", { class: "hint" }, el("span", { class: "muted" }, "Next: "), el("code", {}, visible(one.hint))) : null)))];
  }
  function differences(data) {
    if (!data.differences.length) return [];
    const most = 100;
    const items = data.differences.slice(0, most).map((one, index) => el("li", { class: one.note ? "note" : null },
      el("div", {}, el("a", { href: "#", onclick: (event) => { event.preventDefault(); goTo(index, true); } }, el("code", {}, visible(one.path))), ": ",
        ...valuePair(one.left, one.right), " ", el("span", { class: "muted" }, one.kind, one.note ? " (note, passes)" : "", one.new ? ", new" : "", one.count > 1 ? `, and ${one.count - 1} more places like it` : "")),
      one.says ? el("div", {}, visible(one.says)) : null,
      one.fact ? el("div", { class: "muted" }, "on the baseline: ", visible(one.fact)) : null,
      el("div", {}, el("span", { class: "muted" }, visible(one.exchange)), " ",
        one.rule ? el("button", { type: "button", class: "copy", onclick: () => copyRule(one.field), "aria-label": `Copy the ignore rule for ${visible(one.field)}` }, "copy rule") : null)));
    const card = el("section", { class: "card" }, el("h3", {}, counted(data.differences.length, "difference")), el("ol", { class: "differences" }, ...items));
    if (data.differences.length > most) card.append(el("p", { class: "muted" }, `and ${data.differences.length - most} more, below`));
    return [card];
  }
  function valuePair(left, right) {
    const [one, other] = words(shorten(left), shorten(right));
    return [el("code", { class: "values" }, ...spans(one, "del")), " → ", el("code", { class: "values" }, ...spans(other, "ins"))];
  }
  const shorten = (text) => text.length > 300 ? text.slice(0, 300) + "…" : text;

  function exchangeCard(exchange, index, data) {
    const [left, right] = exchange.sides;
    const heading = `x-${index}`;
    const card = el("section", { class: "card exchange", "aria-labelledby": heading },
      el("header", {}, el("h3", { id: heading }, visible(exchange.label)), status(left, right)));
    const tabs = [["Body", () => part(exchange, "body", index)], ["Headers", () => part(exchange, "headers", index)],
      ["Request", () => request(exchange, index)], ["Timing", () => timing(exchange)], ["Raw", () => raw(exchange)], ["curl", () => curl(exchange)],
      ...exchange.logs ? [["Log", () => log(exchange)]] : []];
    const counts = tabs.map(() => 0);
    data.differences.forEach((one) => { if (one.pair === index) counts[tabOf(one.path)]++; });
    const first = Math.max(0, counts.findIndex((count) => count));
    const panel = el("div", { role: "tabpanel", id: `panel-${index}`, tabindex: "0", "aria-labelledby": `tab-${index}-${first}` });
    const list = el("div", { role: "tablist", "aria-label": `Parts of ${visible(exchange.label)}` });
    const choose = (number, focus) => { state.t = `${index}.${number}`; state.d = ""; writeHash(false); select(number, focus); };
    const select = (number, focus) => {
      [...list.children].forEach((tab, at) => { tab.setAttribute("aria-selected", at === number); tab.tabIndex = at === number ? 0 : -1; if (focus && at === number) tab.focus(); });
      panel.setAttribute("aria-labelledby", `tab-${index}-${number}`);
      panel.replaceChildren(tabs[number][1]());
    };
    tabs.forEach(([name], at) => list.append(el("button", {
      type: "button", role: "tab", id: `tab-${index}-${at}`, "aria-controls": `panel-${index}`, onclick: () => choose(at),
      onkeydown: (event) => {
        const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
        if (next !== undefined) { event.preventDefault(); event.stopPropagation(); choose((next + tabs.length) % tabs.length, true); }
      },
    }, name, counts[at] ? " " : "", counts[at] ? el("span", { class: "mark" }, String(counts[at]), el("span", { class: "hidden" }, " differences")) : null)));
    card.append(list, panel);
    card.select = select;
    const [at, tab] = state.t.split(".").map(Number);
    select(state.t && at === index && tabs[tab] ? tab : first);
    return card;
  }
  function tabOf(path) { return path.startsWith("request") ? 2 : path.startsWith("headers") ? 1 : 0; }
  function status(left, right) {
    const texts = [left, right].map((side) => !side ? "not sent" : side.failure ? visible(side.failure) : `${side.status ?? "–"}${side.reason ? ` ${visible(side.reason)}` : ""}`);
    if (texts[0] === texts[1]) return el("span", { class: "status" }, texts[0]);
    return el("span", { class: "status" }, el("del", {}, texts[0]), " → ", el("ins", {}, texts[1]));
  }
  function sideNames(render) {
    return el("div", { class: "sides" }, ...[meta.baseline, meta.candidate].map((name, side) => el("div", {}, el("h4", {}, visible(name)), render(side))));
  }
  function part(exchange, name) {
    const side = exchange.sides[0];
    if (exchange.rows) return exchange.rows[name] ? diffTable(exchange.rows[name], `${name} of ${exchange.label}`) : el("p", { class: "muted" }, `no ${name}`);
    const message = side?.response;
    if (!message) return el("p", { class: "muted" }, "no response");
    const text = name === "headers" ? message.headers.map(([key, value]) => `${key}: ${value}`).join("\n") : pretty(message.text ?? "");
    return el("div", {}, el("p", { class: "muted" }, visible(`As ${meta.baseline} sent it; ${meta.candidate} says the same.`)),
      el("pre", { tabindex: "0" }, visible(limit(text)) || (message.base64 ? "binary, see raw" : "empty")));
  }
  function request(exchange, index) {
    const rowsOf = exchange.rows || {};
    const sides = exchange.sides;
    const urls = sides.map((side) => side?.request ? `${side.request.method} ${side.request.url}` : "");
    const out = el("div", {}, urls[1] && urls[0] !== urls[1] ? sideNames((side) => el("code", {}, visible(urls[side]))) : el("p", {}, el("code", {}, visible(urls[0] || urls[1]))));
    for (const name of ["request headers", "request body"]) {
      if (rowsOf[name]) out.append(el("h4", {}, name), diffTable(rowsOf[name], `${name} of ${exchange.label}`));
      else if (!exchange.rows && sides[0]?.request) {
        const text = name === "request body" ? pretty(sides[0].request.text ?? "") : sides[0].request.headers.map(([key, value]) => `${key}: ${value}`).join("\n");
        if (text) out.append(el("h4", {}, name), el("pre", { tabindex: "0" }, visible(limit(text))));
      }
    }
    return out;
  }
  function timing(exchange) {
    const sides = exchange.sides;
    const longest = Math.max(0.1, ...sides.map((side) => side?.ms[2] ?? 0));
    const bars = el("div", { class: "bars" });
    sides.forEach((side, at) => {
      const [connect, first, total] = side?.ms ?? [];
      const part = (value) => Math.max(0, 1000 * (value ?? 0) / longest);
      bars.append(el("span", {}, visible(at ? meta.candidate : meta.baseline)),
        svg("svg", { viewBox: "0 0 1000 14", preserveAspectRatio: "none", role: "img", "aria-label": total == null ? "not measured" : `${ms(total)} in all` },
          svg("rect", { class: "track", width: 1000, height: 14 }), svg("rect", { class: "wait", width: part(first ?? total), height: 14 }),
          svg("rect", { class: at ? "cand" : "base", x: part(first), width: part(total) - part(first), height: 14 }), svg("rect", { class: at ? "cand" : "base", width: part(connect), height: 14 })),
        el("span", { class: "mono" }, ms(total)));
    });
    return el("div", {}, bars, sideNames((at) => {
      const side = sides[at];
      if (!side) return el("p", { class: "muted" }, "not sent");
      const facts = [["connect", side.reused ? "kept alive" : ms(side.ms[0])], ["first byte", ms(side.ms[1])], ["total", ms(side.ms[2])], ["address", side.address ? `${side.address} ${side.family}` : "–"],
        ["route", side.route || "–"], ["protocol", side.http || "–"], ["size", side.size === undefined ? "–" : `${side.size} bytes${side.wire !== side.size ? `, ${side.wire} on the wire` : ""}`], ["trace", side.trace || "–"]];
      return el("dl", { class: "facts" }, ...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, visible(value))]));
    }));
  }
  function message(side) {
    if (!side) return "not sent";
    if (!side.request) return "Its bodies are kept in its recording only: both sides said the same.";
    const lines = ({ headers, text, base64, truncated, broken, digest }) => [...headers.map(([key, value]) => `${key}: ${value}`), "",
      text ?? (base64 ? `base64 of the first bytes: ${base64}` : ""), ...(broken ? [`[not decoded: ${broken}]`] : []), ...(truncated ? [`[cut off; sha256 of the whole: ${digest}]`] : [])].join("\n");
    const answer = side.response ? `${side.http} ${side.status} ${side.reason}\n${lines(side.response)}` : side.failure || "no response";
    return `${side.request.method} ${side.request.url}\n${lines(side.request)}\n\n${answer}`;
  }
  const limit = (text) => text.length > 200000 ? `${text.slice(0, 200000)}\n… ${text.length - 200000} more characters, in the recording` : text;
  function raw(exchange) { return sideNames((at) => el("pre", { tabindex: "0" }, visible(limit(message(exchange.sides[at]))))); }
  function log(exchange) {
    return sideNames((at) => {
      const one = exchange.logs[at];
      return el("div", {}, one && one.says ? el("p", { class: "muted" }, visible(one.says)) : "",
        one && one.lines.length ? el("pre", { tabindex: "0" }, visible(one.lines.join("\n"))) : one ? "" : el("p", { class: "muted" }, "no exchange here"));
    });
  }
  function curl(exchange) {
    return sideNames((at) => {
      const side = exchange.sides[at]?.request || (at && exchange.sides[0]?.request);
      if (!exchange.sides[at] || !side) return el("p", { class: "muted" }, "not sent");
      const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;
      const skip = /^(host|content-length|connection|accept-encoding|traceparent|x-parity-run)$/i;
      const words = ["curl", "-i", "-X", side.method, quote(side.url), ...side.headers.filter(([key]) => !skip.test(key)).flatMap(([key, value]) => ["\\\n  -H", quote(`${key}: ${value}`)])];
      if (side.text) words.push("\\\n  --data-binary", quote(side.text));
      const text = words.join(" ");
      return el("div", {}, el("pre", { tabindex: "0" }, visible(limit(text))), el("button", { type: "button", onclick: () => copy(text, "The command") }, "Copy"));
    });
  }
  function waterfall(data) {
    const spans = data.exchanges.flatMap((exchange, index) => exchange.sides.map((side, at) => side && side.ms[2] !== null && side.from !== undefined ? { label: exchange.label, at, from: Math.max(0, side.from), length: side.ms[2], index } : null)).filter(Boolean);
    if (!spans.length) return "";
    const longest = Math.max(0.1, ...spans.map((one) => one.from + one.length));
    const bars = el("div", { class: "bars" });
    for (const one of spans) bars.append(el("span", {}, visible(`${one.at ? meta.candidate : meta.baseline} ${one.label}`)),
      svg("svg", { viewBox: "0 0 1000 14", preserveAspectRatio: "none", role: "img", "aria-label": `from ${ms(one.from)} for ${ms(one.length)}` }, svg("rect", { class: "track", width: 1000, height: 14 }),
        svg("rect", { class: one.at ? "cand" : "base", x: 1000 * one.from / longest, width: Math.max(3, 1000 * one.length / longest), height: 14 })),
      el("span", { class: "mono" }, ms(one.length)));
    return el("section", { class: "card" }, el("h3", {}, "Waterfall"), bars);
  }

  // --- rows side by side

  const isUnified = () => state.view ? state.view === "unified" : window.innerWidth < 700;
  function folded(all) {
    const keep = new Uint8Array(all.length);
    let any = false;
    all.forEach((row, at) => { if (row[0] >= DIFFERS) { any = true; for (let near = Math.max(0, at - CONTEXT); near <= Math.min(all.length - 1, at + CONTEXT); near++) keep[near] = 1; } });
    if (!any) all.forEach((row, at) => { if (row[0] === VARIES) keep[at] = 1; });
    const out = [];
    for (let at = 0; at < all.length;) {
      if (keep[at] || all.length <= 12) { out.push(all[at++]); continue; }
      let end = at;
      while (end < all.length && !keep[end]) end++;
      if (end - at < 6) out.push(...all.slice(at, end)); else out.push({ fold: all.slice(at, end) });
      at = end;
    }
    return out;
  }
  function diffTable(all, caption) {
    const unified = current.unified;
    const table = el("table", { class: "diff" }, el("caption", { class: "hidden" }, visible(caption)), unified
      ? el("colgroup", {}, el("col", { class: "g" }), el("col")) : el("colgroup", {}, el("col", { class: "g" }), el("col"), el("col")));
    const names = [meta.baseline, meta.candidate].map(visible);
    table.append(el("thead", {}, unified ? el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, "Change")), el("th", { scope: "col" }, `− ${names[0]}  + ${names[1]}`))
      : el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden" }, "Change")), el("th", { scope: "col" }, names[0]), el("th", { scope: "col" }, names[1]))));
    const body = el("tbody");
    table.append(body);
    const waiting = folded(all);
    const fill = (until) => {
      while (waiting.length && until()) { const next = waiting.shift(); body.append(...(next.fold ? [foldRow(next.fold, unified)] : diffRows(next, unified))); }
      more.hidden = !waiting.length;
      if (waiting.length) more.firstChild.textContent = `Show more (${waiting.length} rows left)`;
    };
    const batch = () => { let left = BATCH; fill(() => left-- > 0); };
    const more = el("p", { hidden: true }, el("button", { type: "button", onclick: batch }, ""));
    const box = el("div", {}, table, more);
    box.reach = (number) => fill(() => !body.querySelector(`[data-d="${number}"]`));
    box.className = "rows";
    batch();
    if (!all.length) return el("p", { class: "muted" }, "empty");
    return box;
  }
  function foldRow(hidden, unified) {
    const row = el("tr", { class: "fold" });
    const open = () => {
      const some = hidden.splice(0, 500).flatMap((one) => diffRows(one, unified));
      row.before(...some);
      if (hidden.length) label(); else row.remove();
      some[0]?.querySelector("td:nth-child(2)")?.focus?.();
    };
    const button = el("button", { type: "button", onclick: open });
    const label = () => { const varying = hidden.filter((one) => one[0] === VARIES).length; button.textContent = `⋯ ${counted(hidden.length, "unchanged line")}${varying ? `, ${varying} of them with values that vary` : ""}`; };
    label();
    row.append(el("td", { colspan: unified ? 2 : 3 }, button));
    return row;
  }
  const SIGN = { [VARIES]: ["≈", "varies as on the baseline, or is not compared"], [DIFFERS]: ["≠", "differs"], [NOTED]: ["·", "note"] };
  function gutter(sign, says) { return el("td", { class: "g" }, el("span", { "aria-hidden": "true" }, sign), el("span", { class: "hidden" }, says)); }
  function diffRows(row, unified) {
    const [flag, depth] = row;
    if (flag === SAME) {
      const text = cell([[0, row[2]]], depth);
      return [unified ? el("tr", {}, el("td", { class: "g" }), el("td", {}, ...text)) : el("tr", {}, el("td", { class: "g" }), el("td", { class: "l" }, ...text), el("td", { class: "r" }, ...cell([[0, row[2]]], depth)))];
    }
    const [, , left, right, number] = row;
    const [one, other] = left === null || right === null ? [left, right].map((text) => text === null ? null : [[flag === VARIES ? 0 : 1, text]]) : flag === VARIES ? [[[0, left]], [[0, right]]] : words(left, right);
    const attributes = { class: `f${flag}`, "data-d": number >= 0 ? number : null };
    const [sign, says] = left === null ? ["+", `only on ${meta.candidate}`] : right === null ? ["−", `only on ${meta.baseline}`] : SIGN[flag];
    if (!unified) return [el("tr", attributes, gutter(sign, says), side(one, depth, "l"), side(other, depth, "r"))];
    const out = [];
    if (one) out.push(el("tr", attributes, gutter("−", `on ${meta.baseline}`), side(one, depth, "l")));
    if (other) out.push(el("tr", { ...attributes, "data-d": one ? null : attributes["data-d"] }, gutter("+", `on ${meta.candidate}`), side(other, depth, "r")));
    return out;
  }
  function side(parts, depth, name) {
    if (!parts) return el("td", { class: `${name} none` }, el("span", { class: "hidden" }, "absent"));
    return el("td", { class: name }, ...cell(parts, depth, name === "l" ? "del" : "ins"));
  }
  function cell(parts, depth, tag) { return ["  ".repeat(depth), ...spans(parts, tag)]; }
  function spans(parts, tag) {
    return parts.flatMap(([changed, text]) => {
      if (text.length > LONG) text = `${text.slice(0, LONG / 2)} … ${text.length - LONG} characters … ${text.slice(-LONG / 2)}`;
      text = visible(text);
      return changed && tag ? [el(tag, {}, changed && /^\s+$/.test(text) ? text.replaceAll(" ", "␣").replaceAll("\t", "⇥") : text)] : [text];
    });
  }
  // words that differ: common ends are cut off, what is between is aligned by words where it is short enough
  function words(left, right) {
    if (left === right) return [[[0, left]], [[0, right]]];
    let from = 0, to = 0;
    const least = Math.min(left.length, right.length);
    while (from < least && left[from] === right[from]) from++;
    while (to < least - from && left[left.length - 1 - to] === right[right.length - 1 - to]) to++;
    const isWord = (char) => char !== undefined && /[\p{L}\p{N}_.-]/u.test(char);
    while (from > 0 && isWord(left[from - 1]) && (isWord(left[from]) || isWord(right[from]))) from--;
    while (to > 0 && isWord(left[left.length - to]) && (isWord(left[left.length - to - 1]) || isWord(right[right.length - to - 1]))) to--;
    const ends = (text, middle) => [[0, text.slice(0, from)], ...middle, [0, text.slice(text.length - to)]].filter((part) => part[1]);
    const middle = [left.slice(from, left.length - to), right.slice(from, right.length - to)];
    const tokens = middle.map((text) => text.match(/[\p{L}\p{N}_.-]+|\s+|[^\p{L}\p{N}_.\s-]/gu) || []);
    if (tokens[0].length * tokens[1].length > 40000 || !tokens[0].length || !tokens[1].length) return [ends(left, [[1, middle[0]]]), ends(right, [[1, middle[1]]])];
    const [one, other] = common(tokens[0], tokens[1]);
    return [ends(left, one), ends(right, other)];
  }
  function common(a, b) {
    const width = b.length + 1, table = new Uint16Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--)
      table[i * width + j] = a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    const out = [[], []];
    const add = (side, changed, text) => { const last = out[side].at(-1); if (last && last[0] === changed) last[1] += text; else out[side].push([changed, text]); };
    let i = 0, j = 0;
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) { add(0, 0, a[i++]); add(1, 0, b[j++]); }
      else if (j >= b.length || (i < a.length && table[(i + 1) * width + j] >= table[i * width + j + 1])) add(0, 1, a[i++]);
      else add(1, 1, b[j++]);
    }
    return out;
  }
  // JSON set out by lines, its tokens untouched: numbers keep their digits, duplicate keys stay
  function pretty(text) {
    if (!/^\s*[{[]/.test(text) || text.length > 500000) return text;
    try { JSON.parse(text); } catch { return text; }
    let depth = 0, out = "";
    const line = () => "\n" + "  ".repeat(depth);
    for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)) {
      if (token === "{" || token === "[") { depth++; out += token + line(); }
      else if (token === "}" || token === "]") { depth--; out = /[{[]\s*$/.test(out.slice(-80)) ? out.trimEnd() + token : out + line() + token; }
      else out += token === "," ? "," + line() : token === ":" ? ": " : token;
    }
    return out;
  }

  // --- moving about

  function goTo(index, remembered) {
    const one = current?.data.differences[index];
    if (!one) return;
    state.d = String(index + 1);
    state.t = "";
    if (remembered) writeHash(false);
    const cards = [...$("detail").querySelectorAll(".exchange")];
    let box = $("detail");
    if (one.pair !== null && cards[one.pair]) { box = cards[one.pair]; if (box.querySelector('[aria-selected="true"]')?.id !== `tab-${one.pair}-${tabOf(one.path)}`) box.select(tabOf(one.path)); }
    box.querySelectorAll(".rows").forEach((rows) => { if (!rows.querySelector(`[data-d="${index}"]`)) rows.reach(index); });
    $("detail").querySelectorAll(".here").forEach((row) => row.classList.remove("here"));
    const row = box.querySelector(`tr[data-d="${index}"]`);
    row?.classList.add("here");
    (row || box).scrollIntoView({ block: "center" });
    say(`Difference ${index + 1} of ${current.data.differences.length}: ${one.path}, ${one.kind}`);
  }
  function difference(by) {
    if (!current?.data.differences.length) return;
    const count = current.data.differences.length;
    const now = state.d ? Number(state.d) - 1 : by > 0 ? -1 : count;
    goTo((now + by + count) % count, true);
  }
  function step(by) {
    if (!shown.length) return;
    const at = shown.indexOf(opened);
    open(shown[Math.max(0, Math.min(shown.length - 1, at < 0 ? (by > 0 ? 0 : shown.length - 1) : at + by))]);
  }
  function open(number) { state.c = rows[number][0]; state.d = state.t = ""; writeHash(true); focusedTo(number); show(); }
  function focusedTo(number) {
    const at = shown.indexOf(number);
    if (at < 0) return;
    focused = at;
    const scroller = $("scroller"), top = at * ROW;
    if (top < scroller.scrollTop || top + ROW > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top - scroller.clientHeight / 2;
  }
  function back() { state.c = state.d = state.t = ""; writeHash(true); show(); if (document.body.classList.contains("listing")) focusRow(focused); else $("main").focus(); }
  function unify() {
    state.view = current?.unified ? "split" : "unified";
    writeHash(false);
    if (current) { render(current.number, current.data); $("unify").focus(); }
  }
  function listing(on) {
    document.body.classList.toggle("listing", on);
    $("show-list").setAttribute("aria-pressed", on); $("show-overview").setAttribute("aria-pressed", !on);
    paintList();
  }
  async function copy(text, what) {
    let done = true;
    try { await navigator.clipboard.writeText(text); } catch {
      const area = el("textarea", { "aria-hidden": "true" });
      area.value = text; document.body.append(area); area.select();
      try { done = document.execCommand("copy"); } catch { done = false; }
      area.remove();
    }
    say(done ? `${what} was copied` : `${what} cannot be copied here`);
  }
  const copyRule = (path) => copy(`[tool.gaia-parity.compare]\nignore = [${JSON.stringify(path)}]\n`, "The ignore rule");
  function setFilter(text, hold) {
    state.q = text.trim();
    if ($("q").value.trim() !== state.q) $("q").value = state.q;
    focused = 0;
    applyFilter();
    if (!hold) writeHash(false);
  }
  function toggleVerdict(value) {
    const without = state.q.split(/\s+/).filter((word) => word !== `s:${value}`).join(" ");
    setFilter(without === state.q ? `s:${value} ${state.q}` : without);
    if (window.innerWidth < 960) listing(true);
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("help").open) return;
    const inList = $("list").contains(event.target), typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === "Escape") {
      if (typing && $("q").value) setFilter(""); else if (typing) event.target.blur(); else if (opened >= 0) back();
      return;
    }
    if (event.target === $("q") && (event.key === "ArrowDown" || event.key === "Enter")) { event.preventDefault(); if (window.innerWidth < 960) listing(true); focusRow(0); return; }
    if (typing) return;
    if (inList) {
      const page = Math.max(1, Math.floor($("scroller").clientHeight / ROW) - 1);
      const next = { ArrowDown: focused + 1, ArrowUp: focused - 1, Home: 0, End: shown.length - 1, PageDown: focused + page, PageUp: focused - page }[event.key];
      if (next !== undefined) { event.preventDefault(); focusRow(next); return; }
    }
    if (!$("keys").checked) return;
    const action = { "/": () => { $("q").focus(); $("q").select(); }, "?": () => $("help").showModal(), j: () => step(1), k: () => step(-1), n: () => difference(1), p: () => difference(-1), u: unify }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  function timings() {
    const both = rows.map((row, number) => [number, row[3], row[4]]).filter(([, one, other]) => one !== null && other !== null);
    if (!both.length) return;
    const slowest = both.toSorted((a, b) => (b[2] - b[1]) - (a[2] - a[1])).slice(0, 8);
    const longest = Math.max(0.1, ...slowest.map(([, one, other]) => Math.max(one, other)));
    const bars = el("div", { class: "bars" });
    for (const [number, ...times] of slowest) times.forEach((time, side) => bars.append(
      side ? el("span", { class: "muted" }, visible(meta.candidate)) : el("span", {}, el("a", { href: `#c=${encodeURIComponent(rows[number][0])}` }, visible(rows[number][0].split("::").slice(1).join("::") || rows[number][0])), " ", el("span", { class: "muted" }, visible(meta.baseline))),
      svg("svg", { viewBox: "0 0 1000 14", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "track", width: 1000, height: 14 }), svg("rect", { class: side ? "cand" : "base", width: 1000 * time / longest, height: 14 })),
      el("span", { class: "mono" }, ms(time))));
    const sum = (index) => both.reduce((total, one) => total + one[index], 0);
    $("timing-body").append(el("p", {}, visible(`In all ${ms(sum(1))} on ${meta.baseline}, ${ms(sum(2))} on ${meta.candidate}. Slower on ${meta.candidate} by most:`)), bars, lanes());
    $("timing").hidden = false;
  }
  // when each side ran, and how much at once: tests overlap where they run concurrently
  function lanes() {
    const lanesOf = [0, 1].map((side) => rows.map((row) => [row[9]?.[side], row[3 + side], row[1]]).filter(([start, length]) => start && length !== null));
    const all = lanesOf.flat();
    if (all.length < 2) return "";
    let first = Infinity, last = 0;
    for (const [start, length] of all) { first = Math.min(first, start); last = Math.max(last, start + length / 1000); }
    const columns = 400, scale = columns / Math.max(0.001, last - first), bars = el("div", { class: "bars" });
    const busy = lanesOf.map((lane) => {
      const counts = new Uint32Array(columns), failing = new Uint8Array(columns);
      for (const [start, length, verdict] of lane) {
        const from = Math.min(columns - 1, Math.floor((start - first) * scale)), to = Math.min(columns - 1, Math.floor((start - first + length / 1000) * scale));
        for (let at = from; at <= to; at++) { counts[at]++; if (verdict < 4) failing[at] = 1; }
      }
      return [counts, failing];
    });
    const most = Math.max(1, ...busy.map(([counts]) => Math.max(...counts)));
    busy.forEach(([counts, failing], side) => {
      const paths = ["", ""];
      counts.forEach((count, at) => { if (count) paths[0] += `M${at} 40v${-Math.max(3, 40 * count / most)}h1V40z`; if (failing[at]) paths[1] += `M${at} 43h1v7h-1z`; });
      const name = side ? meta.candidate : meta.baseline, begin = Math.min(...lanesOf[side].map(([start]) => start)) - first;
      bars.append(el("span", {}, visible(name)), svg("svg", { class: "lane", viewBox: `0 0 ${columns} 50`, preserveAspectRatio: "none", role: "img", "aria-label": `${visible(name)}: from ${ms(begin * 1000)}, at most ${Math.max(...counts)} at once` },
        svg("rect", { class: "track", width: columns, height: 40 }), svg("path", { class: side ? "cand" : "base", d: paths[0] }), svg("path", { class: "fails", d: paths[1] })),
        el("span", { class: "mono" }, `≤ ${Math.max(...counts)}`));
    });
    return el("div", {}, el("h3", {}, `The run, ${ms((last - first) * 1000)}`), bars, el("p", { class: "muted" }, "Height: tests at once. Ticks below: tests that are not alike."));
  }
  function printed() {
    const list = el("ol", {}, ...shown.filter((number) => rows[number][1] < 4).slice(0, 500).map((number) => {
      const row = rows[number];
      return el("li", {}, badge(row[1]), " ", visible(row[0]), row[7] ? `: ${visible(row[7])}` : "", el("ul", {}, ...row[5].map((one) => el("li", {}, el("code", {}, visible(one[0])), ": ", el("code", {}, visible(`${one[2]} → ${one[3]}`))))));
    }));
    $("print").replaceChildren(el("h2", {}, state.q ? `Not alike, filtered by ${state.q}` : "Not alike"), list);
  }

  function wire() {
    $("q").addEventListener("input", () => setFilter($("q").value));
    $("clear").addEventListener("click", () => { setFilter(""); $("q").focus(); });
    $("scroller").addEventListener("scroll", () => requestAnimationFrame(paintList), { passive: true });
    $("list").addEventListener("focusin", (event) => { const item = event.target.closest("li"); if (item) { focused = Number(item.dataset.at); for (const other of $("list").children) mark(other); } });
    for (const button of document.querySelectorAll("[data-verdict]")) button.addEventListener("click", () => toggleVerdict(button.dataset.verdict));
    for (const button of document.querySelectorAll("[data-rule]")) button.addEventListener("click", () => copyRule(button.dataset.copy));
    $("show-list").addEventListener("click", () => listing(true));
    $("show-overview").addEventListener("click", () => listing(false));
    $("help-open").addEventListener("click", () => $("help").showModal());
    $("help-close").addEventListener("click", () => $("help").close());
    $("keys").checked = recall("keys") !== "off";
    $("keys").addEventListener("change", () => remember("keys", $("keys").checked ? "on" : "off"));
    const theme = (value) => { if (value) document.documentElement.dataset.theme = value; };
    theme(recall("theme"));
    $("theme").addEventListener("click", () => {
      const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      theme(dark ? "light" : "dark"); remember("theme", dark ? "light" : "dark");
    });
    document.addEventListener("keydown", keys);
    window.addEventListener("hashchange", follow);
    window.addEventListener("popstate", follow);
    window.addEventListener("resize", paintList);
    window.addEventListener("beforeprint", printed);
  }
  function follow() {
    const before = JSON.stringify(state);
    readHash();
    if (before === JSON.stringify(state)) return;
    const listed = JSON.parse(before).q !== state.q;
    if (listed) setFilter(state.q, true);
    if (JSON.parse(before).c === state.c && listed) { if (window.innerWidth < 960) listing(true); return; }
    show();
  }
  async function start() {
    if (typeof DecompressionStream === "undefined") throw new Error("this browser is too old to unpack the data (Chrome 80, Firefox 113, Safari 16.4 can)");
    rows = await inflate(self.gaiaParity ? await beside("index") : $("index").textContent);
    $("index")?.remove();
    readHash();
    for (const node of [$("bar"), $("side"), document.querySelector(".tools")]) node.hidden = false;
    $("static").remove();
    wire();
    $("q").value = state.q;
    applyFilter();
    document.documentElement.dataset.ready = "1";
    if (state.c) show();
    requestAnimationFrame(() => setTimeout(timings));
  }
  start().catch((error) => {
    document.documentElement.classList.remove("js");
    problem(`The list cannot be shown: ${error.message}. What is not alike is below; everything is in the results file.`);
  });
})();
