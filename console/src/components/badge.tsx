// A word with a color: a state, a role, a kind. The word alone says it all.
import type { ComponentChildren } from "preact";
import type { Tone } from "./tone.ts";

export type { Tone };

export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>;
}

const BREAKER_TONES: Readonly<Record<string, Tone>> = { closed: "good", open: "bad", "half open": "warn", ramp: "warn" };

/** The state of a breaker. @param state `closed`, `open`, `half_open` or `ramp`; "" for one that nothing has reported */
export function BreakerBadge({ state }: { readonly state: string }) {
  const name = state.replace("_", " ");
  return <Badge tone={BREAKER_TONES[name] ?? "quiet"}>{name === "" ? "–" : name}</Badge>;
}
