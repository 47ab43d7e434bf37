// The breaker of an endpoint as an operator sees it in one isolate.
import { isReached } from "./clock.ts";
import { applicableView } from "./held-view.ts";
import { isProbeDue, type LocalState } from "./local-state.ts";
import { type BreakerView, PROBE_MS } from "./report.ts";

export interface ShownBreaker {
  readonly local: "closed" | "open" | "half_open"; // what the isolate's own evidence says
  readonly shared: BreakerView["kind"]; // the latest view of the shared breaker that applies
  readonly override: "open" | "closed" | undefined; // set by an operator; undefined where the isolate holds no view that has it
}

export function shownBreaker({ own, held, probing }: LocalState, now: number): ShownBreaker {
  const isProbing = probing !== undefined && !isReached(probing.endsAt, now, PROBE_MS);
  const isProbed = own.kind === "open" && (isProbing || isProbeDue(own, now));
  const override = held !== undefined && now < held.until ? held.view.override : undefined;
  return { local: isProbed ? "half_open" : own.kind, shared: applicableView(held, now)?.kind ?? "closed", override };
}
