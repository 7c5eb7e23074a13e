// Sweeps: how the numbers of a run depend on its settings, with 95 % intervals of the means.
import { Chart } from "../chart";
import { cohortScale } from "../colour";
import { capital, value } from "../format";
import { Measure, Run } from "../run";
import { AXIS, margins, Plot, style, thinned, tickCount, ticks } from "./plot";

interface Row {
  at: number | string;
  series: string;
  mean: number | null;
  low: number | null;
  high: number | null;
}

/** The last part of a setting's name, if that is enough to tell it from the others. */
function short(name: string, all: string[]): string {
  const last = name.split(".").pop()!;
  return all.filter((one) => one.split(".").pop() === last).length > 1 ? name : last;
}

function chart(run: Run, numbers: string[], id: string, title: string): Chart | null {
  const { settings, points, repetitions } = run.report.sweep!;
  const x = settings[0];
  if (!x || points.length < 2) return null;
  const numeric = points.every((point) => Number.isFinite(Number(point.settings[x])));
  const rows: Row[] = points.flatMap((point) =>
    numbers.filter((number) => point[number]).map((number) => {
      const it = point[number] as Measure;
      const rest = settings.slice(1).map((name) => `${short(name, settings)} ${point.settings[name]}`);
      const series = [...(numbers.length > 1 ? [number] : []), ...rest].join(", ");
      return { at: numeric ? Number(point.settings[x]) : point.settings[x]!, series, mean: it.mean, low: it.low ?? null, high: it.high ?? null };
    }));
  if (!rows.some((row) => row.mean != null)) return null;
  const series = [...new Set(rows.map((row) => row.series))];
  const bands = rows.some((row) => row.low != null);
  const label = short(x, settings);
  const domain = [...new Set(rows.map((row) => row.at))];
  return {
    id,
    title,
    aid: `A point a setting${repetitions > 1 ? `, the mean of ${repetitions} runs` : ""}.${bands ? " The band is a 95 % interval of that mean: where bands overlap, the difference may be chance." : ""}`,
    alt: `${series.length} line${series.length === 1 ? "" : "s"} over ${domain.length} values of ${x}, from ${value(rows[0]!.mean)} to ${value(rows[rows.length - 1]!.mean)}.`,
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(320, 160 + width / 5), style, ...margins, marginLeft: 62,
        x: numeric ? { ...AXIS, label, ticks: tickCount(width), nice: false } : { ...AXIS, type: "point", domain, label, ticks: thinned(domain, width, 90) },
        y: { label: numbers.length > 1 ? null : numbers[0] === "value" ? run.report.indicator.name : numbers[0], grid: true, tickFormat: ticks.value, nice: true },
        color: series.length > 1 ? { ...cohortScale(series), legend: true } : { domain: series, range: ["var(--accent)"] },
        marks: [
          Plot.areaY(rows, { x: "at", y1: "low", y2: "high", fill: "series", fillOpacity: 0.2 }),
          Plot.lineY(rows, { x: "at", y: "mean", stroke: "series", strokeWidth: 2, marker: "dot" }),
          Plot.tip(rows, Plot.pointer({ x: "at", y: "mean", title: (row: Row) =>
            `${row.series ? `${row.series}\n` : ""}${label} ${row.at}: ${value(row.mean)}${row.low != null ? ` (${value(row.low)} to ${value(row.high)})` : ""}` } as never)),
        ],
      }),
  };
}

export function sweeps(run: Run): (Chart | null)[] {
  const points = run.report.sweep?.points ?? [];
  if (!points.length) return [];
  const numbers = Object.keys(points[0]!).filter((key) => key !== "settings");
  const shares = numbers.filter((number) => number.startsWith("share of "));
  const rest = numbers.filter((number) => !shares.includes(number) && number !== "value" && number !== "nobody");
  const values = numbers.includes("nobody") && run.report.sweep!.settings.length === 1 ? ["value", "nobody"] : ["value"];
  return [
    chart(run, values, "sweep", `${capital(run.report.indicator.name)} by setting`),
    shares.length > 1 ? chart(run, shares, "sweep-shares", "Shares of the cohorts by setting") : null,
    ...rest.map((number) => chart(run, [number], `sweep-${number.replace(/[^a-z0-9]+/gi, "-")}`,
      number === "gini" ? "How unevenly credit is spread, by setting" : `${capital(number)} by setting`)),
  ];
}
