// The five questions of an operator, each by one command, at a gateway under load with a slow endpoint, a limited caller and an open breaker.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMIT, SECRETS, SLOWER_MS } from "../support/monitored/settings.ts";
import { Fleet } from "./prometheus/fleet.ts";

const DEADLINE_MS = 120_000;
const LIMITED = "192.0.2.9";
const folder = mkdtempSync(join(tmpdir(), "tidegate-top-"));
const fleet = new Fleet();
let isLoading = true;
let load: Promise<void>;
let idle: Record<string, never>;

beforeAll(async () => {
  await fleet.start(folder, 1);
  idle = await top("configuration");
  load = (async () => {
    while (isLoading) {
      await Promise.all(Array.from({ length: 6 }, () => fleet.call(0, "users.v1.UserService/GetUser", { delayMs: 10 })));
      for (let calls = 0; calls < 3; calls++) await fleet.call(0, "users.v1.UserService/ListUsers", { address: LIMITED });
      await fleet.call(0, "users.v1.UserService/ListUsers", { address: "192.0.2.1" }).catch(() => undefined);
      await fleet.call(0, "orders.v1.OrderService/GetOrder", { isGet: true });
      await fleet.call(0, "orders.v1.OrderService/ListOrders");
    }
  })();
});
afterAll(async () => {
  isLoading = false;
  await load;
  fleet.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What `tidegate top VIEW --json` prints. */
async function top(view: string): Promise<Record<string, never>> {
  const args = ["cli/tidegate/main.ts", "top", view, "--json", "--gateway", fleet.gateways[0]!.origin];
  const child = spawn("node", args, { env: { ...process.env, ADMIN_TOKEN: SECRETS.ADMIN_SECRET }, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  const [code] = (await once(child, "close")) as [number];
  expect(code).toBe(0);
  return JSON.parse(output) as Record<string, never>;
}

/** Repeats a command until it has the answer: counts arrive within 10 s. */
async function answered<T>(view: string, read: (shown: Record<string, never>) => T | undefined | false): Promise<T> {
  let shown: Record<string, never> = {};
  for (const end = Date.now() + DEADLINE_MS; Date.now() < end; await pause(500)) {
    shown = await top(view);
    const answer = read(shown);
    if (answer !== undefined && answer !== false) return answer;
  }
  throw new Error(`no answer by ${view} within ${DEADLINE_MS} ms: ${JSON.stringify(shown)}`);
}

interface Endpoint {
  readonly endpoint: string;
  readonly p50Ms: number;
  readonly errorRatio: number;
}
interface Counted {
  readonly rule: string;
  readonly hash?: string;
  readonly allowed: string;
  readonly refused: string;
}

describe("tidegate top", () => {
  it("says which endpoint is slow", async () => {
    const endpoints = await answered("endpoints", ({ endpoints: all }: { endpoints?: Endpoint[] }) => {
      const [first] = all ?? [];
      return first?.endpoint === "SLOW" && all!.some(({ endpoint }) => endpoint === "FAST") && all;
    });
    expect(endpoints[0]!.p50Ms).toBeGreaterThanOrEqual(SLOWER_MS);
    expect(endpoints.find(({ endpoint }) => endpoint === "FAST")!.p50Ms).toBeLessThan(endpoints[0]!.p50Ms);
    expect(endpoints.filter(({ endpoint }) => endpoint === "FAST" || endpoint === "SLOW").map(({ errorRatio }) => errorRatio)).toEqual([
      0, 0,
    ]);
  });

  it("says who is limited: one key, by its hash", async () => {
    const { limits, hotKeys } = await answered("limits", (shown: { limits?: Counted[]; hotKeys?: Counted[] }) => {
      const refused = Number(shown.hotKeys?.[0]?.refused ?? 0);
      return refused > 3 * LIMIT && { limits: shown.limits!, hotKeys: shown.hotKeys! };
    });
    expect(limits).toMatchObject([{ rule: "per-caller" }]);
    expect(hotKeys[0]).toMatchObject({ rule: "per-caller", hash: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(JSON.stringify(hotKeys)).not.toContain(LIMITED);
    expect(Number(hotKeys[0]!.refused)).toBeGreaterThan(Number(hotKeys[1]?.refused ?? 0)); // the other caller calls a third as often
  });

  it("says what the cache hits", async () => {
    const cache = await answered("cache", ({ caches = [] }: { caches?: { route: string; l1Hits: string; misses: string }[] }) =>
      caches.find(({ route, l1Hits }) => route === "orders.v1.OrderService/GetOrder" && Number(l1Hits) > 0),
    );
    expect(Number(cache.misses)).toBeLessThanOrEqual(1); // the first call, as long as it is in the window
  });

  it("says which breakers are open", async () => {
    const breakers = await answered(
      "breakers",
      ({ breakers: all = [] }: { breakers?: { endpoint: string; openIsolates: number; sharedState: string }[] }) =>
        all.some(({ endpoint }) => endpoint === "BROKEN") && all,
    );
    expect(breakers.map(({ endpoint }) => endpoint)).toEqual(["BROKEN"]);
    expect(breakers[0]!.openIsolates > 0 || breakers[0]!.sharedState !== "closed").toBe(true);
  });

  it("says which configuration runs, with the first reading of a gateway without calls, too", async () => {
    expect(idle).toMatchObject({ configurations: [{ version: "0", isolates: 1 }] });
    const configurations = await answered(
      "configuration",
      ({ configurations: all = [] }: { configurations?: { version: string; isolates: number }[] }) => all.length > 0 && all,
    );
    expect(configurations).toMatchObject([{ version: "0" }]); // the bundled one, and no other
    expect(configurations[0]!.isolates).toBeGreaterThan(0);
  });
});
