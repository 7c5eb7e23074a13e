// The columns of one window of a table, fetched once each, as places on a scale and as colours.
import { cohortScale, rgb } from "../colour";
import { column, ColumnInfo, Frame, TableInfo, Window, words } from "./api";
import { fit, Kind, places, Scale, usualKind } from "./scales";

/** With more rows than this, every second or third is shown. */
const POINTS_MAX = 4_000_000;
const COHORTS_MAX = 64;

type Values = Float32Array | Float64Array | Int32Array;

export interface Look {
  table: TableInfo;
  frame: number;
  x: string;
  y: string;
  colour: string;
  xKind: Kind;
  yKind: Kind;
}

export interface Colouring {
  values: Float32Array;
  ramp: [number, number, number][];
  smooth: boolean;
  /** What the colours stand for. */
  legend: { label: string; colour: string }[];
}

const NUMERIC = ["float32", "float64", "int32", "int64"];

/** The column that says who it is; undefined: the table is not of agents. */
export function idColumn(table: TableInfo): string | undefined {
  return table.columns.find((one) => one.role === "id")?.column;
}

/** Not time and step, where they are the slider's; and the number of the agent, where that is not its id. */
export function numericColumns(table: TableInfo): ColumnInfo[] {
  const moving = table.frames.length > 1 ? ["time", "step"] : [];
  const list = table.columns.filter((one) => NUMERIC.includes(one.type) && one.role !== "id" && !moving.includes(one.role ?? ""));
  return list.length && idColumn(table) && idColumn(table) !== "agent" ? [...list, { column: "agent", type: "int32", role: null }] : list;
}

export function colourColumns(table: TableInfo): ColumnInfo[] {
  return table.columns.filter((one) => (NUMERIC.includes(one.type) && one.role !== "id" && numericColumns(table).includes(one)) || (one.type === "text" && one.role !== "id" && (one.words ?? 0) <= COHORTS_MAX));
}

function byRole(table: TableInfo, roles: string[], among: ColumnInfo[]): string | undefined {
  for (const role of roles) {
    const found = table.columns.find((one) => one.role === role && among.includes(one));
    if (found) return found.column;
  }
  return undefined;
}

/** What to look at first. */
export function firstLook(table: TableInfo, frame = table.frames.length - 1): Look {
  const numbers = numericColumns(table);
  const others = (taken: string) => numbers.filter((one) => one.column !== taken);
  const y = byRole(table, ["phi", "alpha", "state"], numbers) ?? numbers.find((one) => one.column === "value")?.column ?? numbers[0]?.column ?? "row";
  const x = byRole(table, ["weight", "state"], others(y)) ?? others(y).find((one) => one.column !== "share")?.column ?? "row";
  const colour = byRole(table, ["cohort", "phi", "state"], colourColumns(table).filter((one) => one.type !== "text" || (one.words ?? 2) > 1)) ?? y;
  const kind = (name: string) => usualKind(table.columns.find((one) => one.column === name)?.role ?? null);
  return { table, frame: Math.max(0, frame), x, y, colour, xKind: kind(x), yKind: kind(y) };
}

export function windowOf(look: Look): Window {
  const frame: Frame = look.table.frames[look.frame] ?? { label: null, from: 0, to: look.table.rows };
  return { table: look.table.table, from: frame.from, to: frame.to };
}

export function everyOf(window: Window): number {
  return Math.max(1, Math.ceil((window.to - window.from) / POINTS_MAX));
}

export class Columns {
  private readonly kept = new Map<string, Promise<Values>>();
  private readonly scales = new Map<string, Scale>();
  private readonly named = new Map<string, Promise<string[]>>();

  /** @param order cohorts as the report has them: so they have its colours */
  constructor(readonly run: number, private readonly order: string[]) {}

  values(name: string, window: Window, text = false): Promise<Values> {
    const key = `${window.table}|${window.from}|${name}`;
    let found = this.kept.get(key);
    if (!found) {
      // Twelve columns of a million agents: enough to go back and forth between two times.
      if (this.kept.size >= 12) this.kept.delete(this.kept.keys().next().value!);
      found = column(this.run, name, window, everyOf(window), text ? "int32" : "float32");
      found.catch(() => this.kept.delete(key));
      this.kept.set(key, found);
    }
    return found;
  }

  /** One scale a column, whatever the time, so that a moving slider moves points and not axes. */
  scale(name: string, kind: Kind, window: Window, values: Values, info?: ColumnInfo): Scale {
    const key = `${window.table}|${name}|${kind}`;
    const scale = this.scales.get(key) ?? widened(fit(values, kind), info);
    this.scales.set(key, scale);
    return scale;
  }

  async axis(name: string, kind: Kind, window: Window, info?: ColumnInfo): Promise<{ places: Float32Array; scale: Scale; values: Values }> {
    const values = await this.values(name, window);
    const scale = this.scale(name, kind, window, values, info);
    return { places: places(values, scale), scale, values };
  }

  words(table: string, name: string): Promise<string[]> {
    const key = `${table}|${name}`;
    const found = this.named.get(key) ?? words(this.run, table, name, COHORTS_MAX);
    this.named.set(key, found);
    return found;
  }

  async colouring(look: Look, window: Window): Promise<Colouring> {
    const info = look.table.columns.find((one) => one.column === look.colour);
    if (info?.type === "text") return this.byWord(look, window);
    const values = await this.values(look.colour, window);
    const signed = info?.role === "phi" || (info?.column ?? "").startsWith("phi ");
    return signed ? byCredit(values) : this.byNumber(look.colour, values, window);
  }

  private async byWord(look: Look, window: Window): Promise<Colouring> {
    const [codes, names] = await Promise.all([this.values(look.colour, window, true), this.words(look.table.table, look.colour)]);
    const inOrder = [...this.order.filter((name) => names.includes(name)), ...names.filter((name) => !this.order.includes(name))];
    const scale = cohortScale(inOrder);
    const place = names.map((name) => (inOrder.indexOf(name) + 0.5) / names.length);
    const values = Float32Array.from(codes, (code) => place[code] ?? NaN);
    return {
      values, ramp: scale.range.map(rgb), smooth: false,
      legend: inOrder.slice(0, 12).map((label, i) => ({ label, colour: scale.range[i]! })),
    };
  }

  private byNumber(name: string, values: Values, window: Window): Colouring {
    const scale = this.scale(name, "linear", window, values);
    const steps = [1, 2, 3, 4, 5, 6, 7, 8];
    return {
      values: places(values, scale), ramp: steps.map((step) => rgb(`var(--many${step})`)), smooth: true,
      legend: [{ label: `low ${name}`, colour: "var(--many2)" }, { label: `high ${name}`, colour: "var(--many8)" }],
    };
  }
}

/** With room for the column's values at all times, where the table knows them. */
function widened(scale: Scale, info?: ColumnInfo): Scale {
  const { min, max } = info ?? {};
  const low = min != null && (scale.kind !== "log" || min > 0) ? Math.min(scale.low, min) : scale.low;
  return { ...scale, low, high: max != null ? Math.max(scale.high, max) : scale.high };
}

/** Below zero blue, above orange, stretched so that small credits are told apart. */
function byCredit(values: Values): Colouring {
  const scale = fit(values, "symlog");
  const most = Math.max(Math.abs(scale.low), Math.abs(scale.high));
  const steps = [6, 5, 4, 3, 2];
  return {
    values: places(values, { ...scale, low: -most, high: most }),
    ramp: [...steps.map((step) => rgb(`var(--minus${step})`)), ...steps.reverse().map((step) => rgb(`var(--plus${step})`))],
    smooth: true,
    legend: [{ label: "phi below zero", colour: "var(--minus5)" }, { label: "phi above zero", colour: "var(--plus5)" }],
  };
}

/** Which points lie within a polygon, both in places: even-odd rule. */
export function within(xs: Float32Array, ys: Float32Array, polygon: [number, number][]): number[] {
  const left = Math.min(...polygon.map((p) => p[0])), right = Math.max(...polygon.map((p) => p[0]));
  const low = Math.min(...polygon.map((p) => p[1])), high = Math.max(...polygon.map((p) => p[1]));
  const out: number[] = [];
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i]!, y = ys[i]!;
    if (!(x >= left && x <= right && y >= low && y <= high)) continue;
    let inside = false;
    for (let a = 0, b = polygon.length - 1; a < polygon.length; b = a++) {
      const [ax, ay] = polygon[a]!, [bx, by] = polygon[b]!;
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    if (inside) out.push(i);
  }
  return out;
}

/** The nearest point within a distance; -1 if none is. */
export function nearest(xs: Float32Array, ys: Float32Array, x: number, y: number, reach: number, stretch: number): number {
  let best = reach * reach, found = -1;
  for (let i = 0; i < xs.length; i++) {
    const dx = xs[i]! - x, dy = (ys[i]! - y) * stretch;
    const d = dx * dx + dy * dy;
    if (d < best) {
      best = d;
      found = i;
    }
  }
  return found;
}
