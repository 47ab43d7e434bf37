// Faults around cached routes, over sockets: broken responses that are not stored, inputs that no key contains, and calls that share.
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";
import type { Received } from "./origin.ts";
import { type FaultName, response } from "./replies.ts";
import { type Answer, exchange, request } from "./wire.ts";

const ALL = { l2: "none", ttlMs: 60_000, forward: "all", authorization: "forward" } as const;
const CASES = [
  [500, "cookie"],
  [503, "cookie"],
  [200, "cookie"],
  [500, "authorization"],
] as const;

let bench: FaultBench;

beforeAll(async () => {
  bench = await startFaultBench({
    config: (url) => ({
      httpRoutes: {
        "/all/": { upstream: { url }, cache: ALL },
        // Each case with errors has a breaker of its own.
        ...Object.fromEntries(CASES.map((_, index) => [`/private/${index}/`, { upstream: { url }, cache: ALL }])),
        "/keyed/": { upstream: { url }, cache: { l2: "none", ttlMs: 60_000, query: ["q"] } },
      },
    }),
  });
});
afterAll(() => bench?.stop());
afterEach(() => {
  bench.origin.reply(undefined);
  bench.origin.clear();
});

const get = (path: string, fields: readonly string[] = [], body?: string): Promise<Answer> =>
  exchange(bench.gateway.port, [request(`GET ${path}`, [...fields], body)]);
const statusOf = (answer: Answer): string => answer.fields.get("cache-status") ?? "";
const received = (): number => bench.origin.received.length;

const BROKEN: readonly FaultName[] = [
  ...(["both-lengths", "two-lengths", "bad-chunk", "bad-gzip", "short-gzip"] as const),
  ...(["half-body", "half-body-reset", "no-body", "no-response", "reset"] as const),
];

it.each(BROKEN)("U08 does not store a broken response: %s", async (fault) => {
  bench.clearLog();
  const path = `/all/${fault}`;
  await get(path, [`x-fault: ${fault}`]);
  bench.origin.clear();
  const second = await get(path);
  expect([second.status, second.body.toString(), received()]).toEqual([200, "good\n", 1]);
  expect(statusOf(second)).toMatch(/fwd=uri-miss.*stored/);
  expect(statusOf(await get(path))).toMatch(/hit/);
  expect([received(), errorLines(bench.log)]).toEqual([1, []]);
});

/** A response that takes half a second, with a text that depends on the request. */
function slowly(text: (request: Received) => string, fields: readonly string[], status = 200): void {
  bench.origin.reply((got) => ({ bytes: response(status, ["content-type: text/plain", ...fields], text(got)), end: "keep", everyMs: 20 }));
}

it.each(CASES.map((one, index) => [...one, index] as const))(
  "does not give the response of one caller to another that waits: %i, %s",
  async (status, name, index) => {
    slowly((got) => `${got.fields.get(name)} `.padEnd(25, "."), ["cache-control: private, no-store"], status);
    const path = `/private/${index}/page`;
    const first = get(path, [`${name}: A`]);
    await vi.waitUntil(() => received() === 1, { timeout: 30_000 });
    const second = await get(path, [`${name}: B`]);
    expect([second.status, second.body.toString().split(" ")[0], statusOf(second)]).toEqual([
      status,
      "B",
      expect.not.stringContaining("collapsed"),
    ]);
    expect((await first).body.toString().split(" ")[0]).toBe("A");
    expect(received()).toBe(2);
  },
);

it("K04 makes one request for two hundred calls of one key, and survives that the first caller hangs up", async () => {
  slowly(() => "x".repeat(50), ["cache-control: max-age=60"]);
  const leader = exchange(bench.gateway.port, [request("GET /keyed/popular"), ""], { everyMs: 300, hangUp: "reset" });
  await vi.waitUntil(() => received() === 1, { timeout: 30_000 });
  const followers = await Promise.all(Array.from({ length: 200 }, () => get("/keyed/popular")));
  await leader;
  expect(new Set(followers.map(({ status, body }) => `${status} ${body.length}`))).toEqual(new Set(["200 50"]));
  expect([received(), errorLines(bench.log)]).toEqual([1, []]);
});

it("K02 forwards no input that the key lacks: headers, parameters, cookies", async () => {
  const reflecting = (got: Received): string => `${got.line}\n${got.head}`;
  bench.origin.reply((got) => ({ bytes: response(200, ["cache-control: max-age=60"], reflecting(got)), end: "keep" }));
  const evil = ["x-forwarded-host", "x-forwarded-proto", "x-original-url", "x-host", "cookie", "user-agent", "x-any", "forwarded", "via"];
  const attack = await get(
    "/keyed/reflected?q=1&utm=evil",
    evil.map((name) => `${name}: evil`),
  );
  const victim = await get("/keyed/reflected?q=1");
  expect([attack.status, victim.status, received()]).toEqual([200, 200, 1]);
  expect(victim.body.toString()).not.toContain("evil");
  expect(victim.body.toString()).toContain("GET /keyed/reflected?q=1 ");
});

it.each(["?q=1&q=evil", "?q=1;q=evil", "?q=1&%71=evil", "?utm=1;q=evil&q=1"])(
  "K02 does not cache a query that can be read in two ways: %s",
  async (query) => {
    bench.origin.reply((got) => ({ bytes: response(200, ["cache-control: max-age=60"], got.line), end: "keep" }));
    const path = `/keyed/twice${encodeURIComponent(query)}`;
    await get(path + query);
    const victim = await get(`${path}?q=1`);
    expect(victim.body.toString()).toBe(`GET ${path}?q=1 HTTP/1.1`);
  },
);

it.each([
  ["no bytes", ""],
  ["a few bytes", "evil"],
  ["many bytes", "evil".repeat(25_000)],
])("K02 neither forwards nor caches for a GET with a body of %s, and counts it against no upstream", async (_, body) => {
  bench.clearLog();
  bench.origin.reply((got) => ({
    bytes: response(200, ["cache-control: max-age=60"], `${got.head}\n${got.body.toString()}`),
    end: "keep",
  }));
  const path = `/keyed/fat-${body.length}`;
  for (let n = 0; n < 6; n++) {
    const fat = await get(path, [], body);
    expect([fat.status, statusOf(fat)]).toEqual([200, "tidegate; fwd=request; detail=body"]);
    expect(fat.body.toString()).not.toMatch(/evil|content-length: [1-9]/i);
  }
  expect([(await get(path)).status, received()]).toEqual([200, 7]);
  expect(bench.log.filter((line) => /upstream_fault|"level":"error"/.test(line))).toEqual([]);
});

it.each([
  ["a body in chunks", "GET /keyed/chunked"],
  ["a body in chunks, where everything is forwarded", "GET /private/2/chunked"],
  ["a body in chunks, as a Connect GET", "GET /users.v1.UserService/GetUser?connect=v1&encoding=json&message=%7B%22id%22%3A%22a%22%7D"],
  ["a body in chunks, on HEAD", "HEAD /private/2/chunked"],
])("K02 serves a request without its body: %s", async (_, line) => {
  const answer = await exchange(bench.gateway.port, [
    `${line} HTTP/1.1\r\nhost: gateway.test\r\ntransfer-encoding: chunked\r\n\r\n`,
    "4\r\nevil\r\n0\r\n\r\n",
  ]);
  expect([answer.status, bench.origin.received.at(-1)?.body.toString()]).toEqual([200, ""]);
});
