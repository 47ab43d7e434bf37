// Walks through all views of the console and pages of the reference, and opens whatever opens.
import type { Page } from "playwright-core";

/** Views, with parameters that open an entry of each. */
export interface Stop {
  readonly name: string;
  readonly path: string; // from the origin
  /** Opens what the view has closed at first; the page is as the user sees it then. */
  open?(page: Page): Promise<void>;
}

const OPENERS = "button.row, button.layer, summary, th button.sort";
const MOST_OPENED = 12; // the bound of one view

/** Opens rows, layers and details of the page, one after the other. */
export async function openAll(page: Page): Promise<void> {
  const count = Math.min(MOST_OPENED, await page.locator(`main :is(${OPENERS})`).count());
  for (let index = 0; index < count; index += 1) {
    const opener = page.locator(`main :is(${OPENERS})`).nth(index);
    if (await opener.isVisible()) await opener.click({ timeout: 5_000 });
  }
}

/** Opens each dialog of the page, and sends it; what is left open is closed. */
export async function sendDialogs(page: Page): Promise<void> {
  const buttons = page.locator("main button:enabled", { hasText: "…" });
  const count = Math.min(MOST_OPENED, await buttons.count());
  for (let index = 0; index < count; index += 1) {
    const button = buttons.nth(index);
    if (!(await button.isVisible()) || !(await button.isEnabled())) continue;
    await button.click();
    for (const input of await page.locator("dialog[open] input[type=text]:visible").all()) await input.fill("x");
    const submit = page.locator("dialog[open] button[type=submit]:enabled");
    if ((await submit.count()) > 0) await submit.first().click();
    await page.waitForTimeout(200);
    while ((await page.locator("dialog[open]").count()) > 0) {
      await page.keyboard.press("Escape");
      await page.waitForTimeout(50);
    }
  }
}

/** Loads a page anew, and waits until its view is shown. @throws Error with the text of the page where there is none */
export async function openStop(page: Page, url: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(url);
  const heading = page.locator("main h1").first();
  await heading.waitFor().catch(async (error: unknown) => {
    throw new Error(`${url} shows no view: ${(await page.locator("body").textContent())?.slice(0, 500)}`, { cause: error });
  });
  await page.waitForTimeout(300);
}

/** All views of the navigation, and pages of the reference. */
export async function stopsOf(page: Page, url: string): Promise<readonly Stop[]> {
  await page.goto(`${url}/_tidegate/`);
  await page.waitForSelector(".side nav a", { state: "attached" });
  const views = await page.locator(".side nav a").evaluateAll((links) => links.map((link) => link.getAttribute("href")!));
  const ids = views.map((href) => href.replace(/^#\//, "").replace(/\?.*$/, ""));
  return [
    ...ids.map((id) => ({ name: id, path: `/_tidegate/#/${id}${id === "trace" ? "?request=made-up" : ""}` })),
    { name: "reference", path: "/docs/" },
    { name: "operation", path: "/docs/#OrderService_CreateOrder" },
    { name: "stream", path: "/docs/#UserService_WatchUsers" },
  ];
}
