// A fleet of 1,000 services and 10,000 endpoints in the console: few rows in the document, and no script that holds the page up.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { serviceName } from "./lab/figures.ts";
import { type Lab, startLab } from "./lab/gateway.ts";

const hasChromium = findChromium();
const FLEET = { services: 1_000, endpointsEach: 10, isOpen: true, intervalMs: 1_000 };
const MOST_ROWS = 400;
const LONG_TASK_MS = 50;
const WALKS = 5;
const ROUNDS = 4; // a machine that is busy with other work gets further chances

/** Most rows that were in the document, and the longest task. */
interface Walked {
  readonly rows: number;
  readonly longestMs: number; // processor time of the page's thread: other work of the machine does not count
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly tdur?: number; // microseconds of processor time
  readonly args?: { readonly name?: string };
}

/** Records the tasks of a page. @returns ends the record; the longest task in ms */
async function traceTasks(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  const events: TraceEvent[] = [];
  session.on("Tracing.dataCollected", ({ value }) => void events.push(...(value as unknown as TraceEvent[])));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["toplevel"] } });
  return async () => {
    const complete = new Promise<void>((resolve) => session.once("Tracing.tracingComplete", () => resolve()));
    await session.send("Tracing.end");
    await complete;
    const threads = new Set(
      events.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid}/${tid}`),
    );
    const tasks = events.filter(({ name, pid, tid }) => name.endsWith("RunTask") && threads.has(`${pid}/${tid}`));
    expect(tasks.length).toBeGreaterThan(100);
    return Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1_000));
  };
}

async function walk(browser: Browser, url: string): Promise<Walked> {
  const { page } = await openPage(browser);
  const traced = await traceTasks(page);
  let rows = 0;
  const look = async (): Promise<void> => {
    rows = Math.max(rows, Number(await page.evaluate("document.querySelectorAll('tr').length")));
  };
  await page.goto(`${url}/_tidegate/#/overview`);
  await page.locator("tbody tr[aria-rowindex]").first().waitFor();
  await look();
  await scrolled(page, look);
  await page.click("nav a:has-text('Services')");
  await page.locator("h2", { hasText: "1\u202f000 with 10\u202f000 endpoints" }).waitFor();
  await look();
  await scrolled(page, look);
  await page.click("th button:has-text('Open breakers')");
  await page.fill("input[type=search]", "Service99");
  await page.locator("td", { hasText: serviceName(990) }).waitFor();
  await look();
  await page.click(`td button:has-text("${serviceName(990)}")`);
  await page.locator(".ring svg path").first().waitFor();
  await look();
  const longestMs = await traced();
  await page.context().close();
  return { rows, longestMs };
}

/** From the first row to the last one and back. */
async function scrolled(page: Page, look: () => Promise<void>): Promise<void> {
  for (const to of [2_000, 15_000, 1_000_000, 0]) {
    await page.evaluate(`document.querySelector(".table").scrollTop = ${to}`);
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    await look();
  }
  await page.locator("tbody tr[aria-rowindex]").nth(10).waitFor();
}

describe.skipIf(!hasChromium)("a fleet of 1,000 services and 10,000 endpoints", () => {
  let lab: Lab;
  let browser: Browser;

  beforeAll(async () => {
    lab = await startLab(FLEET);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await lab.close();
  });

  it(`has at most ${MOST_ROWS} rows in the document, and no task above ${LONG_TASK_MS} ms (median of five walks)`, async () => {
    const medians: number[] = [];
    while (medians.length < ROUNDS && !medians.some((median) => median <= LONG_TASK_MS)) {
      const walks: Walked[] = [];
      for (let round = 0; round < WALKS; round++) walks.push(await walk(browser, lab.url));
      for (const { rows } of walks) expect(rows).toBeLessThanOrEqual(MOST_ROWS);
      medians.push(walks.map(({ longestMs }) => longestMs).sort((a, b) => a - b)[Math.floor(WALKS / 2)]!);
    }
    console.log(`longest tasks of the walks, median of ${WALKS}: ${medians.map((median) => `${Math.round(median)} ms`).join(", ")}`);
    expect(Math.min(...medians)).toBeLessThanOrEqual(LONG_TASK_MS);
  });
});
