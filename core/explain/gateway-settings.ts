// The effective settings at the top of a configuration that layers of every route judge by.

import type { GatewayPolicy } from "../config/gateway.ts";
import { join } from "../config/problems.ts";
import type { Sources } from "../config/sources.ts";
import type { Trust } from "../overload/criticality.ts";
import { type EffectiveSetting, parts, type ShownValue, shown } from "./setting-value.ts";

export function gatewaySettings(policy: GatewayPolicy, sources: Sources): readonly EffectiveSetting[] {
  const { overload, headers, maxUrlBytes, rest } = policy;
  const { floor: _, max, callerShare, ...isolate } = overload.isolate;
  const block = (name: string, values: Readonly<Record<string, ShownValue>>): EffectiveSetting[] =>
    Object.entries(values).map(([part, value]) => ({ name: join(name, part), value, source: sources.at(join(name, part)) }));
  return [
    { name: "maxUrlBytes", value: maxUrlBytes, source: sources.at("maxUrlBytes") },
    ...block("headers", { maxCount: headers.maxCount, maxBytes: headers.maxBytes, unusualNames: headers.unusualNames }),
    ...block("overload", {
      ...Object.fromEntries(parts(isolate)),
      maxInFlight: max,
      callerShare: callerShare * 100,
      memoryBytes: overload.memory.maxBytes,
      trusted: trusted(overload.trust),
    }),
    ...block("rest", Object.fromEntries(parts(rest).filter(([name]) => name !== "events"))),
    ...block("rest.events", Object.fromEntries(parts(rest.events))),
  ];
}

function trusted(trust: Trust): ShownValue {
  if (trust.kind === "listed") return shown(trust.names);
  return trust.kind === "principals" ? "principals" : null;
}
