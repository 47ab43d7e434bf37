// The log events of the project: every event with its level and its facts, and the record that is written for one.

import { LOG_FIELDS } from "./access-log/log-fields.ts";

export type LogLevel = "info" | "warn" | "error";

interface LogEventDefinition {
  readonly level: LogLevel;
  readonly facts: readonly string[]; // fields of the record beside `level` and `event`
  readonly isPartial?: true; // an operator chooses which of the facts records have
}

const LIMITER_COUNTERS = [
  "leasesHeld",
  "messages",
  "awaitedMessages",
  "awaitedCalls",
  "debtAdmitted",
  "debtForgiven",
  "refusedByObject",
  "refusedByLease",
  "refusedByTimeout",
  "passedUndecided",
] as const;

/** All events. docs/logs.md has the same list with the occasion of each event; a test compares the two. */
export const LOG_EVENTS = {
  admin_call_refused: { level: "warn", facts: ["requestId", "route", "address", "reason", "calls"] },
  alarm_task_failed: { level: "warn", facts: ["task", "error"] },
  audit_change: { level: "warn", facts: ["requestId", "route", "address", "identity", "subject"] },
  audit_denied: { level: "warn", facts: ["requestId", "route", "address", "identity", "reason"] },
  audit_failed: { level: "warn", facts: ["route", "identity", "error"] },
  audit_revoked_key: { level: "warn", facts: ["requestId", "route", "address", "reason"] },
  auth_refused: { level: "warn", facts: ["requestId", "route", "address", "reason", "calls"] },
  breaker_request_failed: { level: "warn", facts: ["upstream", "error"] },
  call: { level: "info", facts: ["outcome", "samplePercent", ...LOG_FIELDS, "headers"], isPartial: true },
  calls_shed: { level: "warn", facts: ["requestId", "route", "point", "reason", "calls", "enforced"] },
  configuration_warning: { level: "warn", facts: ["warning"] },
  control_copy_failed: { level: "warn", facts: ["error"] },
  control_request_failed: { level: "warn", facts: ["error"] },
  dead_letter_failed: { level: "warn", facts: ["queue", "eventId", "requestId", "attempts", "delaySeconds", "error"] },
  event_confirmation_failed: { level: "warn", facts: ["outbox", "events", "error"] },
  event_failed: { level: "warn", facts: ["queue", "eventId", "requestId", "attempts", "delaySeconds", "error"] },
  event_given_up: { level: "warn", facts: ["queue", "eventId", "requestId", "attempts", "error"] },
  exchange_failed: { level: "warn", facts: ["region", "relay", "snapshotAgeMs", "error"] },
  fault_injected: { level: "warn", facts: ["requestId", "route", "delayMs", "code", "calls"] },
  gateway_failed: { level: "error", facts: ["requestId", "route", "error"] },
  handler_failed: { level: "error", facts: ["requestId", "route", "error"] },
  health_checks_failed: { level: "warn", facts: ["endpoints", "error"] },
  idempotency_record_failed: { level: "warn", facts: ["requestId", "route", "error"] },
  identity_keys_failed: { level: "warn", facts: ["error"] },
  identity_refused: { level: "warn", facts: ["requestId", "reason", "calls"] },
  key_change_failed: { level: "warn", facts: ["error"] },
  key_request_failed: { level: "warn", facts: ["failures", "viewAgeMs", "error"] },
  l2_read_failed: { level: "warn", facts: ["error"] },
  l2_write_failed: { level: "warn", facts: ["error"] },
  layer_failed: { level: "error", facts: ["requestId", "route", "layer", "error"] },
  lease_request_failed: { level: "warn", facts: ["keys", "error"] },
  metrics_push_failed: { level: "warn", facts: ["error"] },
  metrics_read_failed: { level: "warn", facts: ["error"] },
  metrics_store_failed: { level: "warn", facts: ["error"] },
  metrics_write_failed: { level: "warn", facts: ["error"] },
  mirror_failed: { level: "warn", facts: ["requestId", "route", "upstream", "error"] },
  observer_failed: { level: "error", facts: ["requestId", "route", "calls", "error"] },
  outbox_send_failed: { level: "warn", facts: ["outbox", "events", "failures", "pauseMs", "error"] },
  purge_failed: { level: "warn", facts: ["error"] },
  rate_limit_counters: {
    level: "warn",
    facts: LIMITER_COUNTERS,
  },
  relay_request_failed: { level: "warn", facts: ["root", "error"] },
  service_call_refused: { level: "warn", facts: ["requestId", "route", "from", "reason", "calls"] },
  service_loop_refused: { level: "warn", facts: ["requestId", "route", "depth", "calls"] },
  spans_lost: { level: "warn", facts: ["spans", "error"] },
  static_response_sent: { level: "warn", facts: ["requestId", "route"] },
  tag_purge_failed: { level: "warn", facts: ["tags", "error"] },
  tap_failed: { level: "warn", facts: ["error"] },
  trace_failed: { level: "warn", facts: ["requestId", "error"] },
  transcoding_failed: { level: "error", facts: ["route", "error"] },
  upstream_fault: { level: "warn", facts: ["requestId", "route", "upstream", "endpoint", "error"] },
  version_fell_back: { level: "warn", facts: ["source", "version", "waitedMs"] },
  version_follow_failed: { level: "warn", facts: ["sequence", "error"] },
  version_refused: { level: "warn", facts: ["digest", "reason"] },
  work_lost: { level: "warn", facts: ["name", "items", "error"] },
  would_refuse: { level: "warn", facts: ["requestId", "route", "address", "policy", "name", "reason", "calls"] },
} as const satisfies Readonly<Record<string, LogEventDefinition>>;

export type LogEvent = keyof typeof LOG_EVENTS;

type FactValue = string | number | boolean | null | readonly string[];

/** The facts of an event, all of them. `error` may be anything that was thrown: the record has its text. */
export type LogFacts<E extends LogEvent> = (typeof LOG_EVENTS)[E] extends { readonly isPartial: true } ? Partial<Facts<E>> : Facts<E>;

type Facts<E extends LogEvent> = {
  readonly [Fact in (typeof LOG_EVENTS)[E]["facts"][number]]: Fact extends "error" ? unknown : FactValue;
};

/** A log record; it is written as one line of JSON. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly version?: string; // id of the Worker's version, as Cloudflare gives it
  readonly [fact: string]: unknown;
}

/** An event of level `error` is a fault in our code: its record has the stack. Elsewhere the message of the error is enough. */
export function logRecord<E extends LogEvent>(event: E, facts: LogFacts<E>, version?: string): LogRecord {
  const { level } = LOG_EVENTS[event];
  const record = { level, event, ...(version !== undefined && { version }), ...facts };
  return "error" in record ? { ...record, error: errorText(record.error, level === "error") } : record;
}

function errorText(error: unknown, withStack: boolean): string {
  return withStack && error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
