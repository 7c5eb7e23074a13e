// Cascades: who made them big, and the largest of them.
import { Chart } from "../chart";
import { amount, clip, count, percent, value } from "../format";
import { Run } from "../run";
import { AXIS, below, fits, Plot, room, style, tickCount, ticks } from "./plot";

export function makers(run: Run): Chart | null {
  const rows = run.report.top_agents ?? [];
  if (!rows.length) return null;
  return {
    id: "makers",
    title: "Who made it big",
    aid: `The ${count(rows.length)} agents with the most credit for members that were reached; a member's 1 is shared equally by those above it.`,
    alt: rows.slice(0, 5).map((row) => `${row.agent} ${percent(row.share)}`).join(", ") + ".",
    rows: rows as never,
    draw: (width) => {
      const most = fits(width);
      const left = room(rows.map((row) => clip(row.agent, most)), width);
      return Plot.plot({
        width, height: 54 + rows.length * 22, marginLeft: left, marginRight: 64, style, ...below,
        x: { ...AXIS, label: "phi, in members reached", tickFormat: ticks.amount, grid: true, ticks: Math.max(3, tickCount(width - left) - 3) },
        y: { domain: rows.map((row) => row.agent), label: null, tickFormat: (name: string) => clip(name, most), tickSize: 0 },
        marks: [
          Plot.barX(rows, { x: "phi", y: "agent", fill: "var(--accent)" }),
          Plot.ruleX([0], { stroke: "currentColor" }),
          Plot.text(rows, { x: "phi", y: "agent", text: (row: (typeof rows)[0]) => percent(row.share), dx: 5, textAnchor: "start", fill: "currentColor" }),
          Plot.tip(rows, Plot.pointerY({ x: "phi", y: "agent", title: (row: (typeof rows)[0]) =>
            `${clip(row.agent, 60)}\nphi ${value(row.phi)}, ${percent(row.share)} of all that was reached\nwithout them ${count(row.reach)} would be lost; ${count(row.direct)} came right from them` } as never)),
        ],
      });
    },
  };
}

export function largest(run: Run): Chart | null {
  const rows = (run.report.top_cascades ?? []).map((one) => ({ ...one, name: `${one.root} by ${one.agent}` }));
  if (!rows.length) return null;
  return {
    id: "largest",
    title: "The largest cascades",
    aid: "The further right, the more members; the higher, the more steps lie between two of them in the mean: 2 where all came right from the first, a third of the size in a chain.",
    alt: rows.slice(0, 5).map((row) => `${row.name} with ${count(row.size)} members`).join(", ") + ".",
    rows: rows as never,
    draw: (width) =>
      Plot.plot({
        width, height: Math.min(340, 160 + width / 5), style, marginTop: 30, marginBottom: 46, marginLeft: 56,
        x: { ...AXIS, label: "members", tickFormat: ticks.amount, ticks: tickCount(width), zero: true, nice: true },
        y: { label: "structural virality", grid: true, tickFormat: ticks.value, zero: true, nice: true },
        marks: [
          Plot.dot(rows, { x: "size", y: "virality", r: 5, fill: "var(--accent)", fillOpacity: 0.7 }),
          Plot.tip(rows, Plot.pointer({ x: "size", y: "virality", title: (row: (typeof rows)[0]) =>
            `${clip(row.name, 60)}\n${amount(row.size)} members, ${count(row.depth)} steps deep, at most ${count(row.width)} side by side\nvirality ${value(row.virality)}` } as never)),
        ],
      }),
  };
}
