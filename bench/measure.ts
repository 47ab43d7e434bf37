// One subject under measurement: slices of load, and what they cost.

import { Inspector } from "./figures/inspector.ts";
import { cpuMicros, rssMiB } from "./figures/process.ts";
import type { LoadGenerator } from "./load.ts";
import { addressOf, type LoadRequest, type Subject } from "./subjects.ts";
import { type Placement, type Running, start } from "./workerd.ts";

const COUNTED_REQUESTS = 1_024; // four of each caller
const COUNTED_BEHIND_NETWORK = 128; // one after the other, each may wait for several round trips
const LEAD_SECONDS = 0.2;
const LEASED_LEAD_SECONDS = 0.6; // load before each slice that is not measured: it renews leases that lapsed while other subjects had their turn
const SAMPLED_SECONDS = 2;
const WARMS_MS = 2_000; // a lease has a rate of its own after a second

export interface Figures {
  readonly cpuMicrosPerRequest: number; // user + system of the workerd process
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly errors: Readonly<Record<string, number>>; // how often each occurred
  readonly bindingCallsPerRequest: number; // without the call of the upstream
  readonly allocatedBytes: number; // bytes of the JavaScript heap, a request
  readonly rssMiB: number;
  readonly firstRequestMs: number; // first request of a new isolate
  readonly requests: number;
}

export interface Measured {
  readonly name: string;
  readonly about: string;
  readonly server: Running;
  readonly bindingCallsPerRequest: number;
  readonly allocatedBytes: number;
  readonly firstRequestMs: number;
  readonly latenciesMs: Float64Array[];
  readonly cpuPerSlice: number[]; // µs a request
  readonly errors: Map<string, number>;
  seconds: number;
  cpuMicros: number;
  slice(load: LoadGenerator, order: LoadOrder): Promise<void>;
  reset(): void;
}

export interface LoadOrder {
  readonly connections: number;
  readonly seconds: number;
  readonly rate?: number | undefined; // requests per second of an open loop
  readonly beforeSlice?: () => Promise<void>; // runs after the load that is not measured; its CPU is in no figure
}

/**
 * Prepares a subject: its first request, and its binding calls and allocations, which are counted in processes of their own.
 *
 * @param load undefined where the two are not counted: they are 0 then
 */
export async function measure(
  name: string,
  subject: Subject,
  server: Running,
  folder: string,
  placement: Pick<Placement, "upstreamPort" | "network" | "v8Flags">,
  load: LoadGenerator | undefined,
): Promise<Measured> {
  const startedAt = performance.now();
  const request = await subject.prepare(server.origin);
  await firstAnswer(server.origin, request, name);
  const firstRequestMs = performance.now() - startedAt;
  const bindingCallsPerRequest = load === undefined ? 0 : await countBindingCalls(name, subject, folder, placement);
  const allocatedBytes = load === undefined ? 0 : await sampleAllocations(subject, `${folder}-inspected`, placement, load);

  const measured: Measured = {
    name,
    about: subject.about,
    server,
    bindingCallsPerRequest,
    allocatedBytes,
    firstRequestMs,
    latenciesMs: [],
    cpuPerSlice: [],
    errors: new Map(),
    seconds: 0,
    cpuMicros: 0,
    async slice(load, { beforeSlice, ...order }) {
      const lead = subject.gatewayObjects === undefined ? LEAD_SECONDS : LEASED_LEAD_SECONDS;
      await load.run({ origin: server.origin, request, ...order, seconds: lead });
      await beforeSlice?.();
      const before = cpuMicros(server.pid);
      const slice = await load.run({ origin: server.origin, request, ...order });
      const used = cpuMicros(server.pid) - before;
      measured.latenciesMs.push(slice.latenciesMs);
      measured.cpuPerSlice.push(used / Math.max(1, slice.latenciesMs.length));
      for (const [reason, count] of slice.errors) measured.errors.set(reason, (measured.errors.get(reason) ?? 0) + count);
      measured.seconds += slice.seconds;
      measured.cpuMicros += used;
    },
    reset() {
      measured.latenciesMs.length = 0;
      measured.cpuPerSlice.length = 0;
      measured.errors.clear();
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
    errors: Object.fromEntries(one.errors),
    bindingCallsPerRequest: one.bindingCallsPerRequest,
    allocatedBytes: one.allocatedBytes,
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

async function countBindingCalls(
  name: string,
  subject: Subject,
  folder: string,
  placement: Pick<Placement, "upstreamPort" | "network" | "v8Flags">,
): Promise<number> {
  const server = await start(folder, subject, { ...placement, cpu: 0, counted: true });
  try {
    const request = await subject.prepare(server.origin);
    await firstAnswer(server.origin, request, name);
    const warmAt = performance.now() + WARMS_MS;
    let sent = 0;
    while (performance.now() < warmAt) await send(server.origin, request, name, sent++);
    const before = await bindingCalls(server.origin);
    const count = placement.network === undefined ? COUNTED_REQUESTS : COUNTED_BEHIND_NETWORK;
    for (let counted = 0; counted < count; counted++) await send(server.origin, request, name, sent++);
    return ((await bindingCalls(server.origin)) - before) / count;
  } finally {
    server.stop();
  }
}

/** Bytes that a request allocates on the JavaScript heap of a warm subject, by the sampling profiler, in a process of its own. */
async function sampleAllocations(
  subject: Subject,
  folder: string,
  placement: Pick<Placement, "upstreamPort" | "network" | "v8Flags">,
  load: LoadGenerator,
): Promise<number> {
  const server = await start(folder, subject, { ...placement, cpu: 0, inspected: true });
  try {
    const order = { origin: server.origin, request: await subject.prepare(server.origin), connections: 4 };
    await load.run({ ...order, seconds: WARMS_MS / 1_000 });
    const inspector = await Inspector.open(server.inspectorPort!, "main");
    let requests = 0;
    const allocations = await inspector.allocations(async () => {
      requests = (await load.run({ ...order, seconds: SAMPLED_SECONDS })).latenciesMs.length;
    });
    inspector.close();
    return [...allocations.values()].reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, requests);
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

async function send(origin: string, request: LoadRequest, name: string, caller = 0): Promise<void> {
  const { method, path, headers, body, callers, status = 200 } = request;
  const answer = await fetch(origin + path, {
    method,
    headers: { ...headers, "cf-connecting-ip": addressOf(caller, callers) },
    body: body ?? null,
  });
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${name} answered ${answer.status}: ${text}`);
}
