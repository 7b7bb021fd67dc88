// Builds the report page from the JSON in #report. Texts only ever become text nodes, as the names of services are
// not ours. A part that is missing or odd is left out: the rest of the report is still worth reading.
(() => {
  "use strict";
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif';
  const list = (value) => (Array.isArray(value) ? value : []);
  const objects = (value) => list(value).filter((item) => item !== null && typeof item === "object");
  const number = (value) => (typeof value === "number" && Number.isFinite(value) ? value : null);
  const text = (value) => (value == null ? "" : typeof value === "number" ? tidy(value) : String(value));
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
    node.append(...children.filter((child) => child != null && child !== ""));
    return node;
  };
  const formats = [0, 1, 2, 3, 4, 5, 6].map((digits) =>
    new Intl.NumberFormat("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  const fixed = (value, digits) => formats[digits].format(value);
  const { format: tidy } = new Intl.NumberFormat("en-US",
    { maximumSignificantDigits: 4, maximumFractionDigits: 0, roundingPriority: "morePrecision" });
  const utc = (fields) => {
    const { format } = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...fields });
    return (seconds) => format(seconds * 1000);
  };
  const clockOf = utc({ hour: "2-digit", minute: "2-digit" });
  const dayOf = utc({ day: "numeric", month: "short" });
  const weekdayOf = utc({ weekday: "short", day: "numeric", month: "short" });
  const [monthOf, yearOf] = [utc({ month: "short" }), utc({ year: "numeric" })];
  const moment = (at) => `${weekdayOf(at)} ${yearOf(at)}, ${clockOf(at)} UTC`;

  // A label has one colour on the whole page. Tidegate's own is kept for it, the first area (the demand) and the first
  // dashed line (the reference) are neutral, every other label takes the next hue.
  const assignColours = (sections) => {
    const colours = new Map();
    const neutral = new Map([["area", "--area"], ["dashed", "--reference"]]);
    let hues = 0;
    const charts = sections.flatMap((section) => objects(section.charts));
    for (const { label, style } of charts.flatMap(({ series }) => objects(series))) {
      const name = text(label);
      if (colours.has(name)) continue;
      const own = name.toLowerCase() === "tidegate" ? "--own" : null;
      colours.set(name, own ?? neutral.get(style) ?? `--hue-${(hues++ % 6) + 1}`);
      if (!own) neutral.delete(style);
    }
    return colours;
  };
  let inks = {};
  const ink = (name) => (inks[name] ??= getComputedStyle(document.documentElement).getPropertyValue(name).trim());

  const table = ({ head, rows, highlight }, label) => {
    const width = Math.max(0, list(head).length, ...list(rows).map((row) => list(row).length));
    const columns = Array.from({ length: width }, (_, column) => column);
    const top = columns.map((i) => (text(head?.[i]) ? el("th", { scope: "col" }, text(head[i])) : el("td")));
    const body = list(rows).map((row, index) => el("tr", { class: index === highlight ? "highlight" : null },
      ...columns.map((i) => (i ? el("td", {}, text(row?.[i])) : el("th", { scope: "row" }, text(row?.[i]))))));
    return width ? el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
      el("table", {}, list(head).length ? el("thead", {}, el("tr", {}, ...top)) : null, el("tbody", {}, ...body))) : null;
  };
  const fold = (kind, title, head, rows) =>
    (rows.length ? el("details", { class: kind }, el("summary", {}, title), table({ head, rows }, title)) : null);
  // What both kinds of charts share.
  const plots = [];
  const grid = { stroke: () => ink("--grid"), width: 1 };
  const axis = (more) => ({ font: FONT, stroke: () => ink("--muted"), grid, ticks: { show: false }, gap: 8, ...more });
  // All with as many digits as the one that needs most, or 1 and 1.5 would not line up.
  const evenly = (u, splits) => {
    const digits = Math.max(0, ...splits.map((value) => (String(+value.toFixed(6)).split(".")[1] ?? "").length));
    return splits.map((value) => fixed(value, digits));
  };
  const yWidth = (u, labels) => Math.max(46, 16 + 7.2 * Math.max(0, ...list(labels).map((label) => label.length)));

  // The legend keeps the report's order; drawn are areas first and Tidegate last, so that nothing hides it.
  const figure = (chart, { series, xs, scales, xAxis, yAxis, cursor, hooks, unit, below, readout, told, folded }) => {
    const rank = ({ style, colour }) => (style === "area" ? 0 : colour === "--own" ? 2 : 1);
    const drawn = [...series].sort((a, b) => rank(a) - rank(b));
    drawn.forEach((one, index) => { one.place = index + 1; });
    // Where many points share a pixel, thick lines would run into one block.
    const thin = ({ series: lines, bbox }) => drawn.forEach(({ place, colour, style }) => {
      const share = (3 * bbox.width) / uPlot.pxRatio / (lines[0].idxs[1] - lines[0].idxs[0] || 1);
      lines[place].width = (colour === "--own" ? 2.25 : style === "area" ? 1 : 1.5) * Math.min(1, Math.max(0.45, share));
    });
    const options = {
      padding: [12, 24, 0, 0], legend: { show: false }, scales, hooks: { ...hooks, drawClear: [thin] },
      axes: [axis(xAxis), axis({ space: 34, values: evenly, size: yWidth, ...yAxis })],
      series: [{}, ...drawn.map(({ colour, look }) => (
        { stroke: () => ink(colour), ...look, points: { size: 6, fill: () => ink(colour), ...look.points } }))],
      cursor: { y: false, drag: { x: true, y: false, dist: 6 }, points: { size: 9 }, ...cursor },
    };
    const label = `${text(chart.title) || "Chart"}: ${series.map((one) => one.label).join(", ")}`;
    const box = el("div", { class: `plot ${chart.kind}`, role: "img", "aria-label": label });
    const plot = { box, options, data: [xs, ...drawn.map(({ column, heights }) => heights ?? column)] };
    plots.push(plot);
    const keys = series.map(({ label: name, style, colour, place, value }) => {
      const look = { class: `key ${style} ${colour === "--own" ? "own" : ""}`, style: `--key: var(${colour})` };
      const key = el("button", { type: "button", "aria-pressed": "true", ...look }, el("span", { class: "swatch" }),
        el("span", { class: "name" }, name), value);
      key.addEventListener("click", () => {
        const show = key.getAttribute("aria-pressed") !== "true";
        key.setAttribute("aria-pressed", show);
        plot.chart?.setSeries(place, { show });
      });
      return key;
    });
    return el("figure", {},
      el("figcaption", {}, el("h3", {}, text(chart.title)), el("p", { class: "unseen" }, told.join(" "))),
      el("div", { class: "legend", role: "group", "aria-label": "Legend" }, ...keys),
      el("p", { class: "unit" }, el("span", {}, unit), readout), box, el("p", { class: "x-label" }, below), folded);
  };

  // A box beside the pointer.
  const tip = (u, words) => {
    u.tip ??= u.over.appendChild(el("div", { class: "tip", "aria-hidden": "true" }));
    Object.assign(u.tip, { hidden: !words, textContent: words });
    u.tip.classList.toggle("left", u.cursor.left > u.over.clientWidth / 2);
    Object.assign(u.tip.style, { left: `${u.cursor.left}px`, top: `${u.cursor.top}px` });
  };

  // Charts over time. The reader may sit in any zone, and zones jump twice a year: uPlot's own ticks follow the zone, so
  // to it x is a plain number, and the ticks are made here.
  const [HOUR, DAY, MONTH] = [3600, 86400, 30 * 86400];
  const STEPS = [60, 300, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY,
    MONTH, 3 * MONTH, 12 * MONTH, 60 * MONTH];
  const timeSplits = (u, index, low, high, step) => {
    // Weeks begin on Monday; the epoch was a Thursday. A tick at the very end would have its label cut off.
    const offset = step >= 7 * DAY ? 4 * DAY : 0;
    const first = step < MONTH ? Math.ceil((low - offset) / step) * step + offset : new Date(low * 1000).getUTCFullYear();
    const tick = (i) => (step < MONTH ? first + i * step : Date.UTC(first, (i * step) / MONTH) / 1000);
    const ticks = Array.from({ length: (high - low) / step + 14 }, (_, i) => tick(i));
    return ticks.filter((at) => at >= low && at <= high - 0.15 * step);
  };
  const timeLabels = (u, splits, index, space, step) => {
    const fine = step < DAY ? clockOf : step < MONTH ? dayOf : monthOf;
    const coarse = step < DAY ? weekdayOf : yearOf;
    return splits.map((at, i) => (i && coarse(at) === coarse(splits[i - 1]) ? fine(at) : `${fine(at)}\n${coarse(at)}`));
  };

  const measure = (values, from = 0, to = values.length - 1) => {
    const known = values.slice(from, to + 1).filter((value) => value !== null);
    const [low, high, sum] = known.reduce(([l, h, s], v) => [v < l ? v : l, v > h ? v : h, s + v], [Infinity, -Infinity, 0]);
    const [mean, last] = [sum / known.length, known.at(-1)];
    return { low, high, points: known.length, mean, last, whole: known.every(Number.isInteger) };
  };

  // A logarithmic axis has no zero and may have no end: what is beyond its limits is drawn at the edge, and told as it is.
  const logLimits = ({ log_y: limits }) => {
    const [least, most] = list(limits).map(number);
    return least > 0 && most > least ? [least, most] : null;
  };
  const powers = (low, high) => {
    const first = Math.ceil(Math.log10(low) - 1e-9);
    return Array.from({ length: Math.log10(high) - first + 1 + 1e-9 }, (_, i) => Number(`1e${first + i}`));
  };
  const exponential = (value) => value.toExponential(0).replace("+", "");
  const short = (value) => (value === 0 || (value >= 0.01 && value < 1e6) ? tidy(value) : exponential(value));

  const timeSeries = ({ label, style, values }, order, colours, log) => {
    const column = order.map(([, row]) => number(values?.[row]));
    const stats = measure(column);
    const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.max(-stats.low, stats.high, 1e-6)))));
    // Whole numbers have no digits, but their mean has.
    const plain = (value, ofWhole) => (log ? short(value) : fixed(value, stats.whole ? ofWhole : digits));
    const show = (value, ofWhole = 0) => (Number.isFinite(value) ? plain(value, ofWhole) : "–");
    const heights = log ? column.map((value) => (value === null ? null : Math.min(log[1], Math.max(log[0], value)))) : column;
    const widest = Math.max(...[show(stats.low), show(stats.high), show(stats.mean, 2)].map((shown) => shown.length));
    // A value between two gaps makes no line: it gets a dot.
    const alone = column.flatMap((v, i) => (v !== null && (column[i - 1] ?? column[i + 1] ?? null) === null ? [i] : []));
    const colour = colours.get(text(label));
    const look = { points: { show: false, filter: () => (alone.length ? alone : null) } };
    if (style === "area") look.fill = () => `${ink(colour)}38`;
    if (style === "dashed") look.dash = [6, 4];
    // A reference of whole numbers counts tasks too: one goes from 3 to 4 without a slope.
    if (style === "step" || (style === "dashed" && stats.whole)) {
      look.paths = uPlot.paths.stepped({ align: 1, alignGaps: 1 });
      // A pixel more, or the riser at the end of a gap shows through.
      look.gaps = (u, index, from, to, gaps) => gaps.map(([start, end]) => [start, end + uPlot.pxRatio]);
    }
    const value = el("span", { class: "value", style: `--digits: ${widest}` });
    return { label: text(label), style: text(style), colour, column, heights, stats, show, value, look };
  };

  const timeChart = (chart, colours) => {
    const order = list(chart.x).map((x, row) => [number(x), row]).filter(([x]) => x !== null).sort((a, b) => a[0] - b[0]);
    const xs = order.map(([x]) => x);
    const log = logLimits(chart);
    const series = objects(chart.series).map((one) => timeSeries(one, order, colours, log)).filter(({ stats }) => stats.points);
    if (!series.length) return null;
    const readout = el("span");
    const summary = chart.summary === "last" ? "last" : "mean";
    const showValues = (u) => {
      const row = u.cursor.left >= 0 ? u.cursor.idx : null;
      readout.textContent = row == null ? `${summary} of what is shown` : moment(xs[row]);
      for (const { value, column, show } of series)
        value.textContent = row == null ? show(measure(column, ...u.series[0].idxs)[summary], 2) : show(column[row]);
    };
    const marks = objects(chart.marks).filter(({ x }) => number(x) !== null).sort((a, b) => a.x - b.x);
    const showMark = (u) => {
      const away = ({ x }) => Math.abs(u.valToPos(x, "x") - u.cursor.left);
      const near = u.cursor.left >= 0 && u.over.matches(":hover") ? marks.filter((mark) => away(mark) <= 7) : [];
      tip(u, near.slice(0, 6).map(({ x, label }) => `${clockOf(x)} ${text(label)}`).join("\n"));
    };
    const drawMarks = ({ ctx, bbox, valToPos }) => {
      const px = Math.max(1, Math.round(uPlot.pxRatio));
      ctx.save();
      ctx.fillStyle = `${ink("--mark")}a0`;
      for (const { x, name } of marks) {
        const at = Math.round(valToPos(x, "x", true));
        if (at < bbox.left || at > bbox.left + bbox.width) continue;
        const wide = name ? 2 : 1;
        ctx.fillRect(at, bbox.top, wide * px, bbox.height);
        ctx.fillRect(at - 2 * px, bbox.top - 4 * px, (4 + wide) * px, 4 * px);
      }
      ctx.restore();
    };
    // The few marks with a name have it beside them, over the lines.
    const drawNames = ({ ctx, bbox, valToPos }) => {
      const px = uPlot.pxRatio;
      ctx.save();
      Object.assign(ctx, { font: FONT.replace("12px", `600 ${12 * px}px`), textBaseline: "top", lineJoin: "round" });
      Object.assign(ctx, { lineWidth: 4 * px, strokeStyle: ink("--paper"), fillStyle: ink("--mark") });
      for (const { x, name } of marks.filter((mark) => text(mark.name))) {
        const at = valToPos(x, "x", true);
        if (at < bbox.left || at > bbox.left + bbox.width) continue;
        const left = at > bbox.left + bbox.width / 2;
        ctx.textAlign = left ? "right" : "left";
        const spot = [at + (left ? -6 : 8) * px, bbox.top + 4 * px];
        ctx.strokeText(text(name), ...spot);
        ctx.fillText(text(name), ...spot);
      }
      ctx.restore();
    };
    const xRange = xs.length > 1 ? undefined : [xs[0] - HOUR, xs[0] + HOUR];
    // From zero: the eye compares heights.
    const yRange = (u, low, high) => (low || high ? [Math.min(0, low * 1.06), Math.max(0, high * 1.06)] : [0, 1]);
    const decades = (u, low, high) =>
      [10 ** Math.floor(Math.log10(low || 1)), Math.min(log[1], 10 ** Math.ceil(Math.log10(high || 1) + 1e-9))];
    const y = log ? { distr: 3, log: 10, range: decades } : { range: yRange };
    const yAxis = log ? { splits: (u, index, low, high) => powers(low, high), filter: (u, splits) => splits,
      values: (u, splits) => splits.map((value) => (value < 0.01 || value > 1000 ? exponential(value) : String(value))) } : {};
    return figure(chart, {
      series, xs, readout, unit: text(chart.unit), scales: { x: { time: false, range: xRange }, y }, yAxis,
      xAxis: { incrs: STEPS, splits: timeSplits, values: timeLabels, space: 72, size: 46 },
      cursor: { sync: chart.sync ? { key: text(chart.sync), scales: ["x", null] } : undefined },
      hooks: { setCursor: [showValues, showMark], setScale: [showValues], drawAxes: [drawMarks], draw: [drawNames] },
      told: [`From ${moment(xs[0])} to ${moment(xs.at(-1))}.`, ...series.map(({ label, stats, show }) =>
        `${label}: lowest ${show(stats.low)}, mean ${show(stats.mean, 2)}, highest ${show(stats.high)}, ${
          tidy(xs.length - stats.points)} of ${tidy(xs.length)} points missing.`)],
      folded: fold("marks", `Changes: ${tidy(marks.length)}`, ["time", "what happened"],
        marks.map(({ x, label }) => [moment(x), text(label)])),
    });
  };

  // Charts of points: each series is a curve through its points, in their order.
  const xyChart = (chart, colours) => {
    const log = chart.log_x === true;
    const series = objects(chart.series).map(({ label, points }) => ({
      label: text(label), style: "line", colour: colours.get(text(label)),
      points: list(points).map((point) => ({ real: number(point?.[0]), y: number(point?.[1]), name: text(point?.[2]) }))
        .filter(({ real, y }) => real !== null && y !== null && (!log || real >= 0)),
    })).filter(({ points }) => points.length);
    if (!series.length) return null;
    // A logarithm has no zero, yet nothing unmet is the best there is: zeros stand left of the rest, at a tick named 0.
    const logs = series.flatMap(({ points }) => points).filter(({ real }) => real > 0).map(({ real }) => Math.log10(real));
    const [least, most] = logs.length ? [Math.min(...logs), Math.max(...logs)] : [0, 0];
    const zero = least - Math.max(0.3, 0.2 * (most - least));
    const scaled = (real) => (!log ? real : real === 0 ? zero : Math.log10(real));
    const rows = series.flatMap((one) => one.points.map((point) => Object.assign(point, { one, x: scaled(point.real) })))
      .sort((a, b) => a.x - b.x);
    const [first, last] = [rows[0].x, rows.at(-1).x];
    const room = 0.06 * (last - first) || 0.5;
    const logSplits = (u, index, low, high) => {
      const powers = Array.from({ length: high - low + 2 }, (_, i) => Math.floor(low) + i);
      const digits = high - low < 2.5 ? [1, 2, 5] : [1];
      const ticks = powers.flatMap((power) => digits.map((digit) => power + Math.log10(digit)));
      return [...(first === zero ? [zero] : []), ...ticks.filter((at) => at >= least - Math.min(room, 0.15) && at <= high)];
    };
    const logLabels = (u, splits) => splits.map((at) => (at === zero ? "0" : tidy(10 ** at)));
    const place = (u, { x, y }, canvas) => [u.valToPos(x, "x", canvas), u.valToPos(y, "y", canvas)];
    const visible = (u) => rows.filter(({ one }) => u.series[one.place].show);
    const [xLabel, yLabel] = [text(chart.x_label) || "x", text(chart.y_label) || "y"];
    const nearest = (u) => {
      const away = visible(u).map((point) => [place(u, point), point])
        .map(([[x, y], point]) => [Math.hypot(x - u.cursor.left, y - u.cursor.top), point]).sort((a, b) => a[0] - b[0]);
      return u.cursor.left >= 0 && away[0]?.[0] < 48 ? away[0][1] : null;
    };
    const dataIdx = (u, index) => (nearest(u)?.one.place === index ? rows.indexOf(nearest(u)) : null);
    const showPoint = (u) => {
      const { one, name, real, y } = nearest(u) ?? {};
      tip(u, one ? `${[one.label, name].filter(Boolean).join(", ")}\n${xLabel}: ${tidy(real)}\n${yLabel}: ${tidy(y)}` : "");
    };
    // A point's name stands where it covers no point and no other name; without such a place it waits for the pointer.
    const drawNames = (u) => {
      const { ctx, bbox } = u;
      const px = uPlot.pxRatio;
      const shown = visible(u).map((point) => ({ ...point, at: place(u, point, true) }));
      const taken = shown.map(({ at: [x, y] }) => [x - 5 * px, y - 5 * px, 10 * px, 10 * px]);
      const inside = (x, y) => x >= bbox.left && x <= bbox.left + bbox.width && y >= bbox.top && y <= bbox.top + bbox.height;
      const free = ([x, y, w, h]) => inside(x, y) && inside(x + w, y + h)
        && !taken.some(([a, b, c, d]) => x < a + c && a < x + w && y < b + d && b < y + h);
      ctx.save();
      Object.assign(ctx, { font: FONT.replace("12px", `${11 * px}px`), textAlign: "left", textBaseline: "top" });
      Object.assign(ctx, { lineJoin: "round", lineWidth: 4 * px, strokeStyle: ink("--paper") });
      for (const { at: [x, y], name, one } of shown) {
        const [w, h] = [ctx.measureText(name).width, 11 * px];
        const [right, left, over, under] = [x + 7 * px, x - 7 * px - w, y - 4 * px - h, y + 4 * px];
        const spot = [[right, over], [left, under], [right, under], [left, over]].find((at) => free([...at, w, h]));
        if (!name || !spot) continue;
        taken.push([...spot, w, h]);
        ctx.fillStyle = ink(one.colour);
        ctx.strokeText(name, ...spot);
        ctx.fillText(name, ...spot);
      }
      ctx.restore();
    };
    for (const one of series) {
      one.column = rows.map((row) => (row.one === one ? row.y : null));
      const own = one.column.flatMap((y, row) => (y === null ? [] : [row]));
      const paths = (u) => {
        const stroke = new Path2D();
        for (const point of one.points) stroke.lineTo(...place(u, point, true));
        return { stroke, fill: null, clip: null, flags: 0 };
      };
      one.look = { paths, points: { show: true, filter: () => own } };
    }
    const pads = { min: { pad: 0.1, soft: 0, mode: 3 }, max: { pad: 0.12 } };
    const yRange = (u, low, high) => uPlot.rangeNum(low ?? 0, high ?? 1, pads);
    const reach = (values) => `${tidy(Math.min(...values))} to ${tidy(Math.max(...values))}`;
    return figure(chart, {
      series, xs: rows.map(({ x }) => x), unit: text(chart.y_label), below: text(chart.x_label),
      scales: { x: { time: false, range: [first - room, last + room] }, y: { range: yRange } },
      xAxis: { size: 32, space: 56, ...(log ? { splits: logSplits, values: logLabels } : { values: evenly }) },
      cursor: { x: false, drag: { x: false, y: false }, dataIdx }, hooks: { setCursor: [showPoint], draw: [drawNames] },
      told: series.map(({ label, points }) => `${label}: ${tidy(points.length)} points, ${xLabel} ${
        reach(points.map(({ real }) => real))}, ${yLabel} ${reach(points.map(({ y }) => y))}.`),
      folded: fold("points", "The points as a table", ["curve", "point", xLabel, yLabel],
        series.flatMap(({ label, points }) => points.map(({ real, y, name }) => [label, name, tidy(real), tidy(y)]))),
    });
  };

  // The page.
  const fill = (selector, ...children) => document.querySelector(selector).append(...children);
  const notice = (words) => el("p", { class: "notice" }, words);
  const attempt = (build, sorry) => {
    try {
      return build();
    } catch (error) {
      console.error(error);
      return notice(sorry);
    }
  };

  const page = (report) => {
    const sections = objects(report.sections);
    const colours = assignColours(sections);
    const heading = (section, index) => text(section.title) || `Part ${index + 1}`;
    const chartPart = (chart) => ({ time: timeChart, xy: xyChart })[chart.kind]?.(chart, colours)
      ?? el("figure", {}, el("h3", {}, text(chart.title) || "Chart"), notice("No data to draw."));
    const link = (section, index) => el("li", {}, el("a", { href: `#part-${index + 1}` }, heading(section, index)));
    document.title = text(report.title) || document.title;
    fill("h1", document.title);
    fill(".subtitle", text(report.subtitle));
    if (sections.length > 2) fill("nav ul", ...sections.map(link));
    fill("main", ...sections.map((section, index) => el("section", { id: `part-${index + 1}` },
      el("h2", {}, heading(section, index)), ...list(section.text).map((paragraph) => el("p", {}, text(paragraph))),
      text(section.message) ? el("pre", {}, text(section.message)) : null,
      section.table ? table(section.table, `Table: ${heading(section, index)}`) : null,
      ...objects(section.charts).map((chart) => attempt(() => chartPart(chart), "This chart could not be drawn.")))));
    const made = number(Date.parse(report.generated));
    fill("footer", [text(report.footer), made && `made ${moment(Math.floor(made / 1000))}`].filter(Boolean).join(" · "));
  };

  // Paper is light whatever the screen is, and printing does not wait for the observers.
  let printing = false;
  const fit = (plot) => {
    const { box, options, data, chart } = plot;
    const size = printing ? { width: 900, height: 320 } : { width: box.clientWidth, height: box.clientHeight };
    if (chart) chart.setSize(size);
    else plot.chart = new uPlot({ ...options, ...size }, data, box);
  };
  const repaint = (forPrint) => {
    printing = forPrint;
    document.documentElement.classList.toggle("print", forPrint);
    inks = {};
    plots.forEach(fit);
  };
  const report = document.getElementById("report").textContent;
  fill("main", attempt(() => page(JSON.parse(report) ?? {}), "The data of this report could not be read.") ?? "");
  for (const plot of plots) new ResizeObserver(() => printing || fit(plot)).observe(plot.box);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repaint(printing));
  addEventListener("beforeprint", () => repaint(true));
  addEventListener("afterprint", () => repaint(false));
})();
