// The indicator over time or steps, and what caused it when.
import { Chart } from "../chart";
import { cohortScale, OTHERS, shownCohorts } from "../colour";
import { capital, clip, value } from "../format";
import { leaves, Report, rowsOf, Run, subject, timeName } from "../run";
import { AXIS, margins, Plot, style, thinned, ticks, wholeTicks } from "./plot";

interface Point {
  at: string | number;
  indicator: number | null;
  series: string;
}

function points(report: Report): Point[] {
  const line = (steps: { step: number; indicator: number | null }[], series: string): Point[] =>
    steps.map((one) => ({ at: one.step, indicator: one.indicator, series }));
  if (report.course?.length)
    return [
      ...line(report.course, "as it was"),
      ...line(report.course.map((one) => ({ step: one.step, indicator: one.intervened ?? null })), "with the intervention"),
    ];
  if (report.trajectory?.length) return line(report.trajectory, "indicator");
  if (report.world?.by_step?.length) return line(report.world.by_step, "indicator");
  if ((report.by_time?.length ?? 0) > 1)
    return report.by_time!.map((one) => ({ at: one.time ?? "", indicator: one.indicator.observed, series: "indicator" }));
  return [];
}

/** Numbers where every label is one, so that gaps between times keep their length; else the labels in order. */
function numeric(labels: (string | number)[]): boolean {
  return labels.every((label) => label !== "" && Number.isFinite(Number(label)));
}

function axis(report: Report, labels: (string | number)[], width: number) {
  const label = report.by_time && report.by_time.length > 1 ? (report.columns.time ?? "time") : "step";
  return numeric(labels)
    ? { ...AXIS, label, ticks: wholeTicks(labels.map(Number), width), tickFormat: String, grid: false }
    : { ...AXIS, label, type: "point" as const, domain: [...new Set(labels)], ticks: thinned([...new Set(labels)], width, 90) };
}

const place = (at: string | number, numbers: boolean) => (numbers ? Number(at) : at);

export function course(run: Run): Chart | null {
  const { report } = run;
  const list = points(report);
  if (list.length < 2) return null;
  const numbers = numeric(list.map((one) => one.at));
  const rows = list.map((one) => ({ ...one, at: place(one.at, numbers) }));
  const first = rows[0]!, last = rows[rows.length - 1]!;
  const several = new Set(rows.map((row) => row.series)).size > 1;
  const when = (at: string | number) => (report.by_time ? timeName(report, String(at)) : `step ${at}`);
  return {
    id: "course",
    title: `${capital(subject(report))} over ${report.by_time && !report.world ? "time" : "the steps"}`,
    aid: several
      ? "Each line is the whole crowd's number at every step; the space between them is what the intervention undoes."
      : "The line is the whole crowd's number at each time; up means more of it.",
    alt: `From ${value(first.indicator)} at ${when(first.at)} to ${value(last.indicator)} at ${when(last.at)}.`,
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(300, 140 + width / 5), style, ...margins, marginLeft: 62,
        x: axis(report, rows.map((row) => row.at), width),
        y: { label: report.indicator.name, grid: true, tickFormat: ticks.value, nice: true },
        color: several ? { legend: true, domain: ["as it was", "with the intervention"], range: ["var(--c2)", "var(--c1)"] } : undefined,
        marks: [
          Plot.lineY(rows, {
            x: "at", y: "indicator", z: "series", strokeWidth: 2, stroke: several ? "series" : "var(--accent)",
            strokeDasharray: undefined, marker: rows.length <= 40 ? "dot" : undefined,
          }),
          Plot.tip(rows, Plot.pointerX({ x: "at", y: "indicator", title: (row: Point) => `${when(row.at)}: ${value(row.indicator)}` })),
        ],
      }),
  };
}

interface Part {
  at: string | number;
  cohort: string;
  phi: number;
}

/** Credit by cohort at each time, or in each step. */
function parts(run: Run): Part[] {
  const { report } = run;
  const steps = rowsOf<{ step: number; cohort: string; phi: number }>(run, "cohort_steps");
  if (steps.length) return steps.map((one) => ({ at: one.step, cohort: one.cohort, phi: one.phi }));
  if (report.world?.by_step?.some((one) => one.phi != null))
    return report.world.by_step.filter((one) => one.phi != null).map((one) => ({ at: one.step, cohort: "everyone", phi: one.phi! }));
  if ((report.by_time?.length ?? 0) > 1)
    return report.by_time!.flatMap((one) => (one.cohorts ?? []).map((c) => ({ at: one.time ?? "", cohort: c.name, phi: c.phi })));
  return [];
}

/** Small cohorts are put together. */
function merged(list: Part[], shown: string[]): Part[] {
  const sums = new Map<string, Part>();
  for (const one of list) {
    const cohort = shown.includes(one.cohort) ? one.cohort : OTHERS;
    const key = JSON.stringify([one.at, cohort]);
    const sum = sums.get(key) ?? { at: one.at, cohort, phi: 0 };
    sum.phi += one.phi;
    sums.set(key, sum);
  }
  return [...sums.values()];
}

export function attribution(run: Run): Chart | null {
  const { report } = run;
  const list = parts(run);
  if (new Set(list.map((one) => one.at)).size < 2) return null;
  const totals = new Map<string, number>();
  for (const one of list) totals.set(one.cohort, (totals.get(one.cohort) ?? 0) + Math.abs(one.phi));
  const known = report.cohorts ?? []; // at times by the outer ones, in steps by the inner
  const listed = [...new Set([...known, ...leaves(known)].map((one) => one.name))].filter((name) => totals.has(name));
  const names = [...listed, ...[...totals.keys()].filter((name) => !listed.includes(name))];
  const shown = shownCohorts(names.map((name) => ({ name, phi: totals.get(name)! })));
  const numbers = numeric(list.map((one) => one.at));
  const rows = merged(list, shown).map((one) => ({ ...one, at: place(one.at, numbers) }));
  const world = report.world != null;
  const fill = { fill: shown.length > 1 ? "cohort" : "var(--accent)", order: shown.length > 1 ? shown : undefined };
  return {
    id: "attribution",
    title: world ? "Who caused it, step by step" : "Who carries it, time by time",
    aid: world
      ? `${shown.length > 1 ? "Each band is the credit of one cohort" : "The height is everybody's credit"} for what was done in that step; below zero it pulled the number down.`
      : "Each band is the part of the number that one cohort carries at that time; together they are the whole.",
    alt: `Stacked areas of ${shown.length} cohorts over ${new Set(rows.map((row) => row.at)).size} ${world ? "steps" : "times"}.`,
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(320, 150 + width / 5), style, ...margins, marginLeft: 62,
        x: axis(report, rows.map((row) => row.at), width),
        y: { label: "phi", grid: true, tickFormat: ticks.value, nice: true },
        color: shown.length > 1 ? { ...cohortScale(shown), legend: true } : undefined,
        marks: [
          // What was done in a step is a bar as wide as the step, as long as that can be seen.
          world && numbers && rows.length < 400
            ? Plot.rectY(rows, { x1: (row: Part) => Number(row.at) - 0.5, x2: (row: Part) => Number(row.at) + 0.5, y: "phi", inset: 0.5, ...fill })
            : Plot.areaY(rows, { x: "at", y: "phi", ...fill }),
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.5 }),
          Plot.tip(rows, Plot.pointerX(Plot.stackY({ x: "at", y: "phi", order: shown, z: "cohort", fill: "var(--card)",
            title: (row: Part) => `${clip(row.cohort, 60)}: ${value(row.phi)}` } as never))),
        ],
      }),
  };
}
