// Single agents: how credit lies over the crowd, who has most, what silencing them would undo.
import { Chart } from "../chart";
import { diverging, OTHERS, reportScale, sequential } from "../colour";
import { amount, clip, count, percent, value } from "../format";
import { Run, rowsOf, subject, timeName, TopAgent, whole } from "../run";
import { AXIS, below, fits, margins, Plot, room, style, thinned, tickCount, ticks, wholeTicks } from "./plot";

interface Bin {
  x1: number;
  x2: number;
  y1: number;
  y2: number;
  agents: number;
  phi: number;
}

/** Credit against a column, as a density: the same picture for a hundred agents and for a million. */
function density(run: Run, figure: string, column: string, stretched: boolean): Chart | null {
  const { report } = run;
  const rows = rowsOf<Bin>(run, figure);
  if (!rows.length) return null;
  const most = Math.log1p(Math.max(...rows.map((row) => row.agents)));
  const sizes = rows.flatMap((row) => [Math.abs(row.y1), Math.abs(row.y2)]).filter((y) => y > 0);
  const unit = Math.min(...sizes) * 5 || 1;
  const all = rows.reduce((sum, row) => sum + row.agents, 0);
  const last = report.by_time && report.by_time.length > 1 ? `, ${timeName(report, report.by_time[report.by_time.length - 1]!.time)}` : "";
  const flat = rows.every((row) => row.x1 === row.x2) || rows.every((row) => row.y1 === row.y2);
  if (flat) return null;
  return {
    id: figure.replace(/_/g, "-"),
    title: `Credit against ${column}${last}`,
    aid: `Every agent is in one of the cells; the stronger its colour, the more agents (${count(all)} in all). Above the line they raise the number, below they lower it. Both ends of the upright scale are logarithmic.`,
    alt: `Density of phi against ${column} over ${count(all)} agents.`,
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(420, 200 + width / 4), style, ...margins, marginLeft: 66,
        x: { ...AXIS, type: stretched ? "symlog" : "linear", constant: 1, label: column, ticks: stretched ? decades(rows, width) : tickCount(width), tickFormat: ticks.amount },
        y: { type: "symlog", constant: unit, label: "phi", tickFormat: ticks.value, ticks: upright(rows, unit), grid: true },
        marks: [
          Plot.rect(rows, { x1: "x1", x2: "x2", y1: "y1", y2: "y2", fill: (row: Bin) => sequential(Math.log1p(row.agents) / most), inset: 0, shapeRendering: "crispEdges" }),
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
          Plot.tip(rows, Plot.pointer({ x: (row: Bin) => (row.x1 + row.x2) / 2, y: (row: Bin) => (row.y1 + row.y2) / 2, title: (row: Bin) =>
            `${count(row.agents)} agent${row.agents === 1 ? "" : "s"}\n${column} ${value(row.x1, 3)} to ${value(row.x2, 3)}\nphi ${value(row.y1, 3)} to ${value(row.y2, 3)}\ntogether ${value(row.phi, 3)}` } as never)),
        ],
      }),
  };
}

/** 0, 10, 1000, ...: as many powers of ten as fit. */
function decades(rows: Bin[], width: number): number[] {
  const top = Math.ceil(Math.log10(1 + Math.max(...rows.map((row) => row.x2))));
  const low = Math.min(...rows.map((row) => row.x1));
  const every = Math.max(1, Math.ceil(top / (width / 60)));
  const list = Array.from({ length: top + 1 }, (_, i) => 10 ** i).filter((_, i) => i % every === 0);
  const high = Math.max(...rows.map((row) => row.x2));
  return [...list.map((x) => -x).reverse(), 0, ...list].filter((x) => x >= low && x <= high);
}

/** Zero, and powers of ten either side that are not drawn over each other. */
function upright(rows: Bin[], unit: number): number[] {
  const place = (y: number) => Math.log1p(Math.abs(y) / unit);
  const low = Math.max(0, ...rows.map((row) => -row.y1)), high = Math.max(0, ...rows.map((row) => row.y2));
  const apart = (place(low) + place(high)) / 12;
  const side = (top: number) => {
    const list: number[] = [];
    for (let y = 10 ** Math.floor(Math.log10(top)); top > 0 && place(y) > apart; y /= 10)
      if (!list.length || place(list[list.length - 1]!) - place(y) > apart) list.push(y);
    return list;
  };
  return [...side(low).map((y) => -y), 0, ...side(high)];
}

export function byWeight(run: Run): Chart | null {
  return density(run, "phi_by_weight", run.report.columns.weight ?? "weight", true);
}

export function byState(run: Run): Chart | null {
  const { state, weight } = run.report.columns;
  return state != null && state === weight ? null : density(run, "phi_by_state", state ?? "state", false);
}

/** The agents with the largest |phi|. */
export function top(run: Run): Chart | null {
  const { report } = run;
  const list = report.top ?? [];
  if (!list.length) return null;
  const rows = list.map((one) => ({ ...one, id: String(one.id) }));
  const scale = reportScale(report.cohorts);
  const legend = [...new Set(rows.map((row) => (scale.domain.includes(row.cohort) ? row.cohort : OTHERS)))];
  const whiskers = rows.filter((row) => row.low != null && row.high != null);
  return {
    id: "top",
    title: "Who did most",
    aid: `The ${count(rows.length)} agents with the largest |phi|; to the right of zero they raise the number, to the left they lower it.`,
    alt: rows.slice(0, 5).map((row) => `${row.id} ${value(row.phi, 3)}`).join(", ") + ".",
    rows: rows as never,
    draw: (width) => {
      const most = fits(width);
      const left = room(rows.map((row) => clip(row.id, most)), width);
      return Plot.plot({
        width, height: 54 + rows.length * 22, marginLeft: left, marginRight: 64, style, ...below,
        x: { ...AXIS, label: "phi", tickFormat: ticks.value, grid: true, ticks: Math.max(3, tickCount(width - left) - 3) },
        y: { domain: rows.map((row) => row.id), label: null, tickFormat: (id: string) => clip(id, most), tickSize: 0 },
        color: legend.length > 1 ? { ...scale, domain: legend, range: legend.map((name) => scale.range[scale.domain.indexOf(name)] ?? "var(--other)"), legend: true } : undefined,
        marks: [
          Plot.barX(rows, { x: "phi", y: "id", fill: legend.length > 1 ? (row: TopAgent) => (scale.domain.includes(row.cohort) ? row.cohort : OTHERS) : "var(--accent)" }),
          Plot.ruleY(whiskers, { x1: "low", x2: "high", y: "id", stroke: "currentColor", strokeWidth: 1.5 }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(rows, { x: (row: TopAgent) => Math.max(0, row.phi, row.high ?? 0), y: "id", text: (row: TopAgent) => percent(row.share), dx: 5, textAnchor: "start", fill: "currentColor" }),
          Plot.tip(rows, Plot.pointerY({ x: "phi", y: "id", title: (row: TopAgent) =>
            `${clip(String(row.id), 60)} (${clip(row.cohort, 40)})\nphi ${value(row.phi)}, ${percent(row.share)} of the ${whole(report)}\n${report.columns.state ?? "state"} ${value(row.state)}${report.columns.weight ? `, ${report.columns.weight} ${value(row.weight)}` : ""}` } as never)),
        ],
      });
    },
  };
}

/** A panel's members: what the panel says of them, and what the crowd does. */
export function members(run: Run): Chart | null {
  const panel = run.report.panel;
  const list = (panel?.top ?? []).filter((one) => one.phi != null);
  if (!list.length) return null;
  const sources: [string, (one: TopAgent) => number | null | undefined][] = [
    ["in the panel", (one) => one.phi], ["in the crowd", (one) => one.crowd_phi], ["corrected", (one) => one.corrected_phi],
  ];
  const rows = list.flatMap((one) =>
    sources.map(([source, of]) => ({ id: String(one.id), source, phi: of(one) ?? null })).filter((row) => row.phi != null));
  const present = sources.map(([name]) => name).filter((name) => rows.some((row) => row.source === name));
  const ids = [...new Set(rows.map((row) => row.id))];
  const scale = panel?.comparison?.scale;
  return {
    id: "members",
    title: "The panel's members, and what the crowd credits them with",
    aid: `A ring is what the panel alone says, a dot what the crowd says${present.includes("corrected") ? ", a cross the panel corrected by the crowd's aggregates (it lies on the dot where the correction is exact)" : ""}.${scale != null ? ` The panel's credits are about ${value(scale, 3)} times too large.` : ""}`,
    alt: `${ids.length} members of the panel with their credits by source.`,
    rows: rows as never,
    draw: (width) => {
      const most = fits(width);
      const left = room(ids.map((id) => clip(id, most)), width);
      const of = (source: string) => rows.filter((row) => row.source === source);
      return Plot.plot({
        width, height: 70 + ids.length * 22, marginLeft: left, marginRight: 20, style, ...below,
        x: { ...AXIS, label: "phi", tickFormat: ticks.value, grid: true, ticks: Math.max(3, tickCount(width - left) - 2) },
        y: { type: "point", domain: ids, label: null, tickFormat: (id: string) => clip(id, most), tickSize: 0 },
        color: { domain: present, range: ["var(--c1)", "var(--c2)", "var(--c3)"], legend: true },
        marks: [
          Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
          Plot.dot(of("in the panel"), { x: "phi", y: "id", stroke: "source", r: 5, strokeWidth: 2 }),
          Plot.dot(of("in the crowd"), { x: "phi", y: "id", fill: "source", r: 4 }),
          Plot.dot(of("corrected"), { x: "phi", y: "id", stroke: "source", symbol: "times", r: 4, strokeWidth: 2 }),
          Plot.tip(rows, Plot.pointer({ x: "phi", y: "id", title: (row: (typeof rows)[0]) => `${clip(row.id, 60)}, ${row.source}: ${value(row.phi)}` } as never)),
        ],
      });
    },
  };
}

export function deletion(run: Run): Chart | null {
  const curves = run.verification?.deletion ?? [];
  if (!curves.length) return null;
  const rows = curves.flatMap((curve) =>
    curve.left.map((left, i) => ({
      order: `by ${curve.order}`, silenced: i / (curve.left.length - 1), left: left ?? null,
      low: curve.low?.[i] ?? null, high: curve.high?.[i] ?? null,
    })));
  const orders = curves.map((curve) => `by ${curve.order}`);
  return {
    id: "deletion",
    title: "What silencing agents would undo",
    aid: "From left to right more agents fall silent, in the order of each line: the sooner a line falls, the better its order finds those who made the number. The band is where random orders lie.",
    alt: curves.map((curve) => `by ${curve.order} a mean of ${value(curve.area, 3)} is left`).join(", ") + ".",
    rows,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(320, 160 + width / 5), style, ...margins, marginLeft: 52,
        x: { ...AXIS, label: "share of agents that are silent", tickFormat: ticks.percent, ticks: 5 },
        y: { label: `left of ${run.report.indicator.name}`, tickFormat: ticks.percent, grid: true },
        color: { domain: orders, range: ["var(--c1)", "var(--c2)", "var(--c4)", "var(--c3)", "var(--c5)"].slice(0, orders.length - 1).concat("var(--other)"), legend: true },
        marks: [
          Plot.areaY(rows.filter((row) => row.low != null), { x: "silenced", y1: "low", y2: "high", fill: "order", fillOpacity: 0.25 }),
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
          Plot.lineY(rows, { x: "silenced", y: "left", stroke: "order", strokeWidth: 2 }),
          Plot.tip(rows, Plot.pointer({ x: "silenced", y: "left", title: (row: (typeof rows)[0]) => `${row.order}: ${percent(row.left)} is left with ${percent(row.silenced)} silent` } as never)),
        ],
      }),
  };
}

/** Agent by step: when did those do it who did most? */
export function heat(run: Run): Chart | null {
  const rows = rowsOf<{ id: string; step: number; phi: number; total: number }>(run, "agent_steps");
  if (new Set(rows.map((row) => row.step)).size < 2) return null;
  const ids = [...new Set(rows.map((row) => row.id))];
  const steps = [...new Set(rows.map((row) => row.step))].sort((a, b) => a - b);
  const most = rows.map((row) => Math.abs(row.phi)).sort((a, b) => a - b)[Math.floor(0.98 * (rows.length - 1))] || 1;
  return {
    id: "heat",
    title: "Who did it when",
    aid: `A row an agent, those with the largest |phi| on top; a column a step. Orange raised ${subject(run.report)}, blue lowered it, and the fuller the more (full: ${value(most, 2)} or beyond).`,
    alt: `Heat map of ${ids.length} agents over ${steps.length} steps.`,
    rows: rows as never,
    draw: (width) => {
      const fit = fits(width);
      const left = room(ids.map((id) => clip(id, fit)), width);
      return Plot.plot({
        width, height: 54 + ids.length * 13, marginLeft: left, style: { ...style, fontSize: "10px" }, ...below,
        x: { ...AXIS, type: "band", domain: steps, label: "step", ticks: thinned(steps, width - left, 34), padding: 0, tickSize: 3 },
        y: { type: "band", domain: ids, label: null, tickFormat: (id: string) => clip(id, fit), padding: 0.05, tickSize: 0 },
        marks: [
          Plot.cell(rows, { x: "step", y: "id", fill: (row: { phi: number }) => diverging(row.phi, most), inset: 0, shapeRendering: "crispEdges" }),
          Plot.tip(rows, Plot.pointer({ x: "step", y: "id", title: (row: (typeof rows)[0]) => `${clip(row.id, 60)} in step ${row.step}: ${value(row.phi)}\nin all ${value(row.total)}` } as never)),
        ],
      });
    },
  };
}

/** Simulations: how many agents have which state at each step. */
export function states(run: Run): Chart | null {
  const rows = rowsOf<{ step: number; low: number; high: number; agents: number }>(run, "state_steps");
  const steps = [...new Set(rows.map((row) => row.step))].sort((a, b) => a - b);
  if (steps.length < 2 || rows.every((row) => row.low === row.high)) return null;
  const most = Math.log1p(Math.max(...rows.map((row) => row.agents)));
  const half = Math.min(...steps.slice(1).map((step, i) => step - steps[i]!)) / 2;
  const column = run.report.indicator.column ?? "state";
  return {
    id: "states",
    title: `Where the crowd is in ${column}`,
    aid: "A column a recorded step; the stronger the colour of a cell, the more agents have that state then.",
    alt: `Density of ${column} over ${steps.length} recorded steps.`,
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(360, 180 + width / 5), style, ...margins, marginLeft: 56,
        x: { ...AXIS, label: "step", ticks: wholeTicks(steps, width), tickFormat: String },
        y: { label: column, tickFormat: ticks.value },
        marks: [
          Plot.rect(rows, { x1: (row: { step: number }) => row.step - half, x2: (row: { step: number }) => row.step + half, y1: "low", y2: "high", fill: (row: { agents: number }) => sequential(Math.log1p(row.agents) / most), inset: 0, shapeRendering: "crispEdges" }),
          Plot.tip(rows, Plot.pointer({ x: "step", y: (row: { low: number; high: number }) => (row.low + row.high) / 2, title: (row: (typeof rows)[0]) => `step ${row.step}: ${count(row.agents)} agents at ${value(row.low, 3)} to ${value(row.high, 3)}` } as never)),
        ],
      }),
  };
}

/** Interventions: whose influence is taken. */
export function dampened(run: Run): Chart | null {
  const list = rowsOf<{ id: string; state: number | null; weight: number | null; alpha: number }>(run, "dampened");
  if (!list.length) return null;
  const rows = list.map((one) => ({ ...one, taken: 1 - one.alpha }));
  const shown = rows.slice(0, 30);
  return {
    id: "dampened",
    title: "Whose influence is taken",
    aid: `The longer the bar, the more of that agent's influence goes: 100 % is silence. ${rows.length > shown.length ? `The first ${shown.length} of ${count(rows.length)}; the download has ${rows.length >= 500 ? "500" : "all"}.` : ""}`,
    alt: `${rows.length} agents; ${rows.filter((row) => row.alpha === 0).length} of them fall silent.`,
    rows: rows as never,
    draw: (width) => {
      const most = fits(width);
      const left = room(shown.map((row) => clip(row.id, most)), width);
      return Plot.plot({
        width, height: 54 + shown.length * 18, marginLeft: left, marginRight: 50, style, ...below,
        x: { ...AXIS, label: "influence taken", tickFormat: ticks.percent, grid: true, ticks: 5, domain: [0, 1] },
        y: { domain: shown.map((row) => row.id), label: null, tickFormat: (id: string) => clip(id, most), tickSize: 0 },
        marks: [
          Plot.barX(shown, { x: "taken", y: "id", fill: "var(--accent)" }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.tip(shown, Plot.pointerY({ x: "taken", y: "id", title: (row: (typeof rows)[0]) => `${clip(row.id, 60)}: ${percent(row.taken)} taken\nstate ${value(row.state)}${row.weight != null ? `, weight ${amount(row.weight)}` : ""}` } as never)),
        ],
      });
    },
  };
}

export function rivals(run: Run): Chart | null {
  const list = run.report.rivals ?? [];
  const own = run.report.intervention;
  if (!list.length || !own) return null;
  const rows = [
    { order: own.by === "silencing" ? "chosen by throng" : "dampened by throng", share: Number(own.share), enough: Boolean(own.reached) },
    ...list.map((one) => ({ order: one.name, share: one.share ?? 1, enough: one.share != null })),
  ];
  return {
    id: "rivals",
    title: "How much influence each way has to take",
    aid: "The shorter the bar, the less of everybody's influence has to go for the target; a hollow bar: not reached. Below the first, agents fall silent in that order.",
    alt: rows.map((row) => `${row.order} ${row.enough ? percent(row.share) : "not reached"}`).join(", ") + ".",
    rows,
    draw: (width) => {
      const most = fits(width, 1 / 2);
      const left = room(rows.map((row) => clip(row.order, most)), width, 1 / 2);
      return Plot.plot({
        width, height: 54 + rows.length * 30, marginLeft: left, marginRight: 84, style, ...below,
        x: { ...AXIS, label: "share of everybody's influence", tickFormat: ticks.percent, grid: true, ticks: Math.max(2, tickCount(width - left) - 2) },
        y: { domain: rows.map((row) => row.order), label: null, tickFormat: (name: string) => clip(name, most) },
        marks: [
          Plot.barX(rows, { x: "share", y: "order", fill: (row: { enough: boolean }) => (row.enough ? "var(--accent)" : "none"), stroke: "var(--accent)" }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(rows, { x: "share", y: "order", text: (row: { enough: boolean; share: number }) => (row.enough ? percent(row.share) : "not reached"), dx: 5, textAnchor: "start", fill: "currentColor" }),
        ],
      });
    },
  };
}
