// A solved game: how the gap went, and what everybody plays.
import { Chart } from "../chart";
import { count, percent, value } from "../format";
import { Run } from "../run";
import { AXIS, below, fits, margins, Plot, room, style, tickCount, ticks } from "./plot";

const SETS_SHOWN = 40;
const SMALLEST = 1e-16;

export function convergence(run: Run): Chart | null {
  const it = run.report.solution;
  const rows = (it?.trace ?? []).filter((point) => point.gap != null);
  if (!it || rows.length < 2) return null;
  const shown = rows.map((point) => ({ ...point, gap: Math.max(point.gap!, SMALLEST) }));
  const last = rows[rows.length - 1]!;
  return {
    id: "convergence",
    title: `The ${it.measure} by iteration`,
    aid: "Both axes are logarithmic: a straight line falls like a power of the iterations. The broken line is the tolerance.",
    alt: `From ${value(rows[0]!.gap)} after ${count(rows[0]!.iteration)} to ${value(last.gap)} after ${count(last.iteration)} iterations.`,
    rows,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(320, 140 + width / 5), style, ...margins, marginLeft: 62,
        x: { ...AXIS, type: "log", label: "iteration", ticks: tickCount(width), tickFormat: (x: number) => (Number.isInteger(Math.log10(x)) ? ticks.amount(x) : "") },
        y: { type: "log", label: it.measure, grid: true, ticks: 6, tickFormat: (x: number) => (Number.isInteger(Math.round(1e6 * Math.log10(x)) / 1e6) ? ticks.value(x) : "") },
        marks: [
          it.tolerance != null && it.tolerance > 0 ? Plot.ruleY([it.tolerance], { stroke: "currentColor", strokeDasharray: "4 4", strokeOpacity: 0.6 }) : null,
          Plot.lineY(shown, { x: "iteration", y: "gap", stroke: "var(--accent)", strokeWidth: 2, marker: rows.length <= 40 ? "dot" : undefined }),
          Plot.tip(shown, Plot.pointerX({ x: "iteration", y: "gap", title: (point: { iteration: number; gap: number }) => `iteration ${count(point.iteration)}: ${value(point.gap)}` })),
        ],
      }),
  };
}

export function strategy(run: Run): Chart | null {
  const it = run.report.solution;
  if (!it?.strategy.length) return null;
  const name = (player: number) => it.players[player - 1] ?? String(player);
  const rows = it.strategy.flatMap((set) =>
    set.actions.map((action, i) => ({ player: name(set.player), set: set.set, action, probability: set.probabilities[i] ?? null })));
  // The same set name may belong to several players.
  const label = (row: { player: string; set: string }) => (it.players.length > 1 ? `${row.player}${row.set ? `, ${row.set}` : ""}` : row.set);
  const sets = [...new Set(rows.map(label))].slice(0, SETS_SHOWN);
  const shown = rows.filter((row) => sets.includes(label(row)) && row.probability != null).map((row) => ({ ...row, label: label(row) }));
  const actions = [...new Set(shown.map((row) => row.action))];
  const colours = actions.length <= 8 ? { domain: actions, range: actions.map((_, i) => `var(--c${i + 1})`), legend: true } : undefined;
  return {
    id: "strategy",
    title: "What everybody plays",
    aid: `Each bar is an information set, its parts the probabilities of the actions there.${it.sets > sets.length ? ` The first ${sets.length} of ${count(it.sets)}; strategy.parquet has all.` : ""}`,
    alt: `${sets.length} information sets with ${actions.length} actions: ${actions.slice(0, 6).join(", ")}.`,
    rows,
    draw: (width) =>
      Plot.plot({
        width, height: 70 + 20 * sets.length, style, ...below, marginLeft: room(sets, width),
        x: { ...AXIS, label: "probability", tickFormat: ticks.percent, ticks: tickCount(width), domain: [0, 1] },
        y: { label: null, domain: sets, tickFormat: (text: string) => (text.length > fits(width) ? `${text.slice(0, fits(width) - 1)}…` : text) },
        color: colours,
        marks: [
          Plot.barX(shown, { x: "probability", y: "label", fill: colours ? "action" : "var(--accent)", order: actions as never, z: "action",
            title: (row: { action: string; probability: number }) => `${row.action}: ${percent(row.probability)}`, insetLeft: 0.5, insetRight: 0.5 }),
        ],
      }),
  };
}
