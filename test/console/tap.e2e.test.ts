// The live tap: calls appear, a pause closes the stream, filters are in the URL, and a call leads to its path.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { type MadeUpGateway, startMadeUp } from "./lab/made-up-services.ts";

const hasChromium = findChromium();
const POLL = { timeout: 60_000, interval: 200 };
let browser: Browser;
let gateway: MadeUpGateway;

beforeAll(async () => {
  if (!hasChromium) return;
  browser = await launchChromium();
  gateway = await startMadeUp({ text: (path) => path });
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close();
});

it.skipIf(!hasChromium)("shows calls as they come, until it is paused", async () => {
  const { page, complaints, requested } = await openPage(browser);
  await page.goto(`${gateway.url}/_tidegate/#/tap`);
  const rows = page.locator("tbody tr:has(td)");
  await vi.waitFor(async () => expect(await rows.count()).toBeGreaterThanOrEqual(2), POLL);
  await page.click("text=Pause");
  await page.locator(".freshness", { hasText: "paused" }).waitFor();
  const streams = (): number => requested.filter((url) => url.endsWith("/Tap")).length;
  expect(streams()).toBe(1);

  await page.fill("input[name=route]", "users.v1.UserService/GetUser");
  await page.press("input[name=route]", "Enter");
  await page.selectOption("select[name=sample]", "0.1");
  await vi.waitFor(() => expect(page.url()).toContain("route=users.v1.UserService%2FGetUser&sample=0.1"), POLL);
  expect(streams()).toBe(1); // nothing is open during a pause
  await page.click("text=Go on");
  await vi.waitFor(() => expect(streams()).toBe(2), POLL);
  await page.locator(".freshness.live", { hasText: "listening" }).waitFor();

  await page.locator("td a").first().click();
  await page.locator("h1", { hasText: "Request path" }).waitFor();
  expect(decodeURIComponent(page.url())).toContain("request=TapEvent.request_id");
  expect(complaints).toEqual([]);
  await page.context().close();
});
