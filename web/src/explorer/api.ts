// What the page asks of throng serve: docs/explorer-api.md. Addresses are relative to the page.
import type { Num, Report, Run, Verification } from "../run";

const ROOT = "api/v1";

export interface RunInfo {
  run: number;
  name: string;
  path: string;
  state: "complete" | "running" | "failed";
  kind: string | null;
  live: boolean;
  message?: string;
  /** What could not be read and is left out. */
  problems: string[];
  command?: string | null;
}

export interface ColumnInfo {
  column: string;
  type: string;
  role: string | null;
  min?: Num;
  max?: Num;
  words?: number;
}

export interface Frame {
  label: string | null;
  from: number;
  to: number;
}

export interface TableInfo {
  table: string;
  rows: number;
  columns: ColumnInfo[];
  frames: Frame[];
}

export interface TopRow {
  row: number;
  id: string | number;
  phi: Num;
  share?: Num;
  state?: Num;
  weight?: Num;
  cohort?: string;
}

export interface Selection {
  selection: string;
  rows: number;
  of: number;
  agents: number;
  phi: Num;
  share: Num;
  absolute_share: Num;
  state?: { mean: Num; min: Num; max: Num } | null;
  weight?: { mean: Num; min: Num; max: Num } | null;
  by_cohort?: { cohort: string; rows: number; phi: Num; share: Num }[] | null;
  by_frame?: { frame: number; label: string | null; rows: number; phi: Num; share: Num }[] | null;
  top?: TopRow[];
  seconds: number;
}

export interface Network {
  nodes: { id: string | number; row: number; hop: number }[];
  edges: [number, number][];
  cut: boolean;
  reached: number;
}

export interface Rows {
  columns: string[];
  rows: (string | number | null)[][];
  total?: number;
}

export class ApiError extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

function address(path: string, parameters: Record<string, string | number | undefined> = {}): string {
  const query = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "");
  return `${ROOT}/${path}${query.length ? "?" : ""}${query.map(([key, value]) => `${key}=${encodeURIComponent(value!)}`).join("&")}`;
}

async function ask(url: string, init?: RequestInit): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (reason) {
    if ((reason as Error).name === "AbortError") throw reason;
    throw new ApiError("gone", "The server does not answer: was throng serve stopped?");
  }
  if (answer.ok) return answer;
  const body = await answer.json().catch(() => null);
  throw new ApiError(body?.error?.code ?? "internal", body?.error?.message ?? `The server says ${answer.status}.`);
}

async function json<T>(path: string, parameters?: Record<string, string | number | undefined>, init?: RequestInit): Promise<T> {
  return (await ask(address(path, parameters), init)).json() as Promise<T>;
}

export async function runs(): Promise<RunInfo[]> {
  return (await json<{ runs: RunInfo[] }>("runs")).runs;
}

/** The same as a report page has within. */
export async function loadRun(info: RunInfo): Promise<Run> {
  const of = `runs/${info.run}`;
  const { files } = await json<{ files: { name: string }[] }>(`${of}/files`);
  const there = (name: string) => files.some((file) => file.name === name);
  const [report, figures, verification, study] = await Promise.all([
    json<Report>(`${of}/report`),
    json<Run["figures"]>(`${of}/figures`).catch((reason: Error): Run["figures"] => ({ problems: [`Some charts are missing: ${reason.message}`] })),
    there("verify.json") ? json<Verification>(`${of}/verify`) : null,
    there("study.yaml") ? ask(address(`${of}/files/study.yaml`)).then((answer) => answer.text()) : null,
  ]);
  return { name: info.name, report, verification, figures, study };
}

/** `problems`: tables that turned out to be damaged. */
export function tables(run: number): Promise<{ tables: TableInfo[]; problems: string[] }> {
  return json(`runs/${run}/tables`);
}

export interface Window {
  table: string;
  from: number;
  to: number;
}

/** A column's values in a window, every k-th row. */
export async function column(run: number, name: string, window: Window, every: number, as: "float32" | "float64" | "int32", signal?: AbortSignal): Promise<Float32Array | Float64Array | Int32Array> {
  const answer = await ask(address(`runs/${run}/column`, { ...window, column: name, as, every: every > 1 ? every : undefined }), { signal });
  const bytes = await answer.arrayBuffer();
  return as === "float32" ? new Float32Array(bytes) : as === "float64" ? new Float64Array(bytes) : new Int32Array(bytes);
}

export async function words(run: number, table: string, name: string, most: number): Promise<string[]> {
  return (await json<{ words: string[] }>(`runs/${run}/words`, { table, column: name })).words.slice(0, most);
}

export function selectWhere(run: number, window: Window, where: string, signal?: AbortSignal): Promise<Selection> {
  return json(`runs/${run}/select`, { ...window, where, top: 50 }, { signal });
}

export function selectRows(run: number, window: Window, rows: Uint32Array, signal?: AbortSignal): Promise<Selection> {
  return json(`runs/${run}/select`, { ...window, top: 50 }, {
    method: "POST", body: rows.buffer as ArrayBuffer, headers: { "Content-Type": "application/octet-stream" }, signal,
  });
}

/** A byte a row: 255 where it is selected. */
export async function mask(run: number, selection: string, window: Window): Promise<Uint8Array> {
  const answer = await ask(address(`runs/${run}/mask`, { selection, from: window.from, to: window.to, as: "uint8" }));
  return new Uint8Array(await answer.arrayBuffer());
}

export function search(run: number, window: Window, prefix: string, signal?: AbortSignal): Promise<{ ids: { id: string | number; row: number }[]; more: boolean }> {
  return json(`runs/${run}/search`, { ...window, prefix, limit: 12 }, { signal });
}

export function agent(run: number, id: string | number): Promise<{ id: string | number; tables: ({ table: string } & Rows)[] }> {
  return json(`runs/${run}/agent`, { id });
}

export function network(run: number, id: string | number, window: Window, hops: number): Promise<Network> {
  return json(`runs/${run}/network`, { id, hops, ...window, limit: 20000, cut: 1 });
}

export function page(run: number, window: Window, selection: string | undefined, sort: string | undefined, offset: number, limit: number): Promise<Rows> {
  return json(`runs/${run}/page`, { ...window, selection, sort, offset, limit });
}

export function eventsAddress(): string {
  return `${ROOT}/events`;
}
