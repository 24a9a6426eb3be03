// One chart: its lines, what they stand for now or under the pointer, and the same as a table.

import { tableOf } from "./chart-table.js";
import { colour } from "./colours.js";
import { make } from "./dom.js";
import { clock } from "./numbers.js";
import { text } from "./texts.js";

const HEIGHT = 168;
const AXIS_WIDTH = 66;
const AXIS_HEIGHT = 34;
const FONT = "12px system-ui, sans-serif";
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const SHORTEST_S = 60;
const COARSE_S = 60;

// `plan` is {name, lines: [{name, of}], format, least}: `of` takes a point, `format` a number;
// `least` is the least that the axis reaches to, `steps` the ones that it may have, if not any.
export class Chart {
  constructor(plan) {
    this.plan = plan;
    this.title = make("h3");
    this.legend = make("ul", { class: "legend" });
    this.box = make("div", { class: "chart", role: "img" });
    this.summary = make("summary");
    this.table = make("div", { class: "moved" });
    this.details = make("details", { ontoggle: () => this.showTable() }, this.summary, this.table);
    this.card = make("section", { class: "card", "data-chart": plan.name }, this.title, this.legend, this.box, this.details);
    this.points = [];
    this.plot = null;
    new ResizeObserver(() => this.plot?.setSize({ width: this.box.clientWidth, height: HEIGHT })).observe(this.box);
  }

  show(points) {
    this.points = points;
    const lines = this.lines();
    const data = [points.map((point) => point.at), ...lines.map((line) => points.map((point) => line.of(point) ?? null))];
    if (this.plot && this.plot.series.length !== data.length) {
      this.plot.destroy();
      this.plot = null;
    }
    if (this.plot) this.plot.setData(data);
    else this.plot = new window.uPlot(this.options(lines), data, this.box);
    this.title.textContent = text(this.plan.name);
    this.summary.textContent = text("as_table");
    this.showLegend(this.plot.cursor.idx);
    if (this.details.open) this.showTable();
  }

  redraw() {
    this.plot?.redraw(false, true);
  }

  lines() {
    return typeof this.plan.lines === "function" ? this.plan.lines(this.points.at(-1)) : this.plan.lines;
  }

  // What the lines stand for, at a point or at the end.
  showLegend(index) {
    const point = this.points[index] ?? this.points.at(-1);
    const told = this.lines().map((line) => [line.label?.() ?? text(line.name), this.plan.format(point ? line.of(point) : null)]);
    const items = told.map(([name, value], at) => make("li", {}, make("span", { class: `swatch line-${at % DASHES.length}` }), name, make("strong", {}, value)));
    if (this.points[index]) items.push(make("li", { class: "when" }, clock(point.at)));
    this.legend.replaceChildren(...items);
    if (!this.points[index]) this.box.setAttribute("aria-label", `${text(this.plan.name)}. ${told.map((pair) => pair.join(" ")).join(", ")}`);
  }

  showTable() {
    if (this.details.open) this.table.replaceChildren(tableOf(this.points, this.lines(), this.plan));
  }

  options(lines) {
    const quiet = () => colour("quiet");
    const hair = () => colour("hair");
    const axis = { stroke: quiet, font: FONT, grid: { stroke: hair, width: 1 }, ticks: { stroke: hair, width: 1, size: 4 } };
    return {
      width: this.box.clientWidth,
      height: HEIGHT,
      padding: [10, 14, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, sync: { key: "ion" }, points: { size: 7 } },
      hooks: { setCursor: [(plot) => this.showLegend(plot.cursor.idx)] },
      scales: { x: { range: () => this.time() }, y: { range: (_, __, most) => [0, Math.max(this.plan.least, (most ?? 0) * 1.1)] } },
      axes: [
        { ...axis, size: AXIS_HEIGHT, space: 70, values: (_, splits, ___, ____, step) => splits.map((at) => clock(at, { seconds: step < COARSE_S })) },
        { ...axis, size: AXIS_WIDTH, space: 34, incrs: this.plan.steps, values: (_, splits) => splits.map((value) => this.plan.format(value)) },
      ],
      series: [{}, ...lines.map((line, at) => ({ stroke: () => colour(`line-${at % DASHES.length}`), width: 2, dash: DASHES[at % DASHES.length] }))],
    };
  }

  // The time that is shown: what there is, a minute at least.
  time() {
    const last = this.points.at(-1)?.at ?? Date.now() / 1000;
    return [Math.min(this.points[0]?.at ?? last, last - SHORTEST_S), last];
  }
}
