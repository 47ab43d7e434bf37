// The one function that writes log records. Every call of `console` goes through it; events and their facts are in core/log-event.ts.
import { type LogEvent, type LogFacts, logRecord } from "../core/log-event.ts";

let version: string | undefined; // version of the running Worker; undefined where wrangler.toml has no [version_metadata]

/** Sets the version that records name from now on; an entry point calls it as the isolate loads. @param metadata the binding `VERSION` */
export function logVersion(metadata: unknown): void {
  const { id } = (metadata ?? {}) as { readonly id?: unknown };
  version = typeof id === "string" && id !== "" ? id : undefined;
}

/** Writes one line of JSON. The log of the platform adds the time. */
export function logEvent<E extends LogEvent>(event: E, facts: LogFacts<E>): void {
  const record = logRecord(event, facts, version);
  console[record.level](JSON.stringify(record));
}
