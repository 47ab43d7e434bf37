// Slow callers over sockets: what they get, and what other callers still get.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";
import { itEach } from "./rows.ts";
import { headOf, servedCalls, until } from "./slow.ts";
import { exchange } from "./wire.ts";

const UPDATE = "/users.v1.UserService/UpdateUser"; // not safe to repeat
const GET = "/users.v1.UserService/GetUser";
const WATCH = "/users.v1.UserService/WatchUsers";
const JSON_TYPE = "content-type: application/json";
const READ_TIMEOUT_MS = 4_000;
const IDLE_MS = 400;

let bench: FaultBench | undefined;

beforeAll(async () => {
  bench = await startFaultBench({
    config: () => ({ defaults: { readTimeoutMs: READ_TIMEOUT_MS, bodyIdleMs: IDLE_MS, maxBodyBytes: 1_048_576 } }),
  });
});
afterAll(() => bench?.stop());

const chunked = (path: string, ...fields: string[]) => headOf(path, ["transfer-encoding: chunked", ...fields]);
const declared = (path: string, length: number, ...fields: string[]) => headOf(path, [`content-length: ${length}`, ...fields]);

const BROKEN_CHUNKS = [
  ["a size that is no number", "zz\r\nab\r\n"],
  ["a size of 17 digits", "11111111111111111\r\nab\r\n"],
  ["data longer than its size", "2\r\nabXX0\r\n\r\n"],
] as const;

// workerd reports a broken chunk as a lost connection, and closes it: no response reaches the caller.
itEach(
  () => bench!,
  BROKEN_CHUNKS.flatMap(([what, chunk]) =>
    [UPDATE, GET, "/api/v1/users"].map((path) => ({
      id: "F05",
      does: `takes a body with ${what} for one that broke off: ${path}`,
      send: [chunked(path, JSON_TYPE), chunk],
      status: [0, 400, 499],
    })),
  ),
);

itEach(
  () => bench!,
  [UPDATE, GET, WATCH, "/api/v1/users", "/pub/a"].map((path) => ({
    id: "F06",
    does: `sends nothing to the upstream of a body that ends after 3 of 100 bytes: ${path}`,
    send: [declared(path, 100, path === WATCH ? "content-type: application/connect+json" : JSON_TYPE), '{"a'],
    sending: { hangUp: "end" as const },
    status: [0, 499, 200], // the error of a stream is in its body
  })),
);

describe("a body that does not come", () => {
  const silent = [
    { path: UPDATE, type: JSON_TYPE, status: 408, code: "deadline_exceeded" },
    { path: GET, type: "content-type: application/proto", status: 408, code: "deadline_exceeded" },
    { path: "/api/v1/users", type: JSON_TYPE, status: 408 },
    { path: "/pub/a", type: "content-type: text/plain", status: 408 },
    { path: GET, type: "content-type: application/grpc-web+proto", status: 200, says: "grpc-status: 4" },
    { path: WATCH, type: "content-type: application/connect+json", status: 200, says: "deadline_exceeded" },
  ];
  for (const { path, type, status, code, says } of silent) {
    const check = (answer: { head: string; body: Buffer; tookMs: number }): void => {
      if (says !== undefined) expect(answer.head + answer.body.toString()).toMatch(new RegExp(says, "i"));
      expect(answer.tookMs).toBeGreaterThan(IDLE_MS / 2);
    };
    const more = { status, check, ...(code === undefined ? {} : { code }) };
    itEach(
      () => bench!,
      [
        { id: "F08", does: `ends with 408 after the idle time: ${path}, ${type}`, send: [declared(path, 100, type), "x"], ...more },
        { id: "F08", does: `ends so, too, in chunks: ${path}, ${type}`, send: [chunked(path, type), "1\r\nx\r\n"], ...more },
        {
          id: "F08",
          does: `ends so, too, where it is large: ${path}, ${type}`,
          send: [declared(path, 500_000, type), "x".repeat(70_000)],
          ...more,
        },
      ].filter(({ does }) => !(does.includes("large") || does.includes("chunks")) || !path.startsWith("/pub/")),
    );
  }

  // Where a body is sent while it arrives, the upstream has its head already, and gets no end of it.
  it.each([
    ["of unknown length", () => [chunked("/pub/a"), "1\r\nx\r\n"]],
    ["of a large length", () => [declared("/pub/a", 500_000), "x".repeat(70_000)]],
  ])("F08 ends a plain upload %s, and the upstream's request with it", async (_, send) => {
    const { gateway, origin, log } = bench!;
    for (let n = 0; n < 6; n++) {
      origin.clear();
      expect((await exchange(gateway.port, send())).status).toBe(408);
      await until("the upstream's connection is closed", () => origin.received.every(({ isClosed }) => isClosed));
      expect(origin.received.map(({ isEnded }) => isEnded)).toEqual([false]);
    }
    expect(errorLines(log)).toEqual([]);
    expect(await servedCalls(bench!, 1, "/pub/a")).toBe(1); // no breaker has opened
  });

  it("F08 ends so, too, where many wait at once, with one timer for all", async () => {
    const send = [declared(UPDATE, 100, JSON_TYPE), "x"];
    const answers = await Promise.all(Array.from({ length: 50 }, () => exchange(bench!.gateway.port, send)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(408));
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(60_000);
    expect(errorLines(bench!.log)).toEqual([]);
  });

  it("F08 is given no more than the time of a message, however steadily it comes", async () => {
    const drip = Array.from({ length: 40 }, () => " ");
    for (const path of [UPDATE, WATCH]) {
      const type = path === WATCH ? "content-type: application/connect+json" : JSON_TYPE;
      const parts = [chunked(path, type), ...drip.map((space) => `1\r\n${space}\r\n`)];
      const { status, body } = await exchange(bench!.gateway.port, parts, { everyMs: 300 });
      expect([status, body.toString()]).toEqual([path === WATCH ? 200 : 408, expect.stringContaining("deadline_exceeded")]);
    }
  });
});
