// A plain page for servers that were built without the explorer (web/): what runs there are, their files, and who was
// credited most. Everything foreign goes in as text.
"use strict";

const make = (name, text, ...children) => {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = String(text);
  element.append(...children);
  return element;
};

const ask = async (path) => {
  const reply = await fetch("api/v1/" + path);
  const body = await reply.json();
  if (!reply.ok) throw new Error(body.error.message);
  return body;
};

const number = (value) => {
  const cell = make("td", value === null ? "" : Number(value).toPrecision(4));
  cell.className = "number";
  return cell;
};

const link = (path, text) => {
  const element = make("a", text);
  element.href = "api/v1/" + path;
  return element;
};

const showRun = async (run) => {
  const section = make("section", null, make("h2", run.name));
  if (run.state !== "complete") {
    section.append(make("p", run.message || "This run is still going on."));
    return section;
  }
  section.append(make("p", null, make("code", run.command)));
  const at = `runs/${run.run}/`;
  const files = (await ask(at + "files")).files;
  const list = make("ul");
  for (const file of files) list.append(make("li", null, link(at + "files/" + file.name, file.name), ` ${file.bytes} bytes`));
  const report = await ask(at + "report");
  if (report.top) {
    const table = make("table", null, make("tr", null, make("th", "agent"), make("th", "credit"), make("th", "share")));
    for (const agent of report.top) table.append(make("tr", null, make("td", agent.id), number(agent.phi), number(agent.share)));
    section.append(make("h3", "Credited most"), table);
  }
  section.append(make("h3", "Files"), list);
  return section;
};

const show = async () => {
  const main = document.getElementById("runs");
  try {
    const { runs } = await ask("runs");
    main.replaceChildren(...await Promise.all(runs.map(showRun)));
    return runs;
  } catch (problem) {
    main.replaceChildren(make("p", problem.message));
    return [];
  }
};

show().then((runs) => {
  if (!runs.some((run) => run.state === "running")) return;
  const events = new EventSource("api/v1/events");
  const progress = document.getElementById("progress");
  events.addEventListener("progress", (event) => {
    const { stage, done, total, unit } = JSON.parse(event.data);
    progress.textContent = `${stage}: ${done}${total > 0 ? " of " + total : ""} ${unit}`;
  });
  events.addEventListener("state", () => { progress.textContent = ""; show(); });
  events.addEventListener("bye", () => events.close());
});
