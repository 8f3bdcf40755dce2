"use strict";
// What every chart of the report needs: words, axes, one chart with its values, keys and zoom.
const fairground = (() => {
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const el = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };

  // ---- words -------------------------------------------------------------------------------

  const short = (x) => String(+x.toFixed(x >= 99.95 ? 0 : x >= 9.995 ? 1 : 2));
  const percent = (x) => (x == null ? "–" : `${short(x * 100)} %`);
  const duration = (s) => {
    if (s == null) return "–";
    if (s < 1e-3) return `${short(s * 1e6)} µs`;
    if (s < 1) return `${short(s * 1e3)} ms`;
    if (s < 120) return `${short(s)} s`;
    if (s < 7200) return `${short(s / 60)} min`;
    return s < 172800 ? `${short(s / 3600)} h` : `${short(s / 86400)} d`;
  };
  const two = (n) => String(Math.floor(n)).padStart(2, "0");
  const clock = (s) => {
    const day = s >= 86400 ? `day ${Math.floor(s / 86400) + 1}, ` : "";
    return `${day}${two((s / 3600) % 24)}:${two((s / 60) % 60)}:${two(s % 60)}`;
  };

  // ---- axes --------------------------------------------------------------------------------

  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000, 2592000];
  // Hours go on beyond a day: a label is never longer than its step needs.
  const timeLabel = (s, step) => {
    if (step >= 86400) return `${short(s / 86400)} d`;
    if (step >= 3600) return `${Math.round(s / 3600)} h`;
    const minutes = `${two(s / 3600)}:${two((s / 60) % 60)}`;
    return step >= 60 ? minutes : `${minutes}:${two(s % 60)}`;
  };
  const timeTicks = (u, _axis, low, high) => {
    const wide = u.bbox.width / devicePixelRatio;
    // As many labels as have room, each with as much again between.
    const fits = (s) => (high - low) / s <= wide / (timeLabel(high, s).length * 7 + 18);
    const step = STEPS.find(fits) ?? high - low;
    const ticks = [];
    for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) ticks.push(at);
    return ticks;
  };
  const timeLabels = (_u, ticks) => ticks.map((s) => timeLabel(s, ticks.length > 1 ? ticks[1] - ticks[0] : 60));
  const axis = (more) => ({
    stroke: () => css("--faint"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => css("--grid"), width: 1 },
    ticks: { stroke: () => css("--faint"), width: 1, size: 4 },
    ...more,
  });
  // All of time unless zoomed; data begin and end half a step inside. `what` gives times and end.
  const timeScale = (what) => ({
    time: false,
    range: (_u, low, high) => {
      const { times, end } = what();
      return [low == null || low <= times[0] ? 0 : low, high == null || high >= times.at(-1) ? end : high];
    },
  });
  const timeAxis = () => axis({ splits: timeTicks, values: timeLabels, grid: { show: false }, size: 32 });
  const NICE = [1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400, 259200, 864000, 2.6e6, 8.6e6];
  // Ticks at least one `most`th of the scale apart, fewer in narrow charts; the ends where there are none.
  const logTicks = (most, wide) => (u, _axis, low, high) => {
    const room = wide ? Math.max(2, Math.min(most, u.bbox.width / devicePixelRatio / 62)) : most;
    const apart = Math.log(high / low) / room;
    const ticks = [];
    for (const at of NICE) if (at >= low && at <= high && !(Math.log(at / ticks.at(-1)) < apart)) ticks.push(at);
    const inside = (part) => low * (high / low) ** part;
    return ticks.length > 1 ? ticks : [inside(0.1), inside(0.9)];
  };
  const durationLabels = (_u, ticks) => ticks.map(duration);
  const percentLabels = (_u, ticks) => ticks.map((x) => `${+(x * 100).toFixed(3)} %`);

  // ---- one chart ---------------------------------------------------------------------------

  const charts = []; // all of them, to redraw and resize

  // Zooming one chart zooms the others of its group; uPlot tells later, so equal ends stop the echo.
  const link = (group) => (u, key) => {
    const { min, max } = u.scales.x;
    if (key !== "x" || min == null) return;
    for (const { plot, group: other } of charts) {
      if (other !== group || plot === u) continue;
      const { x } = plot.scales;
      if (x.min !== min || x.max !== max) plot.setScale("x", { min, max });
    }
  };

  // Arrows move the pointer (with shift by ten), plus and minus zoom, nought shows all.
  const keys = (plot, rows) => (event) => {
    const times = plot.data[0];
    const { min, max } = plot.scales.x;
    const at = plot.cursor.idx ?? times.findIndex((time) => time >= min);
    const top = plot.cursor.top > 0 ? plot.cursor.top : plot.over.clientHeight / 2;
    const go = (index, y = top) => {
      const i = Math.min(times.length - 1, Math.max(0, index));
      const [low, high] = [0, plot.over.clientHeight - 1];
      plot.setCursor({ left: plot.valToPos(times[i], "x"), top: Math.min(high, Math.max(low, y)) });
    };
    const zoom = (factor) => {
      const middle = times[at];
      const [low, high] = [middle - (middle - min) * factor, middle + (max - middle) * factor];
      plot.setScale("x", { min: Math.max(low, times[0]), max: Math.min(high, times.at(-1)) });
    };
    const step = event.shiftKey ? 10 : 1;
    const tall = plot.over.clientHeight / (rows ?? 10);
    const does = {
      ArrowLeft: () => go(at - step),
      ArrowRight: () => go(at + step),
      ArrowUp: () => go(at, top - tall),
      ArrowDown: () => go(at, top + tall),
      Home: () => go(0),
      End: () => go(times.length - 1),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      0: () => plot.setScale("x", { min: times[0], max: times.at(-1) }),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  };

  // The values under the pointer stand over the chart, on the side where the pointer is not: they wrap
  // there, and are never cut.
  const show = (values, options) => (u) => {
    const i = u.cursor.idx;
    values.hidden = i == null || u.cursor.left < 0;
    if (values.hidden) return;
    const rows = options.values(u, i).map(([swatch, name, text]) => {
      const row = el("span", {}, swatch, el("span", { textContent: name }), el("b", { textContent: text }));
      return row;
    });
    values.replaceChildren(el("strong", { textContent: options.head(u, i) }), ...rows);
    values.classList.toggle("many", rows.length > 7);
    const left = u.cursor.left > u.over.clientWidth / 2;
    values.style.left = left ? `${u.over.offsetLeft + 4}px` : "auto";
    values.style.right = left ? "auto" : "18px";
    values.style.top = `${u.root.offsetTop + 8}px`;
  };

  // `options.values(i)` gives [swatch, name, text] for the values at index `i`, `options.head(i)`
  // what they belong to; both sides of a comparison share `options.group`. `content` gives the data.
  const chart = (parent, title, height, options, content) => {
    const values = el("div", { className: "values", hidden: true });
    const box = el("div", { className: "chart" }, el("h3", {}, ...title), values);
    parent.append(box);
    const plot = new uPlot(
      {
        width: Math.max(160, box.clientWidth),
        height,
        legend: { show: false },
        padding: [8, 18, 0, 0],
        cursor: { sync: { key: options.group, setSeries: false }, points: { show: false }, drag: { x: true, y: false } },
        hooks: { setCursor: [show(values, options)], setScale: [link(options.group)], ...options.hooks },
        ...options.plot,
      },
      content(),
      box,
    );
    const name = title.map((part) => part.textContent ?? part).join(" ");
    const canvas = plot.root.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${name}; the numbers are in the tables beside this page`);
    plot.root.tabIndex = 0;
    plot.root.setAttribute("role", "group");
    plot.root.setAttribute("aria-label", `${name}: arrow keys move the pointer, plus and minus zoom, 0 shows all`);
    plot.root.addEventListener("keydown", keys(plot, options.rows));
    plot.root.addEventListener("focus", () => values.setAttribute("aria-live", "polite"));
    plot.root.addEventListener("blur", () => {
      values.removeAttribute("aria-live");
      plot.setCursor({ left: -10, top: -10 });
    });
    charts.push({ plot, box, height, group: options.group, content });
    return plot;
  };

  const resize = () => {
    for (const { plot, box, height } of charts) {
      const width = Math.max(160, box.clientWidth);
      if (!box.hidden && width !== plot.width) plot.setSize({ width, height });
    }
  };

  return { css, el, percent, duration, clock, axis, timeScale, timeAxis, logTicks, durationLabels, percentLabels, charts, chart, resize };
})();
