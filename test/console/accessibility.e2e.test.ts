// WCAG 2.2 AA in every view of the console and in the reference: in both themes, and at 360 px. Checked by axe, with whatever opens open.
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { type MadeUpGateway, startMadeUp } from "./lab/made-up-services.ts";
import { openAll, openStop, stopsOf } from "./lab/walk.ts";

const hasChromium = findChromium();
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** What axe finds on the page as it is. @returns rule, element and reason of each violation */
async function violationsOf(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })`)) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`));
}

/** A text of the usual length, whose last part differs from field to field. */
const words = (path: string): string => path.split(".").slice(-2).join(" ").replaceAll("_", " ");

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light, 1280 px", { colorScheme: "light" }],
  ["dark, 1280 px", { colorScheme: "dark" }],
  ["light, 360 px", { colorScheme: "light", viewport: { width: 360, height: 780 } }],
  ["dark, 360 px", { colorScheme: "dark", viewport: { width: 360, height: 780 } }],
];

describe.skipIf(!hasChromium)("the pages", () => {
  let browser: Browser;
  let gateway: MadeUpGateway;
  beforeAll(async () => {
    browser = await launchChromium();
    gateway = await startMadeUp({ text: words });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  it.each(LOOKS)("have no violation of WCAG 2.2 AA: %s", async (_, look) => {
    const { page } = await openPage(browser, { reducedMotion: "reduce", ...look });
    page.setDefaultTimeout(60_000);
    const width = look.viewport?.width ?? 1280;
    for (const { name, path } of await stopsOf(page, gateway.url)) {
      await openStop(page, gateway.url + path);
      await openAll(page);
      expect([name, await violationsOf(page)]).toEqual([name, []]);
      expect([name, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([name, width]);
    }
    await page.context().close();
  });

  it.each(LOOKS.slice(0, 2))("have none in their dialogs: %s", async (_, look) => {
    const { page } = await openPage(browser, { reducedMotion: "reduce", ...look });
    page.setDefaultTimeout(60_000);
    for (const { name, path } of await stopsOf(page, gateway.url)) {
      if (!path.startsWith("/_tidegate/")) continue;
      await openStop(page, gateway.url + path);
      const buttons = page.locator("main button:enabled", { hasText: "…" });
      for (let index = 0; index < (await buttons.count()); index += 1) {
        await buttons.nth(index).click();
        expect([name, await violationsOf(page)]).toEqual([name, []]);
        await page.keyboard.press("Escape");
        await page
          .locator("dialog[open]")
          .waitFor({ state: "detached" })
          .catch(() => undefined);
      }
    }
    await page.context().close();
  });

  it("are checked: axe finds text without contrast", async () => {
    const { page } = await openPage(browser);
    await page.goto(`${gateway.url}/docs/`);
    await page.locator("main h1").waitFor();
    await page.evaluate("document.querySelector('h1').style.color = '#eee'");
    expect((await violationsOf(page)).join()).toContain("color-contrast");
    await page.context().close();
  });
});
