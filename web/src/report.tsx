// The report of a run: the answer, its charts, the certificate, where it comes from. In a file of its own, and in the
// explorer.
import { useErrorBoundary, useMemo, useState } from "preact/hooks";
import { CertificateBox, GapBox } from "./certificate";
import { ChartCard, download } from "./chart";
import { charts } from "./figures";
import { bytes, count, duration, joined } from "./format";
import { Report, Run } from "./run";

function CopyButton({ text }: { text: string }) {
  const [done, setDone] = useState(false);
  const copy = () => navigator.clipboard?.writeText(text).then(() => setDone(true), () => setDone(false));
  return (
    <button type="button" onClick={copy} aria-live="polite">
      {done ? "Copied" : "Copy"}
    </button>
  );
}

/** Broken between its words, not at hyphens within them. */
export function Command({ text }: { text: string }) {
  return <pre tabIndex={0}><code>{text.split(" ").map((word, i) => <>{i > 0 && " "}<span>{word}</span></>)}</code></pre>;
}

function Repeat({ run }: { run: Run }) {
  const command = run.report.provenance?.command;
  return (
    <section class="card" id="repeat" aria-labelledby="repeat-title">
      <h2 id="repeat-title">Repeat it</h2>
      {command ? (
        <>
          <p class="aid">The command of this run:</p>
          <Command text={command} />
        </>
      ) : (
        <p class="aid">The run was made from a program{run.study && "; its settings are in study.yaml"}.</p>
      )}
      <div class="tools">
        {command && <CopyButton text={command} />}
        {run.study && (
          <button type="button" onClick={() => download("study.yaml", run.study!, "text/yaml")}>Download study.yaml</button>
        )}
      </div>
      {run.study && <p class="aid"><code>throng run study.yaml</code> repeats it bit for bit, with every setting spelled out.</p>}
    </section>
  );
}

function Provenance({ report }: { report: Report }) {
  const from = report.provenance;
  if (!from) return null;
  const rows: [string, string][] = [
    ["made by", `throng ${report.throng.version} (revision ${report.throng.revision})`],
    ["started", from.started.replace("T", " ").replace("Z", " UTC")],
    ["seed", String(from.seed)],
    ["time taken", duration(report.timings?.total_seconds ?? 0)],
    ["memory", from.peak_memory_bytes ? bytes(from.peak_memory_bytes) : "–"],
    ["machine", [from.machine.processor, `${from.machine.threads} threads`, from.machine.system].filter(Boolean).join(", ")],
    ...from.inputs.map((input): [string, string] => ["input", `${input.path}, ${bytes(input.bytes)}, XXH3 ${input.hash}`]),
  ];
  return (
    <section class="card" id="provenance" aria-labelledby="provenance-title">
      <h2 id="provenance-title">Where it comes from</h2>
      <dl>
        {rows.map(([name, text], i) => (
          <div key={i}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Cite({ report }: { report: Report }) {
  if (!report.cite?.length) return null;
  const text = report.cite.map((one) => `${one.for}: ${one.reference}`).join("\n");
  return (
    <section class="card" id="cite" aria-labelledby="cite-title">
      <h2 id="cite-title">How to cite it</h2>
      <ul>
        {report.cite.map((one, i) => (
          <li key={i}>
            <b>{one.for}</b>: {one.reference}
          </li>
        ))}
      </ul>
      <div class="tools"><CopyButton text={text} /></div>
    </section>
  );
}

function Notes({ run }: { run: Run }) {
  const notes = [...(run.report.notes ?? []), ...(run.figures.problems ?? [])];
  if (!notes.length) return null;
  return (
    <section class="card" id="notes" aria-labelledby="notes-title">
      <h2 id="notes-title">To keep in mind</h2>
      <ul>
        {notes.map((note, i) => (
          <li key={i}>{note}</li>
        ))}
      </ul>
    </section>
  );
}

/** A report that is not as it should be takes nothing else with it. */
export function ReportView(props: { run: Run; heading?: boolean }) {
  const [reason] = useErrorBoundary();
  if (!reason) return <Whole {...props} />;
  return (
    <p role="alert" class="problem nothing">
      The report of {props.run.name} cannot be shown: report.json or verify.json is damaged, or of another version of throng ({String(reason)}).
    </p>
  );
}

function Whole({ run, heading = true }: { run: Run; heading?: boolean }) {
  const list = useMemo(() => charts(run), [run]);
  const { report } = run;
  const { answer } = report;
  return (
    <div class="report">
      <header>
        {heading && <p class="kind">throng report · {run.name}</p>}
        <h1 class={answer ? "sentence" : ""}>{joined(answer?.text ?? run.name)}</h1>
        {answer?.panel && <p class="second">{joined(answer.panel)}</p>}
        <p class="aid">{answer?.about ?? "This run was made by an older throng and has no answer in words."}</p>
        {report.indicator && <p class="aid">{report.indicator.summary}</p>}
        {report.certificate && !report.cascades && (
          <p class="aid">
            phi is the credit of {report.players === "cohorts" ? "a cohort" : "an agent"}: its marginal effect, averaged on the way from{" "}
            {report.world ? "nobody taking part to everybody" : "the baseline to what was observed"}. |phi| is its size, up or down.
          </p>
        )}
      </header>
      <div class="charts">
        {list.map((chart) => (
          <ChartCard key={chart.id} chart={chart} run={run.name} />
        ))}
      </div>
      <Notes run={run} />
      {answer?.policy && (
        <section class="card" id="policy" aria-labelledby="policy-title">
          <h2 id="policy-title">How the agents decide</h2>
          <p>{joined(answer.policy)}.</p>
        </section>
      )}
      <CertificateBox report={report} verification={run.verification} />
      {report.solution && <GapBox solution={report.solution} />}
      <Repeat run={run} />
      <Cite report={report} />
      <Provenance report={report} />
      {report.top && (
        <footer>
          <p class="aid">The credits of all {count(report.agents)} agents are in attribution.parquet beside report.json.</p>
        </footer>
      )}
    </div>
  );
}
