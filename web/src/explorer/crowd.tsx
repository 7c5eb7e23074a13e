// The crowd of one run: every agent a point; filter, search, selection, time.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clip, count, duration } from "../format";
import { ApiError, mask as fetchMask, search, selectRows, selectWhere, Selection, TableInfo, tables as fetchTables } from "./api";
import { AgentPanel } from "./agent";
import { colourColumns, Colouring, Columns, everyOf, firstLook, idColumn, Look, numericColumns, windowOf } from "./data";
import { Axis, Picture } from "./picture";
import { Kind, usualKind } from "./scales";
import { SelectedPanel } from "./selected";

const ORDER = ["attribution", "states", "change", "intervention", "steps"];

function firstTable(list: TableInfo[]): TableInfo | undefined {
  return ORDER.map((name) => list.find((one) => one.table === name)).find((one) => one && numericColumns(one).length > 0)
    ?? list.find((one) => numericColumns(one).length > 0);
}

export function CrowdView({ run, graph, cohorts }: { run: number; graph: boolean; cohorts: string[] }) {
  const [found, setFound] = useState<Awaited<ReturnType<typeof fetchTables>> | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    fetchTables(run).then(setFound, (reason: Error) => setProblem(reason.message));
  }, [run]);
  if (problem) return <p role="alert" class="problem">{problem}</p>;
  if (!found) return <p class="aid">Reading tables…</p>;
  const table = firstTable(found.tables);
  return (
    <>
      <LeftOut problems={found.problems} />
      {table ? <TableView run={run} list={found.tables} first={table} graph={graph} cohorts={cohorts} /> : <p class="aid nothing">This run has no table of agents.</p>}
    </>
  );
}

/** What could not be read. */
export function LeftOut({ problems }: { problems: string[] }) {
  return <>{problems.map((one) => <p key={one} role="status" class="problem">Left out: {one}</p>)}</>;
}

function TableView({ run, list, first, graph, cohorts }: { run: number; list: TableInfo[]; first: TableInfo; graph: boolean; cohorts: string[] }) {
  const columns = useMemo(() => new Columns(run, cohorts), [run]);
  const [look, setLook] = useState<Look>(() => firstLook(first));
  const [axes, setAxes] = useState<{ x: Axis; y: Axis; colouring: Colouring; phi: ArrayLike<number> | null; from: number; every: number } | null>(null);
  const [selected, setSelected] = useState<Selection | null>(null);
  const [mask, setMask] = useState<Uint8Array | null>(null);
  const [where, setWhere] = useState("");
  const [only, setOnly] = useState(false);
  const [agentId, setAgentId] = useState<string | number | null>(null);
  const [marked, setMarked] = useState<number | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const who = idColumn(look.table);
  const window = windowOf(look);
  const every = everyOf(window);
  const turn = useRef(0);
  const asked = useRef<AbortController | null>(null);

  // The columns of the look; what comes after a newer look is not wanted any more.
  useEffect(() => {
    const own = ++turn.current;
    setBusy(true);
    const phi = look.table.columns.some((one) => one.column === "phi") ? columns.values("phi", window) : Promise.resolve(null);
    const info = (name: string) => look.table.columns.find((one) => one.column === name);
    Promise.all([columns.axis(look.x, look.xKind, window, info(look.x)), columns.axis(look.y, look.yKind, window, info(look.y)), columns.colouring(look, window), phi]).then(
      ([x, y, colouring, phi]) => {
        if (own !== turn.current) return;
        setAxes({ x: { name: look.x, ...x }, y: { name: look.y, ...y }, colouring, phi, from: window.from, every });
        setProblem("");
        setBusy(false);
      },
      (reason: Error) => {
        if (own !== turn.current) return;
        setProblem(reason.message);
        setBusy(false);
      });
  }, [look]);

  const clear = () => {
    asked.current?.abort();
    setSelected(null);
    setMask(null);
  };

  /** Asks for a selection and shows it; an older question is given up. */
  const select = (ask: (signal: AbortSignal) => Promise<Selection>) => {
    asked.current?.abort();
    const now = (asked.current = new AbortController());
    setBusy(true);
    ask(now.signal)
      .then(async (it) => {
        const bits = await fetchMask(run, it.selection, window);
        if (now.signal.aborted) return;
        setSelected(it);
        setMask(every === 1 ? bits : bits.filter((_, i) => i % every === 0));
        setProblem("");
      })
      .catch((reason: Error) => reason.name === "AbortError" || setProblem(reason.message))
      .finally(() => now === asked.current && setBusy(false));
  };

  const filter = (event?: Event) => {
    event?.preventDefault();
    if (where.trim()) select((signal) => selectWhere(run, window, where, signal));
    else clear();
  };

  // Another time: what was filtered is filtered there, what was drawn round is not there any more.
  useEffect(() => {
    setMarked(null);
    if (where.trim() && selected) filter();
    else clear();
  }, [look.frame, look.table]);

  const toAgent = (id: string | number, row: number) => {
    setAgentId(id);
    setMarked(row >= window.from && row < window.to && (row - window.from) % every === 0 ? (row - window.from) / every : null);
  };
  const toPoint = (point: number) => {
    const row = window.from + point * every;
    selectRow(run, window, row).then((it) => it && toAgent(it.id, row), (reason: Error) => setProblem(reason.message));
  };
  const change = (part: Partial<Look>) => setLook({ ...look, ...part });
  const axisKind = (name: string) => usualKind(look.table.columns.find((one) => one.column === name)?.role ?? null);

  return (
    <div class="crowd" aria-busy={busy}>
      <section class="card" aria-label="What is shown">
        <div class="controls">
          {list.length > 1 && (
            <label>Table
              <select value={look.table.table} onChange={(event) => { clear(); setAxes(null); setLook(firstLook(list.find((one) => one.table === event.currentTarget.value)!)); }}>
                {list.filter((one) => numericColumns(one).length > 0).map((one) => <option key={one.table}>{one.table}</option>)}
              </select>
            </label>
          )}
          <AxisChoice name="Across" table={look.table} column={look.x} kind={look.xKind} onChange={(x, kind) => change({ x, xKind: kind ?? axisKind(x) })} />
          <AxisChoice name="Up" table={look.table} column={look.y} kind={look.yKind} onChange={(y, kind) => change({ y, yKind: kind ?? axisKind(y) })} />
          <label>Colour
            <select id="colour" value={look.colour} onChange={(event) => change({ colour: event.currentTarget.value })}>
              {colourColumns(look.table).map((one) => <option key={one.column}>{one.column}</option>)}
            </select>
          </label>
        </div>
        <TimeSlider look={look} onFrame={(frame) => change({ frame })} />
        <div class="controls">
          <form class="grow" onSubmit={filter}>
            <label>Filter
              <input id="where" type="text" value={where} spellcheck={false} autocomplete="off" placeholder={example(look.table)} onInput={(event) => setWhere(event.currentTarget.value)} />
            </label>
            <button type="submit">Filter</button>
            <label class="check"><input type="checkbox" checked={only} onChange={(event) => setOnly(event.currentTarget.checked)} /> hide the others</label>
          </form>
          {who && <Search run={run} look={look} onAgent={toAgent} />}
        </div>
        {problem && <p role="alert" class="problem">{problem}</p>}
        <Picture x={axes?.x ?? null} y={axes?.y ?? null} colouring={axes?.colouring ?? null} mask={mask} only={only} marked={marked}
          onLasso={(points) => {
            if (!points.length) return clear();
            setWhere("");
            const rows = Uint32Array.from(points, (point) => window.from + point * every);
            select((signal) => selectRows(run, window, rows, signal));
          }}
          onPoint={who ? toPoint : () => {}} />
        <p class="aid" role="status">
          {busy ? "Working… " : ""}{count(window.to - window.from)} {who ? "agents" : "rows"}{every > 1 ? `, one in ${every} of them is drawn` : ""}.{" "}
          {selected ? `The last question took ${duration(selected.seconds)}. ` : ""}Drag to move, wheel to zoom,{who ? " click for an agent," : ""} Shift and drag to select.
        </p>
      </section>
      {selected && <SelectedPanel run={run} window={window} selected={selected} who={who} onAgent={toAgent} onClear={() => { setWhere(""); clear(); }} />}
      {agentId != null && (
        <AgentPanel run={run} id={agentId} window={window} graph={graph} onClose={() => { setAgentId(null); setMarked(null); }}
          onAgent={(id) => search(run, window, String(id)).then((found) => toAgent(id, found.ids.find((one) => String(one.id) === String(id))?.row ?? -1), () => setAgentId(id))}
          phiOf={(row) => {
            const at = (row - window.from) / every;
            return axes?.phi && axes.from === window.from && Number.isInteger(at) && at >= 0 && at < axes.phi.length ? axes.phi[at]! : null;
          }} />
      )}
    </div>
  );
}

/** The id of a row. */
async function selectRow(run: number, window: { table: string; from: number; to: number }, row: number): Promise<{ id: string | number } | null> {
  const it = await selectRows(run, window, Uint32Array.of(row));
  const first = it.top?.[0];
  if (!first) throw new ApiError("agent", "This table does not say who it is.");
  return first;
}

function example(table: TableInfo): string {
  const weight = table.columns.find((one) => one.role === "weight")?.column;
  const state = table.columns.find((one) => one.role === "state")?.column;
  return weight ? `${weight} > 1000` : state ? `${state} > 0.5` : "an SQL condition";
}

function AxisChoice({ name, table, column, kind, onChange }: { name: string; table: TableInfo; column: string; kind: Kind; onChange: (column: string, kind?: Kind) => void }) {
  const kinds: [Kind, string][] = [["linear", "linear"], ["log", "log"], ["symlog", "log from 0"]];
  return (
    <>
      <label>{name}
        <select id={name.toLowerCase()} value={column} onChange={(event) => onChange(event.currentTarget.value)}>
          {numericColumns(table).map((one) => <option key={one.column}>{one.column}</option>)}
        </select>
      </label>
      <label><span class="unseen">{name}: scale</span>
        <select value={kind} onChange={(event) => onChange(column, event.currentTarget.value as Kind)}>
          {kinds.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
      </label>
    </>
  );
}

/** The times of the table, by hand or played. */
function TimeSlider({ look, onFrame }: { look: Look; onFrame: (frame: number) => void }) {
  const [playing, setPlaying] = useState(false);
  const n = look.table.frames.length;
  useEffect(() => {
    if (!playing) return;
    const timer = setTimeout(() => onFrame((look.frame + 1) % n), 900);
    return () => clearTimeout(timer);
  }, [playing, look.frame]);
  if (n < 2) return null;
  const label = clip(look.table.frames[look.frame]?.label ?? "", 30);
  return (
    <div class="controls">
      <label class="grow">Time: <output id="time-label">{label}</output>
        <input id="time" type="range" min={0} max={n - 1} value={look.frame} aria-valuetext={label}
          onInput={(event) => { setPlaying(false); onFrame(Number(event.currentTarget.value)); }} />
      </label>
      <button type="button" aria-pressed={playing} onClick={() => setPlaying(!playing)}>{playing ? "Stop" : "Play"}</button>
    </div>
  );
}

/** Ids that begin with what is typed. */
function Search({ run, look, onAgent }: { run: number; look: Look; onAgent: (id: string | number, row: number) => void }) {
  const [text, setText] = useState("");
  const [found, setFound] = useState<{ ids: { id: string | number; row: number }[]; more: boolean } | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (!text.trim()) {
      setFound(null);
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      search(run, windowOf(look), text.trim(), stop.signal).then(
        (it) => { setFound(it); setProblem(""); },
        (reason: Error) => reason.name === "AbortError" || setProblem(reason.message));
    }, 200);
    return () => { clearTimeout(timer); stop.abort(); };
  }, [text, look.frame, look.table]);
  const go = (event: Event) => {
    event.preventDefault();
    const first = found?.ids[0];
    if (first) choose(first);
  };
  const choose = (one: { id: string | number; row: number }) => {
    setFound(null);
    onAgent(one.id, one.row);
  };
  return (
    <form class="search" role="search" onSubmit={go} onKeyDown={(event) => event.key === "Escape" && setFound(null)}>
      <label>Agent
        <input id="search" type="search" value={text} autocomplete="off" placeholder="id begins with" onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <button type="submit">Go</button>
      {problem && <p role="alert" class="problem">{problem}</p>}
      {found && (
        <ul class="found" aria-label="Agents found">
          {found.ids.map((one) => (
            <li key={String(one.id)}><button type="button" class="link" onClick={() => choose(one)}>{clip(String(one.id), 60)}</button></li>
          ))}
          {!found.ids.length && <li class="aid">nobody</li>}
          {found.more && <li class="aid">and more</li>}
        </ul>
      )}
    </form>
  );
}
