// One script for both pages: a file that throng report made has its run within, and all others are the explorer's.
import { render } from "preact";
import { ReportView } from "./report";
import { Run } from "./run";
import "./style.css";

const place = document.getElementById("app")!;
const own = document.getElementById("throng-report");

// On paper nobody can click: what is folded away is printed, too.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});

if (own) {
  const run = JSON.parse(own.textContent!) as Run;
  document.title = [run.name, run.report.answer?.text].filter(Boolean).join(": ");
  render(<main><ReportView run={run} /></main>, place);
} else {
  void import("./explorer").then(({ start }) => start(place));
}
