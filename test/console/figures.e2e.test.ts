// Limits and cache in the console before the shipped services: what the views show is what the API returns, and what the test has called.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { LIMITED, LIMITED_RULE, type ShippedGateway, startShipped } from "./lab/shipped-gateway.ts";

const hasChromium = findChromium();
const POLL = { timeout: 120_000, interval: 500 };
const CALLS = 8; // the rule allows three of them
const READS = 6; // calls for one user: the first one is a miss
const ROUTE = "users.v1.UserService/GetUser";

interface Summary {
  readonly limits?: readonly { readonly rule: string; readonly allowed?: string; readonly refused?: string }[];
  readonly hotKeys?: readonly { readonly rule: string; readonly hash: string; readonly refused?: string }[];
  readonly caches?: readonly { readonly route: string; readonly l1Hits?: string; readonly misses?: string }[];
}

describe.skipIf(!hasChromium)("the figures of limits and cache", () => {
  let gateway: ShippedGateway;
  let browser: Browser;

  beforeAll(async () => {
    gateway = await startShipped();
    browser = await launchChromium();
    const body = JSON.stringify({ displayName: "Ada", email: "ada@example.com" });
    const created = await fetch(`${gateway.url}/api/v1/users`, { method: "POST", headers: { "content-type": "application/json" }, body });
    const { id } = (await created.json()) as { id: string };
    for (let index = 0; index < READS; index += 1) await (await fetch(`${gateway.url}/api/v1/users/${id}`)).arrayBuffer();
    for (let index = 0; index < CALLS; index += 1) await (await fetch(gateway.url + LIMITED)).arrayBuffer();
    await vi.waitFor(
      async () => expect((await summary()).limits).toMatchObject([{ rule: LIMITED_RULE, allowed: "3", refused: "5" }]),
      POLL,
    );
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  const summary = (): Promise<Summary> => gateway.api<Summary>("tidegate.telemetry.v1.TelemetryService/GetSummary", { windowSeconds: 300 });

  async function open(view: string): Promise<Page> {
    const { page } = await openPage(browser);
    page.setDefaultTimeout(60_000);
    await page.goto(`${gateway.url}/_tidegate/#/${view}?window=300`);
    return page;
  }

  /** Texts of the cells of the row that has a text. */
  async function cells(page: Page, text: string): Promise<readonly string[]> {
    return await page.locator("tr", { hasText: text }).first().locator("td").allTextContents();
  }

  it("are those of the API: who is limited, by which rule", async () => {
    const page = await open("limits");
    await vi.waitFor(async () => expect((await cells(page, LIMITED_RULE)).slice(0, 3)).toEqual([LIMITED_RULE, "3", "5"]), POLL);
    const [key] = (await summary()).hotKeys ?? [];
    expect(key).toMatchObject({ rule: LIMITED_RULE, refused: "5" });
    await vi.waitFor(async () => expect((await cells(page, key!.hash))[0]).toBe(key!.hash), POLL);
    expect(await page.content()).not.toContain("127.0.0.1/32");
    await page.click(`button.row:has-text("${LIMITED_RULE}")`);
    expect(page.url()).toContain(`rule=${LIMITED_RULE}`);
    await page.context().close();
  });

  it("are those of the API: what the cache serves", async () => {
    const page = await open("cache");
    const [cache] = (await summary()).caches ?? [];
    expect(cache).toMatchObject({ route: ROUTE, l1Hits: String(READS - 1), misses: "1" });
    await vi.waitFor(
      async () => expect((await cells(page, ROUTE)).slice(0, 3)).toEqual([ROUTE, String(READS), expect.stringMatching(/^83.%$/)]),
      POLL,
    );
    await page.context().close();
  });
});
