// What the browser tests share: a page that listens for errors, checks with names, and the count at the end.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export function assert(condition, text) {
  if (!condition) throw new Error(text);
}

/** A browser; with `webgl` its software renderer draws WebGL where there is no graphics card. */
export function launch(path, { webgl = false } = {}) {
  const graphics = webgl ? ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"] : ["--disable-gpu"];
  return chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-dev-shm-usage", ...graphics] });
}

/** Runs tests one after the other and says how many passed. */
export async function run(tests) {
  let passed = 0, failed = 0;
  for (const [name, body] of tests) {
    const begin = Date.now();
    try {
      await body();
      passed++;
      if (process.env.VERBOSE) console.log(`${name}: ${Date.now() - begin} ms`);
    } catch (reason) {
      failed++;
      console.log(`FAILED: ${name}: ${reason.stack ?? reason}`);
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed || !passed ? 1 : 0;
}

/** A page of a size and colour scheme. `problems` collects what the console complains about and requests that go astray. */
export async function open(browser, { width = 1000, height = 800, scheme = "light", allowed = () => true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, acceptDownloads: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && problems.push(`console: ${message.text()}`));
  page.on("pageerror", (reason) => problems.push(`error: ${reason.message}`));
  page.on("dialog", (dialog) => { problems.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on("request", (request) => allowed(request.url()) || problems.push(`request: ${request.url()}`));
  return { page, problems, close: () => context.close() };
}

/** A picture of the whole page, for people to look at. */
export function picture(page, path) {
  return page.screenshot({ path: `${path}.jpeg`, type: "jpeg", quality: 85, fullPage: true });
}

/** Serious and critical violations, with the elements. Evaluated from outside, so the page's policy stays as it is. */
export async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const grave = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  assert(!grave.length, grave.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`).join("\n"));
}

/** Ids of the charts, each with the number of shapes that it is drawn of. */
export function charts(page) {
  return page.$$eval(".charts > .card", (cards) => Object.fromEntries(cards.map((card) => [card.id,
    card.querySelectorAll(".drawing svg:not([class*=swatch]) :is(g[aria-label=bar], g[aria-label=rect], g[aria-label=line], g[aria-label=area], g[aria-label=dot], g[aria-label=cell]) :is(path, rect, circle)").length])));
}
