// How an attempt at an endpoint has ended.
/**
 * `responded`: with anything that is not the endpoint's fault. `failed`: by the endpoint's fault. `unavailable`: the same, or overload.
 * `shed`: refused before any work, because of overload. `redirected`: refused before any work, and sent to another endpoint.
 * `late`: the deadline passed. `dropped`: given up by the caller, or refused by the gateway; it says nothing about the endpoint.
 */
export type AttemptOutcome = "responded" | "failed" | "unavailable" | "shed" | "redirected" | "late" | "dropped";

/** Outcomes that count against the endpoint. */
export const FAILED_OUTCOMES: ReadonlySet<string> = new Set<AttemptOutcome>(["failed", "unavailable", "late"]);
