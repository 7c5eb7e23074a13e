// The sentence that a report opens with.
import { capital, clip, count, percent, value } from "./format";
import { Cohort, isChange, Report, subject, timeName, whole } from "./run";

function phrase(cohort: Cohort): string {
  return clip(words(cohort), 44);
}

/** "the head", "the top 10 % by followers", "party Labour, chamber Lords" */
function words(cohort: Cohort): string {
  if (["head", "middle", "long tail"].includes(cohort.name)) return `the ${cohort.name}`;
  if (cohort.meaning.includes(" is ")) return cohort.meaning.split(", ").map((part) => part.replace(" is ", " ")).join(", ");
  return cohort.meaning.startsWith("the ") ? cohort.meaning : `the ${cohort.meaning}`;
}

function shares(report: Report): string {
  const cohorts = [...(report.cohorts ?? [])];
  if (cohorts.length < 2) return "";
  cohorts.sort((a, b) => Math.abs(b.share ?? 0) - Math.abs(a.share ?? 0));
  const [first, ...rest] = cohorts.slice(0, 3).map((one) => [phrase(one), percent(one.share)] as const);
  return (
    ` ${capital(first![0])} carried ${first![1]} of the ${whole(report)}` +
    rest.map(([who, share]) => `, ${who} ${share}`).join("") + "."
  );
}

function ofIntervention(report: Report): string {
  const it = report.intervention!;
  const silencing = it.by === "silencing";
  return (
    `${silencing ? "Silencing" : "Dampening"} ${count(Number(it.agents))} of ${count(report.agents)} agents` +
    `${silencing ? "" : " in part or wholly"}, ${percent(Number(it.share))} of everybody's influence, brings ` +
    `${subject(report)} from ${value(Number(it.before))} to ${value(Number(it.value))}` +
    `${it.reached ? "" : ": not yet the target"}.`
  );
}

function ofSweep(report: Report): string {
  const { points, repetitions, settings } = report.sweep!;
  const means = points.map((point) => (point.value as { mean: number }).mean).filter((x) => Number.isFinite(x));
  const range = means.length ? ` It goes from ${value(Math.min(...means))} to ${value(Math.max(...means))}.` : "";
  return (
    `${capital(subject(report))}${report.world ? ` in ${report.world.name}` : ""} for ${count(points.length)} settings of ` +
    `${settings.length ? settings.join(" and ") : "the seed"}, ${count(repetitions)} time${repetitions === 1 ? "" : "s"} each.${range}`
  );
}

function ofWorld(report: Report): string {
  const { baseline, observed } = report.indicator;
  const nobody =
    report.world!.participation === "innate" ? "if everybody came from the baseline" : "if nobody had influence";
  const start = `After ${count(report.world!.steps)} steps of ${report.world!.name}, ${subject(report)} is ${value(observed)}`;
  if (baseline === observed) return `${start}, as it would be ${nobody}.`;
  const by = value(Math.abs(observed! - baseline!));
  return `${start}, ${observed! < baseline! ? "down" : "up"} ${by} from ${value(baseline)} ${nobody}.${shares(report)}`;
}

function ofCorrected(report: Report): string {
  const alone = report.panel ? ` Alone they would claim ${value(report.panel.certificate.sum_phi)}.` : "";
  return (
    `In a crowd of ${count(report.aggregates!.agents)} agents, whose ${subject(report)} is ` +
    `${value(report.certificate!.everybody)}, these ${count(report.agents)} carry ${value(report.certificate!.sum_phi)}.${alone}`
  );
}

function ofTable(report: Report): string {
  const { observed, baseline_kind } = report.indicator;
  // What rounding left of nothing is nothing.
  const baseline = Math.abs(report.indicator.baseline!) < 1e-14 * Math.abs(observed!) ? 0 : report.indicator.baseline;
  if (isChange(report)) {
    const verb = observed! > baseline! ? "rose" : observed! < baseline! ? "fell" : "stayed the same,";
    return (
      `${capital(subject(report))} ${verb} from ${value(baseline)} to ${value(observed)} between ` +
      `${timeName(report, report.indicator.change_from)} and ${timeName(report, report.indicator.change_to)}.${shares(report)}`
    );
  }
  if (baseline === observed)
    return `${capital(subject(report))} is ${value(observed)}, as it is at the baseline (${baseline_kind}).`;
  const by = `${observed! < baseline! ? "down" : "up"} ${value(Math.abs(observed! - baseline!))}`;
  return `${capital(subject(report))} is ${value(observed)}, ${by} from ${value(baseline)} at the baseline (${baseline_kind}).${shares(report)}`;
}

/** Of a simulation alone. */
function ofSimulation(report: Report): string {
  const steps = report.trajectory!;
  const last = steps[steps.length - 1];
  return (
    `After ${count(steps.length - 1)} steps of ${report.world?.name}, ${report.indicator.name} of ${report.indicator.column} ` +
    `is ${value(last?.indicator)}; it was ${value(steps[0]?.indicator)}.`
  );
}

function ofSolution(report: Report): string {
  const it = report.solution!;
  const gets = it.players.map((player, i) => `${clip(player, 30)} gets ${value(it.value[i])}`).slice(0, 4);
  const more = it.players.length > 4 ? `, and ${it.players.length - 4} more` : "";
  return `${clip(it.game, 60)}, solved by ${it.solver.split(":")[0]}: ${gets.join(", ")}${more}.`;
}

export function answer(report: Report): string {
  if (report.solution) return ofSolution(report);
  if (report.sweep) return ofSweep(report);
  if (report.intervention) return ofIntervention(report);
  if (report.trajectory) return ofSimulation(report);
  if (report.aggregates) return ofCorrected(report);
  return report.world ? ofWorld(report) : ofTable(report);
}

/** What the panel says instead, if there is one. */
export function panelAnswer(report: Report): string {
  const panel = report.panel;
  if (!panel || report.aggregates) return "";
  const cohorts = [...(panel.cohorts ?? [])];
  const off = (one: Cohort) => Math.abs((one.share ?? 0) - (one.crowd_share ?? 0));
  cohorts.sort((a, b) => off(b) - off(a));
  const worst = cohorts[0];
  const credit =
    worst && cohorts.length > 1
      ? ` and credits ${phrase(worst)} with ${percent(worst.share)} (the crowd: ${percent(worst.crowd_share)})`
      : "";
  return (
    `A panel of ${count(panel.size)} drawn ${panel.drawn ?? "by hand"} puts it at ${value(panel.indicator.observed)} ` +
    `(the crowd: ${value(panel.indicator.crowd_observed)})${credit}.`
  );
}

/** "20,000 agents at 14 times; variance, state path from the neutral baseline" */
export function circumstances(report: Report): string {
  if (report.solution) return [report.solution.size, report.solution.solver, `${count(report.solution.iterations)} iterations`].join(" · ");
  const parts = [`${count(report.agents)} agent${report.agents === 1 ? "" : "s"}`];
  if (isChange(report)) parts.push(`${count(report.rows ?? 0)} rows`, `${count(report.times!)} times`);
  if (report.graph) parts.push(`${count(report.graph.edges)} edges`);
  if (report.indicator.weighted) parts.push(`counted by ${report.columns.weight ?? "weight"}`);
  if (report.world) parts.push(report.sweep ? report.world.name : report.world.spec); // a sweep's parameters change
  if (report.indicator.path) parts.push(`${report.indicator.path} path from the ${report.indicator.baseline_kind} baseline`);
  return parts.join(" · ");
}
