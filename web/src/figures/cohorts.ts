// Who carries it: shares of cohorts, the panel's beside the crowd's, how unevenly credit is spread.
import { Chart } from "../chart";
import { OTHERS, reportScale, shownCohorts } from "../colour";
import { clip, count, percent, value } from "../format";
import { Cohort, leaves, Run, subject, timeName, whole } from "../run";
import { AXIS, below, fits, margins, Plot, room, style, tickCount, ticks } from "./plot";

interface Share {
  cohort: string;
  source: string;
  share: number;
  agents: number | null;
  /** Whether it is a part of a cohort that is also there. */
  inner?: boolean;
  low?: number | null;
  high?: number | null;
}

/** Every cohort, those within it after it. */
function nested(cohorts: Cohort[], inner = false): (Cohort & { inner: boolean })[] {
  return cohorts.flatMap((one) => [{ ...one, inner }, ...nested(one.cohorts ?? [], true)]);
}

function gather(run: Run): Share[] {
  const { report } = run;
  const { panel } = report;
  const total = report.certificate?.sum_phi ?? 0;
  if (panel?.cohorts?.length) {
    const corrected = report.aggregates != null;
    const spread = new Map((panel.spread?.cohorts ?? []).map((one) => [one.name, one.share]));
    const other: Share[] = corrected
      ? leaves(report.cohorts ?? []).map((one) => ({ cohort: one.name, source: "corrected panel", share: one.share ?? 0, agents: one.agents }))
      : panel.cohorts.map((one) => ({ cohort: one.name, source: "crowd", share: one.crowd_share ?? 0, agents: one.crowd_agents ?? null }));
    const own = panel.cohorts.map((one): Share => ({
      cohort: one.name, source: "panel", share: one.share ?? 0, agents: one.agents,
      low: spread.get(one.name)?.q05, high: spread.get(one.name)?.q95,
    }));
    return [...other, ...own];
  }
  return nested(report.cohorts ?? []).map((one) => ({
    cohort: one.name, source: "crowd", share: one.share ?? 0, agents: one.agents, inner: one.inner,
    low: one.low != null && total ? one.low / total : undefined, high: one.high != null && total ? one.high / total : undefined,
  }));
}

const MOST = 16;

export function shares(run: Run): Chart | null {
  const { report } = run;
  const all = gather(run);
  const sizes = [...new Set(all.map((one) => one.cohort))].map((name) => ({
    name, phi: Math.max(...all.filter((one) => one.cohort === name).map((one) => Math.abs(one.share))),
  }));
  if (sizes.length < 2) return null;
  const shown = shownCohorts(sizes, MOST).filter((name) => name !== OTHERS);
  const rows = all.filter((one) => shown.includes(one.cohort));
  const sources = [...new Set(rows.map((row) => row.source))];
  const panel = sources.length > 1;
  const part = panel && report.panel?.time != null ? `the whole, ${timeName(report, report.panel.time)}` : panel ? "the whole" : `the ${whole(report)}`;
  const more = sizes.length > shown.length ? ` The ${shown.length} largest of ${count(sizes.length)} cohorts are shown.` : "";
  return {
    id: "shares",
    title: panel ? "Shares in the crowd, and what the panel says" : `Shares of the ${whole(report)}`,
    aid: panel
      ? `The longer a bar, the more the cohort carries. Where the two bars of a cohort differ, the panel misleads.${report.panel?.spread?.draws ? " The thin line is where nine in ten further panels fall." : ""}${more}`
      : `The longer a bar, the more of the ${whole(report)} the cohort carries; to the left of zero it works against it.${rows.some((row) => row.inner) ? " Paler bars are the parts of the cohort above them." : ""}${more}`,
    alt: rows.map((row) => `${row.source === "crowd" ? "" : `${row.source}: `}${row.cohort} ${percent(row.share)}`).slice(0, 12).join(", ") + ".",
    rows: all as never,
    draw: (width) => shareBars(width, rows, shown, sources, `share of ${part}`),
  };
}

/** A bar for every name and source; the parts of a cohort that is also there are paler. */
function shareBars(width: number, rows: Share[], names: string[], sources: string[], label: string) {
  const most = fits(width);
  const short = (name: string) => clip(name, most);
  const left = room(names.map(short), width);
  const several = sources.length > 1;
  return Plot.plot({
    width, height: 54 + names.length * (several ? 46 : 30), marginLeft: left, marginRight: 62, style, ...below,
    x: { ...AXIS, label, tickFormat: ticks.percent, grid: true, ticks: Math.max(3, tickCount(width - left) - 2) },
    fy: { domain: names, label: null, padding: 0.15, tickFormat: short },
    y: { axis: null, domain: sources, padding: 0.08 },
    color: several ? { domain: sources, range: ["var(--c2)", "var(--c1)"], legend: true } : undefined,
    marks: [
      Plot.barX(rows, { x: "share", y: "source", fy: "cohort", fill: several ? "source" : "var(--accent)", fillOpacity: (row: Share) => (row.inner ? 0.5 : 1) }),
      Plot.ruleY(rows.filter((row) => row.low != null && row.high != null), { x1: "low", x2: "high", y: "source", fy: "cohort", stroke: "currentColor", strokeWidth: 1.5 }),
      Plot.ruleX([0], { stroke: "currentColor" }),
      Plot.text(rows, {
        x: (row: Share) => Math.max(row.share, row.high ?? -Infinity, 0), y: "source", fy: "cohort",
        text: (row: Share) => percent(row.share), dx: 5, textAnchor: "start", fill: "currentColor",
      }),
      Plot.tip(rows, Plot.pointer({ x: "share", y: "source", fy: "cohort", title: (row: Share) =>
        `${clip(row.cohort, 60)}, ${row.source}: ${percent(row.share)}${row.agents != null ? ` with ${count(row.agents)} agents` : ""}` } as never)),
    ],
  });
}

/** Crowds whose agents are played by personas: how many are of each, and how much of the credit. */
export function personas(run: Run): Chart | null {
  const list = (run.report.policy?.personas ?? []).filter((one) => one.share != null);
  if (list.length < 2) return null;
  const sources = ["of the agents", "of the credit"];
  const rows = list.flatMap((one): Share[] =>
    [one.agents / run.report.agents, one.share!].map((share, i) => ({ cohort: one.name, source: sources[i]!, share, agents: one.agents })));
  const shown = list.map((one) => one.name).slice(0, MOST);
  return {
    id: "personas",
    title: "Who the agents are, and what they caused",
    aid: `A persona whose lower bar is the longer has caused more than its number.${list.length > MOST ? ` The first ${MOST} of ${count(list.length)}; the download has all.` : ""}`,
    alt: list.slice(0, MOST).map((one) => `${one.name} ${percent(one.share)}`).join(", ") + ".",
    rows: rows as never,
    draw: (width) => shareBars(width, rows.filter((row) => shown.includes(row.cohort)), shown, sources, "share"),
  };
}

/** How much of |phi| the largest cohorts hold against how many agents they are. */
export function perAgent(run: Run): Chart | null {
  const rows = leaves(run.report.cohorts ?? [])
    .filter((one) => one.per_agent != null && one.agents > 0)
    .sort((a, b) => Math.abs(b.per_agent!) - Math.abs(a.per_agent!))
    .slice(0, MOST)
    .map((one) => ({ cohort: one.name, phi_per_agent: one.per_agent!, agents: one.agents }));
  if (rows.length < 2) return null;
  const scale = reportScale(run.report.cohorts);
  return {
    id: "per-agent",
    half: true,
    title: "Credit of one agent of each cohort",
    aid: "The mean credit of a single agent: a small cohort may carry little in all, and a lot each.",
    alt: rows.map((row) => `${row.cohort} ${value(row.phi_per_agent)}`).join(", ") + ".",
    rows,
    draw: (width) => {
      const most = fits(width);
      const left = room(rows.map((row) => clip(row.cohort, most)), width);
      return Plot.plot({
        width, height: 54 + rows.length * 28, marginLeft: left, marginRight: 70, style, ...below,
        x: { ...AXIS, label: "phi an agent", tickFormat: ticks.value, grid: true, ticks: Math.max(2, tickCount(width - left) - 3) },
        y: { domain: rows.map((row) => row.cohort), label: null, tickFormat: (name: string) => clip(name, most) },
        marks: [
          Plot.barX(rows, { x: "phi_per_agent", y: "cohort", fill: (row: { cohort: string }) => scale.range[scale.domain.indexOf(row.cohort)] ?? "var(--other)" }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(rows, { x: (row: { phi_per_agent: number }) => Math.max(0, row.phi_per_agent), y: "cohort", text: (row: { phi_per_agent: number }) => value(row.phi_per_agent, 3), dx: 5, textAnchor: "start", fill: "currentColor" }),
        ],
      });
    },
  };
}

export function lorenz(run: Run): Chart | null {
  const it = run.report.concentration;
  if (!it || run.report.agents < 2 || it.lorenz.length < 3 || it.lorenz.every((x) => x == null)) return null;
  const rows = it.lorenz.map((share, i) => ({ agents: i / (it.lorenz.length - 1), share_of_absolute_phi: share ?? 0 }));
  return {
    id: "lorenz",
    half: true,
    title: "How unevenly credit is spread",
    aid: `The further the curve sags below the diagonal, the fewer agents hold it: half of |phi| lies with ${count(it.half)} agent${it.half === 1 ? "" : "s"}, the largest 1 % hold ${percent(it.top_hundredth)}.`,
    alt: `Lorenz curve of |phi| with a Gini coefficient of ${value(it.gini, 3)}.`,
    rows,
    draw: (width) => {
      const size = Math.min(width, 480);
      return Plot.plot({
        width: size, height: size * 0.8, style, ...margins, marginLeft: 52,
        x: { ...AXIS, label: "share of agents, least concerned first", tickFormat: ticks.percent, ticks: 5 },
        y: { label: "share of |phi|", tickFormat: ticks.percent, ticks: 5, grid: true, domain: [0, 1] },
        marks: [
          Plot.areaY(rows, { x: "agents", y1: "agents", y2: "share_of_absolute_phi", fill: "var(--accent)", fillOpacity: 0.15 }),
          Plot.line([[0, 0], [1, 1]], { stroke: "currentColor", strokeDasharray: "4 4", strokeOpacity: 0.6 }),
          Plot.lineY(rows, { x: "agents", y: "share_of_absolute_phi", stroke: "var(--accent)", strokeWidth: 2 }),
          Plot.text([[0.05, 0.92]], { text: [`Gini ${value(it.gini, 3)}`], textAnchor: "start", fontSize: 14, fill: "currentColor" }),
          Plot.tip(rows, Plot.pointerX({ x: "agents", y: "share_of_absolute_phi", title: (row: (typeof rows)[0]) =>
            `the least concerned ${percent(row.agents)} hold ${percent(row.share_of_absolute_phi)}` } as never)),
        ],
      });
    },
  };
}

export function behaviours(run: Run): Chart | null {
  const rows = (run.report.world?.behaviours ?? []).filter((one) => one.phi != null).map((one) => ({ behaviour: one.name, phi: one.phi!, share: one.share ?? null }));
  if (rows.length < 2) return null;
  return {
    id: "behaviours",
    title: "What was done, and what it caused",
    aid: "Credit by kind of behaviour, everybody's together.",
    alt: rows.map((row) => `${row.behaviour} ${percent(row.share)}`).join(", ") + ".",
    rows,
    draw: (width) =>
      Plot.plot({
        width, height: 54 + rows.length * 32, marginLeft: room(rows.map((row) => row.behaviour), width), marginRight: 70, style, ...below,
        x: { ...AXIS, label: `phi, of ${subject(run.report)}`, tickFormat: ticks.value, grid: true, ticks: 5 },
        y: { domain: rows.map((row) => row.behaviour), label: null, tickFormat: (name: string) => clip(name, fits(width)) },
        marks: [
          Plot.barX(rows, { x: "phi", y: "behaviour", fill: (row: { phi: number }) => (row.phi < 0 ? "var(--minus5)" : "var(--plus5)") }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(rows, { x: (row: { phi: number }) => Math.max(0, row.phi), y: "behaviour", text: (row: { share: number | null }) => percent(row.share), dx: 5, textAnchor: "start", fill: "currentColor" }),
        ],
      }),
  };
}
