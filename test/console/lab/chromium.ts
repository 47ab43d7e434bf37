// Chromium for tests of the console: where it is, and pages that keep every complaint of the browser.
import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const MISSING = `the console is not tested: there is no Chromium at ${CHROMIUM} (apt-get install chromium, or set CHROMIUM)`;

/** @returns whether there is a browser; says so loudly where there is none, and fails where tests must not be skipped */
export function findChromium(): boolean {
  if (existsSync(CHROMIUM)) return true;
  if (process.env["TIDEGATE_REQUIRE_ALL"] === "1") throw new Error(MISSING);
  console.warn(`SKIPPED: ${MISSING}`);
  return false;
}

/** @param hosts names that lead to this machine */
export function launchChromium(...hosts: string[]): Promise<Browser> {
  const rules = hosts.length === 0 ? [] : [`--host-resolver-rules=${hosts.map((host) => `MAP ${host} 127.0.0.1`).join(",")}`];
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...rules] });
}

export interface OpenPage {
  readonly page: Page;
  /** Errors on the console and of scripts, but those of calls that the gateway has refused. */
  readonly complaints: readonly string[];
  /** URLs that the page has requested. */
  readonly requested: readonly string[];
}

/** A page in a context of its own: nothing is left of the one before. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requested: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  page.on("request", (request) => requested.push(request.url()));
  return { page, complaints, requested };
}
