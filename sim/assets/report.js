// Replaces the static figures by interactive charts: values under the pointer, frameworks switched
// on and off everywhere at once, seeds to choose, zoom and cursor linked between policies. No framework,
// no requests.
(() => {
  const { css, el, percent, duration, clock, axis, timeScale, timeAxis, logTicks, durationLabels, percentLabels, charts, chart, resize } = fairground;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { frameworks, policies, order } = data;
  const shown = frameworks.map(() => true);
  let at = 0; // the seed that is drawn
  const now = () => data.seeds[at];
  const refresh = []; // functions that rebuild what depends on the frameworks shown
  const policyColour = (p) => css(policies[p].ink);

  const square = (f) => {
    const swatch = el("i");
    swatch.style.background = frameworks[f].colour;
    return swatch;
  };
  const dashed = (p) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 8");
    svg.setAttribute("aria-hidden", "true");
    const line = document.createElementNS(svg.namespaceURI, "path");
    line.setAttribute("d", "M0 4h24");
    line.setAttribute("stroke", policyColour(p));
    line.setAttribute("stroke-width", policies[p].width);
    line.setAttribute("stroke-dasharray", policies[p].dash.join(" "));
    svg.append(line);
    return svg;
  };
  // The boldest line is drawn first, so that it hides none.
  const policySeries = (p) => ({ stroke: () => policyColour(p), dash: policies[p].dash, width: policies[p].width, points: { show: false } });
  const rows = (parent, count) => {
    const row = el("div", { className: "row" });
    row.style.setProperty("--panels", count);
    parent.append(row);
    return row;
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
    data.kinds.forEach((kind, k) => {
      // Panels of one resource share one row.
      const row = rows(parent, policies.length);
      policies.forEach((policy, p) => {
        const lines = () => now().usage.shares[k][p];
        // The tallest stack is drawn first, so that lower ones cover it.
        const content = () => [now().usage.times, ...stack(lines()).reverse()];
        const reversed = frameworks.map((_, f) => f).reverse();
        const plot = chart(
          row,
          [policy.name, el("span", { textContent: ` · ${kind}` })],
          190,
          {
            group: "usage",
            head: (u, i) => clock(u.data[0][i]),
            values: (_u, i) => {
              const on = frameworks.map((_, f) => f).filter((f) => shown[f]);
              const all = on.reduce((sum, f) => sum + lines()[f][i], 0);
              return [...on.map((f) => [square(f), frameworks[f].name, percent(lines()[f][i])]), [el("i"), "all", percent(all)]];
            },
            plot: {
              scales: { x: timeScale(() => now().usage), y: { range: [0, 1] } },
              axes: [timeAxis(), axis({ values: percentLabels, size: 54, splits: () => [0, 0.25, 0.5, 0.75, 1] })],
              series: [{}, ...reversed.map((f) => ({ fill: frameworks[f].colour, width: 0, points: { show: false } }))],
            },
          },
          content,
        );
        refresh.push(() => plot.setData(content(), false), () => plot.redraw());
      });
    });
  };

  const dominant = () => {
    const parent = place("dominant-shares");
    if (!parent) return;
    const row = rows(parent, policies.length);
    const highest = Math.max(0.01, ...data.seeds.flatMap(({ usage }) => usage.dominant.flat().map((line) => line.reduce((a, b) => Math.max(a, b), 0))));
    policies.forEach((policy, p) => {
      const lines = () => now().usage.dominant[p];
      const plot = chart(
        row,
        [policy.name],
        220,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => frameworks.flatMap(({ name }, f) => (shown[f] ? [[square(f), name, percent(lines()[f][i])]] : [])),
          plot: {
            scales: { x: timeScale(() => now().usage), y: { range: [0, highest * 1.05] } },
            axes: [timeAxis(), axis({ values: percentLabels, size: 54 })],
            series: [{}, ...frameworks.map(({ colour }) => ({ stroke: colour, width: 1.75, points: { show: false } }))],
          },
        },
        () => [now().usage.times, ...lines()],
      );
      refresh.push(() => frameworks.forEach((_, f) => plot.setSeries(f + 1, { show: shown[f] })));
    });
  };

  // ---- hosts -------------------------------------------------------------------------------

  const hosts = () => {
    const parent = data.hosts && place("hosts");
    if (!parent) return;
    const panels = rows(parent, policies.length);
    const { count, rows: high, length, agentsARow, shares } = data.hosts;
    const times = Array.from({ length: count }, (_, i) => (i + 0.5) * length);
    const height = Math.min(460, Math.max(150, high * 22)) + 40;
    policies.forEach((policy, p) => {
      const paint = (u) => {
        const { ctx, bbox } = u;
        ctx.save();
        ctx.beginPath();
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
        ctx.clip();
        const tall = bbox.height / high;
        const gap = tall > 8 * devicePixelRatio ? devicePixelRatio : 0;
        for (let bin = 0; bin < count; bin++) {
          const left = Math.round(u.valToPos(bin * length, "x", true));
          const right = Math.round(u.valToPos((bin + 1) * length, "x", true));
          if (right < bbox.left || left > bbox.left + bbox.width) continue;
          for (let row = 0; row < high; row++) cell(ctx, row * count + bin, left, right - left, bbox.top + row * tall, tall - gap);
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
      const row = (u) => Math.min(high - 1, Math.max(0, Math.floor((u.cursor.top / u.over.clientHeight) * high)));
      const agent = (row) => (agentsARow > 1 ? `agents ${row * agentsARow}–${(row + 1) * agentsARow - 1}` : `agent ${row}`);
      const every = [1, 2, 5, 10, 20, 50, 100].find((n) => high / n <= 12);
      const plot = chart(
        panels,
        [policy.name],
        height,
        {
          group: "hosts",
          rows: high,
          head: (u, i) => `${clock(i * length)} · ${agent(row(u))}`,
          values: (u, i) => {
            const at = row(u) * count + i;
            const on = frameworks.map((_, f) => f).filter((f) => shown[f] && shares[p][f][at] > 0);
            return on.length ? on.map((f) => [square(f), frameworks[f].name, percent(shares[p][f][at])]) : [[el("i"), "idle", ""]];
          },
          hooks: { draw: [paint] },
          plot: {
            scales: { x: timeScale(() => ({ times, end: count * length })), y: { range: [0, high] } },
            axes: [
              timeAxis(),
              axis({
                grid: { show: false },
                size: 40,
                splits: () => Array.from({ length: Math.ceil(high / every) }, (_, i) => high - 0.5 - i * every),
                values: (_u, ticks) => ticks.map((at) => String((high - 0.5 - at) * agentsARow)),
              }),
            ],
            series: [{}, { show: true, stroke: "transparent", points: { show: false } }],
          },
        },
        () => [times, times.map(() => 0)],
      );
      refresh.push(() => plot.redraw());
    });
  };

  // ---- jobs --------------------------------------------------------------------------------

  const completion = () => {
    const parent = place("completion");
    if (!parent) return;
    parent.classList.add("wrap");
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
              axis({ splits: logTicks(7, true), values: durationLabels, grid: { show: false }, size: 32, filter: (_u, ticks) => ticks }),
              axis({ values: percentLabels, size: 54, splits: () => [0, 0.25, 0.5, 0.75, 1] }),
            ],
            series: [{}, ...order.map((p) => ({ ...policySeries(p), paths: uPlot.paths.stepped({ align: 1 }) }))],
          },
        },
        () => [xs, ...order.map((p) => lines[p])],
      );
      refresh.push(() => (plot.root.parentElement.hidden = !shown[job.framework]));
    }
  };

  // ---- services ----------------------------------------------------------------------------

  const objective = (slo) => (u) => {
    const { ctx, bbox } = u;
    const y = u.valToPos(slo, "y", true);
    ctx.save();
    ctx.strokeStyle = css("--bad");
    ctx.setLineDash([6 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = css("--bad");
    ctx.textAlign = "left";
    ctx.textBaseline = "alphabetic";
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText(`objective ${duration(slo)}`, bbox.left + 6 * devicePixelRatio, y - 5 * devicePixelRatio);
    ctx.restore();
  };

  const latency = () => {
    const parent = place("latency");
    if (!parent) return;
    data.seeds[0].services.forEach(({ framework, slo }, s) => {
      const service = () => now().services[s];
      const x = timeScale(service);
      const { name } = frameworks[framework];
      const positive = (service) => service.latency.map((line) => line.map((s) => (s == null ? null : Math.max(s, 1e-5))));
      const flat = data.seeds.flatMap(({ services }) => positive(services[s]).flat().filter((s) => s != null));
      const low = flat.reduce((a, b) => Math.min(a, b), slo) / 1.3;
      const high = flat.reduce((a, b) => Math.max(a, b), slo) * 1.3;
      const upper = chart(
        parent,
        [name, el("span", { textContent: " · 95th percentile of the response time" })],
        230,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => policies.map((policy, p) => [dashed(p), policy.name, duration(service().latency[p][i])]),
          hooks: { draw: [objective(slo)] },
          plot: {
            scales: { x, y: { distr: 3, range: [low, high] } },
            axes: [timeAxis(), axis({ splits: logTicks(6), values: durationLabels, size: 62, filter: (_u, ticks) => ticks })],
            series: [{}, ...order.map(policySeries)],
          },
        },
        () => {
          const lines = positive(service());
          return [service().times, ...order.map((p) => lines[p])];
        },
      );
      const worst = data.seeds.flatMap(({ services }) => services[s].missed.flat());
      const most = worst.reduce((a, b) => Math.max(a, b), 0.004);
      const lower = chart(
        parent,
        [name, el("span", { textContent: " · requests that missed the objective" })],
        170,
        {
          group: "usage",
          head: (u, i) => clock(u.data[0][i]),
          values: (_u, i) => policies.map((policy, p) => [dashed(p), policy.name, percent(service().missed[p][i])]),
          plot: {
            scales: { x, y: { range: [0, most * 1.05] } },
            axes: [timeAxis(), axis({ values: percentLabels, size: 62 })],
            series: [{}, ...order.map(policySeries)],
          },
        },
        () => [service().times, ...order.map((p) => service().missed[p])],
      );
      for (const plot of [upper, lower]) refresh.push(() => (plot.root.parentElement.hidden = !shown[framework]));
    });
  };

  // ---- the page ----------------------------------------------------------------------------

  const policyLegend = (name) => {
    const live = document.getElementById(`live-${name}`);
    if (!live || live.hidden) return;
    const legend = el("p", { className: "policies screen" });
    const draw = () => legend.replaceChildren(...policies.map((policy, p) => el("span", {}, dashed(p), policy.name)));
    draw();
    refresh.push(draw);
    live.before(legend);
  };

  const update = () => refresh.forEach((again) => again());

  const seedChoice = () => {
    if (data.seeds.length < 2) return [];
    const options = data.seeds.map(({ seed }, i) => el("option", { value: String(i), textContent: `seed ${seed}` }));
    const select = el("select", { ariaLabel: "Seed that is drawn over time" }, ...options);
    select.addEventListener("change", () => {
      at = Number(select.value);
      for (const { plot, group, content } of charts) if (group === "usage") plot.setData(content());
      for (const span of document.querySelectorAll(".seed.any")) span.textContent = `Seed ${now().seed}, chosen above.`;
      update();
    });
    return [select];
  };

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
    parent.append(...seedChoice(), el("small", { textContent: "drag to zoom, double-click to reset; or arrow keys, +, − and 0" }));
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
