// A chart as a picture of its own, to put into a text: its title and legend are drawn, and what its colours are called
// in the style sheet is replaced by what they are.
import { rgb } from "./colour";
import { clip } from "./format";

const PAINTED = ["fill", "stroke"] as const;
const SWATCH = 12;
const LINE = 20;

function hex(colour: string): string {
  return `#${rgb(colour).map((part) => Math.round(255 * part).toString(16).padStart(2, "0")).join("")}`;
}

function element(name: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text != null) made.textContent = text;
  return made;
}

/** What the legend beside the chart says, in lines that are no longer than it is wide. */
function legend(box: Element, width: number, top: number): [SVGElement[], bottom: number] {
  const made: SVGElement[] = [];
  let x = 0, y = top;
  for (const one of box.querySelectorAll("[class*=-swatch]:not([class*=-swatches])")) {
    const label = clip(one.textContent ?? "", 30), needed = SWATCH + 8 + 7 * label.length + 14;
    if (x > 0 && x + needed > width) [x, y] = [0, y + LINE];
    made.push(
      element("rect", { x, y: y + 4, width: SWATCH, height: SWATCH, fill: hex(getComputedStyle(one.querySelector("svg")!).fill) }),
      element("text", { x: x + SWATCH + 6, y: y + 14, "font-size": 13 }, label));
    x += needed;
  }
  return [made, made.length ? y + LINE : top];
}

/** @param box where the chart is drawn; null: it is not, for want of room or data */
export function svgOf(box: Element, title: string): string | null {
  const drawn = box.querySelector<SVGSVGElement>(":scope > svg, :scope > figure > svg");
  if (!drawn) return null;
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const before = [drawn, ...drawn.querySelectorAll("*")], after = [copy, ...copy.querySelectorAll("*")];
  before.forEach((one, i) => {
    for (const name of PAINTED)
      if (/var\(|currentColor/.test(one.getAttribute(name) ?? "")) after[i]!.setAttribute(name, hex(getComputedStyle(one)[name]));
  });
  const width = drawn.width.baseVal.value, text = hex("var(--text)");
  const [entries, top] = legend(box, width, 30);
  copy.setAttribute("y", String(top));
  const whole = element("svg", {
    xmlns: "http://www.w3.org/2000/svg", viewBox: `-12 -8 ${width + 24} ${top + drawn.height.baseVal.value + 16}`,
    width: width + 24, height: top + drawn.height.baseVal.value + 16, fill: text, color: text, "font-family": "system-ui, sans-serif",
  });
  whole.append(
    element("rect", { x: -12, y: -8, width: "100%", height: "100%", fill: hex("var(--card)") }),
    element("text", { y: 16, "font-size": 16, "font-weight": 600 }, title), ...entries, copy);
  return new XMLSerializer().serializeToString(whole);
}
