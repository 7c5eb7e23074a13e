// A chart with what belongs to it: a title, how to read it, its data as a download and as a table.
import { useEffect, useRef, useState } from "preact/hooks";
import { cell, joined } from "./format";
import { svgOf } from "./svg";

export type Row = Record<string, unknown>;

export interface Chart {
  id: string;
  title: string;
  /** One line: how to read it. */
  aid: string;
  /** What a person who does not see it should know. */
  alt: string;
  rows: Row[];
  /** Whether half the page is enough. */
  half?: boolean;
  /** Draws it at a width in pixels. */
  draw: (width: number) => Element;
}

/** A cell of CSV; what a spreadsheet would take for a formula is made text. */
function csvCell(cell: unknown): string {
  if (cell == null) return "";
  if (typeof cell === "number") return Number.isFinite(cell) ? String(cell) : "";
  const text = /^[=+\-@\t\r]/.test(String(cell)) ? `'${cell}` : String(cell);
  return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function csv(rows: Row[]): string {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [keys, ...rows.map((row) => keys.map((key) => row[key]))].map((cells) => cells.map(csvCell).join(",") + "\n").join("");
}

export function download(name: string, text: string, type = "text/csv"): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

const ROWS_SHOWN = 100;

/** The first rows of a list as a table. */
export function DataTable({ rows, caption }: { rows: Row[]; caption: string }) {
  const keys = [...new Set(rows.slice(0, ROWS_SHOWN).flatMap((row) => Object.keys(row)))];
  const shown = (x: unknown) => (x == null ? "–" : typeof x === "number" ? cell(x) : String(x));
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>
          {caption}
          {rows.length > ROWS_SHOWN ? `: the first ${ROWS_SHOWN} of ${rows.length} rows` : ""}
        </caption>
        <thead>
          <tr>
            {keys.map((key) => (
              <th key={key} scope="col" class={typeof rows[0]?.[key] === "number" ? "number" : ""}>{key}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, ROWS_SHOWN).map((row, i) => (
            <tr key={i}>
              {keys.map((key) => (
                <td key={key} class={typeof row[key] === "number" ? "number" : ""}>{shown(row[key])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A chart that cannot be drawn takes none of the others with it. */
function attempt(chart: Chart, width: number): Element {
  try {
    return chart.draw(width);
  } catch (reason) {
    console.error(chart.id, reason);
    const note = document.createElement("p");
    note.textContent = "This chart could not be drawn; its data are below.";
    return note;
  }
}

/** Draws, and again when its width changes. */
function Drawing({ chart }: { chart: Chart }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const box = place.current!;
    let drawn = 0;
    const draw = () => {
      const width = Math.floor(box.clientWidth);
      if (width < 50 || width === drawn) return;
      drawn = width;
      const picture = attempt(chart, width);
      // The box is one image with a name; its thousand shapes are nothing to read out.
      for (const svg of picture.tagName === "svg" ? [picture] : picture.querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
      box.replaceChildren(picture);
    };
    draw();
    const watcher = new ResizeObserver(draw);
    watcher.observe(box);
    return () => watcher.disconnect();
  }, [chart]);
  return <div class="drawing" ref={place} role="img" aria-label={`${chart.title}. ${chart.alt}`} />;
}

export function ChartCard({ chart, run }: { chart: Chart; run: string }) {
  const [open, setOpen] = useState(false);
  const card = useRef<HTMLElement>(null);
  const picture = () => {
    const text = svgOf(card.current!.querySelector(".drawing")!, chart.title);
    if (text) download(`${run}-${chart.id}.svg`, text, "image/svg+xml");
  };
  const title = `${chart.id}-title`;
  return (
    <section ref={card} class={chart.half ? "card half" : "card"} id={chart.id} aria-labelledby={title}>
      <h2 id={title}>{chart.title}</h2>
      <p class="aid">{joined(chart.aid)}</p>
      <Drawing chart={chart} />
      <div class="tools">
        <button type="button" onClick={() => download(`${run}-${chart.id}.csv`, csv(chart.rows))} aria-label={`Download data: ${chart.title}`}>
          Download data
        </button>
        <button type="button" onClick={picture} aria-label={`Save picture: ${chart.title}`}>Save picture</button>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} aria-label={`${open ? "Hide" : "Show"} table: ${chart.title}`}>
          {open ? "Hide table" : "Show table"}
        </button>
      </div>
      {open && <DataTable rows={chart.rows} caption={chart.title} />}
    </section>
  );
}
