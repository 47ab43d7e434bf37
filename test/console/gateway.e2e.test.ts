// The console before a running gateway under load: what it shows is what the API returns, and what operators do takes effect.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { count, duration } from "../../console/src/data/format.ts";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { type GatewayUnderLoad, SERVICE, startUnderLoad } from "./lab/running-gateway.ts";

const hasChromium = findChromium();
const POLL = { timeout: 120_000, interval: 300 };
const BREAKERS = "tidegate.breaker.v1.BreakerService";
const CONTROL = "tidegate.control.v1.ControlService";

interface Traffic {
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly codes: readonly { readonly code: string; readonly count: string }[];
}

interface Summary {
  readonly routes: readonly { readonly route: string; readonly traffic: Traffic }[];
  readonly endpoints: readonly { readonly endpoint: string }[];
}

interface Upstream {
  readonly name: string;
  readonly endpoints: readonly { readonly id: string; readonly weight: number; readonly ringShare?: number }[];
}

describe.skipIf(!hasChromium)("the console of a running gateway", () => {
  let gateway: GatewayUnderLoad;
  let browser: Browser;
  const complaints: (readonly string[])[] = [];

  beforeAll(async () => {
    gateway = await startUnderLoad();
    browser = await launchChromium("gateway.test");
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  async function open(hash: string): Promise<Page> {
    const opened = await openPage(browser);
    complaints.push(opened.complaints);
    await opened.page.goto(`${gateway.url}/_tidegate/#/${hash}`);
    await opened.page.locator("nav a", { hasText: "Services" }).waitFor();
    return opened.page;
  }

  async function openAsAdmin(hash: string): Promise<Page> {
    const page = await open(hash);
    await page.click("text=Sign in with a secret");
    await page.fill('input[name="secret"]', gateway.secret);
    await page.press('input[name="secret"]', "Enter");
    await page.locator(".identity .badge", { hasText: "admin" }).waitFor();
    return page;
  }

  /** Fills the reason, and confirms. */
  async function confirm(page: Page, reason: string): Promise<void> {
    await page.fill("dialog[open] input[name=reason]", reason);
    await page.click("dialog[open] button[type=submit]");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
  }

  it("shows nothing at another name than that of this machine, until somebody signs in", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${gateway.url.replace("127.0.0.1", "gateway.test")}/_tidegate/#/services`);
    await page.locator("h1", { hasText: "Sign in" }).waitFor();
    expect(await page.locator("table, .figure, nav a").count()).toBe(0);
    await page.fill('input[name="secret"]', gateway.secret);
    await page.press('input[name="secret"]', "Enter");
    await page.locator("td", { hasText: SERVICE }).waitFor();
    await page.context().close();
  });

  it("opens read-only on this machine, without buttons that change anything", async () => {
    const page = await open(`services?upstream=${SERVICE}`);
    await page.locator(".identity .badge", { hasText: "viewer" }).waitFor();
    await page.locator("td", { hasText: gateway.slow }).waitFor();
    expect(await page.locator("button", { hasText: /^(Force|Drain)$/ }).count()).toBe(0);
    await page.context().close();
  });

  it("shows the figures that the API returns, and the slowest endpoint", async () => {
    const page = await open("overview?window=300");
    const row = page.locator("tbody tr", { hasText: "ListUsers" }).first();
    await row.waitFor({ timeout: 120_000 });
    gateway.setLoad(false); // percentiles and counts of five minutes stand still from then on
    const isSame = async (): Promise<boolean> => {
      const summary = (await gateway.api("tidegate.telemetry.v1.TelemetryService/GetSummary", {
        windowSeconds: 300,
      })) as unknown as Summary;
      const { p50Ms = 0, p95Ms = 0, codes } = summary.routes.find(({ route }) => route.endsWith("ListUsers"))!.traffic;
      const [, , , p50, p95] = await row.locator("td").allTextContents();
      const ok = `ok ${count(Number(codes.find(({ code }) => code === "ok")!.count))}`;
      const note = (await page.locator(".figure", { hasText: "Slowest endpoint" }).locator(".note").textContent()) ?? "";
      const shown = (await row.locator("td").last().textContent()) ?? "";
      return (
        p50 === duration(p50Ms) &&
        p95 === duration(p95Ms) &&
        shown.includes(ok) &&
        note.includes(summary.endpoints[0]!.endpoint.replace("http://", ""))
      );
    };
    await vi.waitUntil(isSame, POLL);
    gateway.setLoad(true);
    await page
      .locator(".figure", { hasText: "Configuration" })
      .locator("dd", { hasText: /bundled|version/ })
      .waitFor();
    await page.context().close();
  });

  it("shows the endpoints, weights and shares of the ring that the API returns", async () => {
    const page = await open(`services?upstream=${SERVICE}`);
    await page.locator("td", { hasText: gateway.registered }).first().waitFor();
    const { upstreams } = (await gateway.api("tidegate.telemetry.v1.TelemetryService/ListUpstreams", { upstream: SERVICE })) as unknown as {
      readonly upstreams: readonly Upstream[];
    };
    const { endpoints } = upstreams[0]!;
    expect(endpoints.length).toBe(3);
    const titles = await page.locator("th").allTextContents();
    for (const { id, weight, ringShare = 0 } of endpoints) {
      const cells = await page.locator("tbody tr", { hasText: id }).first().locator("td").allTextContents();
      const cell = (title: string): string => cells[titles.findIndex((name) => name.startsWith(title))]!;
      expect([cell("Endpoint"), cell("Weight"), cell("Health")]).toEqual([id, String(weight), "healthy"]);
      expect(Number.parseFloat(cell("Ring"))).toBeCloseTo(100 * ringShare, ringShare < 0.1 ? 1 : 0);
    }
    expect(await page.locator(".ring svg path").count()).toBe(3);
    await page.context().close();
  });

  it("shows calls in the tap as they come, and only those of a filter, by the ids that their callers know", async () => {
    const page = await open("tap");
    const rows = page.locator("tbody tr:has(td)");
    await rows.filter({ hasText: "ListUsers" }).first().waitFor({ timeout: POLL.timeout });
    const first = await rows.first().locator("td").allTextContents();
    expect(first.join(" ")).toMatch(/200 .*POST \/users\.v1\.UserService\/ListUsers/);
    await page.fill("input[name=reason]", "unknown_path");
    await page.press("input[name=reason]", "Enter");
    await vi.waitFor(() => expect(page.url()).toContain("reason=unknown_path"), POLL);
    await page.click("button:text-is('Clear')"); // calls that came before the filter
    const isShown = async (): Promise<boolean> => {
      const { status } = await fetch(`${gateway.url}/nowhere?token=hidden`, { headers: { "x-request-id": "seen-in-the-tap" } });
      expect(status).toBe(404);
      return (await page.locator('a[title="Path of request seen-in-the-tap"]').count()) > 0;
    };
    await vi.waitUntil(isShown, POLL);
    for (const text of await rows.allTextContents()) expect(text).toMatch(/404 unknown_path.*GET \/nowhere(?!\?)/);
    await page.context().close();
  });

  it("forces a breaker open with a reason, and lets the evidence decide again", async () => {
    const page = await openAsAdmin(`services?upstream=${SERVICE}`);
    const overrideOf = async (): Promise<string | undefined> => {
      const { breakers = [] } = (await gateway.api(`${BREAKERS}/ListBreakers`)) as unknown as {
        breakers?: { endpoint: string; override: string }[];
      };
      return breakers.find(({ endpoint }) => endpoint === gateway.slow)?.override;
    };
    await page.click(`button[aria-label="Force the breaker of ${gateway.slow}"]`);
    await confirm(page, "the disk is full");
    expect(await overrideOf()).toBe("OVERRIDE_OPEN");
    await page.locator("tr", { hasText: gateway.slow }).locator(".badge", { hasText: "forced open" }).waitFor();
    await page.locator("td", { hasText: "the disk is full" }).waitFor(); // in the history
    await page.click(`button[aria-label="Force the breaker of ${gateway.slow}"]`);
    await confirm(page, "a new disk");
    await vi.waitUntil(async () => (await overrideOf()) !== "OVERRIDE_OPEN", POLL);
    await page.locator(".badge", { hasText: "forced open" }).waitFor({ state: "detached" });
    await page.context().close();
  });

  it("drains a registered endpoint with a reason, which the audit has", async () => {
    const page = await openAsAdmin(`services?upstream=${SERVICE}`);
    await page.click(`button[aria-label="Drain ${gateway.registered}"]`);
    await confirm(page, "moves to another rack");
    await page.locator("tr", { hasText: gateway.registered }).locator(".badge", { hasText: "draining" }).first().waitFor();
    const listed = await gateway.api("tidegate.registry.v1.RegistryService/ListEndpoints", { service: SERVICE });
    expect(listed["endpoints"]).toMatchObject([{ id: gateway.registered, isDraining: true }]);
    const { events } = (await gateway.api("tidegate.admin.v1.AdminService/ListAuditEvents")) as unknown as {
      events: { subject: string }[];
    };
    expect(events.map(({ subject }) => subject)).toContain(`${SERVICE} ${gateway.registered}: moves to another rack`);
    await page.context().close();
  });

  it("checks, publishes and rolls back a version", async () => {
    const published = spawnSync("node", ["cli/tidegate/main.ts", "publish", "--reason", "first version", "--gateway", gateway.url], {
      cwd: gateway.copy.folder,
      env: { ...gateway.copy.env, ADMIN_TOKEN: gateway.secret },
      encoding: "utf8",
    });
    expect([published.status, published.stderr]).toEqual([0, expect.any(String)]);
    const live = async (): Promise<unknown> =>
      ((await gateway.api(`${CONTROL}/GetStatus`)) as { live?: { version: string } }).live?.version;
    expect(await live()).toBe("1");
    const page = await openAsAdmin("configuration");
    await page.click("text=Edit the live version");
    const field = page.locator("textarea");
    await vi.waitUntil(async () => (await field.inputValue()).includes(SERVICE), POLL);
    const text = await field.inputValue();
    await field.fill(text.replace('"per-caller": {', '"per-caller": { "unknown": 1,'));
    await page.click("button:text-is('Check')");
    await page.locator(".problems", { hasText: "unknown" }).waitFor();
    await field.fill(text.replace('"rate": 10000', '"rate": 9000'));
    await page.click("button:text-is('Check')");
    await page.locator(".differences", { hasText: "10000" }).locator(".added", { hasText: "9000" }).first().waitFor();
    await page.click("button:text-is('Publish …')");
    await confirm(page, "a lower rate");
    await page.locator(".card", { hasText: "Live" }).locator(".badge", { hasText: "version 2" }).first().waitFor();
    expect(await live()).toBe("2");
    await page.click("button:text-is('Roll back to 1')");
    await confirm(page, "too low");
    await vi.waitUntil(async () => (await live()) === "1", POLL);
    await page.locator(".card", { hasText: "Live" }).locator(".badge", { hasText: "version 1" }).first().waitFor();
    await page.context().close();
  });

  it("gives the browser nothing to complain of", () => {
    expect(complaints.length).toBeGreaterThan(3);
    expect(complaints.flat()).toEqual([]);
  });

  it("serves the pages with headers that are those of the files", async () => {
    const response = await fetch(`${gateway.url}/_tidegate/`);
    expect(response.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const script = /src="([^"]+)"/.exec(await response.text())![1]!;
    const { headers, status } = await fetch(new URL(script, gateway.url));
    expect([status, headers.get("cache-control")]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect(join("/", script)).toMatch(/^\/_tidegate\/assets\//);
  });
});
