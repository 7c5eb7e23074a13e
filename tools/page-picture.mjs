#!/usr/bin/env node
// Takes a picture of a page in chromium: of a report, or of the explorer.
//
// Use: tools/page-picture OUT.jpeg ADDRESS [--size 1200x900] [--dark] [--filter 'weight > 1000']
//
// ADDRESS is a file or http://...; --filter types a condition into the explorer's filter first.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ allowPositionals: true, options: {
  size: { type: "string", default: "1200x900" }, dark: { type: "boolean" }, filter: { type: "string" }, help: { type: "boolean", short: "h" } } });
if (values.help || positionals.length !== 2) {
  console.log("Use: tools/page-picture OUT.jpeg ADDRESS [--size 1200x900] [--dark] [--filter 'weight > 1000']");
  process.exit(values.help ? 0 : 2);
}
const [out, address] = positionals;
const { chromium } = createRequire(new URL("../web/package.json", import.meta.url))("playwright-core");
const [width, height] = values.size.split("x").map(Number);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"] });
const page = await browser.newPage({ viewport: { width, height }, colorScheme: values.dark ? "dark" : "light" });
await page.goto(/^https?:/.test(address) ? address : `file://${resolve(address)}`);
await page.waitForSelector(".drawing svg, .picture[data-points]", { timeout: 60000 });
if (values.filter) {
  await page.fill("#where", values.filter);
  await page.click(".grow button[type=submit]");
  await page.waitForSelector("#selected .scroll", { timeout: 60000 });
}
await page.waitForTimeout(1500);
await page.screenshot({ path: out, type: "jpeg", quality: 85 });
await browser.close();
