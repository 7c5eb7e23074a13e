// The explorer: the runs that throng serve has, their reports, their crowds, several side by side, and runs in progress.
import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { count, duration, percent } from "../format";
import { Plot, margins, style, ticks, wholeTicks } from "../figures/plot";
import { Chart, ChartCard } from "../chart";
import { Command, ReportView } from "../report";
import { leaves, Run } from "../run";
import { eventsAddress, loadRun, RunInfo, runs as fetchRuns } from "./api";
import { CrowdView, LeftOut } from "./crowd";

interface Progress {
  stage: string;
  unit: string;
  done: number;
  total: number;
  seconds: number;
}

/** What server-sent events have told. */
interface Live {
  runs: RunInfo[] | null;
  progress: Record<number, Progress>;
  series: Record<number, (number | null)[]>;
  stopped: boolean;
}

function useLive(): Live & { problem: string } {
  const [live, setLive] = useState<Live>({ runs: null, progress: {}, series: {}, stopped: false });
  const [problem, setProblem] = useState("");
  useEffect(() => {
    fetchRuns().then((runs) => setLive((now) => ({ ...now, runs: now.runs ?? runs })), (reason: Error) => setProblem(reason.message));
    const source = new EventSource(eventsAddress());
    const on = (name: string, take: (data: any) => void) =>
      source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
    on("hello", ({ runs }) => setLive((now) => ({ ...now, runs, stopped: false })));
    on("progress", (it) => setLive((now) => ({ ...now, progress: { ...now.progress, [it.run]: it } })));
    on("series", ({ run, from, values }) => setLive((now) => ({ ...now, series: { ...now.series, [run]: [...(now.series[run] ?? []).slice(0, from), ...values] } })));
    on("state", (it: RunInfo) => setLive((now) => ({ ...now, runs: (now.runs ?? []).map((one) => (one.run === it.run ? { ...one, ...it } : one)) })));
    on("bye", () => {
      source.close();
      setLive((now) => ({ ...now, stopped: true }));
    });
    // The browser tries again by itself; a server that is back says hello.
    source.onerror = () => setLive((now) => ({ ...now, stopped: true }));
    return () => source.close();
  }, []);
  return { ...live, problem };
}

type View = "report" | "crowd";

/** "#crowd=0,2": what is shown stands in the address, so that it can be sent and gone back to. */
function readAddress(): { view: View; shown: number[] } {
  const found = location.hash.match(/^#(report|crowd)=(\d+(?:,\d+)*)$/);
  return found ? { view: found[1] as View, shown: found[2]!.split(",").map(Number) } : { view: "report", shown: [0] };
}

function Explorer() {
  const { runs, progress, series, stopped, problem } = useLive();
  const [{ view, shown }, setState] = useState(readAddress);
  const setView = (view: View) => setState({ view, shown });
  const setShown = (shown: number[]) => setState({ view, shown });
  useEffect(() => {
    const follow = () => setState(readAddress());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  useEffect(() => {
    const address = `#${view}=${shown.join(",")}`;
    if (location.hash !== address && (location.hash || address !== "#report=0")) history.pushState(null, "", address);
  }, [view, shown]);
  useEffect(() => {
    document.title = `${runs?.filter((one) => shown.includes(one.run)).map((one) => one.name).join(", ") || "throng"} – throng explorer`;
  }, [runs, shown]);
  if (!runs) return <main class="report">{problem ? <p role="alert" class="problem">{problem}</p> : <p>Loading…</p>}</main>;
  const there = runs.filter((one) => shown.includes(one.run));
  const chosen = there.length ? there : runs.slice(0, 1);
  const toggle = (run: number) => setShown(shown.includes(run) ? (shown.length > 1 ? shown.filter((one) => one !== run) : shown) : [...shown, run].sort((a, b) => a - b));
  return (
    <>
      <header class="topbar">
        <b>throng</b>
        <nav aria-label="Views">
          {(["report", "crowd"] as const).map((one) => (
            <button key={one} type="button" aria-pressed={view === one} onClick={() => setView(one)}>{one === "report" ? "Report" : "Crowd"}</button>
          ))}
        </nav>
        {runs.length > 1 && (
          <fieldset>
            <legend>Runs, side by side</legend>
            {runs.map((one) => (
              <label key={one.run}><input type="checkbox" checked={shown.includes(one.run)} onChange={() => toggle(one.run)} /> {one.name}</label>
            ))}
          </fieldset>
        )}
        {stopped && <span role="status" class="problem">The server has stopped: what is shown stays, but it answers no more questions.</span>}
      </header>
      <main class={chosen.length > 1 ? "beside" : ""} style={{ "--beside": chosen.length }}>
        {chosen.map((one) => (
          <RunView key={`${one.run}-${one.state}`} info={one} view={view} alone={chosen.length === 1} progress={progress[one.run]} series={series[one.run] ?? []} />
        ))}
      </main>
    </>
  );
}

function RunView({ info, view, alone, progress, series }: { info: RunInfo; view: "report" | "crowd"; alone: boolean; progress: Progress | undefined; series: (number | null)[] }) {
  const [run, setRun] = useState<Run | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    if (info.state === "complete") loadRun(info).then(setRun, (reason: Error) => setProblem(reason.message));
  }, [info.run, info.state]);
  return (
    <section class="run" aria-label={info.name}>
      {!alone && <p class="kind name">{info.name}</p>}
      {info.state === "running" && <Running info={info} progress={progress} series={series} />}
      {info.state === "failed" && <p role="alert" class="problem">{info.message ?? "This run has failed."}</p>}
      {problem && <p role="alert" class="problem">{problem}</p>}
      <LeftOut problems={info.problems} />
      {run && view === "crowd" && <CrowdView run={info.run} graph={run.report.graph != null} cohorts={leaves(run.report.cohorts ?? []).map((one) => one.name)} />}
      {run && view === "report" && <ReportView run={run} heading={alone} />}
      {info.state === "complete" && !run && !problem && <p class="aid">Loading…</p>}
    </section>
  );
}

/** A run in progress: how far it is, and its indicator so far. */
function Running({ info, progress, series }: { info: RunInfo; progress: Progress | undefined; series: (number | null)[] }) {
  const chart = useMemo((): Chart | null => {
    const rows = series.map((indicator, step) => ({ step, indicator }));
    return rows.length < 2 ? null : {
      id: "live", title: "The indicator so far", aid: "A point for every step that has been made.", alt: `${rows.length} steps.`, rows,
      draw: (width) => Plot.plot({
        width, height: 260, style, ...margins, marginLeft: 62, x: { label: "step", ticks: wholeTicks([0, rows.length - 1], width), tickFormat: String }, y: { label: "indicator", grid: true, tickFormat: ticks.value },
        marks: [Plot.lineY(rows, { x: "step", y: "indicator", stroke: "var(--accent)", strokeWidth: 2 })],
      }),
    };
  }, [series]);
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined;
  return (
    <div class="report">
      <h1>This run is in progress</h1>
      {info.command && <Command text={info.command} />}
      <p role="status">
        <progress value={share} max={1} aria-label="Progress" />{" "}
        {progress ? `${progress.stage}: ${count(progress.done)}${progress.total > 0 ? ` of ${count(progress.total)}` : ""} ${progress.unit}${share != null ? `, ${percent(share)}` : ""}, ${duration(progress.seconds)}` : "starting"}
      </p>
      {chart && <ChartCard chart={chart} run={info.name} />}
    </div>
  );
}

export function start(place: Element): void {
  render(<Explorer />, place);
}
