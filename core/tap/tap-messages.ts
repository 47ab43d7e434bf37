// The live tap in the exchange: filters that isolates learn of, and the calls that match them. Plain data, sent over RPC.

/** Filters that isolates evaluate at the same time, of all viewers. */
export const MAX_TAP_FILTERS = 8;
/** Longest life of a filter: then its viewer has to start again. */
export const TAP_LIFE_MS = 600_000;
/** A viewer that has not read for this long is gone. */
export const TAP_LEASE_MS = 30_000;
/** Bytes of events in one message, as `tapEventBytes` counts them: the newest events are left out, and counted. */
export const MAX_TAP_BYTES = 65_536;
/** Longest path in an event, in characters. */
export const MAX_TAP_PATH = 256;
/** Longest value of a condition, and of each other text in an event, in characters. */
export const MAX_TAP_TEXT = 256;

/** Which calls a viewer sees. All conditions hold; an empty one holds for each call. */
export interface TapConditions {
  readonly route: string; // its name
  readonly reason: string; // a name of docs/reasons.md
  readonly code: string; // `unavailable`, `ok`
  readonly minDurationMs: number; // calls that took at least this long
  readonly principal: string; // id, as in `key:ID`
  readonly sample: number; // share of the calls that match, in (0, 1]
}

/** One viewer's filter. */
export interface TapFilter {
  readonly id: string; // random; of one viewer
  readonly conditions: TapConditions;
  readonly expiresAt: number; // epoch ms; later where the viewer still reads, at most TAP_LIFE_MS after its start
}

/** One call at its end: nothing of bodies, credentials, addresses and queries. */
export interface TapEventRecord {
  readonly filters: readonly string[]; // ids of the filters that it matches
  readonly time: number; // epoch ms of the end
  readonly requestId: string;
  readonly route: string;
  readonly httpMethod: string;
  readonly path: string; // at most MAX_TAP_PATH characters; a REST path as the template of its rule
  readonly protocol: string;
  readonly status: number;
  readonly code: string;
  readonly reason: string; // empty where the gateway has not made the response
  readonly durationMs: number;
  readonly upstreamMs: number;
  readonly attempts: number;
  readonly upstream: string;
  readonly endpoint: string;
  readonly cache: string;
  readonly region: string;
}

/** What an isolate sends, and a relay passes on: the oldest events since the message before. */
export interface TapEvents {
  readonly events: readonly TapEventRecord[]; // at most MAX_TAP_BYTES
  readonly skipped: Readonly<Record<string, number>>; // events that were left out, keyed by filter
}

/** What an isolate sends with its exchange: nothing but that it takes part, where it has no events. */
export type TapSection = Partial<TapEvents>;

/** What a relay responds. */
export interface TapView {
  readonly filters: readonly TapFilter[]; // those of all viewers
}

const FIXED_BYTES = 250; // names of the fields and numbers of an event in a message

/** Size of an event in a message: an estimate that is exact for ASCII text. */
export function tapEventBytes(event: TapEventRecord): number {
  const { filters, requestId, route, httpMethod, path, protocol, code, reason, upstream, endpoint, cache, region } = event;
  let bytes = FIXED_BYTES;
  for (const text of [requestId, route, httpMethod, path, protocol, code, reason, upstream, endpoint, cache, region, ...filters])
    bytes += text.length;
  return bytes;
}
