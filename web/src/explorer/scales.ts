// From a column's values to places between 0 and 1, and back.

export type Kind = "linear" | "log" | "symlog";

export interface Scale {
  kind: Kind;
  low: number;
  high: number;
  /** Within this the symlog scale is linear. */
  unit: number;
}

function bend(x: number, scale: Scale): number {
  if (scale.kind === "log") return Math.log(x);
  return scale.kind === "symlog" ? Math.sign(x) * Math.log1p(Math.abs(x) / scale.unit) : x;
}

function unbend(y: number, scale: Scale): number {
  if (scale.kind === "log") return Math.exp(y);
  return scale.kind === "symlog" ? Math.sign(y) * scale.unit * Math.expm1(Math.abs(y)) : y;
}

/** The place of each value, NaN where it has none. */
export function places(values: ArrayLike<number>, scale: Scale): Float32Array {
  const out = new Float32Array(values.length);
  const a = bend(scale.low, scale), size = bend(scale.high, scale) - a || 1;
  for (let i = 0; i < out.length; i++) out[i] = (bend(values[i]!, scale) - a) / size;
  return out;
}

export function valueAt(place: number, scale: Scale): number {
  const a = bend(scale.low, scale);
  return unbend(a + place * (bend(scale.high, scale) - a), scale);
}

/** Numbers for an axis that shows places `from`..`to`: 0, then powers of ten either side, then 2 and 5 of them, as long as
 * they are apart; how many, where Plot finds them better, on a linear scale and where one looks at a small part. */
export function roundNumbers(scale: Scale, from: number, to: number, n: number): number[] | number {
  if (scale.kind === "linear") return n;
  const a = bend(scale.low, scale), size = bend(scale.high, scale) - a || 1;
  const edges = [valueAt(from, scale), valueAt(to, scale)];
  const largest = Math.max(...edges.map(Math.abs)), least = scale.kind === "log" ? edges[0]! : scale.unit / 2;
  const sides = scale.kind === "log" ? [1] : [1, -1];
  const out = scale.kind === "symlog" && edges[0]! <= 0 && edges[1]! >= 0 ? [0] : [];
  const place = (x: number) => (bend(x, scale) - a) / size;
  for (const digit of [1, 5, 2])
    for (let power = Math.floor(Math.log10(largest)); digit * 10 ** power >= least; power--)
      for (const side of sides) {
        const x = Number(`${side * digit}e${power}`);
        const fits = x >= edges[0]! && x <= edges[1]! && out.every((other) => Math.abs(place(other) - place(x)) * n >= 0.75 * (to - from));
        if (fits) out.push(x);
      }
  return out.length > 2 ? out : n;
}

/** Least and largest finite value; of logarithms, positive ones. */
function range(values: ArrayLike<number>, positive: boolean): [number, number] {
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (!Number.isFinite(x) || (positive && x <= 0)) continue;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2] : [low, high];
}

/** The median of |x| over some thousand values, of those that are not 0. */
function middle(values: ArrayLike<number>): number {
  const step = Math.max(1, Math.floor(values.length / 5000));
  const some: number[] = [];
  for (let i = 0; i < values.length; i += step) {
    const x = Math.abs(values[i]!);
    if (x > 0 && Number.isFinite(x)) some.push(x);
  }
  some.sort((a, b) => a - b);
  return some[some.length >> 1] ?? 1;
}

export function fit(values: ArrayLike<number>, kind: Kind): Scale {
  const [low, high] = range(values, kind === "log");
  return { kind, low, high, unit: kind === "symlog" ? middle(values) : 1 };
}

/** What a column is best shown on: credit and visibility span powers of ten. */
export function usualKind(role: string | null): Kind {
  return role === "phi" || role === "weight" ? "symlog" : "linear";
}
