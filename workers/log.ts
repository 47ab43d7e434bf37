// The one function that writes log records. Every call of `console` goes through it; events and their facts are in core/log-event.ts.
import { type LogEvent, type LogFacts, logRecord } from "../core/log-event.ts";

/** Writes one line of JSON. The log of the platform adds the time. */
export function logEvent<E extends LogEvent>(event: E, facts: LogFacts<E>): void {
  const record = logRecord(event, facts);
  console[record.level](JSON.stringify(record));
}
