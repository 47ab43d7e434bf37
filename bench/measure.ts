// One subject under measurement: slices of load, and what they cost.

import type { LoadGenerator } from "./load.ts";
import { cpuMicros, rssMiB } from "./process.ts";
import type { LoadRequest, Subject } from "./subjects.ts";
import { type Running, start } from "./workerd.ts";

const COUNTED_REQUESTS = 1_000;
const LEAD_SECONDS = 1.2; // load before each slice that is not measured: it renews leases that lapsed while other subjects had their turn
const WARMS_MS = 2_000; // a lease has a rate of its own after a second

export interface Figures {
  readonly cpuMicrosPerRequest: number; // user + system of the workerd process
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly bindingCallsPerRequest: number; // without the call of the upstream
  readonly rssMiB: number;
  readonly firstRequestMs: number; // first request of a new isolate
  readonly requests: number;
}

export interface Measured {
  readonly name: string;
  readonly about: string;
  readonly server: Running;
  readonly bindingCallsPerRequest: number;
  readonly firstRequestMs: number;
  readonly latenciesMs: Float64Array[];
  readonly cpuPerSlice: number[]; // µs a request
  errors: number;
  seconds: number;
  cpuMicros: number;
  slice(load: LoadGenerator, connections: number, seconds: number): Promise<void>;
  reset(): void;
}

/** Prepares a subject: its first request, and its binding calls, which are counted in a process of their own. */
export async function measure(name: string, subject: Subject, server: Running, folder: string, upstreamPort: number): Promise<Measured> {
  const startedAt = performance.now();
  const request = await subject.prepare(server.origin);
  await firstAnswer(server.origin, request, name);
  const firstRequestMs = performance.now() - startedAt;
  const bindingCallsPerRequest = await countBindingCalls(name, subject, folder, upstreamPort);

  const measured: Measured = {
    name,
    about: subject.about,
    server,
    bindingCallsPerRequest,
    firstRequestMs,
    latenciesMs: [],
    cpuPerSlice: [],
    errors: 0,
    seconds: 0,
    cpuMicros: 0,
    async slice(load, connections, seconds) {
      await load.run({ origin: server.origin, request, connections, seconds: LEAD_SECONDS });
      const before = cpuMicros(server.pid);
      const slice = await load.run({ origin: server.origin, request, connections, seconds });
      const used = cpuMicros(server.pid) - before;
      measured.latenciesMs.push(slice.latenciesMs);
      measured.cpuPerSlice.push(used / Math.max(1, slice.latenciesMs.length));
      measured.errors += slice.errors;
      measured.seconds += slice.seconds;
      measured.cpuMicros += used;
    },
    reset() {
      measured.latenciesMs.length = 0;
      measured.cpuPerSlice.length = 0;
      measured.errors = 0;
      measured.seconds = 0;
      measured.cpuMicros = 0;
    },
  };
  return measured;
}

export function summarise(one: Measured): Figures {
  const latencies = Float64Array.from(one.latenciesMs.flatMap((slice) => [...slice])).sort();
  return {
    cpuMicrosPerRequest: one.cpuMicros / Math.max(1, latencies.length),
    requestsPerSecond: latencies.length / one.seconds,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    p99Ms: percentile(latencies, 0.99),
    errors: one.errors,
    bindingCallsPerRequest: one.bindingCallsPerRequest,
    rssMiB: rssMiB(one.server.pid),
    firstRequestMs: one.firstRequestMs,
    requests: latencies.length,
  };
}

/**
 * @param sorted ascending
 * @param share  in [0, 1]
 * @returns the smallest value that at least this share of all values does not exceed; 0 where there are none
 */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

async function countBindingCalls(name: string, subject: Subject, folder: string, upstreamPort: number): Promise<number> {
  const server = await start(folder, subject, { upstreamPort, cpu: 0, counted: true });
  try {
    const request = await subject.prepare(server.origin);
    await firstAnswer(server.origin, request, name);
    const warmAt = performance.now() + WARMS_MS;
    while (performance.now() < warmAt) await send(server.origin, request, name);
    const before = await bindingCalls(server.origin);
    for (let sent = 0; sent < COUNTED_REQUESTS; sent++) await send(server.origin, request, name);
    return ((await bindingCalls(server.origin)) - before) / COUNTED_REQUESTS;
  } finally {
    server.stop();
  }
}

async function bindingCalls(origin: string): Promise<number> {
  return Number(await (await fetch(`${origin}/__binding-calls`)).text());
}

/** A limit that fails closed refuses while its Durable Object is starting: repeated until it responds. */
async function firstAnswer(origin: string, request: LoadRequest, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send(origin, request, name);
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

async function send(origin: string, { method, path, headers, body }: LoadRequest, name: string): Promise<void> {
  const answer = await fetch(origin + path, { method, headers, body: body ?? null });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${name} answered ${answer.status}: ${text}`);
}
