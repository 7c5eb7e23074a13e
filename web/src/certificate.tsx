// What the run says of its proof, the numbers behind a click; and what a verification found.
import { count, value } from "./format";
import { Report, Solution, Verification } from "./run";

/** How good a strategy is. */
export function GapBox({ solution: it }: { solution: Solution }) {
  return (
    <section class={`card certificate ${it.converged ? "good" : "bad"}`} id="certificate" aria-labelledby="certificate-title">
      <h2 id="certificate-title">Can this be trusted?</h2>
      <p>
        <span class="mark" aria-hidden="true">{it.converged ? "✓" : "✗"}</span>{" "}
        {it.converged
          ? `The ${it.measure} is ${value(it.gap, 3)}, within the tolerance of ${value(it.tolerance, 3)}.`
          : `Not converged: the ${it.measure} is ${value(it.gap, 3)}, and ${value(it.tolerance, 3)} was asked for. Others may still gain by playing something else.`}
        {it.measure === "gap" && " It is what the players would gain, added up, if each alone changed to the best reply; 0 is an equilibrium."}
      </p>
    </section>
  );
}

export function CertificateBox({ report, verification }: { report: Report; verification: Verification | null }) {
  const it = report.certificate;
  if (!it) return null;
  const { verdict, text } = report.answer?.certificate ?? { verdict: "fair", text: "This run was made by an older throng and has no certificate in words." };
  // Of cascades there is only the sum to check.
  const numbers: [string, string][] = report.cascades ? [] : [
    ["method", it.method],
    ["with nobody", value(it.nobody, 10)],
    ["with everybody", value(it.everybody, 10)],
    ["sum of all credits", value(it.sum_phi, 10)],
    ["residual of the sum", value(it.efficiency_residual, 3)],
    ["change with half the nodes", value(it.rule_change, 3)],
    ["allowed", value(it.tolerance, 3)],
    ["nodes of the integral", it.quadrature_nodes ? count(it.quadrature_nodes) : "–"],
    ["coalitions evaluated", it.evaluations ? count(it.evaluations) : "–"],
    ["estimated error", value(it.error_estimate, 3)],
  ];
  return (
    <section class={`card certificate ${verdict}`} id="certificate" aria-labelledby="certificate-title">
      <h2 id="certificate-title">Can this be trusted?</h2>
      <p>
        <span class="mark" aria-hidden="true">{verdict === "good" ? "✓" : verdict === "fair" ? "≈" : "✗"}</span> {text[0].toUpperCase() + text.slice(1)}
      </p>
      {numbers.length > 0 && <details>
        <summary>The numbers</summary>
        <dl>
          {numbers.map(([name, number]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{number}</dd>
            </div>
          ))}
        </dl>
      </details>}
      {numbers.length > 0 && <Checks verification={verification} />}
    </section>
  );
}

const MARKS: Record<string, string> = { holds: "✓", fails: "✗" };

function Checks({ verification }: { verification: Verification | null }) {
  if (!verification)
    return <p class="aid">Nobody has checked this run yet: <code>throng verify</code> repeats it and adds what it finds here.</p>;
  const failed = verification.checks.filter((check) => check.verdict === "fails");
  return (
    <>
      <p>
        <span class="mark" aria-hidden="true">{verification.holds ? "✓" : "✗"}</span>{" "}
        {verification.holds
          ? `The run was repeated and holds${verification.partial ? ", as far as it can be checked without its inputs" : ""}.`
          : `The run was repeated and does not hold: ${failed.map((check) => check.name).join(", ")}.`}
      </p>
      <details open={!verification.holds}>
        <summary>The checks</summary>
        <ul class="checks">
          {verification.checks.map((check, i) => (
            <li key={i} class={check.verdict === "fails" ? "bad" : ""}>
              <b>{MARKS[check.verdict] ?? "–"} {check.name}</b> {check.meaning}
              {check.number != null && check.limit != null ? ` (${value(check.number, 2)}, at most ${value(check.limit, 2)})` : ""}
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}
