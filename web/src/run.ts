// What the pages read: report.json (docs/report.md), verify.json, and the binned tables beside them.

export type Num = number | null;

export interface Cohort {
  name: string;
  meaning: string;
  agents: number;
  phi: number;
  share: Num;
  absolute_share: Num;
  per_agent: Num;
  low?: number;
  high?: number;
  crowd_agents?: number;
  crowd_share?: Num;
  cohorts?: Cohort[];
}

export interface TopAgent {
  rank: number;
  id: string | number;
  phi: number;
  share: Num;
  state: Num;
  weight: Num;
  cohort: string;
  low?: number;
  high?: number;
  crowd_phi?: Num;
  corrected_phi?: Num;
}

export interface Certificate {
  efficiency_residual: Num;
  rule_change: Num;
  tolerance: Num;
  quadrature_nodes: number;
  evaluations: number;
  error_estimate: Num;
  efficient: boolean;
  converged: boolean;
  nobody: Num;
  everybody: Num;
  sum_phi: Num;
  method: string;
}

export interface Concentration {
  gini: Num;
  half: number;
  lorenz: Num[];
  top_thousandth: Num;
  top_hundredth: Num;
  top_tenth: Num;
}

export interface Indicator {
  name: string;
  spec: string;
  summary: string;
  path?: string | null;
  baseline_kind?: string;
  weighted?: boolean;
  baseline?: Num;
  observed?: Num;
  change_from?: string;
  change_to?: string;
  column?: string;
  over?: string;
  value?: Num;
}

export interface AtTime {
  time: string | null;
  agents: number;
  indicator: { baseline: Num; observed: Num };
  cohorts?: Cohort[];
}

export interface Step {
  step: number;
  indicator: Num;
  phi?: Num;
  share?: Num;
  share_so_far?: Num;
  intervened?: Num;
}

export interface World {
  name: string;
  spec: string;
  summary: string;
  steps: number;
  participation: string;
  columns: string[];
  column?: string;
  over?: string;
  by_step?: Step[];
  behaviours?: { name: string; phi?: Num; share?: Num; absolute?: Num }[];
  latency?: Num;
}

export interface Policy {
  name: string;
  personas?: { name: string; agents: number; phi?: Num; share?: Num }[];
}

export interface Panel {
  size: number;
  time: string | null;
  bias: string | null;
  drawn?: string;
  indicator: { observed: Num; crowd_observed?: Num };
  certificate: Certificate;
  comparison?: Record<string, Num>;
  spread?: { draws: number; cohorts?: { name: string; share?: { q05: Num; q50: Num; q95: Num } }[] };
  cohorts?: Cohort[];
  top?: TopAgent[];
  uncorrected?: string;
}

export interface Measure {
  mean: Num;
  deviation?: Num;
  low?: Num;
  high?: Num;
}

export interface SweepPoint {
  settings: Record<string, string>;
  [number: string]: Measure | Record<string, string>;
}

export interface Solution {
  game: string;
  size: string;
  players: string[];
  solver: string;
  iterations: number;
  value: Num[];
  measure: string;
  gap: Num;
  tolerance: Num;
  converged: boolean;
  sets: number;
  strategy: { player: number; set: string; actions: string[]; probabilities: Num[] }[];
  trace: { iteration: number; gap: Num }[];
}

/** What a run says in words, written by throng. Reports of older ones have none. */
export interface Answer {
  text: string;
  /** What the panel says instead, if there is one. */
  panel?: string;
  /** How agents decided, if they did. */
  policy?: string;
  about: string;
  /** What the indicator is of: "variance of opinion". */
  subject?: string;
  /** What shares are a part of: "rise". */
  whole?: string;
  /** What the proof is, in words, and whether to rely on it. */
  certificate?: { text: string; verdict: "good" | "fair" | "bad" };
  rests_on: { key: string; value: unknown }[];
}

export interface Report {
  schema: number;
  throng: { version: string; revision: string };
  complete: boolean;
  answer?: Answer;
  agents: number;
  rows?: number;
  times?: number;
  players?: string;
  columns: Record<string, string | null>;
  graph?: { edges: number };
  world?: World;
  policy?: Policy;
  indicator: Indicator;
  certificate?: Certificate;
  /** Of a solved game, which has no agents and no indicator. */
  solution?: Solution;
  /** Of cascades, which have no indicator either. */
  cascades?: { count: number; of_one_member: number; deepest: number };
  top_cascades?: { cascade: number; root: string; agent: string; size: number; depth: number; width: number; virality: Num }[];
  top_agents?: { agent: string; phi: number; share: Num; reach: number; actions: number; starts: number; direct: number }[];
  cohorts?: Cohort[];
  concentration?: Concentration;
  top?: TopAgent[];
  by_time?: AtTime[];
  panel?: Panel;
  aggregates?: { agents: number; mass: Num; time: string | null };
  trajectory?: Step[];
  sweep?: { settings: string[]; repetitions: number; resumed: number; points: SweepPoint[] };
  intervention?: Record<string, Num | string | boolean>;
  rivals?: { name: string; value: Num; amount: Num; share: Num }[];
  course?: Step[];
  timings?: Record<string, number>;
  provenance?: {
    command: string | null;
    started: string;
    seed: number;
    inputs: { path: string; bytes: number; hash: string }[];
    machine: Record<string, string | number | null>;
    peak_memory_bytes?: number;
  };
  cite?: { for: string; reference: string }[];
  notes?: string[];
}

export interface Verification {
  holds: boolean;
  partial: boolean;
  checks: { name: string; verdict: string; number: Num; limit: Num; meaning: string }[];
  deletion: { order: string; area: number; left: Num[]; low?: Num[]; high?: Num[] }[];
}

/** Columns of one length. */
export type Columns = Record<string, (Num | string)[]>;

export interface Run {
  name: string;
  report: Report;
  verification: Verification | null;
  figures: Record<string, Columns | string[] | undefined> & { problems?: string[] };
  study: string | null;
}

/** A figure's columns as rows. */
export function rowsOf<T>(run: Run, name: string): T[] {
  const columns = run.figures[name] as Columns | undefined;
  if (!columns) return [];
  const keys = Object.keys(columns);
  return (columns[keys[0]!] ?? []).map((_, i) => Object.fromEntries(keys.map((key) => [key, columns[key]![i]])) as T);
}

/** The innermost cohorts, which agents and credits of steps are in. */
export function leaves(cohorts: Cohort[]): Cohort[] {
  return cohorts.flatMap((one) => (one.cohorts?.length ? leaves(one.cohorts) : [one]));
}

/** What shares are a part of. */
export function whole(report: Report): string {
  return report.answer?.whole ?? "total";
}

/** What the indicator is of. */
export function subject(report: Report): string {
  return report.answer?.subject ?? report.indicator.name;
}

/** "day 14", "2024-11-05" */
export function timeName(report: Report, label: string | null | undefined): string {
  if (label == null) return "";
  return /^-?\d+$/.test(label) ? `${report.columns.time ?? "time"} ${label}` : label;
}
