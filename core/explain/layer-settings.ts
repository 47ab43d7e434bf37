// The settings that each layer judges by.
import { join } from "../config/problems.ts";
import type { EffectiveSetting } from "./setting-value.ts";

/** The role of a layer in its route, beside its name. */
export interface LayerRole {
  readonly isStream: boolean; // whether the method has a stream
  readonly isAttempt: boolean; // whether the layer belongs to the attempts at one upstream
}

type Names = readonly string[];

const LIMITED = ["mode", "percent", "maxQueued", "queueMs", "callerShare"];
const inBlock = (block: string, names: Names): Names => names.map((name) => `${block}.${name}`);
const ISOLATE: Names = [...inBlock("overload", LIMITED), "overload.maxInFlight", "overload.memoryBytes"];
const METHOD: Names = [...inBlock("concurrency", LIMITED), ...inBlock("concurrency", ["max", "adaptive", "floor"])];

/** Names of layers of a team's own begin so; their settings are in `layers`. */
const OF_A_TEAM = "layer ";

/** By the names of layers; a name stands for a setting, or for all settings of a block. Layers that are not listed judge by none. */
const SETTINGS: Readonly<Record<string, Names>> = {
  trace: ["serverTiming"],
  "fast-hit": ["cache"],
  "check-headers": ["headers"],
  "edit-headers": ["requestHeaders", "responseHeaders"],
  "limit-addresses": ["addresses"],
  "rewrite-path": ["stripPrefix", "replacePrefix", "restorePrefix"],
  authenticate: ["auth", "scopes"],
  authorize: ["allow"],
  criticality: ["criticality", "overload.trusted"],
  "rate-limit": ["rateLimits", "cost", "messageCost"],
  "limit-body": ["maxBodyBytes", "maxInflation", "maxMessageElements", "bodyIdleMs", "requestStreamIdleMs", "readTimeoutMs"],
  "open-streams": [
    ...inBlock("overload", ["mode", "percent", "maxStreams", "callerShare"]),
    ...inBlock("concurrency", ["mode", "percent", "maxStreams"]),
  ],
  "decode-body": ["maxBodyBytes", "maxInflation"],
  transcode: ["maxMessageElements", "maxResponseElements", "rest"],
  validate: ["validate"],
  "hash-field": ["upstream.hashOn"],
  "stream-idle": ["streamIdleMs"],
  "static-response": ["fallback.response"],
  cache: ["cache"],
  invalidate: ["invalidates"],
  translate: ["upstream.protocol"],
  fallback: ["fallback.upstream"],
  retry: ["retries", "upstream.retryBudget"],
  hedge: ["hedging", "upstream.retryBudget"],
  dispatch: ["upstream", "traffic", "breaker", "throttle", "maxResponseBytes", "maxResponseElements", "forwardResponseHeaders"],
};

/** @param settings all that hold for the route @returns those that the layer judges by, in the same order */
export function settingsOfLayer(
  layer: string,
  settings: readonly EffectiveSetting[],
  { isStream, isAttempt }: LayerRole,
): readonly EffectiveSetting[] {
  const names = namesOf(layer, isStream, isAttempt);
  return settings.filter(({ name }) => names.some((wanted) => isOf(name, wanted)));
}

function namesOf(layer: string, isStream: boolean, isAttempt: boolean): Names {
  if (layer === "deadline") return [isStream ? "streamTimeoutMs" : "readTimeoutMs"];
  if (layer === "shed") return isAttempt ? METHOD : ISOLATE;
  if (layer.startsWith(OF_A_TEAM)) return [join("layers", layer.slice(OF_A_TEAM.length))];
  return SETTINGS[layer] ?? [];
}

function isOf(name: string, wanted: string): boolean {
  return name === wanted || name.startsWith(`${wanted}.`) || name.startsWith(`${wanted}[`);
}
