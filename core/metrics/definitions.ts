// Every metric of the gateway: the one table behind recording, exposition, documents and dashboards.
// Names follow gRPC's A66, A91, A96 and A121 and OpenTelemetry's RPC conventions where those have one; formats add suffixes (`_seconds`, `_total`).

import { SERVICE_METRICS } from "./service-definitions.ts";

export interface MetricDefinition {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly unit: string; // UCUM: `s`, `By`, `{call}`; empty for none
  readonly perUnit?: number; // recorded values in one unit: 1,000 for milliseconds of `s`; 1 where it is not given
  readonly help: string;
  readonly labels: readonly string[];
  readonly merge?: "sum" | "max"; // how gauges of several isolates are merged; `sum` where it is not given
}

const MS = 1_000; // in a second

export const METRICS = [
  // Calls: what callers see.
  {
    name: "tidegate_calls",
    kind: "counter",
    unit: "{call}",
    help: "Calls that have ended, by the code and, where the gateway made the response, the reason.",
    labels: ["route", "protocol", "method", "code", "reason"],
  },
  {
    name: "tidegate_call_duration",
    kind: "histogram",
    unit: "s",
    perUnit: MS,
    help: "Time from the arrival of a call to the end of its response.",
    labels: ["route", "code"],
  },
  {
    name: "tidegate_call_upstream_duration",
    kind: "histogram",
    unit: "s",
    perUnit: MS,
    help: "Time of a call during which at least one attempt was at an upstream; not of calls without an attempt.",
    labels: ["route"],
  },
  {
    name: "tidegate_call_gateway_duration",
    kind: "histogram",
    unit: "s",
    perUnit: MS,
    help: "Time of a call until its response began, without the time at upstreams.",
    labels: ["route"],
  },
  {
    name: "tidegate_call_delay",
    kind: "histogram",
    unit: "s",
    perUnit: MS,
    help: "Time that calls waited before an attempt was sent, by what they waited for; not of calls that did not wait.",
    labels: ["cause"],
  },
  {
    name: "tidegate_call_bytes",
    kind: "counter",
    unit: "By",
    help: "Bytes of bodies as they were sent: requests in, responses out, where their length is known.",
    labels: ["route", "direction"],
  },
  { name: "tidegate_calls_in_flight", kind: "gauge", unit: "{call}", help: "Calls that are being handled.", labels: ["route"] },
  {
    name: "tidegate_calls_waiting",
    kind: "gauge",
    unit: "{call}",
    help: "Calls in a queue for a permit or an endpoint.",
    labels: ["route"],
  },
  { name: "tidegate_streams_open", kind: "gauge", unit: "{stream}", help: "Streams that are open.", labels: ["route"] },
  ...SERVICE_METRICS,
  // Attempts: what upstreams see.
  {
    name: "tidegate_attempt_duration",
    kind: "histogram",
    unit: "s",
    perUnit: MS,
    help: "Time from the choice of an endpoint to its whole response, or the head of a stream, by outcome.",
    labels: ["upstream", "endpoint", "outcome"],
  },
  {
    name: "tidegate_attempts_in_flight",
    kind: "gauge",
    unit: "{attempt}",
    help: "Attempts that wait for a response: the use of the pool of endpoints.",
    labels: ["upstream"],
  },
  {
    name: "tidegate_attempts_waiting",
    kind: "gauge",
    unit: "{call}",
    help: "Calls that wait because every endpoint has as many attempts as it may.",
    labels: ["upstream"],
  },
  { name: "tidegate_call_retries", kind: "counter", unit: "{attempt}", help: "Attempts after a failed one.", labels: ["upstream"] },
  { name: "tidegate_call_hedges", kind: "counter", unit: "{attempt}", help: "Attempts beside a slow one.", labels: ["upstream"] },
  {
    name: "tidegate_retry_budget_left",
    kind: "gauge",
    unit: "{attempt}",
    help: "Further attempts that the budget pays for now, over all isolates.",
    labels: ["upstream"],
  },
  {
    name: "tidegate_endpoints",
    kind: "gauge",
    unit: "{endpoint}",
    help: "Endpoints, most in an isolate.",
    labels: ["upstream"],
    merge: "max",
  },
  // Breakers.
  {
    name: "tidegate_ejections",
    kind: "counter",
    unit: "{ejection}",
    help: "Endpoints that lost all traffic because a local breaker opened (A91: ejections enforced, and those only reported).",
    labels: ["upstream", "endpoint"],
  },
  {
    name: "tidegate_breaker_state",
    kind: "gauge",
    unit: "{isolate}",
    help: "Isolates whose breaker of the endpoint is in the state, by their own evidence (local) or by what isolates share (shared); not of closed ones.",
    labels: ["upstream", "endpoint", "level", "state"],
  },
  // Policies.
  {
    name: "tidegate_policy_decisions",
    kind: "counter",
    unit: "{decision}",
    help: "Decisions of policies: limits, shedding, throttles, breakers, credentials, validation.",
    labels: ["policy", "rule", "route", "outcome"],
  },
  { name: "tidegate_limiter_leases", kind: "gauge", unit: "{lease}", help: "Keys of which isolates hold a lease.", labels: [] },
  {
    name: "tidegate_limiter_messages",
    kind: "counter",
    unit: "{message}",
    help: "Messages of limiters to Durable Objects, and those that a call waited for.",
    labels: ["state"],
  },
  { name: "tidegate_limiter_waits", kind: "counter", unit: "{call}", help: "Calls that waited for a message of a limiter.", labels: [] },
  {
    name: "tidegate_limiter_debt",
    kind: "counter",
    unit: "{token}",
    help: "Tokens that passed before they were granted, and those of them that no bucket was charged for.",
    labels: ["state"],
  },
  {
    name: "tidegate_limiter_refusals",
    kind: "counter",
    unit: "{call}",
    help: "Calls that a limiter refused, by where that was decided.",
    labels: ["cause"],
  },
  {
    name: "tidegate_limiter_undecided",
    kind: "counter",
    unit: "{call}",
    help: "Calls that passed undecided: their bucket gave no response, and the rule fails open.",
    labels: [],
  },
  // Cache.
  {
    name: "tidegate_cache_lookups",
    kind: "counter",
    unit: "{call}",
    help: "Calls of routes with a cache, by what served them: l1, l2, stale or miss.",
    labels: ["route", "level"],
  },
  { name: "tidegate_cache_bytes", kind: "gauge", unit: "By", help: "Memory of stored responses in isolates.", labels: [] },
  { name: "tidegate_cache_entries", kind: "gauge", unit: "{response}", help: "Stored responses in isolates.", labels: [] },
  // The isolate.
  {
    name: "tidegate_buffer_bytes",
    kind: "gauge",
    unit: "By",
    help: "Memory that calls hold for bodies, and the bound of it.",
    labels: ["state"],
  },
  {
    name: "tidegate_configuration",
    kind: "gauge",
    unit: "{isolate}",
    help: "Isolates that run a version of the configuration; version 0 is the bundled one.",
    labels: ["version", "digest"],
  },
  {
    name: "tidegate_object_requests",
    kind: "counter",
    unit: "{request}",
    help: "Messages of isolates to Durable Objects.",
    labels: ["binding"],
  },
  { name: "tidegate_kv_reads", kind: "counter", unit: "{operation}", help: "Reads of KV.", labels: ["binding"] },
  { name: "tidegate_kv_writes", kind: "counter", unit: "{operation}", help: "Writes to KV.", labels: ["binding"] },
  {
    name: "tidegate_metrics_overflow",
    kind: "counter",
    unit: "{series}",
    help: "Requests for a series beyond the bound, which got the one with the labels `other`, and values without memory for their bucket.",
    labels: [],
  },
  {
    name: "tidegate_metrics_push_failures",
    kind: "counter",
    unit: "{push}",
    help: "Sendings of all metrics that the OTLP collector did not take. The next one has the same sums and what came after them.",
    labels: [],
  },
] as const satisfies readonly MetricDefinition[];

type Definition = (typeof METRICS)[number];
export type MetricName = Definition["name"];
export type CounterName = Extract<Definition, { kind: "counter" }>["name"];
export type GaugeName = Extract<Definition, { kind: "gauge" }>["name"];
export type HistogramName = Extract<Definition, { kind: "histogram" }>["name"];

type LabelTable = { readonly [One in Definition as One["name"]]: Strings<One["labels"]> };
type Strings<Labels extends readonly string[]> = { readonly [Position in keyof Labels]: string };

/** Values of the labels of a metric, in their order. */
export type LabelValues<Name extends MetricName> = LabelTable[Name] & readonly string[];

const byName: ReadonlyMap<string, MetricDefinition> = new Map(METRICS.map((definition) => [definition.name, definition]));

/** @returns undefined for a metric of another version */
export function definitionOf(name: string): MetricDefinition | undefined {
  return byName.get(name);
}
