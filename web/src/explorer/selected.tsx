// What a selection carries together: the sums, the cohorts, the times, the agents.
import { useEffect, useState } from "preact/hooks";
import { csv, download } from "../chart";
import { cell as cellText, clip, count, percent, value } from "../format";
import { page, Rows, Selection, Window } from "./api";

const PAGE = 50;

export function SelectedPanel({ run, window, selected, who, onAgent, onClear }: {
  run: number;
  window: Window;
  selected: Selection;
  who: string | undefined;
  onAgent: (id: string | number, row: number) => void;
  onClear: () => void;
}) {
  const n = who ? selected.agents : selected.rows;
  return (
    <section class="card" id="selected" aria-labelledby="selected-title">
      <div class="tools spread">
        <h2 id="selected-title" aria-live="polite">
          {count(n)} {who ? "agent" : "row"}{n === 1 ? "" : "s"} selected{selected.share != null ? `: ${percent(selected.share)} of the whole` : ""}
        </h2>
        <button type="button" onClick={onClear}>Clear</button>
      </div>
      <p>
        {selected.phi != null && <>Together phi is <b id="joint-phi">{value(selected.phi)}</b>, {percent(selected.absolute_share)} of all |phi|. </>}
        They are {percent(selected.rows / Math.max(1, selected.of))} of the {count(selected.of)} shown.
        {selected.state?.mean != null && <> Their mean state is {value(selected.state.mean)}.</>}
      </p>
      {(selected.by_cohort?.length ?? 0) > 1 && <Bars title="by cohort" rows={selected.by_cohort!.map((one) => ({ name: one.cohort, share: one.share, n: one.rows }))} />}
      {(selected.by_frame?.length ?? 0) > 1 && <Bars title="by time" rows={selected.by_frame!.map((one) => ({ name: one.label ?? "", share: one.share, n: one.rows }))} />}
      <AgentTable run={run} window={window} selected={selected} who={who} onAgent={onAgent} />
    </section>
  );
}

function Bars({ title, rows }: { title: string; rows: { name: string; share: number | null; n: number }[] }) {
  const most = Math.max(1e-12, ...rows.map((row) => Math.abs(row.share ?? 0)));
  return (
    <table class="bars">
      <caption>{title}: share of the whole</caption>
      <tbody>
        {rows.slice(0, 20).map((row, i) => (
          <tr key={i}>
            <th scope="row">{clip(row.name, 30)}</th>
            <td class="number">{count(row.n)}</td>
            <td class="number">{percent(row.share)}</td>
            <td class="bar"><i class={(row.share ?? 0) < 0 ? "minus" : ""} style={{ width: `${(100 * Math.abs(row.share ?? 0)) / most}%` }} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AgentTable({ run, window, selected, who, onAgent }: { run: number; window: Window; selected: Selection; who: string | undefined; onAgent: (id: string | number, row: number) => void }) {
  const [rows, setRows] = useState<Rows | null>(null);
  const [offset, setOffset] = useState(0);
  const [problem, setProblem] = useState("");
  const sort = selected.phi != null ? "-|phi|" : undefined;
  useEffect(() => setOffset(0), [selected.selection]);
  useEffect(() => {
    let wanted = true;
    page(run, window, selected.selection, sort, offset, PAGE).then(
      (it) => wanted && (setRows(it), setProblem("")), (reason: Error) => wanted && setProblem(reason.message));
    return () => { wanted = false; };
  }, [selected.selection, offset]);
  if (problem) return <p role="alert" class="problem">{problem}</p>;
  if (!rows) return null;
  const id = who ? rows.columns.indexOf(who) : -1, row = rows.columns.indexOf("row");
  const total = rows.total ?? rows.rows.length;
  const last = Math.min(offset + PAGE, total);
  return (
    <>
      <div class="scroll" tabIndex={0} role="region" aria-label="Selected agents">
        <table>
          <caption>{sort ? "largest |phi| first" : "in their order"}: {count(offset + 1)} to {count(last)} of {count(total)}</caption>
          <thead><tr>{rows.columns.map((name, at) => <th key={name} scope="col" class={typeof rows.rows[0]?.[at] === "number" && at !== id ? "number" : ""}>{name}</th>)}</tr></thead>
          <tbody>
            {rows.rows.map((cells, i) => (
              <tr key={i}>
                {cells.map((cell, at) => (
                  <td key={at} class={typeof cell === "number" && at !== id ? "number" : ""}>
                    {at === id && cell != null
                      ? <button type="button" class="link" onClick={() => onAgent(cell, Number(cells[row] ?? -1))}>{clip(String(cell), 40)}</button>
                      : cell == null ? "–" : typeof cell === "number" ? cellText(cell) : clip(String(cell), 60)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="tools">
        <button type="button" disabled={offset === 0} onClick={() => setOffset(offset - PAGE)}>Previous</button>
        <button type="button" disabled={last >= total || last >= 100000} onClick={() => setOffset(offset + PAGE)}>Next</button>
        <button type="button" onClick={() => page(run, window, selected.selection, sort, 0, 1000).then((it) =>
          download(`${window.table}-selection.csv`, csv(it.rows.map((cells) => Object.fromEntries(it.columns.map((name, i) => [name, cells[i]])))))).catch((reason: Error) => setProblem(reason.message))}>
          Download the first 1,000
        </button>
      </div>
    </>
  );
}
