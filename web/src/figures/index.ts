// All charts of a run, in the order of a report: what happened, who carries it, which agents, what it depends on.
import { Chart } from "../chart";
import { Run } from "../run";
import { byState, byWeight, dampened, deletion, heat, members, rivals, states, top } from "./agents";
import { largest, makers } from "./cascades";
import { behaviours, lorenz, perAgent, personas, shares } from "./cohorts";
import { attribution, course } from "./course";
import { convergence, strategy } from "./solution";
import { sweeps } from "./sweep";

export function charts(run: Run): Chart[] {
  if (run.report.solution) return [convergence(run), strategy(run)].filter((chart) => chart != null);
  if (run.report.cascades) return [makers(run), largest(run)].filter((chart) => chart != null);
  const list = [
    ...sweeps(run), course(run), rivals(run), states(run), attribution(run), shares(run), members(run), personas(run), behaviours(run),
    top(run), dampened(run), byWeight(run), byState(run), lorenz(run), perAgent(run), deletion(run), heat(run),
  ];
  const there = list.filter((chart) => chart != null);
  const halves = there.filter((chart) => chart.half);
  return halves.length % 2 === 0 ? there : there.map((chart) => ({ ...chart, half: false }));
}
