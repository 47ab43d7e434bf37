// The reference in Chromium, as `npm start` serves it: no complaint of the browser, a call made from it, and pictures to look at.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const hasChromium = existsSync(CHROMIUM);
const missing = `the reference page is not tested: there is no Chromium at ${CHROMIUM} (apt-get install chromium, or set CHROMIUM)`;
if (!hasChromium && process.env["TIDEGATE_REQUIRE_ALL"] === "1") throw new Error(missing);
if (!hasChromium) console.warn(`SKIPPED: ${missing}`);

const state = mkdtempSync(join(tmpdir(), "tidegate-docs-"));
const complaints: string[] = [];
let gateway: ChildProcess;
let browser: Browser;
let base: string;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function open(hash: string, width = 1280, colorScheme: "light" | "dark" = "light"): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on("console", (message) => void (message.type() === "error" && complaints.push(message.text())));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${base}/docs/${hash}`);
  await page.waitForSelector("article");
  return page;
}

describe.skipIf(!hasChromium)("the reference", () => {
  beforeAll(async () => {
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    gateway = spawn("node", ["cli/tidegate/main.ts", "dev", "--port", String(port), "--persist-to", state], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    await new Promise<void>((resolve, reject) => {
      gateway.stdout!.on("data", (chunk: Buffer) => void (chunk.toString().includes("is running at") && resolve()));
      gateway.on("exit", (code) => reject(new Error(`npm start ended with ${code}`)));
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser?.close();
    const ended = new Promise((resolve) => gateway.once("exit", resolve));
    gateway.kill("SIGTERM");
    await ended;
    rmSync(state, { recursive: true, force: true });
  });

  it("is served under a policy that lets nothing in from elsewhere", async () => {
    const response = await fetch(`${base}/docs/`);
    expect(response.headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';/,
    );
  });

  it("creates a user from the example it offers, and shows status, time and body", async () => {
    const page = await open("#UserService_CreateUser");
    await page.click("button.send");
    await page.waitForSelector(".status strong");
    expect(await page.textContent(".status")).toMatch(/^200 OK\d+ ms$/);
    await page.locator(".result pre", { hasText: '"usr_' }).waitFor();
    await page.close();
  });

  it("shows a stream as it arrives, until it is stopped", async () => {
    const page = await open("#UserService_WatchUsers");
    await page.click("button.send");
    // The stream shows what happens after it has begun, and the page cannot tell when that is: changes are made until one is shown.
    const isShown = async (): Promise<boolean> => {
      await fetch(`${base}/api/v1/users`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ displayName: "Grace", email: "grace@example.com" }),
      });
      return (await page.locator(".result pre", { hasText: "Grace" }).count()) > 0;
    };
    await vi.waitUntil(isShown, { timeout: 60_000, interval: 500 });
    await page.click("text=Stop");
    await page.locator(".status", { hasText: "stopped" }).waitFor();
    await page.close();
  });

  it("finds an operation by the keyboard alone, and can be linked to", async () => {
    const page = await open("");
    await page.keyboard.press("/");
    await page.keyboard.type("cancel");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".route");
    expect(page.url()).toContain("#OrderService_CancelOrder");
    expect(await page.textContent(".route")).toBe("POST/api/v1/orders/{id}:cancel");
    await page.close();
  });

  it.each([
    [1280, "light"],
    [1280, "dark"],
    [390, "light"],
    [390, "dark"],
  ] as const)("fits %i px, %s", async (width, scheme) => {
    const page = await open("#OrderService_CreateOrder", width, scheme);
    await page.waitForSelector(".route");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    await page.screenshot({ path: join(tmpdir(), `tidegate-docs-${width}-${scheme}.png`) });
    await page.close();
  });

  it("gives the browser nothing to complain of", () => {
    expect(complaints).toEqual([]);
  });
});
