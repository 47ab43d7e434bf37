// The console in Chromium before a made-up fleet: signing in, streams that break off, the keyboard, the URL, and a policy that holds.
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { serviceName } from "./lab/figures.ts";
import { type Lab, startLab } from "./lab/gateway.ts";

const hasChromium = findChromium();
const POLL = { timeout: 30_000, interval: 100 };
const FLEET = { services: 12, endpointsEach: 8 };
const UPSTREAM = `services?upstream=${serviceName(0)}`;

async function signIn(page: Page, secret: string): Promise<void> {
  await page.fill('input[name="secret"]', secret);
  await page.press('input[name="secret"]', "Enter");
}

describe.skipIf(!hasChromium)("the console", () => {
  let locked: Lab; // wants a secret
  let open: Lab;
  let browser: Browser;

  beforeAll(async () => {
    locked = await startLab(FLEET);
    open = await startLab({ ...FLEET, isOpen: true, intervalMs: 200 });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([locked.close(), open.close()]);
  });

  it("shows nothing without a credential, and keeps a secret in the memory of the tab alone", async () => {
    const { page, requested } = await openPage(browser);
    await page.goto(`${locked.url}/_tidegate/#/services`);
    await page.waitForSelector("h1:has-text('Sign in')");
    expect(await page.locator("nav a, table, .figure").count()).toBe(0);
    await signIn(page, "a wrong secret");
    await page.locator(".problem", { hasText: "send the secret" }).waitFor();
    await signIn(page, locked.secret);
    await page.locator("nav a", { hasText: "Overview" }).waitFor();
    await page.locator("td", { hasText: serviceName(3) }).waitFor();
    const stored = await page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])");
    expect(stored).not.toContain(locked.secret);
    expect(await page.context().storageState()).toEqual({ cookies: [], origins: [] });
    expect(requested.filter((url) => url.includes(locked.secret))).toEqual([]);
    await page.reload();
    await page.waitForSelector("h1:has-text('Sign in')");
    await page.context().close();
  });

  it("shows its view also where the gateway responds before the page has drawn itself", async () => {
    const { page } = await openPage(browser);
    // Components take part in changes one frame after they are drawn: here that is late.
    await page.addInitScript(`
      const [later, frame] = [setTimeout, requestAnimationFrame];
      globalThis.requestAnimationFrame = (draw) => later(() => frame(draw), 700);
      globalThis.setTimeout = (run, ms, ...rest) => later(run, ms > 0 && ms <= 200 ? 1_000 : ms, ...rest);
    `);
    await page.goto(`${open.url}/_tidegate/#/services`);
    await page.locator("td", { hasText: serviceName(3) }).waitFor({ timeout: 20_000 });
    await page.context().close();
  });

  it("forgets the secret when the user signs out", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${locked.url}/_tidegate/`);
    await signIn(page, locked.secret);
    await page.click("text=Sign out");
    await page.waitForSelector("h1:has-text('Sign in')");
    expect(await page.locator("table, .figure").count()).toBe(0);
    await page.context().close();
  });

  it("says since when the figures are stale while the gateway is away, and goes on by itself", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${open.url}/_tidegate/`);
    await page.locator(".freshness.live").waitFor();
    await page.locator(".figure").first().waitFor();
    const figures = await page.locator(".figure").count();
    open.drop();
    await page.locator(".freshness.stale", { hasText: /stale since \d\d:\d\d:\d\d/ }).waitFor();
    expect(await page.locator(".figure").count()).toBe(figures); // the last figures stay
    open.restore();
    await page.locator(".freshness.live").waitFor();
    await page.context().close();
  });

  it("sorts, opens and closes by the keyboard alone", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${open.url}/_tidegate/#/services`);
    await page.focus("th button:has-text('Upstream')");
    await page.keyboard.press("Enter");
    await page.locator("th[aria-sort=ascending]", { hasText: "Upstream" }).waitFor();
    await page.focus(`td button:has-text("${serviceName(0)}")`);
    await page.keyboard.press("Enter");
    await page.waitForSelector(`h1:has-text("${serviceName(0)}")`);
    expect(page.url()).toContain(`upstream=${serviceName(0)}`);
    await page.focus("button[aria-label^='Force the breaker']");
    await page.keyboard.press("Enter");
    await page.locator("dialog[open]").waitFor();
    expect(await page.locator("dialog[open] button[type=submit]").isDisabled()).toBe(true); // a reason is missing
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    await page.context().close();
  });

  it("has view, filter and theme in the URL, for links and for the back button", async () => {
    const { page } = await openPage(browser, { colorScheme: "light" });
    await page.goto(`${open.url}/_tidegate/#/services`);
    await page.fill("input[type=search]", "Service3");
    await page.click("text=Dark theme");
    const url = page.url();
    expect(url).toMatch(/#\/services\?.*q=Service3/);
    await page.click("nav a:has-text('Overview')");
    await page.waitForSelector("h1:has-text('Overview')");
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark");
    await page.goBack();
    await page.waitForSelector("h1:has-text('Services')"); // the overview has rows, too
    expect(page.url()).toBe(url);
    const rows = page.locator("tbody tr[aria-rowindex]");
    await vi.waitFor(async () => expect(await rows.allTextContents()).toEqual([expect.stringContaining("Service3")]), POLL);
    await page.context().close();
  });

  it.each(["overview", "services", UPSTREAM, "configuration"])(
    "shows %s from 360 px on, in both themes, without a complaint of the browser or a request elsewhere",
    async (view) => {
      for (const [width, colorScheme] of [
        [1280, "light"],
        [1280, "dark"],
        [360, "light"],
        [360, "dark"],
      ] as const) {
        const { page, complaints, requested } = await openPage(browser, { viewport: { width, height: 900 }, colorScheme });
        await page.goto(`${open.url}/_tidegate/#/${view}`);
        await page.locator(".freshness.live").first().waitFor();
        await page.locator("tbody tr[aria-rowindex]").first().waitFor();
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
        expect(complaints).toEqual([]);
        expect(requested.filter((url) => !url.startsWith(`${open.url}/`))).toEqual([]);
        await page.screenshot({
          path: join(tmpdir(), `tidegate-console-${view.replace(/\W.*/, "-detail")}-${width}-${colorScheme}.png`),
          fullPage: true,
        });
        await page.context().close();
      }
    },
  );

  it("runs under a policy that holds: markup and script of others have no way in", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${open.url}/_tidegate/`);
    await page.locator(".freshness.live").waitFor();
    const thrown = await page.evaluate(`(() => {
      const names = [];
      for (const attempt of [() => { document.body.innerHTML = "<p>x</p>"; }, () => { document.createElement("script").text = "1"; }, () => document.write("x")]) {
        try { attempt(); names.push("allowed"); } catch (error) { names.push(error.name); }
      }
      return names;
    })()`);
    expect(thrown).toEqual(["TypeError", "TypeError", "TypeError"]);
    await page.context().close();
  });
});
