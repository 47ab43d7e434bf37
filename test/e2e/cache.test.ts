// The cache in real processes: many connections at once, callers who hang up, and five gateways that share one log of purges.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get, request as send } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";

const TOKEN = "a-token-for-the-test";
const POLL_MS = 1_000; // as the gateways are set
const folder = mkdtempSync(join(tmpdir(), "tidegate-caches-"));
const prepare = () => ({ method: "GET", path: "/", headers: {} });
const gateways: Running[] = [];
let origin: Running;

beforeAll(async () => {
  const objects = [{ binding: "PURGE_LOG", className: "PurgeLog" }];
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
});

afterAll(() => {
  for (const one of [...gateways, origin]) one?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cache: string;
}

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });

/** A connection of its own for each call. */
function ask(path: string, headers: Record<string, string> = {}, from = gateways[0]!): Promise<Answer> {
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
const asked = async (path: string): Promise<number> =>
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
  return (await promisify(execFile)(process.execPath, ["cli/purge.ts", ...args], { env })).stdout;
}

describe("a cold answer that a thousand callers want at once", () => {
  it("is asked for once, and nobody gets an error", async () => {
    const path = "/slow-3000/thousand";
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(path)));
    expect(answers.filter(({ status, text }) => status !== 200 || text !== "v1")).toEqual([]);
    expect(await asked(path)).toBe(1);
  });

  it("comes although the one who asked first hangs up", async () => {
    const path = "/slow-1500/aborted";
    const first = send(`${gateways[0]!.origin}${path}`, { agent });
    first.on("error", () => undefined);
    first.end();
    while ((await asked(path)) === 0) await new Promise((soon) => setTimeout(soon, 20));
    const others = Array.from({ length: 50 }, () => ask(path));
    first.destroy();
    expect((await Promise.all(others)).filter(({ status }) => status !== 200)).toEqual([]);
    expect(await asked(path)).toBeLessThanOrEqual(2);
    expect((await ask(path)).cache).toContain("hit");
  });

  it("comes for the others although the time of the first is up", async () => {
    const path = "/slow-1500/impatient";
    const first = ask(path, { "connect-timeout-ms": "300" });
    while ((await asked(path)) === 0) await new Promise((soon) => setTimeout(soon, 20));
    const others = await Promise.all(Array.from({ length: 50 }, () => ask(path)));
    expect((await first).status).toBe(504);
    expect(others.filter(({ status }) => status !== 200)).toEqual([]);
    expect(await asked(path)).toBe(1);
  });

  it("may never come: nobody hangs, and it can be asked for again", async () => {
    const path = "/hasty/silent";
    await set({ isSilent: true });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(path)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([504]));
    expect(await asked(path)).toBeLessThanOrEqual(2);
    await set({ isSilent: false });
    expect(await ask(path)).toMatchObject({ status: 200, text: "v1" });
  });
});

describe("five gateways", () => {
  it("serve nothing that was purged: the one that was told at once, the others once they have heard of it", async () => {
    await set({ version: 1 });
    const path = "/page";
    for (const one of gateways) {
      await ask(path, {}, one);
      expect((await ask(path, {}, one)).cache).toContain("hit");
    }
    await set({ version: 2 });
    const [told, ...others] = gateways as [Running, ...Running[]];
    const purged = await purge(told, [{ tag: "pages" }]);
    expect(purged.status).toBe(200);
    const within = Number(((await purged.json()) as { effectiveWithinMs: number }).effectiveWithinMs);
    expect(within).toBe(POLL_MS + 1_000);
    for (let call = 0; call < 20; call++) expect((await ask(path, {}, told)).text).toBe("v2");
    const until = performance.now() + within;
    while (performance.now() < until) {
      await Promise.all(others.map((one) => ask(path, {}, one))); // isolates without calls ask nobody
      await new Promise((soon) => setTimeout(soon, 50));
    }
    for (const one of others) for (let call = 0; call < 20; call++) expect((await ask(path, {}, one)).text).toBe("v2");
    await set({ version: 1 });
  });

  it("serve nothing that was purged although they had no calls meanwhile, and have heard of nothing", async () => {
    await set({ version: 1 });
    const path = "/quiet";
    for (const one of gateways) {
      await ask(path, {}, one);
      expect((await ask(path, {}, one)).cache).toContain("hit");
    }
    await set({ version: 2 });
    const [told, ...others] = gateways as [Running, ...Running[]];
    const said = await command(["--key", path, "--hard", "--gateway", told.origin]);
    expect(said).toMatch(/^purged, hard; in force everywhere within 2 s \(seq \d+\)\n$/);
    await new Promise((soon) => setTimeout(soon, POLL_MS + 1_100));
    for (const one of others) expect((await ask(path, {}, one)).text).toBe("v2");
    await set({ version: 1 });
  });

  it("let nobody purge without the token", async () => {
    const answer = await fetch(`${gateways[0]!.origin}/tidegate.cache.v1.CacheService/Purge`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer another" },
      body: JSON.stringify({ targets: [{ all: true }] }),
    });
    expect(answer.status).toBe(401);
  });

  it("answer on while the origin is down, and hardly ask it", async () => {
    const [one] = gateways as [Running];
    const paths = Array.from({ length: 50 }, (_, index) => `/down/${index}`);
    await Promise.all(paths.map((path) => ask(path, {}, one)));
    await purge(one, [{ route: "/" }]); // all is stale now
    await set({ isDown: true });
    const startedAt = performance.now();
    let answered = 0;
    let calls = 0;
    for (let round = 0; round < 40; round++) {
      const answers = await Promise.all(paths.map((path) => ask(path, {}, one)));
      calls += answers.length;
      answered += answers.filter(({ status, text }) => status === 200 && text === "v1").length;
      await new Promise((soon) => setTimeout(soon, 100));
    }
    const seconds = Math.ceil((performance.now() - startedAt) / 1_000);
    await set({ isDown: false });
    expect(answered / calls).toBeGreaterThanOrEqual(0.999);
    for (const path of paths) expect((await asked(path)) - 1).toBeLessThanOrEqual(seconds + 1);
  });
});

describe("what an isolate keeps", () => {
  it("stays within its bound, whatever sizes come", async () => {
    const [, one] = gateways as [Running, Running];
    const sizes = [100, 1_000, 10_000, 100_000, 1_000_000];
    const residentMb = (): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${one.pid}/status`, "utf8"))?.[1] ?? 0) / 1_024;
    for (let number = 0; number < 30; number++) await ask(`/large/bytes-${sizes[number % 5]}/warm-${number}`, {}, one);
    const before = residentMb();
    for (let number = 0; number < 400; number++) await ask(`/large/bytes-${sizes[number % 5]}/${number}`, {}, one);
    expect((await ask("/large/bytes-1000000/399", {}, one)).cache).toMatch(/hit|fwd/);
    expect(residentMb() - before).toBeLessThan(64); // 89 MB have passed through a cache of 4 MB
  });
});
