// The cache in real processes: many connections at once, callers that disconnect, and five gateways in two
// regions that share one log of purges.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get, request as send } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";

const TOKEN = "a-token-for-the-test";
const POLL_MS = 1_000; // the gateways' setting
const folder = mkdtempSync(join(tmpdir(), "tidegate-caches-"));
const prepare = () => ({ method: "GET", path: "/", headers: {} });
const gateways: Running[] = [];
const REGIONS = ["weur", "weur", "oc", "oc", "oc"]; // regions of the gateways
let origin: Running;

beforeAll(async () => {
  const objects = [
    { binding: "PURGE_LOG", className: "PurgeLog" },
    { binding: "RELAY", className: "Relay" },
  ];
  origin = await start(
    join(folder, "origin"),
    { entry: "test/support/five-caches/origin.ts", about: "", objects, prepare },
    { upstreamPort: 1, cpu: 1 },
  );
  const subject = {
    entry: "test/support/five-caches/gateway.ts",
    about: "",
    upstreams: ["ORIGIN"],
    variables: { CACHE_TOKEN: TOKEN },
    prepare,
  };
  for (let number = 0; number < 5; number++)
    gateways.push(await start(join(folder, `gateway-${number}`), subject, { upstreamPort: origin.port, cpu: number % 2 }));
  // The first call shows an isolate its region.
  for (const [index, one] of gateways.entries()) await call("/first", { "tidegate-region": REGIONS[index]! }, one);
});

afterAll(() => {
  for (const process of [...gateways, origin]) process?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface CachedResponse {
  readonly status: number;
  readonly text: string;
  readonly cache: string;
}

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** A connection of its own for each call. */
function call(path: string, headers: Record<string, string> = {}, from = gateways[0]!): Promise<CachedResponse> {
  return new Promise((resolve, reject) => {
    get(`${from.origin}${path}`, { agent, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.length > 1_000 ? "" : chunk.toString();
      });
      response.on("end", () => resolve({ status: response.statusCode!, text, cache: String(response.headers["cache-status"] ?? "") }));
      response.on("error", reject);
    }).on("error", reject);
  });
}

const set = (state: object) =>
  fetch(`${origin.origin}/control/set`, { method: "POST", body: JSON.stringify(state) }).then((one) => one.text());
const fetchesOf = async (path: string): Promise<number> =>
  (await (await fetch(`${origin.origin}/control/count?path=${encodeURIComponent(path)}`)).json()) as number;

async function purge(from: Running, targets: readonly object[], hard = false): Promise<Response> {
  return fetch(`${from.origin}/tidegate.cache.v1.CacheService/Purge`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ targets, hard }),
  });
}

/** What `npm run purge` prints. */
async function command(args: readonly string[]): Promise<string> {
  const env = { ...process.env, CACHE_TOKEN: TOKEN };
  return (await promisify(execFile)(process.execPath, ["cli/tidegate/main.ts", "purge", ...args], { env })).stdout;
}

describe("a response that is not cached and that a thousand callers request at once", () => {
  it("is fetched once, and no caller gets an error", async () => {
    const path = "/slow-3000/thousand";
    const responses = await Promise.all(Array.from({ length: 1_000 }, () => call(path)));
    expect(responses.filter(({ status, text }) => status !== 200 || text !== "v1")).toEqual([]);
    expect(await fetchesOf(path)).toBe(1);
  });

  it("arrives although the caller that started the fetch disconnects", async () => {
    const path = "/slow-1500/aborted";
    const first = send(`${gateways[0]!.origin}${path}`, { agent });
    first.on("error", () => undefined);
    first.end();
    while ((await fetchesOf(path)) === 0) await new Promise((soon) => setTimeout(soon, 20));
    const others = Array.from({ length: 50 }, () => call(path));
    first.destroy();
    expect((await Promise.all(others)).filter(({ status }) => status !== 200)).toEqual([]);
    expect(await fetchesOf(path)).toBeLessThanOrEqual(2);
    expect((await call(path)).cache).toContain("hit");
  });

  it("arrives for the others although the time of the first caller is up", async () => {
    const path = "/slow-1500/impatient";
    const first = call(path, { "connect-timeout-ms": "1000" });
    while ((await fetchesOf(path)) === 0) await new Promise((soon) => setTimeout(soon, 20));
    const others = await Promise.all(Array.from({ length: 50 }, () => call(path)));
    expect((await first).status).toBe(504);
    expect(others.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await fetchesOf(path)).toBe(1);
  });

  it("may never arrive: no caller hangs, and it can be fetched again", async () => {
    const path = "/hasty/silent";
    await set({ isSilent: true });
    const responses = await Promise.all(Array.from({ length: 50 }, () => call(path)));
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([504]));
    expect(await fetchesOf(path)).toBeLessThanOrEqual(2);
    await set({ isSilent: false });
    expect(await call(path)).toMatchObject({ status: 200, text: "v1" });
  });
});

describe("five gateways", () => {
  it("serve nothing that was purged: at once in the gateway that received the purge, in both regions within the promised time", async () => {
    await set({ version: 1 });
    const path = "/page";
    for (const one of gateways) {
      await call(path, {}, one);
      expect((await call(path, {}, one)).cache).toContain("hit");
    }
    await set({ version: 2 });
    const [receiver, ...others] = gateways as [Running, ...Running[]];
    const purgedAt = performance.now();
    const purged = await purge(receiver, [{ tag: "pages" }]);
    expect(purged.status).toBe(200);
    const within = Number(((await purged.json()) as { effectiveWithinMs: number }).effectiveWithinMs);
    expect(within).toBe(2 * POLL_MS + 1_000); // an interval of the isolate, one of its relay, and the way
    for (let round = 0; round < 20; round++) expect((await call(path, {}, receiver)).text).toBe("v2");
    const staleMs = others.map(() => 0);
    while (performance.now() < purgedAt + within + 1_000) {
      await Promise.all(
        others.map(async (one, index) => {
          const calledAt = performance.now();
          if ((await call(path, {}, one)).text === "v1") staleMs[index] = calledAt - purgedAt; // isolates without calls do not exchange
        }),
      );
      await new Promise((soon) => setTimeout(soon, 50));
    }
    const shown = staleMs.map((ms, index) => `${REGIONS[index + 1]} ${Math.round(ms)}`).join(", ");
    console.info(`served a purged response for at most, ms: ${shown}; promised ${within}`);
    expect(Math.max(...staleMs)).toBeLessThanOrEqual(within);
    for (const one of others) for (let round = 0; round < 20; round++) expect((await call(path, {}, one)).text).toBe("v2");
    await set({ version: 1 });
  });

  it("wait for nothing after a time without calls: the first calls get what the isolate knows, and start an exchange", async () => {
    await set({ version: 1 });
    const path = "/quiet";
    for (const one of gateways) {
      await call(path, {}, one);
      expect((await call(path, {}, one)).cache).toContain("hit");
    }
    await set({ version: 2 });
    const [receiver, ...others] = gateways as [Running, ...Running[]];
    const printed = await command(["--key", path, "--hard", "--gateway", receiver.origin]);
    expect(printed).toMatch(/^purged, hard; in effect everywhere within 3 s \(seq \d+\)\n$/);
    await new Promise((soon) => setTimeout(soon, 2 * POLL_MS + 1_000));
    for (const one of others) {
      const { cache } = await call(path, {}, one);
      expect(cache).toContain("hit"); // from memory, whatever was purged meanwhile
      while ((await call(path, {}, one)).text !== "v2") await new Promise((soon) => setTimeout(soon, 20)); // one exchange later
    }
    await set({ version: 1 });
  });

  it("refuse a purge without the token", async () => {
    const response = await fetch(`${gateways[0]!.origin}/tidegate.cache.v1.CacheService/Purge`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer another" },
      body: JSON.stringify({ targets: [{ all: true }] }),
    });
    expect(response.status).toBe(401);
  });

  it("respond while the origin is down, and rarely call it", async () => {
    const [one] = gateways as [Running];
    const paths = Array.from({ length: 50 }, (_, index) => `/down/${index}`);
    await Promise.all(paths.map((path) => call(path, {}, one)));
    await purge(one, [{ route: "/" }]); // every response is stale now
    await set({ isDown: true });
    const startedAt = performance.now();
    let succeeded = 0;
    let calls = 0;
    for (let round = 0; round < 40; round++) {
      const responses = await Promise.all(paths.map((path) => call(path, {}, one)));
      calls += responses.length;
      succeeded += responses.filter(({ status, text }) => status === 200 && text === "v1").length;
      await new Promise((soon) => setTimeout(soon, 100));
    }
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
    await set({ isDown: false });
    expect(succeeded / calls).toBeGreaterThanOrEqual(0.999);
    for (const path of paths) expect((await fetchesOf(path)) - 1).toBeLessThanOrEqual(seconds + 1);
  });
});

describe("the memory of an isolate", () => {
  it("stays within its bound, whatever the sizes of responses", async () => {
    const [, one] = gateways as [Running, Running];
    const sizes = [100, 1_000, 10_000, 100_000, 1_000_000];
    const residentMb = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one.pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
    for (let number = 0; number < 30; number++) await call(`/large/bytes-${sizes[number % 5]}/warm-${number}`, {}, one);
    const before = residentMb();
    for (let number = 0; number < 400; number++) await call(`/large/bytes-${sizes[number % 5]}/${number}`, {}, one);
    expect((await call("/large/bytes-1000000/399", {}, one)).cache).toMatch(/hit|fwd/);
    expect(residentMb() - before).toBeLessThan(64); // 89 MB have passed through a cache of 4 MB
  });
});
