// The fault proxy itself: each fault does to a connection what its name says.
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seeded } from "../support/cache-traces.ts";
import { type Fault, faultProxy, mixedFaults } from "./proxy.ts";

const RESPONSE = "0123456789".repeat(20);
let upstream: Server;

beforeAll(async () => {
  upstream = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end(RESPONSE));
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
});
afterAll(() => upstream.close());

interface Outcome {
  readonly text: string;
  readonly pieces: number;
  readonly end: "end" | "reset" | "open"; // "open": nothing happened within the time of the test
  readonly tookMs: number;
}

async function through(fault: Fault, waitMs = 60_000): Promise<Outcome> {
  const proxy = await faultProxy((upstream.address() as AddressInfo).port, () => fault);
  const startedAt = performance.now();
  const socket = connect(proxy.port, "127.0.0.1");
  let [text, pieces] = ["", 0];
  const end = await new Promise<Outcome["end"]>((resolve) => {
    socket.on("data", (chunk) => {
      text += chunk.toString();
      pieces += 1;
    });
    socket.on("end", () => resolve("end"));
    socket.on("error", () => resolve("reset"));
    socket.write("request");
    setTimeout(() => resolve("open"), waitMs).unref();
  });
  socket.destroy();
  proxy.stop();
  expect([...proxy.counts]).toEqual([[fault.kind, 1]]);
  return { text, pieces, end, tookMs: performance.now() - startedAt };
}

describe("the fault proxy", () => {
  it("passes a connection without a fault", async () => {
    expect(await through({ kind: "none" })).toMatchObject({ text: RESPONSE, end: "end" });
  });

  it.each<[Fault, string]>([
    [{ kind: "reset", afterBytes: 30 }, "reset"],
    [{ kind: "truncation", afterBytes: 30 }, "end"],
  ])("cuts a response: %j", async (fault, end) => {
    const outcome = await through(fault);
    expect(outcome.end).toBe(end);
    if (end === "end") expect(outcome.text).toBe(RESPONSE.slice(0, 30));
    else expect(RESPONSE.slice(0, 30)).toContain(outcome.text);
  });

  it("refuses connections while it is down", async () => {
    expect(await through({ kind: "down" })).toMatchObject({ text: "", end: "reset" });
  });

  it("never responds while it hangs", async () => {
    expect(await through({ kind: "hang" }, 300)).toMatchObject({ text: "", end: "open" });
  });

  it.each<[Fault, number]>([
    [{ kind: "latency", delayMs: 100 }, 100],
    [{ kind: "bandwidth", bytesPerSecond: 1_000 }, 200],
    [{ kind: "slow_close", delayMs: 100 }, 100],
  ])("delays a response: %j", async (fault, leastMs) => {
    const outcome = await through(fault);
    expect(outcome).toMatchObject({ text: RESPONSE, end: "end" });
    expect(outcome.tookMs).toBeGreaterThanOrEqual(leastMs - 2); // timers of Node may fire up to 1 ms early
  });

  it("slices a response", async () => {
    const outcome = await through({ kind: "slicer", sliceBytes: 10, delayMs: 5 });
    expect(outcome).toMatchObject({ text: RESPONSE, end: "end" });
    expect(outcome.pieces).toBeGreaterThan(1);
  });
});

describe("mixed faults", () => {
  it("are the same for the same seed, of all kinds, in the given share", () => {
    const draw = (seed: number): Fault[] => {
      const next = mixedFaults(seeded(seed), 0.5);
      return Array.from({ length: 2_000 }, next);
    };
    const faults = draw(1);
    expect(draw(1)).toEqual(faults);
    expect(draw(2)).not.toEqual(faults);
    expect(new Set(faults.map(({ kind }) => kind)).size).toBe(9);
    const share = faults.filter(({ kind }) => kind !== "none").length / faults.length;
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.55);
  });
});
