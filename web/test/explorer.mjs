// The explorer of throng serve in a browser, against the real server.
//
// Use: node web/test/explorer.mjs CHROMIUM RUNS OUT THRONG     (RUNS as for pages.mjs)
import { spawn } from "node:child_process";
import { accessible, assert, charts, launch, open, picture, run } from "./browser.mjs";

const [, , chromium, runs, out, throng] = process.argv;

/** Starts a throng that serves, and waits for its address. */
function serve(args) {
  const child = spawn(throng, args, { cwd: runs, stdio: ["ignore", "pipe", "pipe"] });
  return new Promise((done, fail) => {
    let said = "";
    const take = (text) => {
      said += text;
      const address = said.match(/http:\/\/\S+/)?.[0];
      if (address) done({ child, address });
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("exit", () => fail(new Error(`throng ended: ${said}`)));
  });
}

const RUNS = ["times", "panel", "world", "hostile", "simulation"];
const { child, address } = await serve(["serve", ...RUNS, "damaged", "--port", "0"]);
const browser = await launch(chromium, { webgl: true });
const inside = (url) => url.startsWith(address) || url.startsWith("blob:") || url.startsWith("data:");
const clean = ({ problems }) => assert(!problems.length, problems.join("\n"));
const api = async (path) => (await fetch(`${address}api/v1/${path}`)).json();

async function visit(options = {}, hash = "") {
  const it = await open(browser, { width: 1000, height: 800, allowed: inside, ...options });
  await it.page.goto(address + hash);
  return it;
}

/** Shows the report of the first run. */
async function report() {
  const it = await visit();
  await it.page.waitForSelector("#cite");
  return it;
}

/** Shows the crowd of a run and waits until all its points are drawn. */
async function crowd(name = "times", options = {}) {
  const it = await visit(options, `#crowd=${RUNS.indexOf(name)}`);
  await it.page.waitForSelector(".picture[data-points]");
  return it;
}

const points = (page) => page.$eval(".picture", (box) => Number(box.dataset.points));
const number = (text) => Number(text.replace(/[^\d.]/g, ""));

/** How many pixels of the canvas have a colour. */
const painted = (page) => page.$eval(".picture canvas", (canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, canvas.width, canvas.height).data.filter((byte, i) => i % 4 === 3 && byte > 0).length;
});

async function lasso(page, corners) {
  const box = await page.locator(".picture canvas").boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.click("button:has-text('Select by drawing')");
  await page.mouse.move(...at(corners[0]));
  await page.mouse.down();
  for (const corner of corners.slice(1)) await page.mouse.move(...at(corner), { steps: 2 });
  await page.mouse.up();
  await page.waitForSelector("#selected");
}

const selected = async (page) => number((await page.textContent("#selected-title")).split(" agent")[0]);

async function filter(page, where) {
  const answered = page.waitForResponse((response) => response.url().includes("/select?"));
  await page.fill("#where", where);
  await page.click(".grow button[type=submit]");
  await answered;
}

await run([
  ["reports are the same as in a file", async () => {
    const it = await report();
    const drawn = await charts(it.page);
    for (const id of ["course", "attribution", "shares", "top", "phi-by-weight", "phi-by-state", "lorenz", "deletion"])
      assert(drawn[id] > 0, `${id} has no data`);
    clean(it);
    await it.close();
  }],
  ["the whole crowd is drawn", async () => {
    const it = await crowd();
    const { tables } = await api("runs/0/tables");
    const frame = tables.find((one) => one.table === "attribution").frames.at(-1);
    assert(await points(it.page) === frame.to - frame.from, `${await points(it.page)} points`);
    const before = await painted(it.page);
    assert(before > 500, `${before} pixels`);
    await picture(it.page, `${out}/explorer`);
    await it.page.selectOption("#across", "state");
    await it.page.selectOption("#colour", "phi");
    await it.page.waitForFunction(() => document.querySelector(".axes")?.textContent.includes("state"));
    assert(await painted(it.page) !== before, "another axis draws the same");
    // Across is linear now and up is a log from 0: round numbers on both sides of it, by size as by sign.
    await it.page.click("button:has-text('See all')");
    const up = await it.page.$$eval(".axes [aria-label='y-axis tick label'] text", (list) => list.map((one) => one.textContent.replaceAll("−", "-")));
    assert(up.length > 3 && up.includes("0") && up.every((text) => /^-?(0|[125]0*|0\.0*[125]|[125]e-\d+)$/.test(text)), `ticks ${up}`);
    await it.page.focus(".picture canvas");
    await it.page.keyboard.press("+");
    await it.page.keyboard.press("ArrowLeft");
    await accessible(it.page);
    clean(it);
    await it.close();
  }],
  ["drawing round points selects them", async () => {
    const it = await crowd();
    await lasso(it.page, [[0.3, 0.05], [0.98, 0.05], [0.98, 0.6], [0.3, 0.6]]);
    const n = await selected(it.page);
    assert(n > 0 && n < await points(it.page), `${n} selected`);
    assert(/\d/.test(await it.page.textContent("#joint-phi")), "no joint phi");
    assert((await it.page.$$("#selected .scroll tbody tr")).length === Math.min(n, 50), "rows of the table");
    await picture(it.page, `${out}/explorer-selection`);
    await it.page.click("#selected button:has-text('Clear')");
    assert(await it.page.$("#selected") === null, "still selected");
    await lasso(it.page, [[0, 0], [1, 0], [1, 1], [0, 1]]);
    assert(await selected(it.page) === await points(it.page), "not all");
    clean(it);
    await it.close();
  }],
  ["an expression filters", async () => {
    const it = await crowd();
    await filter(it.page, "weight > 100 AND state > 0");
    await it.page.waitForSelector("#selected");
    const { tables } = await api("runs/0/tables");
    const frame = tables.find((one) => one.table === "attribution").frames.at(-1);
    const told = await api(`runs/0/select?table=attribution&from=${frame.from}&to=${frame.to}&where=${encodeURIComponent("weight > 100 AND state > 0")}`);
    assert(told.agents > 0 && await selected(it.page) === told.agents, `${await selected(it.page)}, ${told.agents}`);
    await it.page.check("text=hide the others");
    await it.page.fill("#time", "0");
    await it.page.waitForFunction((n) => !document.querySelector("#selected-title").textContent.startsWith(`${n} agent`), told.agents);
    clean(it);
    for (const wrong of ["weight >", "nothing > 1", "read_csv('/etc/passwd') IS NULL", "1); DROP TABLE x; --"]) {
      await filter(it.page, wrong);
      await it.page.waitForSelector("[role=alert]");
    }
    await it.close();
  }],
  ["the slider moves through time", async () => {
    const it = await crowd();
    const { tables } = await api("runs/0/tables");
    const { frames } = tables.find((one) => one.table === "attribution");
    for (const at of [0, 2]) {
      await it.page.fill("#time", String(at));
      await it.page.waitForFunction((n) => Number(document.querySelector(".picture").dataset.points) === n, frames[at].to - frames[at].from);
      assert(await it.page.textContent("#time-label") === frames[at].label, "label");
    }
    clean(it);
    await it.close();
  }],
  ["an agent is found, and who is around", async () => {
    const it = await crowd("world");
    await it.page.fill("#search", "17");
    await it.page.click(".found button >> nth=0");
    await it.page.waitForSelector("#network canvas");
    assert((await it.page.textContent("#agent-title")) === "Agent 17", "another agent");
    await it.page.waitForFunction(() => document.querySelectorAll("#agent .scroll tbody tr").length > 12);
    assert(await it.page.$eval(".mark-here", (ring) => !ring.hidden), "no ring");
    const around = (await it.page.textContent("#network .aid")).match(/([\d,]+) agents, ([\d,]+) edges/).slice(1).map(number);
    const { nodes, edges } = await api("runs/2/network?id=17&hops=1");
    assert(around[0] === nodes.length && around[1] === edges.length && nodes.length > 1, `${around}`);
    await accessible(it.page);
    await picture(it.page, `${out}/explorer-agent`);
    clean(it);
    await it.close();
  }],
  ["two runs stand side by side", async () => {
    const it = await report();
    await it.page.check('fieldset label:has-text("panel") input');
    await it.page.waitForFunction(() => document.querySelectorAll(".run #cite").length === 2);
    const [a, b] = await it.page.$$eval(".run", (list) => list.map((one) => one.getBoundingClientRect().toJSON()));
    assert(a.right <= b.left + 1 && Math.abs(a.top - b.top) < 1, "not side by side");
    await picture(it.page, `${out}/explorer-beside`);
    await it.page.click("nav button:has-text('Crowd')");
    await it.page.waitForFunction(() => document.querySelectorAll(".picture[data-points]").length === 2);
    assert(new URL(it.page.url()).hash === "#crowd=0,1", it.page.url());
    await it.page.goBack();
    await it.page.waitForFunction(() => document.querySelectorAll(".run #cite").length === 2);
    clean(it);
    await it.close();
  }],
  ["what is damaged is left out", async () => {
    const it = await visit({}, `#report=${RUNS.length}`);
    await it.page.waitForSelector("#cite");
    assert(/damaged\/change\.parquet is not a Parquet file/.test(await it.page.textContent(".run .problem")), "it is not said");
    await it.page.click("nav button:has-text('Crowd')");
    await it.page.waitForSelector(".picture[data-points]");
    clean(it);
    await it.close();
  }],
  ["dark, and on a phone", async () => {
    const it = await crowd("world", { width: 380, height: 740, scheme: "dark" });
    await it.page.fill("#where", "state > 0");
    await it.page.click(".grow button[type=submit]");
    await it.page.fill("#search", "17");
    await it.page.click(".found button >> nth=0");
    await it.page.waitForSelector("#selected .scroll");
    await it.page.waitForSelector("#network canvas");
    await accessible(it.page);
    const wide = await it.page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert(wide <= 0, `${wide} pixels too wide`);
    await picture(it.page, `${out}/explorer-phone-dark`);
    clean(it);
    await it.close();
  }],
  ["names are only text", async () => {
    const it = await crowd("hostile");
    await it.page.fill("#search", "</script>");
    await it.page.click(".found button >> nth=0");
    await it.page.waitForSelector("#agent .scroll");
    await filter(it.page, "state > 0.3");
    await it.page.waitForSelector("#selected .scroll");
    assert(await it.page.$("#app script, #app img") === null, "markup from a name");
    const wide = await it.page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert(wide <= 0, `${wide} pixels too wide`);
    clean(it);
    await it.close();
  }],
  ["a run in progress is told by events", async () => {
    const live = await serve(["simulate", "--generate", "uniform", "--agents", "20000", "--graph-model", "watts-strogatz", "--world", "bounded-confidence",
      "--steps", "150", "--out", "live", "--serve"]);
    const it = await open(browser, { width: 1000 });
    await it.page.goto(live.address);
    await it.page.waitForSelector("h1:has-text('in progress')");
    await it.page.waitForSelector("#live svg", { timeout: 20000 });
    await picture(it.page, `${out}/explorer-live`);
    await it.page.waitForSelector("#cite", { timeout: 60000 });
    assert((await charts(it.page)).course > 0, "no report at the end");
    clean(it);
    live.child.removeAllListeners("exit");
    const ended = new Promise((done) => live.child.on("exit", done));
    live.child.kill("SIGINT");
    await ended;
    await it.close();
  }],
  ["a server that stops says so", async () => {
    const it = await report();
    child.removeAllListeners("exit");
    const ended = new Promise((done) => child.on("exit", done));
    child.kill("SIGINT");
    await it.page.waitForSelector("text=The server has stopped");
    await ended;
    await it.close();
  }],
]);
await browser.close();
child.kill();
