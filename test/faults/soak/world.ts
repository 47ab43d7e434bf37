// The world of the soak: callers, the gateway, a fault proxy in front of the real users service, and the raw origin.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { subjects } from "../../../bench/subjects.ts";
import { type Running, start } from "../../../bench/workerd.ts";
import { type FaultBench, startFaultBench } from "../bench.ts";
import { type Fault, type FaultProxy, faultProxy, mixedFaults } from "../proxy.ts";

/** The most calls in flight in the isolate: a call that is never counted off is missed at the end. */
export const MAX_IN_FLIGHT = 200;
export const READ_TIMEOUT_MS = 3_000;
const FAULT_SHARE = 0.2;

export interface World {
  readonly bench: FaultBench;
  readonly users: Running; // the real service, without the proxy
  readonly proxy: FaultProxy;
  /** From now on, connections to the users service have no faults. */
  endFaults(): void;
  stop(): void;
}

/** @param random numbers in [0, 1): they choose the faults of connections */
export async function startWorld(random: () => number): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-soak-"));
  const users = await start(folder, subjects["service"]!, { upstreamPort: 1, cpu: 1, v8Flags: [] });
  const faults = mixedFaults(random, FAULT_SHARE);
  let isFaulty = true;
  const faultFor = (): Fault => {
    const fault: Fault = isFaulty ? faults() : { kind: "none" };
    // A connection serves many calls: without an end, few of them would meet a fault.
    return isFaulty && fault.kind === "none" ? { kind: "truncation", afterBytes: 1_000 + Math.floor(random() * 10_000) } : fault;
  };
  const proxy = await faultProxy(users.port, faultFor);
  const bench = await startFaultBench({
    config: (url) => ({
      overload: { maxInFlight: MAX_IN_FLIGHT },
      defaults: { readTimeoutMs: READ_TIMEOUT_MS, maxBodyBytes: 1_048_576 },
      services: {
        "users.v1.UserService": { upstream: { url: `http://127.0.0.1:${proxy.port}` }, streamTimeoutMs: 10_000 },
        "notes.v1.NoteService": { upstream: { url }, validate: "enforce", methods: { ImportNotes: { validate: "off" } } },
        "uploads.v1.UploadService": { upstream: { url }, streamTimeoutMs: 10_000 },
        "orders.v1.OrderService": { upstream: { binding: "ORDERS" } },
      },
      httpRoutes: {
        "/pub/": { upstream: { url }, readTimeoutMs: READ_TIMEOUT_MS },
        "/cached/": { upstream: { url }, readTimeoutMs: READ_TIMEOUT_MS, cache: { l2: "none", heuristicPercent: 10 } },
        // Without faults: at the end every call must get here at once.
        "/held/": { upstream: { url }, readTimeoutMs: 60_000, breaker: { mode: "off" }, throttle: { mode: "off" } },
      },
    }),
  });
  return {
    bench,
    users,
    proxy,
    endFaults() {
      isFaulty = false;
    },
    stop() {
      bench.stop();
      proxy.stop();
      users.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
