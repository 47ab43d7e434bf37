// What `explain` finds about a request: where it goes, which layers it walks, and what they judge by.
import type { EffectiveSetting } from "./setting-value.ts";

/** A layer of a compiled route. */
export interface WalkStep {
  readonly layer: string; // name of its file, or of a layer of the team's own
  readonly isAttempt: boolean; // belongs to the attempts at one upstream: it runs once per attempt below `retry` and `hedge`
  readonly other?: readonly WalkStep[]; // where the layer may send a call instead
}

export interface ExplainedStep extends WalkStep {
  readonly settings: readonly EffectiveSetting[];
  readonly other?: readonly ExplainedStep[];
}

/** A request that a route takes. */
export interface RouteExplanation {
  readonly kind: "route";
  readonly route: string; // `users.v1.UserService/GetUser`, or a prefix
  readonly protocol: string; // in which the request is made
  readonly method: string; // HTTP method of the request
  readonly path: string;
  readonly rule: string | undefined; // template of the HTTP rule, where the request is REST
  readonly methodKind: string | undefined; // undefined for plain HTTP
  readonly isAdmin: boolean; // only admins may call it
  readonly notes: readonly string[]; // sentences on what is special about the request
  readonly settings: readonly EffectiveSetting[];
  readonly steps: readonly ExplainedStep[];
}

/** A request that nothing serves. */
export interface RefusalExplanation {
  readonly kind: "refused";
  readonly protocol: string;
  readonly method: string;
  readonly path: string;
  readonly reason: string; // kind of the rejection
  readonly message: string; // text that the caller reads
  readonly status: number; // HTTP status of the response
  readonly allow: readonly string[]; // methods that the path takes; empty where it takes none
  readonly nearest: readonly string[]; // routes that are most similar
  readonly steps: readonly ExplainedStep[];
}

/** A request that the Worker itself handles, before any route: health check, OpenAPI document, preflight. */
export interface OwnExplanation {
  readonly kind: "own";
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly notes: readonly string[];
}

export type Explanation = RouteExplanation | RefusalExplanation | OwnExplanation;

/** Adds to each layer what it judges by. */
export function explainedSteps(
  steps: readonly WalkStep[],
  settingsOf: (step: WalkStep) => readonly EffectiveSetting[],
): readonly ExplainedStep[] {
  return steps.map(({ other, ...step }) => {
    const settings = settingsOf(step);
    return other === undefined ? { ...step, settings } : { ...step, settings, other: explainedSteps(other, settingsOf) };
  });
}
