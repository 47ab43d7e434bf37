// The log events of the project: every event with its level and its facts, and the record that is written for one.

export type LogLevel = "warn" | "error";

interface LogEventDefinition {
  readonly level: LogLevel;
  readonly facts: readonly string[]; // fields of the record beside `level` and `event`
}

/** All events. docs/logs.md has the same list with the occasion of each event; a test compares the two. */
export const LOG_EVENTS = {
  breaker_report_failed: { level: "warn", facts: ["upstream", "error"] },
  breaker_request_failed: { level: "warn", facts: ["upstream", "error"] },
  breaker_would_refuse: { level: "warn", facts: ["requestId", "route", "upstream", "endpoint"] },
  calls_shed: { level: "warn", facts: ["requestId", "route", "point", "reason", "calls", "enforced"] },
  configuration_warning: { level: "warn", facts: ["warning"] },
  endpoint_list_failed: { level: "warn", facts: ["service", "snapshotAgeMs", "error"] },
  gateway_failed: { level: "error", facts: ["requestId", "route", "error"] },
  handler_failed: { level: "error", facts: ["requestId", "route", "error"] },
  l2_read_failed: { level: "warn", facts: ["error"] },
  l2_write_failed: { level: "warn", facts: ["error"] },
  lease_request_failed: { level: "warn", facts: ["keys", "error"] },
  mirror_failed: { level: "warn", facts: ["requestId", "route", "upstream", "error"] },
  purge_failed: { level: "warn", facts: ["error"] },
  purge_poll_failed: { level: "warn", facts: ["snapshotAgeMs", "error"] },
  rate_limit_would_refuse: { level: "warn", facts: ["requestId", "route", "rule"] },
  static_response_sent: { level: "warn", facts: ["requestId", "route"] },
  tag_purge_failed: { level: "warn", facts: ["tags", "error"] },
  transcoding_failed: { level: "error", facts: ["route", "error"] },
  upstream_fault: { level: "warn", facts: ["requestId", "route", "upstream", "endpoint", "error"] },
  validation_would_refuse: { level: "warn", facts: ["requestId", "route", "fields"] },
} as const satisfies Readonly<Record<string, LogEventDefinition>>;

export type LogEvent = keyof typeof LOG_EVENTS;

type FactValue = string | number | boolean | null | readonly string[];

/** The facts of an event, all of them. `error` may be anything that was thrown: the record has its text. */
export type LogFacts<E extends LogEvent> = {
  readonly [Fact in (typeof LOG_EVENTS)[E]["facts"][number]]: Fact extends "error" ? unknown : FactValue;
};

/** A log record; it is written as one line of JSON. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly event: LogEvent;
  readonly [fact: string]: unknown;
}

/** An event of level `error` is a fault in our code: its record has the stack. Elsewhere the message of the error is enough. */
export function logRecord<E extends LogEvent>(event: E, facts: LogFacts<E>): LogRecord {
  const { level } = LOG_EVENTS[event];
  const record = { level, event, ...facts };
  return "error" in record ? { ...record, error: errorText(record.error, level === "error") } : record;
}

function errorText(error: unknown, withStack: boolean): string {
  return withStack && error instanceof Error ? (error.stack ?? String(error)) : String(error);
}
