// Upstreams that respond wrongly, too much, or too slowly, over sockets: what callers get, in every protocol, and how often it counts.
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";
import type { Reply } from "./origin.ts";
import type { FaultName } from "./replies.ts";
import { type Answer, exchange, request } from "./wire.ts";

const DEADLINE_MS = 1_500;
const OPENS_AFTER = 3; // failures in a row that open a breaker of the routes under /count/
/** Faults that count against the endpoint once each, by their ids. */
const COUNTED: readonly (readonly [id: string, fault: FaultName])[] = [
  ["U02", "hang"],
  ["U04", "drip"],
  ["U05", "bad-status-line"],
  ["U05", "garbage"],
  ["U05", "big-header"],
  ["U06", "status-99"],
  ["U06", "status-101"],
  ["U06", "status-999"],
  ["U08", "both-lengths"],
  ["U08", "two-lengths"],
  ["U08", "bad-gzip"],
  ["U10", "html-502"],
  ["U10", "connect-503"],
];

let bench: FaultBench;

beforeAll(async () => {
  bench = await startFaultBench({
    config: (url) => {
      const off = { upstream: { url }, breaker: { mode: "off" }, throttle: { mode: "off" }, maxResponseBytes: 1_000_000 } as const;
      const counting = { upstream: { url }, breaker: { consecutive: OPENS_AFTER }, throttle: { mode: "off" } } as const;
      return {
        defaults: { readTimeoutMs: DEADLINE_MS, streamTimeoutMs: DEADLINE_MS, retries: false },
        services: { "users.v1.UserService": off },
        httpRoutes: {
          "/pub/": off,
          "/cached/": { ...off, cache: { l2: "none", heuristicPercent: 10 } },
          "/patient/": { ...off, readTimeoutMs: 600_000 },
          ...Object.fromEntries(COUNTED.map(([, fault]) => [`/count/${fault}/`, counting])),
        },
      };
    },
  });
});
afterAll(() => bench?.stop());

const json = "content-type: application/json";
const message = Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]); // `{}` in its envelope
/** The ways to call the upstream. */
const CALLERS = {
  connect: (fields: readonly string[]) => request("POST /users.v1.UserService/UpdateUser", [json, ...fields], "{}"),
  get: (fields: readonly string[]) =>
    request("GET /users.v1.UserService/GetUser?connect=v1&encoding=json&message=%7B%7D", [...fields, "accept-encoding: gzip"]),
  grpcWeb: (fields: readonly string[]) =>
    request("POST /users.v1.UserService/UpdateUser", ["content-type: application/grpc-web+proto", ...fields], Buffer.alloc(5)),
  stream: (fields: readonly string[]) =>
    request("POST /users.v1.UserService/WatchUsers", ["content-type: application/connect+json", ...fields], message),
  rest: (fields: readonly string[]) => request("GET /api/v1/users/usr_1", fields),
  restStream: (fields: readonly string[]) => request("GET /api/v1/users:watch", ["accept: application/x-ndjson", ...fields]),
  http: (fields: readonly string[]) => request("GET /pub/x", fields),
} as const;
type CallerName = keyof typeof CALLERS;
const ALL = Object.keys(CALLERS) as readonly CallerName[];
const RPC = ALL.filter((caller) => caller !== "http");
const UNARY = ALL.filter((caller) => !caller.toLowerCase().includes("stream"));

const CODES: Readonly<Record<string, string>> = {
  "0": "ok",
  "4": "deadline_exceeded",
  "8": "resource_exhausted",
  "13": "internal",
  "14": "unavailable",
};

/** The status and the code of the error in a response; `broken` where the connection ended within it. */
function outcomeOf({ status, fields, body, end }: Answer): string {
  if (end !== "whole") return "broken";
  const text = body.toString("latin1");
  const code = /"code":"?(\w+)/.exec(text)?.[1] ?? fields.get("grpc-status") ?? /grpc-status: ?(\d+)/.exec(text)?.[1] ?? "ok";
  return `${status} ${CODES[code] ?? code}`;
}

async function send(caller: CallerName, fault: FaultName): Promise<Answer> {
  bench.clearLog();
  bench.origin.clear();
  return exchange(bench.gateway.port, [CALLERS[caller]([`x-fault: ${fault}`])]);
}

/** Streams of Connect, and gRPC-Web, have their errors under status 200. */
const failure = (caller: CallerName, status: number, code: string): string =>
  `${caller === "grpcWeb" || caller === "stream" ? 200 : status} ${code}`;

/** Nothing is logged as a fault of the gateway, and it still serves. */
async function expectServing(): Promise<void> {
  expect((await exchange(bench.gateway.port, [request("GET /healthz")])).status).toBe(200);
  expect(errorLines(bench.log), "lines of level error").toEqual([]);
}

const faultsLogged = (): number => bench.log.filter((line) => line.includes('"event":"upstream_fault"')).length;

describe("a response that is none", () => {
  const unavailable: readonly (readonly [string, FaultName])[] = [
    ["U05", "bad-status-line"],
    ["U05", "garbage"],
    ["U05", "big-header"],
    ["U06", "status-99"],
    ["U08", "two-lengths"],
  ];
  const rows = unavailable.flatMap(([id, fault]) => ALL.map((caller) => [id, fault, caller] as const));
  it.each(rows)("%s is unavailable: %s, for %s", async (_, fault, caller) => {
    const answer = await send(caller, fault);
    expect(outcomeOf(answer), answer.body.toString()).toBe(failure(caller, 503, "unavailable"));
    expect([bench.origin.received.length, faultsLogged()]).toEqual([1, 1]);
    await expectServing();
  });

  const internal: readonly (readonly [string, FaultName])[] = [
    ["U06", "status-101"],
    ["U06", "status-999"],
    ["U08", "both-lengths"],
  ];
  it.each(internal.flatMap(([id, fault]) => ALL.map((caller) => [id, fault, caller] as const)))(
    "%s is a bad gateway: %s, for %s",
    async (_, fault, caller) => {
      const answer = await send(caller, fault);
      expect(outcomeOf(answer), answer.body.toString()).toBe(failure(caller, 502, "internal"));
      expect([bench.origin.received.length, faultsLogged()]).toEqual([1, 1]);
      await expectServing();
    },
  );

  it.each(UNARY)("U08 is no gzip, though it says so, for %s", async (caller) => {
    expect(outcomeOf(await send(caller, "bad-gzip"))).toBe(failure(caller, 502, "internal"));
    await expectServing();
  });

  it.each(
    UNARY.flatMap((caller) => (["bad-chunk", "half-body", "half-body-reset", "no-body"] as const).map((fault) => [fault, caller] as const)),
  )("U08 ends early: %s, for %s", async (fault, caller) => {
    const isPassed = caller === "http" && fault === "bad-chunk"; // its length was not known, so it was not held
    expect(outcomeOf(await send(caller, fault))).toBe(isPassed ? "broken" : failure(caller, 503, "unavailable"));
    expect(faultsLogged()).toBe(1);
    await expectServing();
  });

  it.each(ALL)("U07 follows early hints, for %s", async (caller) => {
    expect(outcomeOf(await send(caller, "status-103"))).toBe("200 ok"); // this runtime skips them
    await expectServing();
  });
});

describe("a response that does not end", () => {
  it.each(ALL)("U02 is ended at the deadline where it does not begin, for %s", async (caller) => {
    const answer = await send(caller, "hang");
    expect(outcomeOf(answer), answer.body.toString()).toBe(failure(caller, 504, "deadline_exceeded"));
    await expect.poll(() => bench.origin.received.map(({ isClosed }) => isClosed)).toEqual([true]);
    await expectServing();
  });

  it.each(UNARY)("U04 is ended at the deadline where it drips, for %s", async (caller) => {
    const answer = await send(caller, "drip");
    expect(outcomeOf(answer), answer.body.toString()).toBe(failure(caller, 504, "deadline_exceeded"));
    await expect.poll(() => bench.origin.received.map(({ isClosed }) => isClosed)).toEqual([true]);
    await expectServing();
  });

  it.each(["get", "http"] as const)("U04 is ended at the deadline where it drips without a length, for %s", async (caller) => {
    const type = caller === "get" ? "application/json" : "text/plain";
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
    bench.origin.reply(() => ({ bytes: head + "1\r\n \r\n".repeat(3_000), end: "keep", everyMs: 10 }));
    bench.origin.clear();
    bench.clearLog();
    const answer = await exchange(bench.gateway.port, [CALLERS[caller]([])]);
    bench.origin.reply(undefined);
    expect(outcomeOf(answer)).toBe(caller === "get" ? "504 deadline_exceeded" : "broken");
    expect(answer.tookMs).toBeLessThan(20_000);
    await expect.poll(() => bench.origin.received.map(({ isClosed }) => isClosed)).toEqual([true]);
    await expectServing();
  });

  it.each(["connect", "get", "grpcWeb", "http"] as const)("is broken off at maxResponseBytes where it passes, for %s", async (caller) => {
    const answer = await send(caller, "endless");
    expect(outcomeOf(answer)).toBe("broken");
    expect(answer.body.length).toBeLessThanOrEqual(1_000_000);
    await expect.poll(() => [faultsLogged(), bench.origin.received[0]?.isClosed]).toEqual([1, true]);
    await expectServing();
  });

  it("is refused at maxResponseBytes where it is decoded", async () => {
    const answer = await send("rest", "endless");
    expect(outcomeOf(answer), answer.body.toString()).toBe("502 resource_exhausted");
    expect(answer.body.toString()).toContain("maxResponseBytes");
    await expectServing();
  });

  it.each(["connect", "rest", "http"] as const)("is refused at once where it declares too much, for %s", async (caller) => {
    const type = caller === "connect" ? "application/json" : caller === "rest" ? "application/proto" : "text/plain";
    bench.origin.reply(() => ({ bytes: `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: 1000001\r\n\r\n`, end: "keep" }));
    bench.clearLog();
    const answer = await exchange(bench.gateway.port, [CALLERS[caller]([])]);
    bench.origin.reply(undefined);
    expect(outcomeOf(answer)).toBe("502 resource_exhausted");
    expect(faultsLogged()).toBe(1);
    await expectServing();
  });

  // A caller that only closes its end may still read, so the runtime takes a reset alone for a hang-up.
  it.each(["hang", "drip"] as const)("ends with its caller's connection, long before its deadline: %s", async (fault) => {
    bench.origin.clear();
    const socket = connect(bench.gateway.port, "127.0.0.1", () => socket.write(request("GET /patient/x", [`x-fault: ${fault}`])));
    await expect.poll(() => bench.origin.received.length).toBe(1);
    socket.resetAndDestroy();
    await expect.poll(() => bench.origin.received.map(({ isClosed }) => isClosed), { timeout: 60_000 }).toEqual([true]);
    await expectServing();
  });
});

describe("a page", () => {
  it.each(RPC.flatMap((caller) => (["html", "html-502"] as const).map((fault) => [fault, caller] as const)))(
    "U10 never reaches a caller of RPC: %s, for %s",
    async (fault, caller) => {
      const answer = await send(caller, fault);
      expect(outcomeOf(answer)).toBe(fault === "html" ? failure(caller, 502, "internal") : failure(caller, 503, "unavailable"));
      expect(answer.body.toString()).not.toMatch(/<|script|srv/);
      expect(answer.fields.get("content-type")).not.toMatch(/html/);
      await expectServing();
    },
  );

  it.each(RPC)("U10 leaves an error of Connect, as its code and status say, for %s", async (caller) => {
    const answer = await send(caller, "connect-503");
    expect(outcomeOf(answer)).toBe(caller === "grpcWeb" ? "200 unavailable" : "503 unavailable");
    await expectServing();
  });
});

describe("the fields of a response", () => {
  it.each(ALL)("H09 have nothing of its connection, for %s", async (caller) => {
    const { status, fields } = await send(caller, "server-fields");
    expect([status, fields.has("x-foo")]).toEqual([200, false]);
    expect(fields.get("x-content-type-options")).toBe("nosniff");
  });

  it.each(RPC)("H09 do not say what runs there, and set no cookie, for %s", async (caller) => {
    const { fields } = await send(caller, "server-fields");
    expect(["server", "x-powered-by", "set-cookie"].filter((name) => fields.has(name))).toEqual([]);
    expect(fields.get("cache-control")).toBe("private");
  });

  it.each(["0", "7"])("hold Retry-After once, and at most an hour: %s", async (written) => {
    for (const [sent, received] of [
      [written, String(Math.max(1, Number(written)))],
      ["86400000", "3600"],
      ["3, 3", undefined],
      ["soon", undefined],
    ]) {
      bench.origin.reply(() => ({
        bytes: `HTTP/1.1 503 X\r\ncontent-type: application/json\r\nretry-after: ${sent}\r\ncontent-length: 22\r\n\r\n{"code":"unavailable"}`,
        end: "keep",
      }));
      for (const caller of ["connect", "rest", "http"] as const) {
        const { fields } = await exchange(bench.gateway.port, [CALLERS[caller]([])]);
        expect([caller, sent, fields.get("retry-after")]).toEqual([caller, sent, received]);
      }
    }
    bench.origin.reply(undefined);
  });
});

describe("a status without a body", () => {
  it.each(["204-with-body", "304-with-body"] as const)("U09 has none: %s", async (fault) => {
    const answer = await send("http", fault);
    expect([answer.status, answer.body.length]).toEqual([Number(fault.slice(0, 3)), 0]);
    if (answer.status === 204) expect(answer.fields.has("content-length")).toBe(false);
    await expectServing();
  });

  it.each(RPC.flatMap((caller) => (["204-with-body", "304-with-body"] as const).map((fault) => [fault, caller] as const)))(
    "U09 is no response of RPC: %s, for %s",
    async (fault, caller) => {
      expect(outcomeOf(await send(caller, fault))).toBe(failure(caller, 502, "internal"));
      await expectServing();
    },
  );

  it("U09 belongs to HEAD", async () => {
    bench.origin.clear();
    bench.origin.reply(() => ({ bytes: "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nextra", end: "close" }));
    const answer = await exchange(bench.gateway.port, [request("HEAD /pub/x")]);
    bench.origin.reply(undefined);
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    await expectServing();
  });
});

describe("a redirect", () => {
  it("S03 is never followed", async () => {
    const answer = await send("http", "redirect-metadata");
    expect([answer.status, answer.fields.get("location"), bench.origin.received.length]).toEqual([
      302,
      "http://169.254.169.254/latest/meta-data/",
      1,
    ]);
    for (const caller of RPC) {
      const refused = await send(caller, "redirect-metadata");
      expect(outcomeOf(refused)).toBe(failure(caller, 502, "internal"));
      expect([refused.fields.has("location"), bench.origin.received.length]).toEqual([false, 1]);
    }
    await expectServing();
  });
});

describe("an endpoint", () => {
  it.each(COUNTED)("%s is failing, once for each: %s", async (_, fault) => {
    const call = async (): Promise<number> => {
      bench.origin.clear();
      await exchange(bench.gateway.port, [request(`GET /count/${fault}/x`, [`x-fault: ${fault}`])]);
      return bench.origin.received.length;
    };
    for (let failures = 1; failures <= OPENS_AFTER; failures++) expect([failures, await call()]).toEqual([failures, 1]);
    expect(await call()).toBe(0); // its breaker is open
  });
});

describe("a response that the cache reads", () => {
  const chunked = (bytes: string, end: "keep" | "close", everyMs?: number): Reply => ({
    bytes: `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n${bytes}`,
    end,
    ...(everyMs === undefined ? {} : { everyMs }),
  });
  it.each([
    ["U04 drips", "504 deadline_exceeded", chunked("1\r\n \r\n".repeat(3_000), "keep", 10)],
    ["U08 ends early", "503 unavailable", chunked("5\r\nhello\r\n", "close")],
    ["U08 has a bad chunk", "503 unavailable", chunked("5\r\nhello\r\nzz\r\n", "close")],
  ] as const)("%s: it is an error, and not stored", async (name, outcome, reply) => {
    bench.origin.reply(() => reply);
    bench.clearLog();
    bench.origin.clear();
    const path = `/cached/${encodeURIComponent(name)}`;
    for (let n = 1; n <= 2; n++) {
      expect(outcomeOf(await exchange(bench.gateway.port, [request(`GET ${path}`)]))).toBe(outcome);
      await expect.poll(() => [bench.origin.received.length, faultsLogged()], { timeout: 10_000 }).toEqual([n, n]);
    }
    bench.origin.reply(undefined);
    expect((await exchange(bench.gateway.port, [request(`GET ${path}`)])).body.toString()).toBe("good\n");
    await expectServing();
  });
});
