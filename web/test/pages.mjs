// Pages of throng report in a browser, one of a run of every kind.
//
// Use: node web/test/pages.mjs CHROMIUM RUNS OUT     (RUNS holds run directories with a report.html; pictures go to OUT)
import { readFileSync } from "node:fs";
import { transformWithOxc } from "vite";
import { accessible, assert, charts, launch, open, picture, run } from "./browser.mjs";

const [, , chromium, runs, out] = process.argv;

const AGENTS = ["top", "phi-by-weight", "phi-by-state", "lorenz", "per-agent"];
const EXPECTED = {
  table: ["shares", ...AGENTS],
  times: ["course", "attribution", "shares", ...AGENTS, "deletion"],
  panel: ["course", "attribution", "shares", "members", ...AGENTS],
  world: ["course", "attribution", "top", "phi-by-state", "lorenz", "heat"],
  simulation: ["course", "states"],
  sweep: ["sweep"],
  "sweep-of-credits": ["sweep", "sweep-gini"],
  intervention: ["course", "rivals", "attribution", "top", "dampened", "lorenz"],
  study: ["course", "attribution", "shares", ...AGENTS, "heat"],
  solution: ["convergence", "strategy"],
  hostile: ["shares", ...AGENTS],
  cascades: ["makers", "largest"],
  nested: ["shares", "top", "phi-by-state", "lorenz", "per-agent"],
  played: ["course", "attribution", "personas", "top", "phi-by-state", "lorenz", "heat"],
};

const browser = await launch(chromium);

// Parts are the same on all pages: these have all of them.
const CHECKED = ["panel", "played", "sweep-of-credits", "intervention", "solution", "cascades"];

async function visit(name, options = {}, it = undefined) {
  const address = `file://${runs}/${name}/report.html`;
  it ??= await open(browser, { ...options, allowed: (url) => url.endsWith("/report.html") || url.startsWith("blob:") });
  await it.page.goto(address);
  await it.page.waitForSelector("#cite");
  await it.page.evaluate(() => new Promise(requestAnimationFrame));
  return it;
}

let shared; // one tab for all kinds

const clean = ({ problems }) => assert(!problems.length, problems.join("\n"));

const kinds = Object.entries(EXPECTED).map(([name, expected]) => [`every chart of ${name}`, async () => {
  const it = (shared = await visit(name, {}, shared));
  const drawn = await charts(it.page);
  assert(JSON.stringify(Object.keys(drawn).sort()) === JSON.stringify([...expected].sort()), `charts ${Object.keys(drawn)}`);
  for (const [id, shapes] of Object.entries(drawn)) assert(shapes > 0, `${id} has no data`);
  const texts = await it.page.$$eval(".charts > .card", (cards) => cards.map((card) => [card.id, card.querySelector(".aid").textContent.length,
    card.querySelector(".drawing[role=img]").getAttribute("aria-label").length]));
  for (const [id, aid, alt] of texts) assert(aid > 20 && alt > 30, `${id} lacks an aid or a description`);
  const heading = await it.page.textContent("h1");
  const { answer } = await it.page.evaluate(() => JSON.parse(document.getElementById("throng-report").textContent).report);
  assert(heading.replaceAll("\u00a0", " ") === answer.text, `${heading} is not ${answer.text}`);
  assert(heading.length > 40 && !/NaN|undefined|null/.test(await it.page.innerText("main")), heading);
  if (CHECKED.includes(name)) await accessible(it.page);
  await picture(it.page, `${out}/${name}`);
  clean(it);
}]);

await run([
  ...kinds,
  ["a run of an older throng", async () => {
    const it = await visit("old");
    assert((await it.page.textContent("h1")) === "old" && (await it.page.textContent("header")).includes("older throng"), "no note");
    assert((await it.page.title()) === "old" && Object.keys(await charts(it.page)).length === EXPECTED.table.length, "charts");
    clean(it);
    await it.close();
  }],
  ["a report that is not as it should be", async () => {
    await shared.page.goto(`file://${runs}/odd/report.html`);
    assert((await shared.page.textContent("[role=alert]")).includes("The report of odd cannot be shown"), "no word of it");
  }],
  ["numbers are written as throng's library writes them", async () => {
    const source = readFileSync(new URL("../src/format.ts", import.meta.url), "utf8");
    const { code } = await transformWithOxc(source, "format.ts");
    const format = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const all = JSON.parse(readFileSync(new URL("../../tests/phrases.json", import.meta.url), "utf8"));
    // A true minus, a dash for nothing, and no zeros before an exponent are all that differs.
    const plain = (text) => text.replace("–", "-").replaceAll("−", "-").replace(/e(-?)(\d)\b/, (_, sign, digit) => `e${sign || "+"}0${digit}`).replace(/e(\d)/, "e+$1");
    for (const [name, of] of [["count", format.count], ["value", format.value], ["share", format.percent]])
      for (const [x, text] of all[name]) assert(plain(of(x)) === text, `${name} of ${x}: ${of(x)}, not ${text}`);
  }],
  ["cohorts within cohorts", async () => {
    const it = await visit("nested", {}, shared);
    const names = await it.page.$$eval("#shares [aria-label='fy-axis tick label'] text", (list) => list.map((one) => one.textContent));
    assert(names.join() === "D,D/H,D/S,R,R/H,R/S", `shares of ${names}`);
    const fills = (card) => it.page.$$eval(`#${card} g[aria-label=bar] rect`, (list) => [...new Set(list.map((one) => one.getAttribute("fill")))]);
    const [top, each] = [await fills("top"), await fills("per-agent")];
    assert(top.length === 4 && each.length === 4 && top.every((colour) => colour !== "var(--other)" && each.includes(colour)), `${top} and ${each}`);
    clean(it);
  }],
  ["how agents decide, and as whom", async () => {
    const it = await visit("played", {}, shared);
    assert((await it.page.textContent("#policy")).includes("2.0\u00a0% of decisions"), "the policy");
    const bars = await it.page.$$eval("#personas g[aria-label=text] text", (list) => list.map((one) => one.textContent));
    assert(bars.join() === "66.7 %,25.0 %,33.3 %,75.0 %", bars.join());
  }],
  ["a picture to put into a text", async () => {
    const it = await visit("panel", {}, shared);
    const [download] = await Promise.all([it.page.waitForEvent("download"), it.page.click("#shares .tools button:nth-child(2)")]);
    assert(download.suggestedFilename() === "panel-shares.svg", download.suggestedFilename());
    const text = readFileSync(await download.path(), "utf8");
    const title = await it.page.textContent("#shares h2");
    assert(!text.includes("var(") && !text.includes("currentColor"), "colours of the style sheet");
    const seen = await it.page.evaluate((text) => {
      const page = new DOMParser().parseFromString(text, "image/svg+xml");
      return [page.documentElement.tagName, page.querySelectorAll("g[aria-label=bar] rect").length,
        [...page.querySelectorAll("svg > text")].map((one) => one.textContent).join()];
    }, text);
    assert(seen.join() === `svg,6,${title},crowd,panel`, seen.join());
    clean(it);
  }],
  ["the page in the dark", async () => {
    const it = await visit("panel", { scheme: "dark" });
    await accessible(it.page);
    await picture(it.page, `${out}/panel-dark`);
    clean(it);
    await it.close();
  }],
  ["the page on a phone", async () => {
    for (const name of ["times", "world", "hostile"]) {
      const it = await visit(name, { width: 360, height: 740 });
      const wide = await it.page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      assert(wide <= 0, `${name} is ${wide} pixels too wide`);
      await picture(it.page, `${out}/${name}-phone`);
      clean(it);
      await it.close();
    }
  }],
  ["the page on paper", async () => {
    const it = await visit("times", { scheme: "dark" });
    await it.page.emulateMedia({ media: "print" });
    const [ground, text, tools] = await it.page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color, getComputedStyle(document.querySelector(".tools")).display]);
    assert(ground === "rgb(255, 255, 255)" && text === "rgb(26, 32, 40)" && tools === "none", `${ground} ${text} ${tools}`);
    await it.page.pdf({ path: `${out}/times.pdf`, format: "A4" });
    const folded = await it.page.$$eval("details", (list) => list.filter((one) => !one.open).length);
    assert(folded === 0, `${folded} parts are folded away on paper`);
    await it.close();
  }],
  ["data to download and as a table", async () => {
    const it = await visit("table");
    const [download] = await Promise.all([it.page.waitForEvent("download"), it.page.click("#top .tools button:first-child")]);
    assert(download.suggestedFilename() === "table-top.csv", download.suggestedFilename());
    const lines = readFileSync(await download.path(), "utf8").trim().split("\n");
    const report = await it.page.evaluate(() => JSON.parse(document.getElementById("throng-report").textContent).report);
    assert(lines.length === 1 + report.top.length, `${lines.length} lines`);
    const phi = lines[0].split(",").indexOf("phi");
    report.top.forEach((one, i) => assert(Number(lines[i + 1].split(",")[phi]) === one.phi, `row ${i}`));
    await it.page.click("#top button[aria-expanded]");
    assert((await it.page.$$("#top tbody tr")).length === report.top.length, "rows of the table");
    clean(it);
    await it.close();
  }],
  ["the keyboard reaches everything", async () => {
    const it = await visit("table");
    const wanted = await it.page.$$eval("button, summary, pre", (list) => list.length);
    const seen = new Set();
    for (let i = 0; i < wanted + 5; i++) {
      await it.page.keyboard.press("Tab");
      seen.add(await it.page.evaluate(() => {
        const all = [...document.querySelectorAll("button, summary, pre")];
        return all.indexOf(document.activeElement);
      }));
    }
    seen.delete(-1);
    assert(seen.size === wanted, `${seen.size} of ${wanted}`);
    await it.page.focus("#certificate summary");
    await it.page.keyboard.press("Enter");
    assert(await it.page.$eval("#certificate details", (details) => details.open), "details did not open");
    await it.close();
  }],
  ["names are only text", async () => {
    const it = await visit("hostile");
    assert((await it.page.$$("#app script, #app img")).length === 0, "markup from a name");
    assert((await it.page.innerText("#top")).includes("<"), "the name is not shown");
    await it.page.click("#top button[aria-expanded]");
    assert((await it.page.textContent("#top td")) !== null, "no table");
    clean(it);
    await it.close();
  }],
]);
await browser.close();
