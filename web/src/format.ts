// Numbers the way people read them: count, value and percent as throng's library writes them (src/report/phrase.c; both
// are held against tests/phrases.json), but with a true minus and exponents without zeros in front.

const MINUS = "−";

function sign(text: string): string {
  return text.replace(/^-/, MINUS);
}

/** 1,671,587 */
export function count(n: number): string {
  return sign(Math.round(n).toLocaleString("en-US"));
}

/** 1.67 M */
export function amount(x: number): string {
  const steps: [number, string][] = [[1e9, " G"], [1e6, " M"], [1e4, " k"]];
  for (const [unit, name] of steps)
    if (Math.abs(x) >= unit) return sign(Number((x / (unit === 1e4 ? 1e3 : unit)).toPrecision(3)) + name);
  return value(x);
}

function power(x: number, digits: number): string {
  const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
  return sign(`${Number(mantissa)}e${exponent!.replace("+", "").replace("-", MINUS)}`);
}

/** 0.3402, −1.234e−7, 12,346 */
export function value(x: number | null | undefined, digits = 4): string {
  if (x == null || !Number.isFinite(x)) return "–";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if ((Number.isInteger(x) || size >= 10 ** digits - 0.5) && size < 1e15) return count(x);
  const exponent = Number(x.toExponential(digits - 1).split("e")[1]);
  return exponent < -4 || size >= 1e15 ? power(x, digits) : sign(String(Number(x.toPrecision(digits))));
}

/** A cell of a table: whole numbers as they are, for they may be years or ids. */
export function cell(x: number): string {
  return Number.isInteger(x) && Math.abs(x) < 1e15 ? sign(String(x)) : value(x, 6);
}

/** 31.4 %, 0.31 % */
export function percent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return "–";
  const x = 100 * share;
  const size = Math.abs(x);
  if (x === 0) return "0 %";
  if (size >= 1e6) return `${power(x, 2)} %`;
  if (size >= 0.95) return sign(`${x.toFixed(1)} %`);
  return size >= 1e-4 ? sign(`${Number(x.toPrecision(2))} %`) : `${power(x, 1)} %`;
}

/** 3 ms, 2.41 s, 2 min 5 s */
export function duration(seconds: number): string {
  if (seconds < 1) return `${Number((1e3 * seconds).toPrecision(3))} ms`;
  if (seconds < 60) return `${Number(seconds.toPrecision(3))} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** 12.3 MB */
export function bytes(n: number): string {
  const names = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  for (; n >= 1000 && at < names.length - 1; at++) n /= 1000;
  return `${Number(n.toPrecision(3))} ${names[at]}`;
}

/** Cut to `most` characters, whole code points, with an ellipsis; nothing in it breaks a line or turns its direction. */
export function clip(text: string, most: number): string {
  const points = [...text.replace(/[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, " ")];
  return points.length <= most ? points.join("") : points.slice(0, most - 1).join("") + "…";
}

/** A sentence in which no number is parted from its unit: "2.5 %" stays on one line. */
export function joined(text: string): string {
  return text.replace(/(\d) (?=%|[kMG]\b)/g, "$1\u00a0");
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
