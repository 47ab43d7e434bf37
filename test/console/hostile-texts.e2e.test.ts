// Script in every text that the pages show: of each field of each response, of the OpenAPI document, and of calls. Nothing of it may run.
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { type MadeUpGateway, startMadeUp } from "./lab/made-up-services.ts";
import { openAll, openStop, sendDialogs, stopsOf } from "./lab/walk.ts";

const hasChromium = findChromium();

/** Each of them would call `ran`, where it is taken for something else than text. */
const ATTACKS: Readonly<Record<string, (path: string) => string>> = {
  markup: (path) => `${IMAGE}${SCRIPT}${ATTRIBUTE}${TEMPLATE}${path}`,
  URLs: (path) => `javascript:ran('url')//${path}`,
  prototypes: (path) => `__proto__ ${path}`,
};
const IMAGE = `<img src=x onerror="ran('img')"><svg onload=ran('svg')><iframe srcdoc="<script>parent.ran()</script>">`;
const SCRIPT = "</script></style></textarea></title><script>ran('script')</script>";
const ATTRIBUTE = `" onmouseover="ran('quote')" onfocus='ran()' autofocus style="background:url(https://attacker.example/x)" x="`;
const TEMPLATE = `\${ran('template')}{{constructor.constructor("ran('binding')")()}}%3Cimg src=x onerror=ran()%3E&lt;img src=x onerror=ran()&gt;`;

/** What the browser has reported since the page was opened. */
async function reportsOf(page: Page): Promise<readonly string[]> {
  return await page.evaluate("globalThis.reports");
}

async function watched(browser: Browser) {
  const opened = await openPage(browser);
  opened.page.setDefaultTimeout(60_000);
  await opened.page.addInitScript(`
    globalThis.reports = [];
    globalThis.ran = (what) => reports.push("ran " + what);
    addEventListener("securitypolicyviolation", (event) => reports.push("policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample));
  `);
  opened.page.on("dialog", (dialog) => void dialog.dismiss());
  return opened;
}

/** Links of the page that lead to something else than a page. */
async function strangeLinks(page: Page): Promise<readonly string[]> {
  const urls: string[] = await page.evaluate(
    "[...document.querySelectorAll('[href],[src],[action],[formaction]')].flatMap((one) => ['href','src','action','formaction'].map((name) => one[name]).filter((url) => typeof url === 'string' && url !== ''))",
  );
  return urls.filter((url) => !/^https?:\/\/127\.0\.0\.1:\d+\//.test(url));
}

describe.skipIf(!hasChromium)("texts of others", () => {
  let browser: Browser;
  let gateway: MadeUpGateway | undefined;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterEach(async () => {
    await gateway?.close();
    gateway = undefined;
  });
  afterAll(() => browser.close());

  it.each(Object.entries(ATTACKS))("with %s stay texts in every view, and the policy has nothing to report", async (_, text) => {
    gateway = await startMadeUp({ text, changesFail: true });
    const { page, complaints, requested } = await watched(browser);
    for (const { name, path } of await stopsOf(page, gateway.url)) {
      await openStop(page, gateway.url + path);
      await openAll(page);
      if (path.startsWith("/_tidegate/")) await sendDialogs(page);
      if (name === "playground" || path.startsWith("/docs/#")) await page.locator("button.send").click();
      await page.waitForTimeout(300);
      await page.mouse.move(400, 300);
      expect([name, await reportsOf(page), await strangeLinks(page)]).toEqual([name, [], []]);
    }
    expect(complaints.filter((complaint) => !/ERR_|status of|pattern attribute/.test(complaint))).toEqual([]);
    expect(requested.filter((url) => !url.startsWith(gateway!.url) && url !== "about:blank")).toEqual([]);
    await page.context().close();
  });

  it("are in every view: the walk would find them", async () => {
    gateway = await startMadeUp({ text: (path) => `<i>${path}</i>` });
    const { page } = await watched(browser);
    for (const { name, path } of await stopsOf(page, gateway.url)) {
      await page.goto("about:blank");
      await page.goto(gateway.url + path);
      await page.locator("main", { hasText: "<i>" }).waitFor();
      expect([name, await page.locator("main i").count()]).toEqual([name, 0]);
    }
    await page.context().close();
  });

  it("would be reported where a page took them for markup", async () => {
    gateway = await startMadeUp({ text: (path) => path });
    const { page } = await watched(browser);
    await page.goto(`${gateway.url}/_tidegate/`);
    await page.locator("main h1").waitFor();
    await page.evaluate("try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=ran(1)>') } catch {}");
    await page.evaluate(
      "(() => { const link = document.createElement('a'); link.href = 'javascript:ran(2)'; document.body.append(link); link.click(); })()",
    );
    await expect.poll(() => reportsOf(page)).toHaveLength(2);
    expect(await strangeLinks(page)).toEqual(["javascript:ran(2)"]);
    await page.context().close();
  });
});
