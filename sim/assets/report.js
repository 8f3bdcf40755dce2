"use strict";
// Replaces the static figures by interactive charts: values under the pointer, frameworks switched
// on and off everywhere at once, zoom and cursor linked between policies. No framework, no requests.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { frameworks, policies } = data;
  const shown = frameworks.map(() => true);
  const charts = []; // all uPlot charts, to redraw and resize
  const refresh = []; // functions that rebuild what depends on the frameworks shown

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const el = (tag, props = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), props);
    node.append(...children);
    return node;
  };
  const policyColour = (p) => policies[p].colour ?? css("--ink");

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

  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const timeTicks = (u, _axis, low, high) => {
    const most = Math.max(2, u.bbox.width / devicePixelRatio / 52);
    const step = STEPS.find((s) => (high - low) / s <= most) ?? (high - low) / most;
    const ticks = [];
    for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) ticks.push(at);
    return ticks;
  };
  const timeLabels = (_u, ticks) => {
    const step = ticks.length > 1 ? ticks[1] - ticks[0] : 3600;
    if (step >= 86400) return ticks.map((s) => `${short(s / 86400)} d`);
    if (step >= 3600) return ticks.map((s) => `${Math.round(s / 3600)} h`);
    return ticks.map((s) => (step < 60 ? clock(s) : clock(s).slice(0, -3)));
  };
  const axis = (more) => ({
    stroke: () => css("--faint"),
    font: "12px system-ui, sans-serif",
    grid: { stroke: () => css("--grid"), width: 1 },
    ticks: { stroke: () => css("--faint"), width: 1, size: 4 },
    ...more,
  });
  // All of time unless zoomed; data begin and end half a step inside.
  const timeScale = (times, end) => ({
    time: false,
    range: (_u, low, high) => [low == null || low <= times[0] ? 0 : low, high == null || high >= times.at(-1) ? end : high],
  });
  const timeAxis = () => axis({ splits: timeTicks, values: timeLabels, grid: { show: false }, size: 32 });
  const NICE = [1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400, 259200, 864000, 2.6e6, 8.6e6];
  // Ticks at least one `most`th of the scale apart.
  const logTicks = (most) => (_u, _axis, low, high) => {
    const apart = Math.log(high / low) / most;
    const ticks = [];
    for (const at of NICE) if (at >= low && at <= high && !(Math.log(at / ticks.at(-1)) < apart)) ticks.push(at);
    return ticks;
  };
  const durationLabels = (_u, ticks) => ticks.map(duration);
  const percentLabels = (_u, ticks) => ticks.map((x) => `${+(x * 100).toFixed(3)} %`);

  // ---- one chart ---------------------------------------------------------------------------

  // `options.values(i)` gives [swatch, name, text] for the values at index `i`, `options.head(i)`
  // what they belong to; both sides of a comparison share `options.group`.
  const chart = (parent, title, height, options, content) => {
    const values = el("div", { className: "values", ariaLive: "off" });
    const box = el("div", { className: "chart" }, el("h3", {}, ...title), values);
    parent.append(box);
    const show = (u) => {
      const i = u.cursor.idx;
      values.replaceChildren();
      if (i == null) return;
      values.append(el("b", { textContent: options.head(u, i) }));
      for (const [swatch, name, text] of options.values(u, i)) values.append(swatch, `${name} ${text}`);
    };
    const plot = new uPlot(
      {
        width: Math.max(200, box.clientWidth),
        height,
        legend: { show: false },
        padding: [8, 18, 0, 0],
        cursor: { sync: { key: options.group, setSeries: false }, points: { show: false }, drag: { x: true, y: false } },
        hooks: { setCursor: [show], setScale: [link(options.group)], ...options.hooks },
        ...options.plot,
      },
      content,
      box,
    );
    plot.root.setAttribute("role", "img");
    plot.root.setAttribute("aria-label", title.map((part) => part.textContent ?? part).join(" "));
    charts.push({ plot, box, height, group: options.group });
    return plot;
  };

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

  const square = (f) => {
    const swatch = el("i");
    swatch.style.background = frameworks[f].colour;
    return swatch;
  };
  const dashed = (p) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 8");
    const line = document.createElementNS(svg.namespaceURI, "path");
    line.setAttribute("d", "M0 4h24");
    line.setAttribute("stroke", policyColour(p));
    line.setAttribute("stroke-width", "2.5");
    line.setAttribute("stroke-dasharray", policies[p].dash.join(" "));
    svg.append(line);
    return svg;
  };
  const policySeries = (p) => ({ stroke: () => policyColour(p), dash: policies[p].dash, width: 1.75, points: { show: false } });
  const columns = (parent, count) => {
    const least = count > 2 ? 300 : 380;
    parent.style.gridTemplateColumns = `repeat(auto-fit, minmax(min(100%, ${least}px), 1fr))`;
  };

  // Takes the place of a static figure; null when the page has none of that name.
  const place = (name) => {
    const live = document.getElementById(`live-${name}`);
    if (!live) return null;
    live.hidden = false;
    document.getElementById(`still-${name}`).hidden = true;
    return live;
  };

  // ---- use of resources --------------------------------------------------------------------

  const stack = (lines) => {
    const sum = new Array(lines[0].length).fill(0);
    return lines.map((line, f) => (shown[f] ? line.map((x, i) => (sum[i] += x)) : line.map(() => null)));
  };

  const utilisation = () => {
    const parent = place("utilisation");
    if (!parent) return;
    columns(parent, policies.length);
    const { usage } = data;
    usage.kinds.forEach((kind, k) =>
      policies.forEach((policy, p) => {
        const lines = usage.shares[k][p];
        // The tallest stack is drawn first, so that lower ones cover it.
        const content = () => [usage.times, ...stack(lines).reverse()];
        const order = frameworks.map((_, f) => f).reverse();
        const plot = chart(
          parent,
          [policy.name, el("span", { textContent: ` · ${kind}` })],
          190,
          {
            group: "usage",
            head: (u, i) => clock(u.data[0][i]),
            values: (_u, i) => {
              const on = frameworks.map((_, f) => f).filter((f) => shown[f]);
              const all = on.reduce((sum, f) => sum + lines[f][i], 0);
              return [...on.map((f) => [square(f), frameworks[f].name, percent(lines[f][i])]), ["", " · all", percent(all)]];
            },
            plot: {
              scales: { x: timeScale(usage.times, usage.end), y: { range: [0, 1] } },
              axes: [timeAxis(), axis({ values: percentLabels, size: 54, splits: () => [0, 0.25, 0.5, 0.75, 1] })],
              series: [{}, ...order.map((f) => ({ fill: frameworks[f].colour, width: 0, points: { show: false } }))],
            },
          },
          content(),
        );
        refresh.push(() => plot.setData(content(), false), () => plot.redraw());
      }),
    );
  };

  const dominant = () => {
    const parent = place("dominant-shares");
    if (!parent) return;
    columns(parent, policies.length);
    const { usage } = data;
    const highest = Math.max(0.01, ...usage.dominant.flat().map((line) => line.reduce((a, b) => Math.max(a, b), 0)));
    policies.forEach((policy, p) => {
      const lines = usage.dominant[p];
      const plot = chart(
        parent,
        [policy.name],
        220,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => frameworks.flatMap(({ name }, f) => (shown[f] ? [[square(f), name, percent(lines[f][i])]] : [])),
          plot: {
            scales: { x: timeScale(usage.times, usage.end), y: { range: [0, highest * 1.05] } },
            axes: [timeAxis(), axis({ values: percentLabels, size: 54 })],
            series: [{}, ...frameworks.map(({ colour }) => ({ stroke: colour, width: 1.5, points: { show: false } }))],
          },
        },
        [usage.times, ...lines],
      );
      refresh.push(() => frameworks.forEach((_, f) => plot.setSeries(f + 1, { show: shown[f] })));
    });
  };

  // ---- hosts -------------------------------------------------------------------------------

  const hosts = () => {
    const parent = data.hosts && place("hosts");
    if (!parent) return;
    columns(parent, policies.length);
    const { count, rows, length, agentsARow, shares } = data.hosts;
    const times = Array.from({ length: count }, (_, i) => (i + 0.5) * length);
    const height = Math.min(460, Math.max(150, rows * 22)) + 40;
    policies.forEach((policy, p) => {
      const paint = (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        const tall = bbox.height / rows;
        const gap = tall > 8 * devicePixelRatio ? devicePixelRatio : 0;
        for (let bin = 0; bin < count; bin++) {
          const left = Math.round(u.valToPos(bin * length, "x", true));
          const right = Math.round(u.valToPos((bin + 1) * length, "x", true));
          if (right < bbox.left || left > bbox.left + bbox.width) continue;
          for (let row = 0; row < rows; row++) cell(ctx, row * count + bin, left, right - left, bbox.top + row * tall, tall - gap);
        }
        ctx.restore();
      };
      const cell = (ctx, at, x, width, y, height) => {
        let all = 0;
        for (let f = 0; f < frameworks.length; f++) if (shown[f]) all += shares[p][f][at];
        if (all < 0.01) return;
        ctx.globalAlpha = 0.15 + 0.85 * Math.min(1, all);
        let from = y;
        for (let f = 0; f < frameworks.length; f++) {
          if (!shown[f] || shares[p][f][at] === 0) continue;
          const part = (height * shares[p][f][at]) / all;
          ctx.fillStyle = frameworks[f].colour;
          ctx.fillRect(x, from, width, part);
          from += part;
        }
        ctx.globalAlpha = 1;
      };
      const row = (u) => Math.min(rows - 1, Math.max(0, Math.floor((u.cursor.top / u.over.clientHeight) * rows)));
      const agent = (row) => (agentsARow > 1 ? `agents ${row * agentsARow}–${(row + 1) * agentsARow - 1}` : `agent ${row}`);
      const every = [1, 2, 5, 10, 20, 50, 100].find((n) => rows / n <= 12);
      const plot = chart(
        parent,
        [policy.name],
        height,
        {
          group: "hosts",
          head: (u, i) => `${clock(i * length)} · ${agent(row(u))}`,
          values: (u, i) => {
            const at = row(u) * count + i;
            const on = frameworks.map((_, f) => f).filter((f) => shown[f] && shares[p][f][at] > 0);
            return on.length ? on.map((f) => [square(f), frameworks[f].name, percent(shares[p][f][at])]) : [["", " ", "idle"]];
          },
          hooks: { draw: [paint] },
          plot: {
            scales: { x: timeScale(times, count * length), y: { range: [0, rows] } },
            axes: [
              timeAxis(),
              axis({
                grid: { show: false },
                size: 40,
                splits: () => Array.from({ length: Math.ceil(rows / every) }, (_, i) => rows - 0.5 - i * every),
                values: (_u, ticks) => ticks.map((at) => String((rows - 0.5 - at) * agentsARow)),
              }),
            ],
            series: [{}, { show: true, stroke: "transparent", points: { show: false } }],
          },
        },
        [times, times.map(() => 0)],
      );
      refresh.push(() => plot.redraw());
    });
  };

  // ---- jobs --------------------------------------------------------------------------------

  const completion = () => {
    const parent = place("completion");
    if (!parent) return;
    columns(parent, data.jobs.length);
    for (const job of data.jobs) {
      // One line a policy over the times of all of them.
      const xs = [...new Set(job.policies.flatMap((cdf) => cdf.times))].sort((a, b) => a - b);
      const lines = job.policies.map((cdf) => {
        let next = 0;
        return xs.map((x) => {
          while (next < cdf.times.length && cdf.times[next] <= x) next++;
          return next === 0 ? 0 : cdf.shares[next - 1];
        });
      });
      const plot = chart(
        parent,
        [frameworks[job.framework].name],
        240,
        {
          group: `jobs-${job.framework}`,
          head: (u, i) => `within ${duration(u.data[0][i])}`,
          values: (_u, i) => policies.map(({ name }, p) => [dashed(p), name, percent(lines[p][i])]),
          plot: {
            scales: { x: { time: false, distr: 3, range: (_u, low, high) => [low ?? xs[0], high ?? xs.at(-1)] }, y: { range: [0, 1] } },
            axes: [
              axis({ splits: logTicks(7), values: durationLabels, grid: { show: false }, size: 32, filter: (_u, ticks) => ticks }),
              axis({ values: percentLabels, size: 54, splits: () => [0, 0.25, 0.5, 0.75, 1] }),
            ],
            series: [{}, ...policies.map((_, p) => ({ ...policySeries(p), paths: uPlot.paths.stepped({ align: 1 }) }))],
          },
        },
        [xs, ...lines],
      );
      refresh.push(() => (plot.root.parentElement.hidden = !shown[job.framework]));
    }
  };

  // ---- services ----------------------------------------------------------------------------

  const objective = (slo) => (u) => {
    const { ctx, bbox } = u;
    const y = u.valToPos(slo, "y", true);
    ctx.save();
    ctx.strokeStyle = css("--faint");
    ctx.setLineDash([6 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = css("--faint");
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText(`objective ${duration(slo)}`, bbox.left + 6 * devicePixelRatio, y - 5 * devicePixelRatio);
    ctx.restore();
  };

  const latency = () => {
    const parent = place("latency");
    if (!parent) return;
    parent.style.gridTemplateColumns = "minmax(0, 1fr)";
    for (const service of data.services) {
      const { times, end } = service;
      const x = timeScale(times, end);
      const { name } = frameworks[service.framework];
      const positive = service.latency.map((line) => line.map((s) => (s == null ? null : Math.max(s, 1e-5))));
      const flat = positive.flat().filter((s) => s != null);
      const low = flat.reduce((a, b) => Math.min(a, b), service.slo) / 1.3;
      const high = flat.reduce((a, b) => Math.max(a, b), service.slo) * 1.3;
      const upper = chart(
        parent,
        [name, el("span", { textContent: " · 95th percentile of the response time" })],
        230,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => policies.map((policy, p) => [dashed(p), policy.name, duration(service.latency[p][i])]),
          hooks: { draw: [objective(service.slo)] },
          plot: {
            scales: { x, y: { distr: 3, range: [low, high] } },
            axes: [timeAxis(), axis({ splits: logTicks(6), values: durationLabels, size: 62, filter: (_u, ticks) => ticks })],
            series: [{}, ...policies.map((_, p) => policySeries(p))],
          },
        },
        [times, ...positive],
      );
      const most = Math.max(0.004, ...service.missed.map((line) => line.reduce((a, b) => Math.max(a, b), 0)));
      const lower = chart(
        parent,
        [name, el("span", { textContent: " · requests that missed the objective" })],
        170,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => policies.map((policy, p) => [dashed(p), policy.name, percent(service.missed[p][i])]),
          plot: {
            scales: { x, y: { range: [0, most * 1.05] } },
            axes: [timeAxis(), axis({ values: percentLabels, size: 62 })],
            series: [{}, ...policies.map((_, p) => policySeries(p))],
          },
        },
        [times, ...service.missed],
      );
      for (const plot of [upper, lower]) {
        refresh.push(() => (plot.root.parentElement.hidden = !shown[service.framework]));
      }
    }
  };

  // ---- the page ----------------------------------------------------------------------------

  const policyLegend = (name) => {
    const live = document.getElementById(`live-${name}`);
    if (!live || live.hidden) return;
    const legend = el("p", { className: "values screen" });
    const draw = () => {
      legend.replaceChildren();
      policies.forEach((policy, p) => legend.append(dashed(p), policy.name));
    };
    draw();
    refresh.push(draw);
    live.before(legend);
  };

  const update = () => refresh.forEach((again) => again());

  const legend = () => {
    const parent = document.getElementById("frameworks");
    frameworks.forEach(({ name }, f) => {
      const button = el("button", { type: "button", ariaPressed: "true" }, square(f), name);
      button.addEventListener("click", () => {
        shown[f] = !shown[f];
        button.ariaPressed = String(shown[f]);
        update();
      });
      parent.append(button);
    });
    parent.append(el("small", { textContent: "drag to zoom, double-click to reset" }));
    parent.hidden = false;
  };

  const theme = () => {
    const button = document.getElementById("theme");
    const root = document.documentElement;
    const media = matchMedia("(prefers-color-scheme: dark)");
    const dark = () => (root.dataset.theme ?? (media.matches ? "dark" : "light")) === "dark";
    const show = () => {
      button.textContent = dark() ? "light" : "dark";
      button.ariaLabel = `switch to ${button.textContent} colours`;
      charts.forEach(({ plot }) => plot.redraw());
      update();
    };
    button.addEventListener("click", () => {
      root.dataset.theme = dark() ? "light" : "dark";
      show();
    });
    media.addEventListener("change", show);
    button.hidden = false;
    show();
  };

  const resize = () => {
    for (const { plot, box, height } of charts) {
      const width = Math.max(200, box.clientWidth);
      if (!box.hidden && width !== plot.width) plot.setSize({ width, height });
    }
  };

  utilisation();
  hosts();
  completion();
  latency();
  dominant();
  for (const name of ["completion", "latency"]) policyLegend(name);
  legend();
  theme();
  resize();
  addEventListener("resize", resize);
})();
