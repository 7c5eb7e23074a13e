// Colours are names of the style sheet, so that dark mode and print change them without drawing anew. The palette of
// cohorts is Okabe and Ito's, which people with any kind of colour vision tell apart.

import { clip } from "./format";
import { Cohort, leaves } from "./run";

const COHORTS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7", "--c8"];
export const OTHERS = "(others)";
const CLASSES = 6;

/** The cohorts to tell apart, the rest being OTHERS: those with the largest |phi|, in the report's order. */
export function shownCohorts(cohorts: { name: string; phi: number }[], most = COHORTS.length - 1): string[] {
  const big = [...cohorts].sort((a, b) => Math.abs(b.phi) - Math.abs(a.phi)).slice(0, most);
  const names = [...new Set(cohorts.filter((one) => big.includes(one)).map((one) => one.name))];
  return names.length < new Set(cohorts.map((one) => one.name)).size ? [...names, OTHERS] : names;
}

/** A scale for Plot over these names, and how its legend has them. */
export function cohortScale(names: string[]): { domain: string[]; range: string[]; tickFormat: (name: string) => string } {
  return {
    domain: names, range: names.map((name, i) => (name === OTHERS ? "var(--other)" : `var(${COHORTS[i % COHORTS.length]})`)),
    tickFormat: (name) => clip(name, 30),
  };
}

/** The colours of agents and of cohorts by which they are told apart. */
export function reportScale(cohorts: Cohort[] | undefined): { domain: string[]; range: string[] } {
  return cohortScale(shownCohorts(leaves(cohorts ?? [])));
}

/** Credit: blue below zero, orange above, the page's own ground at zero; in between as the square root. */
export function diverging(x: number, most: number): string {
  if (!(most > 0) || x === 0) return "var(--zero)";
  const at = Math.min(CLASSES, Math.ceil(Math.sqrt(Math.abs(x) / most) * CLASSES));
  return `var(--${x < 0 ? "minus" : "plus"}${at})`;
}

/** How many: share 0..1 of the darkest. */
export function sequential(share: number): string {
  return `var(--many${Math.max(1, Math.min(8, Math.ceil(share * 8)))})`;
}

/** What a colour of the style sheet is now, 0..1 each. Mixed colours are computed in other spaces; a pixel is not. */
export function rgb(colour: string): [number, number, number] {
  const probe = document.createElement("span");
  probe.style.color = colour;
  document.body.append(probe);
  const pixel = new OffscreenCanvas(1, 1).getContext("2d")!;
  pixel.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pixel.fillRect(0, 0, 1, 1);
  const [r, g, b] = pixel.getImageData(0, 0, 1, 1).data;
  return [r! / 255, g! / 255, b! / 255];
}
