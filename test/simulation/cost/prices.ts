// What Cloudflare charges on the paid plan, by meter. Included amounts are left out: the first millions of a month cost less.

/** @see developers.cloudflare.com: workers/platform/pricing, durable-objects/platform/pricing, kv/platform/pricing; the date is that of the pages */
export const PRICES = {
  date: "2026-11-28",
  // Dollars per million.
  workerRequest: 0.3,
  cpuMs: 0.02,
  objectRequest: 0.15, // calls, and alarms
  gbSecond: 12.5, // an object that is active, 128 MB
  rowWritten: 1, // each alarm that is set and each row that is deleted count as one
  rowRead: 0.001,
  kvRead: 0.5,
  kvWrite: 5,
  logEvent: 0.6, // one for each invocation that is sampled, and one for each record
} as const;

/** An object is billed for the time in which it works, and none while it may hibernate. */
export const ACTIVE_MS_PER_REQUEST = 10; // an upper bound: a call of the shard of buckets takes below 1 ms of CPU
export const OBJECT_GB = 0.128;

/** CPU of one call. `npm run bench`, rows `gateway` and `naive`, 2026-11-25: kernel time of workerd per request. */
export const CPU_MS = { gateway: 0.37, naive: 0.76 } as const;

/** Billed operations of some traffic. */
export interface Operations {
  calls: number; // requests to the Worker, each an invocation
  cpuMs: number;
  objectRequests: number;
  rowsWritten: number;
  rowsRead: number;
  kvReads: number;
  kvWrites: number;
  logEvents: number;
}

export const METERS = ["requests", "CPU", "objects", "duration", "rows", "KV", "logs"] as const;
export type Meter = (typeof METERS)[number];

/**
 * Dollars by meter for all of these operations.
 *
 * @param seconds length of the traffic
 * @param objects that take part: the most duration there can be
 * @param isAwake whether timers keep these objects from hibernation all the time
 */
export function dollars(operations: Operations, seconds: number, objects: number, isAwake = false): Readonly<Record<Meter, number>> {
  const { calls, cpuMs, objectRequests, rowsWritten, rowsRead, kvReads, kvWrites, logEvents } = operations;
  const workedSeconds = (objectRequests * ACTIVE_MS_PER_REQUEST) / 1_000;
  const activeSeconds = isAwake ? seconds * objects : Math.min(seconds * objects, workedSeconds);
  const perMillion = {
    requests: calls * PRICES.workerRequest,
    CPU: cpuMs * PRICES.cpuMs,
    objects: objectRequests * PRICES.objectRequest,
    duration: activeSeconds * OBJECT_GB * PRICES.gbSecond,
    rows: rowsWritten * PRICES.rowWritten + rowsRead * PRICES.rowRead,
    KV: kvReads * PRICES.kvRead + kvWrites * PRICES.kvWrite,
    logs: logEvents * PRICES.logEvent,
  };
  return Object.fromEntries(METERS.map((meter) => [meter, perMillion[meter] / 1e6])) as Record<Meter, number>;
}

export const noOperations = (): Operations => ({
  ...{ calls: 0, cpuMs: 0, objectRequests: 0, rowsWritten: 0, rowsRead: 0, kvReads: 0, kvWrites: 0, logEvents: 0 },
});
