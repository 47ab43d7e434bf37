// Views of calls before the shipped services: keys are issued and rolled, responses purged, calls made in all protocols and traced.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium, launchChromium, openPage } from "./lab/chromium.ts";
import { type ShippedGateway, startShipped } from "./lab/shipped-gateway.ts";

const hasChromium = findChromium();
const HOST = "gateway.test"; // another name than that of this machine: the user signs in
const POLL = { timeout: 60_000, interval: 300 };

interface User {
  readonly id: string;
}

interface KeyList {
  readonly keys?: readonly {
    readonly id: string;
    readonly state: string;
    readonly settings: { readonly owner: string; readonly plan: string };
  }[];
}

describe.skipIf(!hasChromium)("the views of calls", () => {
  let gateway: ShippedGateway;
  let browser: Browser;
  let user: User;
  const complaints: (readonly string[])[] = [];

  beforeAll(async () => {
    gateway = await startShipped();
    browser = await launchChromium(HOST);
    const body = JSON.stringify({ displayName: "Ada", email: "ada@example.com" });
    const response = await fetch(`${gateway.url}/api/v1/users`, { method: "POST", headers: { "content-type": "application/json" }, body });
    user = (await response.json()) as User;
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
  });

  async function open(hash: string): Promise<Page> {
    const opened = await openPage(browser);
    complaints.push(opened.complaints);
    opened.page.setDefaultTimeout(60_000);
    await opened.page.goto(`${gateway.url.replace("127.0.0.1", HOST)}/_tidegate/#/${hash}`);
    await opened.page.fill('input[name="secret"]', gateway.secret);
    await opened.page.press('input[name="secret"]', "Enter");
    await opened.page.locator(".identity .badge", { hasText: "admin" }).waitFor();
    return opened.page;
  }

  const keys = async (): Promise<NonNullable<KeyList["keys"]>> =>
    (await gateway.api<KeyList>("tidegate.keys.v1.KeyService/ListKeys", {})).keys ?? [];
  const statusWith = async (key: string): Promise<number> =>
    (
      await fetch(`${gateway.url}/api/v1/users/usr_00000000000000000000000000`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${key}` },
      })
    ).status;

  it("issue a key that works, show it once, roll it with an overlap, and revoke it", async () => {
    const page = await open("keys");
    await page.click("text=Issue a key");
    await page.fill("dialog[open] input[name=owner]", "acme");
    await page.fill("dialog[open] input[name=plan]", "free");
    await page.fill("dialog[open] input[name=scopes]", "users.write, users.read");
    await page.click("dialog[open] button[type=submit]");
    const first = (await page.locator("dialog.secret code").textContent())!;
    expect(await statusWith(first)).toBe(404); // admitted: there is no such user
    await page.click("text=I have stored it");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(first);
    const [issued] = await keys();
    expect(issued).toMatchObject({
      state: "STATE_ACTIVE",
      settings: { owner: "acme", plan: "free", scopes: ["users.read", "users.write"] },
    });

    await page.click(`button.row:has-text("${issued!.id}")`);
    await page.locator("#key-details", { hasText: issued!.id }).waitFor();
    expect(page.url()).toContain(`key=${issued!.id}`);
    await page.click("text=Roll …");
    await page.selectOption("dialog[open] select[name=overlap]", "3600");
    await page.click("dialog[open] button[type=submit]");
    const second = (await page.locator("dialog.secret code").textContent())!;
    await page.click("text=I have stored it");
    expect(second).not.toBe(first);
    expect([await statusWith(first), await statusWith(second)]).toEqual([404, 404]);
    await page.locator("dt", { hasText: "Former secret counts until" }).waitFor();

    await page.click("text=Change …");
    await page.fill("dialog[open] input[name=plan]", "team");
    await page.click("dialog[open] button[type=submit]");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect((await keys())[0]!.settings.plan).toBe("team");

    await page.click("text=Revoke …");
    await page.click("dialog[open] button[type=submit]");
    await page.locator("#key-details", { hasText: "revoked" }).waitFor();
    await vi.waitFor(async () => expect(await statusWith(second)).toBe(401), POLL);
    expect((await keys())[0]!.state).toBe("STATE_REVOKED");
    await page.context().close();
  });

  it("purge a cached response, once that is confirmed", async () => {
    const get = async (): Promise<string | null> => (await fetch(`${gateway.url}/api/v1/users/${user.id}`)).headers.get("age");
    await vi.waitFor(async () => expect(await get()).not.toBeNull(), POLL); // served by the cache
    const page = await open("cache");
    await page.selectOption("select[name=kind]", "tag");
    await page.fill("input[name=target]", `user:${user.id}`);
    await page.check("input[name=hard]");
    await page.click("text=Purge …");
    await page.click("dialog[open] button:has-text('Cancel')");
    await page.locator("dialog[open]").waitFor({ state: "detached" });
    expect(await get()).not.toBeNull(); // nothing was purged
    await page.click("text=Purge …");
    await page.click("dialog[open] button[type=submit]");
    await page.locator(".purged", { hasText: `hard: tag user:${user.id}` }).waitFor();
    await vi.waitFor(async () => expect(await get()).toBeNull(), POLL);
    await page.context().close();
  });

  it.each(["REST", "Connect", "Connect GET", "gRPC-Web"])("call a method by %s", async (protocol) => {
    const page = await open("playground?operation=UserService_GetUser");
    await page.selectOption("select[name=protocol]", { label: protocol });
    if (protocol === "REST") await page.fill("input[name=id]", user.id);
    else await page.fill("textarea[name=message]", JSON.stringify({ id: user.id }));
    await page.click("button.send");
    await page.locator(".result pre", { hasText: '"displayName": "Ada"' }).waitFor();
    await page.locator(".status", { hasText: /^200/ }).waitFor();
    if (protocol === "gRPC-Web") await page.locator(".status", { hasText: "1 message" }).waitFor();
    await page.context().close();
  });

  it.each(["REST", "Connect", "gRPC-Web"])("show a stream by %s as it comes, until the user stops it", async (protocol) => {
    const page = await open("playground?operation=UserService_WatchUsers");
    await page.selectOption("select[name=protocol]", { label: protocol });
    await page.click("button.send");
    const name = `Grace of ${protocol}`;
    const isShown = async (): Promise<boolean> => {
      const body = JSON.stringify({ displayName: name, email: `${crypto.randomUUID()}@example.com` });
      await fetch(`${gateway.url}/api/v1/users`, { method: "POST", headers: { "content-type": "application/json" }, body });
      return (await page.locator(".result pre", { hasText: name }).count()) > 0;
    };
    await vi.waitUntil(isShown, POLL);
    await page.click("text=Stop");
    await page.locator(".status", { hasText: "stopped" }).waitFor();
    await page.context().close();
  });

  it("show an error of a call with its code", async () => {
    const page = await open("playground?operation=UserService_GetUser");
    await page.selectOption("select[name=protocol]", { label: "gRPC-Web" });
    await page.fill("textarea[name=message]", '{"id":"usr_00000000000000000000000000"}');
    await page.click("button.send");
    await page.locator(".status", { hasText: "not_found" }).waitFor();
    await page.context().close();
  });

  it("trace a call, and show the layers that it has walked with the values of each", async () => {
    const page = await open("playground?operation=UserService_GetUser");
    await page.check("input[name=trace]");
    await page.fill("input[name=id]", user.id);
    await page.click("button.send");
    await page.click("text=Show its path through the gateway");
    await page.locator(".waterfall .name", { hasText: "cache" }).waitFor();
    const requestId = new URLSearchParams(page.url().split("?")[1]).get("request");
    const { trace } = await gateway.api<{ trace: { route: string; steps: readonly { layer: string; attempt?: number }[] } }>(
      "tidegate.control.v1.TraceService/GetTrace",
      { requestId },
    );
    const shown = await page.locator(".waterfall .name").allTextContents();
    expect(shown).toEqual(trace.steps.map(({ layer, attempt = 0 }) => (attempt === 0 ? layer : `${layer} #${attempt}`)));
    expect(await page.locator("main p b").first().textContent()).toBe(trace.route);
    await page.click('button.layer:has-text("deadline")');
    await page.locator(".judged-table th", { hasText: "readTimeoutMs" }).waitFor();
    await page.context().close();
  });

  it("give the browser nothing to report", () => {
    // Without HTTPS, which this name does not have here, a browser takes no such header.
    expect(
      complaints.flat().filter((complaint) => !complaint.startsWith("The Cross-Origin-Opener-Policy header has been ignored")),
    ).toEqual([]);
  });
});
