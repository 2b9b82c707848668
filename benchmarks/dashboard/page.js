"use strict";
// The first page. What it shows is in #data; data/N.js and data/N-CALL.js bring more of it, and call strideops.values
// and strideops.history, so that a page opened from the disk can load them too.
const strideops = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const PATHS = ["strided", "contiguous"];
  const FULL = 8; // the ratio at which a colour is full
  const EVEN = 1.03; // closer to 1 than that is no win
  const values = data.values;
  const histories = {};
  const waiting = {};

  const find = (id) => document.getElementById(id);
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }
  function draw(tag, attributes, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }

  const digits = (value) => String(Number(value.toPrecision(3)));
  function scaled(value, units) {
    const [unit, size] = units.find(([, size]) => value >= size) ?? units.at(-1);
    return `${digits(value / size)} ${unit}`;
  }
  const time = (ns) => scaled(ns, [["s", 1e9], ["ms", 1e6], ["µs", 1e3], ["ns", 1]]);
  const bytes = (count) => (count < 0 ? "-" : "") +
    scaled(Math.abs(count), [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10], ["B", 1]]);
  const ratio = (value) => (value < 999.5 ? digits(value) : Math.round(value).toLocaleString("en"));
  const short = (value) => (value < 1.995 ? value.toFixed(2) : value < 9.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en"));
  const many = (count, name) => `${count.toLocaleString("en")} ${name}${count === 1 ? "" : "s"}`;
  const median = (sorted) => sorted[Math.floor(sorted.length / 2)];
  const commitName = (index) => data.commits[index][0].slice(0, 8);
  const commitText = (index) => {
    const [, subject, date] = data.commits[index];
    return [commitName(index), date, subject].filter(Boolean).join(" ");
  };

  // What is chosen; the address holds it, so that a view can be passed on.
  const FIGURES = {
    ratio: "time: contiguous / strided",
    strided: "bytes that the strided path allocates",
    contiguous: "bytes that the contiguous path allocates",
    passes: "passes from which on copying first is faster",
  };
  const NEVER = -1;
  const unique = (list) => [...new Set(list)];
  const CHOICES = {
    op: ["op", ["", ...Object.keys(data.calls)]],
    pattern: ["pattern", ["", ...data.patterns]],
    dtype: ["dtype", data.dtypes],
    size: ["size", ["", ...data.sizes]],
    machine: ["machine", unique(data.runs.map((run) => run.machine))],
    python: ["Python", unique(data.runs.map((run) => run.python))],
    numpy: ["NumPy", unique(data.runs.map((run) => run.numpy))],
    show: ["show", Object.keys(FIGURES)],
  };
  // Machines may be chosen by what they are, too: facts in which they differ.
  const known = (name) => unique(data.runs.map((run) => run.facts[name]).filter(Boolean));
  const FACTS = unique(data.runs.flatMap((run) => Object.keys(run.facts))).filter((name) => known(name).length > 1);
  FACTS.forEach((name) => { CHOICES[name] = [name, ["", ...known(name)]]; });
  const start = () => {
    const run = data.runs[data.first] ?? { machine: "", python: "", numpy: "" };
    return { q: "", op: "", pattern: "", dtype: data.dtypes[0] ?? "", size: "", machine: run.machine, python: run.python,
      numpy: run.numpy, show: "ratio", cell: "", ...Object.fromEntries(FACTS.map((name) => [name, ""])) };
  };
  let state = start();

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    // A link of asv's feed of regressions, which names a benchmark of asv's own pages.
    const old = /^#([\w.]+)\?/.exec(location.hash);
    if (old) location.replace(`${data.skin}#view=explore&bench=${encodeURIComponent(old[1])}`);
    const found = start();
    for (const name of Object.keys(found)) if (given.has(name)) found[name] = given.get(name);
    return found;
  }
  function writeAddress() {
    const usual = start();
    const changed = Object.entries(state).filter(([name, value]) => value !== usual[name]);
    const hash = new URLSearchParams(changed).toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  // The run that is chosen; a combination that nobody has measured gives way to one of the same machine.
  function chosenRun() {
    const wanted = ["machine", "python", "numpy"];
    const score = (run) => wanted.filter((name) => run[name] === state[name]).length + (run.machine === state.machine ? 9 : 0) +
      99 * FACTS.filter((name) => state[name] && run.facts[name] === state[name]).length;
    const best = data.runs.reduce((a, b, i) => (score(b) > score(data.runs[a]) ? i : a), 0);
    if (data.runs.length) for (const name of wanted) state[name] = data.runs[best][name];
    return best;
  }

  function load(name, then) {
    if (waiting[name]) return waiting[name].push(then);
    waiting[name] = [then];
    const script = make("script", { src: `data/${name}.js` });
    const done = () => { const calls = waiting[name]; delete waiting[name]; calls.forEach((call) => call()); };
    script.onload = script.onerror = done;
    document.head.append(script);
    return undefined;
  }

  const place = (p, s, d, path) => ((p * data.sizes.length + s) * data.dtypes.length + d) * 2 + path;
  function pair(run, kind, call, cell) {
    const row = values[run][kind][call];
    return PATHS.map((_, path) => (row ? row[cell + path] : null));
  }

  // Every place of the heat maps that the filter leaves: op, then rows of cells; cells without any result are left out.
  function visible(run) {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const d = data.dtypes.indexOf(state.dtype);
    const sizes = data.sizes.map((size, s) => [size, s]).filter(([size]) => !state.size || size === state.size);
    const panels = [];
    for (const call of Object.keys(data.calls)) {
      if (state.op && call !== state.op) continue;
      const rows = [];
      data.patterns.forEach((pattern, p) => {
        const text = `${call} ${pattern} ${data.codes[p]}`.toLowerCase();
        if ((state.pattern && pattern !== state.pattern) || !words.every((word) => text.includes(word))) return;
        const cells = sizes.map(([, s]) => place(p, s, d, 0));
        if (cells.some((cell) => figure(run, call, cell).text)) rows.push({ p, cells });
      });
      const used = sizes.map((_, i) => rows.some((row) => figure(run, call, row.cells[i]).text));
      rows.forEach((row) => { row.cells = row.cells.filter((_, i) => used[i]); });
      if (rows.length) panels.push({ call, rows, sizes: sizes.filter((_, i) => used[i]).map(([size]) => size) });
    }
    return panels;
  }

  // What a cell says: its text and, for a ratio, its value.
  function figure(run, call, cell) {
    if (state.show === "passes") {
      const found = values[run].passes[call]?.[cell];
      if (!found) return {};
      const [even, rows] = found;
      const most = rows.at(-1)[0];
      // The colours are those of the ratio: orange where copying pays soon, blue where it never does.
      return even === NEVER ? { text: `>${most}`, ratio: FULL } : { text: even < 2 ? digits(even) : String(Math.round(even)), ratio: even / 8 };
    }
    if (state.show !== "ratio") {
      const value = pair(run, "bytes", call, cell)[PATHS.indexOf(state.show)];
      return value === null ? {} : value === false ? { text: "failed" } : { text: bytes(value), bytes: value };
    }
    const [strided, contiguous] = pair(run, "time", call, cell);
    if (strided === false || contiguous === false) return { text: "failed" };
    if (strided === null || contiguous === null) return {};
    return { text: short(contiguous / strided), ratio: contiguous / strided };
  }
  function tone(found) {
    if (found.ratio) {
      const share = Math.min(Math.abs(Math.log(found.ratio)) / Math.log(FULL), 1);
      return [found.ratio > 1 ? "strided" : "contiguous", share];
    }
    if (found.bytes > 0) return ["contiguous", Math.min(Math.log10(found.bytes) / 8, 1)];
    return ["", 0];
  }

  function tableOf(run, { call, rows, sizes }) {
    const table = make("table", { "data-call": call }, make("caption", {}, call));
    const head = make("tr", {}, make("th", { scope: "col" }));
    sizes.forEach((size) => head.append(make("th", { scope: "col" }, size)));
    const body = make("tbody");
    rows.forEach(({ p, cells }) => {
      const row = make("tr", {}, make("th", { scope: "row", title: data.codes[p] || null }, data.patterns[p]));
      cells.forEach((cell) => {
        const found = figure(run, call, cell);
        if (!found.text) return row.append(make("td", {}, "–"));
        const [name, share] = tone(found);
        const td = make("td", { "data-cell": cell, "data-call": call, tabindex: -1, class: `heat ${name}`,
          style: `--share: ${Math.round(65 * share)}%`, title: hover(run, call, cell) }, found.text);
        return row.append(td);
      });
      body.append(row);
    });
    table.append(make("thead", {}, head), body);
    const first = table.querySelector("td[data-cell]");
    if (first) first.tabIndex = 0;
    return make("div", { class: "scroll" }, table);
  }
  const said = (value, unit) => (value === null ? "not measured" : value === false ? "failed" : unit(value));
  function hover(run, call, cell) {
    const times = pair(run, "time", call, cell).map((value) => said(value, time));
    const sizes = pair(run, "bytes", call, cell).map((value) => said(value, bytes));
    const older = values[run].older[call]?.[cell];
    return PATHS.map((path, i) => `${path}: ${times[i]}, allocates ${sizes[i]}`).join("\n") +
      (older === undefined ? "" : `\nmeasured at ${commitName(older)}`);
  }

  function showMaps(run, panels) {
    find("maps-title").textContent = `${FIGURES[state.show]}, ${state.dtype}`;
    const scale = state.show === "passes" ? [1, 4, 8, 16, 64].map((each) => [each / 8, each])
      : [[1 / FULL, `1/${FULL}`], [0.5, "1/2"], [1, "1"], [2, "2"], [FULL, FULL]];
    const swatches = scale.map(([value, text]) => {
      const [name, share] = tone({ ratio: value });
      return make("span", { class: `swatch heat ${name}`, style: `--share: ${Math.round(65 * share)}%` }, String(text));
    });
    const explained = {
      ratio: [...swatches, " Blue, above 1: striding is faster. Orange, below 1: copying is. Choose a number for its times and history."],
      passes: [...swatches, " Orange: the copy pays after few passes. Blue: after many, or never. strideops.advise tells it for your array."],
    };
    find("legend").replaceChildren(...(explained[state.show] ??
      ["Besides the result and what a call allocates whatever the size; 0 B is good."]));
    const none = data.runs.length
      ? "Nothing has been measured for this choice; Reset shows everything."
      : "No results yet: make bench measures this commit, and asv publish shows it here.";
    find("panels").replaceChildren(...(panels.length ? panels.map((panel) => tableOf(run, panel)) : [make("p", {}, none)]));
  }

  // Predicted against measured break-even: what strideops.advise said on the machine, and what was so.
  function showAdvice(run) {
    const rows = data.advice[data.runs[run]?.machine];
    const box = find("advice");
    if (state.show !== "passes" || !rows) return box.replaceChildren();
    const most = 64, beyond = 2 * most, width = 420, height = 380, left = 44, bottom = 44, top = 10;
    const x = (value) => left + (Math.log(value) - Math.log(0.8)) / (Math.log(1.3 * beyond) - Math.log(0.8)) * (width - left - 10);
    const y = (value) => height - bottom - (Math.log(value) - Math.log(0.8)) / (Math.log(1.3 * beyond) - Math.log(0.8)) * (height - bottom - top);
    const right = rows.filter(([, , , , , , agrees]) => agrees).length;
    const says = (value) => value ?? `>${most}`;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Predicted against measured break-even" });
    const band = [[0.8, 1.2], [1.3 * beyond / 1.5, 1.3 * beyond], [1.3 * beyond, 1.3 * beyond], [1.3 * beyond, 1.3 * beyond / 1.5], [1.2, 0.8], [0.8, 0.8]];
    svg.append(draw("polygon", { class: "band strided", points: band.map(([a, b]) => `${x(a)},${y(b)}`).join(" ") }));
    [1, 4, 16, most, beyond].forEach((value) => {
      const text = value === beyond ? `>${most}` : String(value);
      svg.append(draw("text", { x: x(value), y: height - bottom + 16, "text-anchor": "middle" }, text),
        draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, text),
        draw("line", { class: "grid", x1: x(value), x2: x(value), y1: top, y2: height - bottom }),
        draw("line", { class: "grid", x1: left, x2: width - 10, y1: y(value), y2: y(value) }));
    });
    rows.forEach(([call, pattern, size, measured, [low, high], predicted, agrees]) => {
      const path = agrees ? "strided" : "contiguous", at = y(predicted ?? beyond);
      svg.append(draw("line", { class: `interval ${path}`, x1: x(low ?? beyond), x2: x(high ?? beyond), y1: at, y2: at }),
        draw("circle", { class: `dot ${path}`, cx: x(measured ?? beyond), cy: at, r: 3, opacity: 0.6 },
          draw("title", {}, `${call} of ${pattern}, ${size}: measured ${says(measured)} (${says(low)} to ${says(high)}), predicted ${says(predicted)}`)));
    });
    svg.append(draw("text", { x: (width + left) / 2, y: height - 6, "text-anchor": "middle" }, "passes from which on copying pays, measured"),
      draw("text", { x: 12, y: height / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${height / 2})` }, "predicted"));
    return box.replaceChildren(make("h3", {}, `strideops.advise is right in ${right} of ${rows.length} cells`),
      make("p", { class: "small" }, "Blue: within a factor 1.5 of what was measured on this machine, the line, or both beyond what was measured."), svg);
  }

  function showSpeed(run, panels) {
    const box = find("speed");
    const found = [];
    panels.forEach(({ call, rows }) => rows.forEach(({ p, cells }) => cells.forEach((cell) => {
      const [strided, contiguous] = pair(run, "time", call, cell);
      if (strided && contiguous) found.push({ call, p, cell, ratio: contiguous / strided });
    })));
    found.sort((a, b) => a.ratio - b.ratio);
    const heading = box.querySelector("h2");
    if (!found.length) return box.replaceChildren(heading, make("p", { class: "word" }, "Not measured"));
    const wins = found.filter((each) => each.ratio > EVEN);
    const losses = found.filter((each) => each.ratio < 1 / EVEN);
    const share = (list) => `${Math.round((100 * list.length) / found.length)} %`;
    const named = ({ call, p, cell, ratio: value }) =>
      button(`${call} of ${data.patterns[p]}, ${data.sizes[parts(cell)[1]]} (${ratio(1 / value)}×)`, () => choose(call, cell));
    const where = make("p", { class: "small" });
    if (losses.length) {
      where.append(`Copying wins in ${share(losses)}, most in `);
      const most = losses.slice(0, 3);
      most.forEach((each, i) => where.append(make("span", { class: "whole" }, named(each), i < most.length - 1 ? ", " : "."), " "));
    } else where.append("Copying wins nowhere.");
    return box.replaceChildren(heading,
      make("p", { class: "word" }, `In ${share(wins)} of ${many(found.length, "case")}`),
      make("p", {}, wins.length ? `There by ${ratio(median(wins).ratio)}× in the middle, by ${ratio(found.at(-1).ratio)}× at the most.` : ""),
      where);
  }

  function button(text, action) {
    const element = make("button", { type: "button", class: "link" }, text);
    element.addEventListener("click", action);
    return element;
  }

  const unitOf = (change) => (change.unit === "seconds" ? time : change.unit === "bytes" ? bytes : (value) => digits(value));
  const isWorse = (change) => change.after > change.before;
  const factor = (change) => (Math.min(change.before, change.after) > 0 ? change.after / change.before : Infinity);
  const SURE = ["exact", "clear"];
  function changesHere() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    return data.changes.filter((change) => {
      const run = data.runs[change.run];
      const text = `${change.call ?? ""} ${change.benchmark} ${change.case.join(" ")}`.toLowerCase();
      return run.machine === state.machine && run.python === state.python && run.numpy === state.numpy &&
        (!state.op || change.call === state.op) && words.every((word) => text.includes(word)) &&
        (!state.pattern || change.case.includes(state.pattern)) && (!state.size || change.case.includes(state.size));
    });
  }
  function showWorse(run, changes) {
    const box = find("worse");
    const heading = box.querySelector("h2");
    const worse = changes.filter((change) => isWorse(change) && SURE.includes(change.confidence));
    const newest = data.runs[run]?.newest;
    if (newest === undefined || data.commits.length < 2) {
      return box.replaceChildren(heading, make("p", { class: "word" }, "Not known"),
        make("p", { class: "small" }, "It takes the results of two commits to tell."));
    }
    const last = worse.filter((change) => change.to === newest);
    const word = worse.length ? many(worse.length, "case") : "No";
    const text = worse.length
      ? `${last.length ? many(last.length, "case") : "None"} of them at the newest commit. The clear ones only; `
      : `No clear step up in ${many(data.commits.length, "commit")}; `;
    box.classList.toggle("bad", worse.some((change) => change.unit === "bytes"));
    return box.replaceChildren(heading, make("p", { class: "word" }, word),
      make("p", { class: "small" }, text, make("a", { href: "#changes" }, "all changes"), "."));
  }
  function asvLink(run, benchmark, index) {
    const { machine, python, numpy } = data.runs[run];
    const words = new URLSearchParams({ view: "explore", bench: benchmark, params: index, machine, python });
    if (numpy) words.set("f-numpy", numpy);
    return `${data.skin}#${words}`;
  }
  function changeRow(change) {
    const text = change.call ? `${change.case[0]}.${change.call} of ${change.case.slice(1).join(", ")}`
      : `${change.benchmark}(${change.case.join(", ")})`;
    const times = factor(change);
    const how = times === Infinity ? (isWorse(change) ? "from nothing" : "to nothing") : `${ratio(times)}×`;
    return make("tr", {}, make("td", { style: "text-align: left" },
      make("a", { href: asvLink(change.run, change.benchmark, change.place) }, text)),
    make("td", {}, `${unitOf(change)(change.before)} → ${unitOf(change)(change.after)}`),
    make("td", { class: isWorse(change) ? "slower" : "faster" }, how),
    make("td", { title: data.confidence[change.confidence] }, change.confidence));
  }
  function showChanges(changes) {
    const list = find("change-list");
    if (!changes.length) {
      const why = data.commits.length < 2 ? "Changes need the results of two commits." : "asv's step detection finds none in this choice.";
      return list.replaceChildren(make("p", {}, why));
    }
    const commits = unique(changes.map((change) => change.to));
    const groups = commits.map((to, index) => {
      const here = changes.filter((change) => change.to === to);
      const counts = [["worse", here.filter(isWorse)], ["better", here.filter((change) => !isWorse(change))]]
        .filter(([, some]) => some.length)
        .map(([name, some]) => `${some.length.toLocaleString("en")} ${name} (${some.filter((each) => SURE.includes(each.confidence)).length} clear)`);
      const body = make("tbody");
      here.slice(0, 40).forEach((change) => body.append(changeRow(change)));
      const head = make("tr", {}, ...["case", "before → after", "factor", "confidence"].map((name) => make("th", { scope: "col" }, name)));
      const more = here.length > 40 ? [make("p", { class: "small" }, `and ${here.length - 40} more`)] : [];
      const element = make("details", {}, make("summary", {}, make("code", {}, commitName(to)),
        ` ${data.commits[to][2]} ${data.commits[to][1]}: `, counts.join(", ")),
      make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), body)), ...more);
      element.open = index === 0;
      return element;
    });
    const more = data.more_changes ? [make("p", { class: "small" },
      `${data.more_changes.toLocaleString("en")} older changes are on `, make("a", { href: `${data.skin}#view=regressions` }, "asv's page"), ".")] : [];
    return list.replaceChildren(...groups, ...more);
  }

  // One case: its figures, and its history with the 99 % intervals.
  function choose(call, cell) {
    state.cell = `${call}/${cell}`;
    writeAddress();
    showDetails(chosenRun());
  }
  function parts(cell) {
    const flat = Math.floor(cell / 2);
    const d = flat % data.dtypes.length;
    const s = Math.floor(flat / data.dtypes.length) % data.sizes.length;
    return [Math.floor(flat / data.dtypes.length / data.sizes.length), s, d];
  }
  function showDetails(run) {
    const panel = find("details");
    document.querySelectorAll("td[aria-selected]").forEach((td) => td.removeAttribute("aria-selected"));
    const [call, text] = state.cell.split("/");
    const cell = Number(text);
    if (!state.cell || !(call in data.calls) || !Number.isInteger(cell) || !values[run]) {
      panel.hidden = true;
      return;
    }
    document.querySelector(`td[data-call="${call}"][data-cell="${cell}"]`)?.setAttribute("aria-selected", "true");
    const [p, s, d] = parts(cell);
    const times = pair(run, "time", call, cell);
    const sizes = pair(run, "bytes", call, cell);
    const facts = make("dl");
    const tell = (name, ...what) => facts.append(make("dt", {}, name), make("dd", {}, ...what));
    PATHS.forEach((path, i) => tell(path, `${said(times[i], time)}, allocates ${said(sizes[i], bytes)}`));
    if (times[0] && times[1]) {
      const value = times[1] / times[0];
      tell("so", value > EVEN ? `striding is ${ratio(value)}× faster` : value < 1 / EVEN ? `copying is ${ratio(1 / value)}× faster` : "neither is faster");
    }
    const described = data.runs[run];
    const older = values[run].older[call]?.[cell] ?? described.newest;
    tell("commit", commitText(older));
    tell("machine", [described.machine, ...Object.entries(described.facts).map(([name, fact]) => `${name} ${fact}`)].join(", "));
    tell("with", Object.entries(described.versions).map(([name, version]) => `${name} ${version}`).join(", "));
    const links = Object.entries(data.calls[call]).map(([kind, name]) =>
      make("a", { href: asvLink(run, name, asvIndex(cell)) }, kind === "time" ? "times" : "bytes"));
    tell("in asv", ...links.flatMap((link, i) => (i ? [" · ", link] : [link])));
    const plot = make("div", { id: "plot" }, make("p", { class: "small" }, "Loading the history"));
    const close = make("button", { type: "button", id: "close", "aria-label": "Close" }, "✕");
    close.addEventListener("click", closeDetails);
    panel.replaceChildren(close, make("div", {}, make("div", {},
      make("h2", {}, `${call} of ${data.patterns[p]}, size ${data.sizes[s]}, ${data.dtypes[d]}`),
      make("p", { class: "small" }, make("code", {}, data.codes[p])), facts), plot));
    panel.hidden = false;
    const name = `${run}-${call}`;
    const passes = values[run].passes[call]?.[cell];
    const showPlot = () => plot.replaceChildren(...plotOf(histories[name]?.time, cell), ...(passes ? passesOf(passes) : []));
    if (histories[name]) showPlot();
    else load(name, showPlot);
  }
  // asv counts cases with the last parameter running fastest: path, pattern, size, dtype; this is the strided path's.
  const asvIndex = (cell) => Math.floor(cell / 2);
  function closeDetails() {
    const [call, cell] = state.cell.split("/");
    state.cell = "";
    writeAddress();
    showDetails(chosenRun());
    document.querySelector(`td[data-call="${call}"][data-cell="${cell}"]`)?.focus();
  }

  function plotOf(lines, cell) {
    const found = PATHS.map((path, i) => {
      const flat = lines?.[cell + i] ?? [];
      const points = [];
      for (let at = 0; at < flat.length; at += 4) points.push(flat.slice(at, at + 4));
      return { path, points };
    }).filter(({ points }) => points.length);
    if (!found.length) return [make("p", { class: "small" }, "No history is there.")];
    // As wide as there is room, so that its letters have the size of all others.
    const width = Math.max(300, Math.min(900, find("plot").clientWidth));
    const height = 240, left = 64, right = 84, top = 12, bottom = 34;
    const all = found.flatMap(({ points }) => points);
    const commits = unique(all.map(([commit]) => commit)).sort((a, b) => a - b);
    const highest = Math.max(...all.map(([, value, , high]) => Math.min(high ?? value, value * 2))) * 1.08;
    const x = (commit) => left + (commits.length > 1 ? (commits.indexOf(commit) / (commits.length - 1)) * (width - left - right) : 0);
    const y = (value) => top + (1 - Math.min(value / highest, 1)) * (height - top - bottom);
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `Time from commit to commit, ${found.map(({ path }) => path).join(" and ")}` });
    const step = 10 ** Math.floor(Math.log10(highest / 3));
    const tick = [1, 2, 5, 10].map((each) => each * step).find((each) => highest / each <= 4.5);
    for (let value = 0; value <= highest; value += tick) {
      svg.append(draw("line", { class: "grid", x1: left, x2: width - right, y1: y(value), y2: y(value) }),
        draw("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, value ? time(value) : "0"));
    }
    const labelled = commits.length > width / 90 ? [commits[0], commits[Math.floor(commits.length / 2)], commits.at(-1)] : commits;
    labelled.forEach((commit) => svg.append(
      draw("text", { x: x(commit), y: height - 12, "text-anchor": "middle" }, commitName(commit))));
    const ends = found.map(({ points }) => y(points.at(-1)[1]));
    if (ends.length === 2 && Math.abs(ends[0] - ends[1]) < 14) ends[ends[0] <= ends[1] ? 1 : 0] += 14;
    found.forEach(({ path, points }, i) => {
      const group = draw("g", { class: path });
      const known = points.filter(([, , low, high]) => low !== null && high !== null);
      const edge = [...known.map(([commit, , , high]) => [x(commit), y(high)]), ...known.map(([commit, , low]) => [x(commit), y(low)]).reverse()];
      group.append(draw("polygon", { class: "band", points: edge.map((point) => point.join(",")).join(" ") }),
        draw("polyline", { class: "line", points: points.map(([commit, value]) => `${x(commit)},${y(value)}`).join(" ") }));
      points.forEach(([commit, value, low, high]) => {
        const band = low === null || high === null ? "" : ` (${time(low)} to ${time(high)})`;
        group.append(draw("circle", { class: "dot", cx: x(commit), cy: y(value), r: 4 },
          draw("title", {}, `${path}: ${time(value)}${band}\n${commitText(commit)}`)));
      });
      group.append(draw("text", { class: "name", x: x(points.at(-1)[0]) + 8, y: ends[i] + 4 }, path));
      svg.append(group);
    });
    const body = make("tbody");
    commits.forEach((commit) => body.append(make("tr", {}, make("th", { scope: "row" }, commitText(commit)),
      ...found.map(({ points }) => make("td", {}, said(points.find(([each]) => each === commit)?.[1] ?? null, time))))));
    const head = make("tr", {}, make("th", { scope: "col" }), ...found.map(({ path }) => make("th", { scope: "col" }, path)));
    return [svg, make("details", { class: "small" }, make("summary", {}, "as a table; the band is asv's 99 % interval"),
      make("div", { class: "scroll" }, make("table", {}, make("thead", {}, head), body)))];
  }

  // Time of a pass against the number of passes: the copy is paid for by all of them.
  function passesOf([even, rows]) {
    const body = make("tbody");
    rows.forEach(([count, strided, contiguous]) => body.append(make("tr", {}, make("th", { scope: "row" }, String(count)),
      make("td", {}, time(strided)), make("td", {}, time(contiguous)),
      make("td", { class: contiguous > strided ? "faster" : "slower" }, contiguous > strided ? "striding" : "copying"))));
    const head = ["passes", "over the view", "packed once", "faster"].map((name) => make("th", { scope: "col" }, name));
    const said = even === NEVER ? `Copying first never pays within ${rows.at(-1)[0]} passes.`
      : even <= 1 ? "Copying first pays at once." : `Copying first pays from ${Math.ceil(even)} passes on.`;
    return [make("h3", {}, said), make("div", { class: "scroll" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), body))];
  }

  function buildFilter() {
    const form = find("filter");
    const search = make("input", { type: "search", name: "q", placeholder: "sum ::2", autocomplete: "off" });
    form.append(make("label", {}, "search", search));
    for (const [name, [label, options]] of Object.entries(CHOICES)) {
      const select = make("select", { name });
      options.forEach((option) => select.append(make("option", { value: option }, FIGURES[option] ?? (option || "all"))));
      form.append(make("label", {}, label, select));
    }
    const reset = make("button", { type: "button", id: "reset" }, "Reset");
    reset.addEventListener("click", () => { state = start(); render(); });
    form.append(reset);
    form.addEventListener("input", ({ target }) => {
      state[target.name] = target.value;
      if (target.name === "machine") FACTS.forEach((name) => { state[name] = ""; });
      render();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  function render() {
    const run = chosenRun();
    writeAddress();
    for (const element of find("filter").elements) if (element.name) element.value = state[element.name];
    if (data.runs.length && !values[run]) {
      load(String(run), () => (values[run] ? render() : find("panels").replaceChildren(make("p", {}, `data/${run}.js is missing: run asv publish again.`))));
      return;
    }
    const panels = data.runs.length ? visible(run) : [];
    const changes = changesHere();
    showMaps(run, panels);
    showAdvice(run);
    showSpeed(run, panels);
    showWorse(run, changes);
    showChanges(changes);
    showDetails(run);
  }

  // Arrows move from cell to cell, Enter chooses one, Escape closes what it has opened.
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  function onKey(event) {
    if (event.key === "Escape" && state.cell) return closeDetails();
    const td = event.target.closest?.("td[data-cell]");
    if (!td) return undefined;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return choose(td.dataset.call, Number(td.dataset.cell));
    }
    const move = MOVES[event.key];
    if (!move) return undefined;
    event.preventDefault();
    const row = td.parentElement.parentElement.rows[td.parentElement.sectionRowIndex + move[0]];
    const next = row?.cells[td.cellIndex + move[1]];
    if (next?.dataset.cell) {
      td.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    }
    return undefined;
  }

  function begin() {
    state = readAddress();
    buildFilter();
    find("panels").addEventListener("click", (event) => {
      const td = event.target.closest("td[data-cell]");
      if (td) choose(td.dataset.call, Number(td.dataset.cell));
    });
    document.addEventListener("keydown", onKey);
    addEventListener("hashchange", () => { if (!/^#(maps|changes)$/.test(location.hash)) { state = readAddress(); render(); } });
    render();
  }
  addEventListener("DOMContentLoaded", begin);

  return {
    values: (run, found) => { values[run] = found; },
    history: (name, found) => { histories[name] = found; },
  };
})();
