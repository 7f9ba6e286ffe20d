/**
 * chart.js: people online since the page was opened, at most over the last ten minutes, as a step line in SVG.
 *
 * Flow: changes and a tick -> samples -> **line**. A gap in the line is a time in which nothing was known.
 */

const SPANS = [1, 2, 5, 10]; // minutes: the shortest that holds everything, so that a new page is not empty
const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [152, 22, 8, 12, 22];

function make(name, attributes, parent) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  parent?.append(node);
  return node;
}

export function showChart(box, presence, count) {
  const samples = []; // [instant, people or null]: one per change, so an idle hour costs two
  const svg = make("svg", { role: "img", class: "chart" }, box);
  const grid = make("g", { class: "grid" }, svg);
  const area = make("path", { class: "area" }, svg);
  const line = make("path", { class: "line" }, svg);
  const dot = make("circle", { class: "now", r: 3.5 }, svg);

  function sample() {
    const value = presence.state === "live" || presence.state === "polling" ? count() : null;
    const last = samples.at(-1);
    if (last && last[1] === value) return;
    samples.push([performance.now(), value]);
  }

  function draw() {
    sample();
    const now = performance.now();
    const minutes = SPANS.find((each) => now - samples[0][0] < each * 60_000) ?? SPANS.at(-1);
    const span = minutes * 60_000;
    while (samples.length > 1 && samples[1][0] < now - span) samples.shift();
    const width = svg.clientWidth || 480; // text keeps its size on a phone
    svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const values = samples.map(([, value]) => value).filter((value) => value !== null);
    const peak = Math.max(4, ...values);
    const step = Math.ceil(peak / 4);
    const top = Math.ceil(peak / step) * step;
    const x = (at) => LEFT + (width - LEFT - RIGHT) * Math.max(0, 1 - (now - at) / span);
    const y = (value) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value / top);

    grid.replaceChildren();
    for (let value = 0; value <= top; value += step) {
      make("line", { x1: LEFT, x2: width - RIGHT, y1: y(value), y2: y(value) }, grid);
      make("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, grid).textContent = value;
    }
    make("text", { x: LEFT, y: HEIGHT - 5 }, grid).textContent = `${minutes} min ago`;
    make("text", { x: width - RIGHT, y: HEIGHT - 5, "text-anchor": "end" }, grid).textContent = "now";

    let path = "";
    let filled = "";
    samples.forEach(([at, value], place) => {
      if (value === null) return;
      const end = samples[place + 1]?.[0] ?? now;
      const joins = samples[place - 1]?.[1] ?? null;
      path += `${joins === null ? "M" : "L"}${x(at)} ${y(value)}H${x(end)}`;
      filled += `M${x(at)} ${y(0)}V${y(value)}H${x(end)}V${y(0)}Z`;
    });
    line.setAttribute("d", path);
    area.setAttribute("d", filled);
    const current = samples.at(-1)[1];
    dot.setAttribute("visibility", current === null ? "hidden" : "visible");
    dot.setAttribute("cx", x(now));
    dot.setAttribute("cy", y(current ?? 0));
    svg.setAttribute("aria-label", current === null ? "Not known at the moment" : `${current} people online now, at most ${Math.max(0, ...values)} in the last ${minutes} minutes`);
  }

  presence.on("change", sample);
  presence.on("state", draw);
  setInterval(() => document.hidden || draw(), 1000);
  draw();
}
