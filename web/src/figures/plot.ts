// What all charts share of Observable Plot.
import * as Plot from "@observablehq/plot";
import { amount, percent, value } from "../format";

export { Plot };

/** Room for the names of axes beside their numbers. */
export const margins = { marginTop: 30, marginBottom: 46 } as const;
/** The same for bars, whose upright axis has no name. */
export const below = { marginTop: 6, marginBottom: 46 } as const;
export const AXIS = { labelOffset: 40 } as const;

export const style = { background: "none", fontSize: "12px", overflow: "visible" } as const;

/** Room on the left for labels, at most a part of the width. */
export function room(labels: string[], width: number, part = 1 / 3): number {
  const most = Math.max(0, ...labels.map((label) => label.length));
  return Math.min(16 + 6.6 * most, width * part);
}

/** How many characters fit there. */
export function fits(width: number, part = 1 / 3): number {
  return Math.max(6, Math.floor((width * part - 16) / 6.6));
}

export const ticks = {
  value: (x: number) => value(x, 3),
  amount: (x: number) => amount(x),
  percent: (x: number) => percent(x).replace(/\.0 %$/, " %").replace(/(\.\d)0 %$/, "$1 %"),
};

/** About as many ticks as fit. */
export function tickCount(width: number): number {
  return Math.max(3, Math.min(9, Math.round(width / 90)));
}

/** Whole numbers among these, as many as fit: steps and days have no halves. */
export function wholeTicks(values: number[], width: number): number[] {
  const low = Math.min(...values), high = Math.max(...values);
  const rough = Math.max(1, (high - low) / Math.max(3, width / 60));
  const unit = 10 ** Math.floor(Math.log10(rough));
  const every = [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= rough) ?? unit;
  const first = Math.ceil(low / every) * every;
  return Array.from({ length: Math.floor((high - first) / every) + 1 }, (_, i) => first + i * every);
}

/** Labels of a list of steps or times, thinned out to what fits. */
export function thinned<T>(labels: T[], width: number, each = 70): T[] {
  const every = Math.max(1, Math.ceil(labels.length / Math.max(1, Math.floor(width / each))));
  return labels.filter((_, i) => i % every === 0);
}
