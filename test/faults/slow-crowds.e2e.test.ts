// Many slow callers at once, with the times that ship: what other callers still get, and what the isolate holds.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorLines, type FaultBench, startFaultBench } from "./bench.ts";
import { addressOf, headOf, type SlowCallers, servedCalls, slowCallers, until } from "./slow.ts";
import { exchange } from "./wire.ts";

const UPDATE = "/users.v1.UserService/UpdateUser";
const GET = "/users.v1.UserService/GetUser";
const WATCH = "/users.v1.UserService/WatchUsers";
const JSON_TYPE = "content-type: application/json";
const STREAM_TYPE = "content-type: application/connect+json";
const MIB = 1_048_576;
const OPEN_STREAM = "HTTP/1.1 200 OK\r\ncontent-type: application/connect+json\r\ntransfer-encoding: chunked\r\n\r\n";
const WATCH_BODY = Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]);

const END_OF_STREAM = Buffer.from("7\r\n\x02\0\0\0\x02{}\r\n0\r\n\r\n", "latin1");

let bench: FaultBench;

beforeAll(async () => {
  bench = await startFaultBench({ config: () => ({}), v8Flags: ["--gc-global", "--max-semi-space-size=1"] });
});
afterAll(() => bench?.stop());

const declared = (path: string, length: number, ...fields: string[]) => headOf(path, [`content-length: ${length}`, ...fields]);

const FROM = [
  ["one address", () => addressOf(7)],
  ["as many addresses", addressOf],
] as const;

describe("200 bodies that do not come", () => {
  it.each(FROM)("F08 take nothing from other callers, from %s, and hold nothing once they have hung up", async (_, from) => {
    for (const [path, type] of [
      [UPDATE, JSON_TYPE],
      [WATCH, STREAM_TYPE],
    ] as const) {
      const slow = await slowCallers(bench.gateway.port, 200, (caller) => [declared(path, 100, type, from(caller)), Buffer.from("x")]);
      expect(await servedCalls(bench, 200, UPDATE)).toBeGreaterThanOrEqual(198);
      expect(await servedCalls(bench, 100, GET)).toBeGreaterThanOrEqual(99);
      slow.hangUp();
      expect(await servedCalls(bench, 100, UPDATE, () => addressOf(7))).toBe(100);
    }
    expect(errorLines(bench.log)).toEqual([]);
  });
});

describe("300 streams that are silent", () => {
  const isStream = (line: string): boolean => line.includes("WatchUsers");
  /** Opens streams, 25 at a time: until its response begins, a stream is a call in flight, too. */
  const open = async (count: number, from: (caller: number) => string) => {
    const all: SlowCallers[] = [];
    for (let first = 0; first < count; first += 25) {
      const some = await slowCallers(bench.gateway.port, 25, (n) => [
        declared(WATCH, WATCH_BODY.length, STREAM_TYPE, from(first + n)),
        WATCH_BODY,
      ]);
      await until("streams are open, or refused", () => some.statuses.size === 25);
      all.push(some);
    }
    return () => {
      for (const { hangUp } of all) hangUp();
    };
  };
  const streams = () => bench.origin.received.filter(({ line }) => isStream(line));

  it.each(FROM)("take nothing from other callers, from %s; these still open streams", async (_, from) => {
    bench.origin.clear();
    bench.origin.reply((request) =>
      isStream(request.line)
        ? { bytes: OPEN_STREAM, end: "keep" }
        : { bytes: `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`, end: "keep" },
    );
    const hangUpSilent = await open(300, from);
    const opened = streams().length;
    expect(opened).toBe(from(0) === from(1) ? 250 : 300); // one caller has half of 500
    expect(await servedCalls(bench, 200, UPDATE)).toBeGreaterThanOrEqual(198);
    const hangUpOthers = await open(100, (caller) => `cf-connecting-ip: 203.0.113.${caller}`);
    expect(streams().length - opened).toBeGreaterThanOrEqual(99);
    hangUpSilent();
    hangUpOthers();
    bench.origin.sendOnAll(END_OF_STREAM); // workerd notices that a caller has hung up when it writes to it
    await until("a caller that held its share opens streams again", async () => {
      const before = streams().length;
      const hangUpAgain = await open(25, () => addressOf(7));
      const count = streams().length - before;
      hangUpAgain();
      return count === 25;
    });
    bench.origin.reply(undefined);
    expect(errorLines(bench.log)).toEqual([]);
  });
});

describe("100 unfinished bodies of 1 MiB", () => {
  let bench: FaultBench; // one that has served nothing before, so that its memory is that of these bodies
  beforeAll(async () => {
    bench = await startFaultBench({ config: () => ({}), v8Flags: ["--gc-global", "--max-semi-space-size=1"] });
  });
  afterAll(() => bench?.stop());

  /** Memory of the gateway's process, bytes. */
  const residentBytes = (): number => {
    const status = readFileSync(`/proc/${bench.gateway.pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
  };
  const BUDGET = 32 * MIB;

  it("get 503 beyond the budget, before a byte is read; the isolate lives, and holds no more than the budget", async () => {
    await servedCalls(bench, 300, UPDATE);
    // As many callers as below, with bodies that take nothing: what their connections take is no memory of bodies.
    const small = await slowCallers(bench.gateway.port, 100, (caller) => [
      declared("/api/v1/users", 100, JSON_TYPE, addressOf(caller)),
      Buffer.from("x"),
    ]);
    await servedCalls(bench, 100, UPDATE);
    small.hangUp();
    await servedCalls(bench, 100, UPDATE);
    const before = residentBytes();
    const most = Buffer.alloc(MIB - 1, 0x20);
    const slow = await slowCallers(bench.gateway.port, 100, (caller) => [
      declared("/api/v1/users", MIB, JSON_TYPE, addressOf(caller)),
      most,
    ]);
    await until("all beyond the budget are refused", () => slow.statuses.size >= 76);
    const peak = residentBytes();
    console.log(`memory: ${Math.round(before / MIB)} MiB before, ${Math.round(peak / MIB)} MiB with 100 unfinished bodies`);
    expect([...new Set(slow.statuses.values())]).toEqual([503]);
    expect(slow.statuses.size).toBe(76); // the last quarter of the budget is for small bodies
    expect(await servedCalls(bench, 100, UPDATE)).toBeGreaterThanOrEqual(99);
    const refused = await exchange(bench.gateway.port, [declared("/api/v1/users", MIB, JSON_TYPE, addressOf(999)), "x"]);
    expect([refused.status, refused.fields.has("retry-after"), refused.body.toString()]).toEqual([
      503,
      true,
      expect.stringContaining("memory budget of the isolate"),
    ]);
    slow.hangUp();
    await until("bodies of 1 MiB are taken again", async () => {
      const body = Buffer.concat([declared("/api/v1/users", MIB, JSON_TYPE, addressOf(5)), Buffer.alloc(MIB, 0x20)]);
      return (await exchange(bench.gateway.port, [body])).status === 400; // read whole, and no JSON
    });
    expect(peak - before).toBeLessThanOrEqual(BUDGET * 1.1);
    expect(errorLines(bench.log)).toEqual([]);
  });
});
