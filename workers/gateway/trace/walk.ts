// The layers of a compiled pipeline, by name: what `stack` has put around one another, and nothing else.
import type { WalkStep } from "../../../core/explain/explanation.ts";
import { type Handler, type Stack, stack } from "../call/layer.ts";

/** Combines layers as the gateway does, and keeps their names. */
export interface Listing {
  readonly combine: Stack;
  /** @param handler that `combine` has returned */
  stepsOf(handler: Handler): readonly WalkStep[];
}

export function listing(): Listing {
  const walks = new WeakMap<Handler, readonly WalkStep[]>();
  const stepsOf = (handler: Handler): readonly WalkStep[] => walks.get(handler) ?? [];
  const combine: Stack = (layers, innermost) => {
    const handler = stack(layers, innermost);
    const isNested = typeof innermost === "function"; // the attempts at an upstream are a list of their own
    const below = isNested ? stepsOf(innermost).map((step) => ({ ...step, isAttempt: true })) : [{ layer: innermost[0], isAttempt: false }];
    const listed = layers.flatMap(([layer, isThere, other]): WalkStep[] => {
      if (isThere === undefined) return [];
      return [other === undefined ? { layer, isAttempt: false } : { layer, isAttempt: false, other: attemptsOf(stepsOf(other)) }];
    });
    walks.set(handler, [...listed, ...below]);
    return handler;
  };
  return { combine, stepsOf };
}

function attemptsOf(steps: readonly WalkStep[]): readonly WalkStep[] {
  return steps.map((step) => ({ ...step, isAttempt: true }));
}
