/**
 * Looks at a served site in a real browser and prints what it saw as JSON.
 *
 *     node browser.mjs ADDRESS JOB
 *
 * A job is a JSON object: `views` are addresses within the page to open, each with axe where `axe` says so;
 * a view with `at` is one of another site below the same address. `shots` is a folder for pictures; `settle` waits for
 * the audit in the background and tells its verdict.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [address, text] = process.argv.slice(2);
const job = JSON.parse(text);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--hide-scrollbars",
];
const PATIENCE = 240_000;

const browser = await chromium.launch({ executablePath: process.env.LORANCHOR_CHROMIUM || "/usr/bin/chromium", args: FLAGS, timeout: PATIENCE });
const seen = { console: [], foreign: [], failed: [], views: [], verdict: "", first: null };
try {
  const context = await browser.newContext({ viewport: { width: job.width ?? 1280, height: job.height ?? 900 }, colorScheme: job.scheme ?? "light", reducedMotion: "reduce", deviceScaleFactor: job.scale ?? 1 });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.console.push(message.text()));
  page.on("pageerror", (error) => seen.console.push(String(error)));
  page.on("request", (request) => new URL(request.url()).origin === new URL(address).origin || request.url().startsWith("data:") || seen.foreign.push(request.url()));
  page.on("requestfailed", (request) => seen.failed.push(request.url()));
  page.on("response", (response) => response.status() >= 400 && seen.failed.push(`${response.status()} ${response.url()}`));
  await page.goto(address, { waitUntil: "commit" });
  await page.waitForFunction(() => document.body?.dataset.view);
  seen.first = await page.evaluate(() => performance.getEntriesByName("first-view")[0].startTime);
  if (job.settle) {
    await page.waitForFunction(() => document.querySelector(".verdict.good, .verdict.bad") && !document.querySelector(".verdict progress"));
    seen.verdict = await page.locator(".verdict").innerText();
  }
  for (const view of job.views ?? []) seen.views.push(await look(page, view));
} finally {
  await browser.close();
}
process.stdout.write(JSON.stringify(seen));

async function look(page, view) {
  if (view.at !== undefined) {
    await page.goto("about:blank");
    await page.goto(address + view.at + view.route, { waitUntil: "commit" });
    await page.waitForFunction(() => document.body?.dataset.view);
    if (view.settle) await page.waitForFunction(() => document.querySelector(".verdict.bad"));
  } else await page.evaluate((hash) => {
    performance.clearMarks();
    if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
    else location.hash = hash;
  }, view.route);
  await page.waitForFunction(() => performance.getEntriesByName("view").length + performance.getEntriesByName("first-view").length > 0);
  await page.waitForFunction(() => !document.querySelector(".later > .badge.pending"));
  if (view.click) await page.locator(view.click).first().click();
  const found = { route: view.route, heading: await page.locator("h1").innerText(), bad: await page.locator("main .checks li.bad .what").allInnerTexts() };
  found.good = await page.locator("main .checks li.good").count();
  found.fault = await page.locator("main .fault").allInnerTexts();
  found.wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  found.focused = await page.evaluate(() => document.activeElement?.tagName);
  if (job.axe) {
    const violations = await page.evaluate(`(() => { const module = undefined; ${axe}; return window.axe.run(document, { resultTypes: ["violations"] }); })()`).then((result) => result.violations);
    found.axe = violations.filter((one) => ["serious", "critical"].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  }
  if (view.shot) await page.screenshot({ path: `${job.shots}/${view.shot}.png`, fullPage: Boolean(view.whole) });
  return found;
}
