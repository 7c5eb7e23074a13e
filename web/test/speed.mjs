// How long the explorer takes to show a crowd, and a frame while it moves. Not a test: machines differ.
//
// Use: node web/test/speed.mjs CHROMIUM ADDRESS [REPORT]
//
// ADDRESS as throng serve prints it; its first run is shown. REPORT: a report.html, which is opened, too. bench/explorer.py makes
// both and calls this.
import { loadavg } from "node:os";
import { launch, open } from "./browser.mjs";

const [, , chromium, address, report] = process.argv;
const browser = await launch(chromium, { webgl: true });

/** Until a table's points are all drawn, from the moment it is asked for. */
async function show(page, begin) {
  const from = await page.evaluate(() => performance.now());
  await begin();
  await page.waitForSelector(".picture[data-points]", { timeout: 120000 });
  return page.$eval(".picture", ({ dataset }, from) => ({ points: Number(dataset.points), ms: Math.round(Number(dataset.at) - from), painting: Number(dataset.took) }), from);
}

/** Milliseconds from frame to frame while a wheel turns. */
function frames(page) {
  return page.evaluate(async () => {
    const canvas = document.querySelector(".picture canvas"), box = canvas.getBoundingClientRect(), times = [];
    let last = performance.now();
    for (let i = 0; i < 60; i++) {
      canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: i < 30 ? -20 : 20, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, cancelable: true }));
      await new Promise(requestAnimationFrame);
      times.push(performance.now() - last);
      last = performance.now();
    }
    times.splice(0, 20); // until it knows how many points a frame may have
    times.sort((a, b) => a - b);
    return { median: Math.round(times[times.length >> 1]), most: Math.round(times.at(-1)) };
  });
}

for (let round = 0; round < 3; round++) {
  const it = await open(browser, { width: 1200, height: 900 });
  await it.page.goto(`${address}#crowd=0`);
  await it.page.waitForSelector(".picture[data-points]", { timeout: 120000 });
  // The page's clock starts with the page.
  const page = await it.page.$eval(".picture", ({ dataset }) => ({ points: Number(dataset.points), ms: Number(dataset.at), painting: Number(dataset.took) }));
  const line = { load: loadavg()[0].toFixed(1), page, frames: await frames(it.page) };
  const change = await it.page.$(".controls select option:text-is('change')");
  if (change) {
    await it.page.$eval(".picture", (box) => delete box.dataset.points);
    line.change = await show(it.page, () => it.page.selectOption(".controls select >> nth=0", "change"));
    line.frames_of_change = await frames(it.page);
  }
  console.log(JSON.stringify(line));
  await it.close();
}
for (let round = 0; report && round < 3; round++) {
  const it = await open(browser, { width: 1200, height: 900 });
  const begin = performance.now();
  await it.page.goto(`file://${report}`);
  await it.page.waitForSelector("#cite");
  await it.page.evaluate(() => new Promise(requestAnimationFrame));
  console.log(JSON.stringify({ load: loadavg()[0].toFixed(1), report_ms: Math.round(performance.now() - begin) }));
  await it.close();
}
await browser.close();
