// An upstream of several versions: a canary gets its share of the callers, and a mirror gets copies of calls.

import { chooseVersion, versionNamed } from "../../../core/balance/canary.ts";
import type { TrafficPolicy } from "../../../core/config/traffic.ts";
import type { Call } from "../call.ts";
import { cookieOf, hashKeyOf } from "./hash-key.ts";
import type { Upstream } from "./upstream.ts";

export interface UpstreamVersions {
  readonly own: Upstream; // gets the calls that no canary gets
  readonly canaries: readonly Upstream[]; // in the order of `policy.canaries`
  readonly mirror: Upstream | undefined;
}

/** All versions share the retry budget of the service's own one. */
export function versioned({ own, canaries, mirror }: UpstreamVersions, policy: TrafficPolicy): Upstream {
  const versionFor = (call: Call): Upstream => {
    const { headers } = call.request;
    const index = chooseVersion(policy, {
      header: (name) => headers.get(name),
      cookie: (name) => cookieOf(headers, name),
      caller: hashKeyOf(call, policy.stickOn).text,
    });
    return canaries[index] ?? own;
  };
  const namesVersion = ({ request: { headers } }: Call): boolean =>
    versionNamed(policy, { header: (name) => headers.get(name), cookie: (name) => cookieOf(headers, name) }) >= 0;
  const mirroredPercent = policy.mirror?.percent ?? 0;
  const { name, hashField, protocol, timeoutHeader, retryBudget, hedging, metrics } = own;
  return {
    ...{ name, hashField, protocol, timeoutHeader, retryBudget, hedging, metrics },
    prepare: (call, attempt) => versionFor(call).prepare(call, attempt),
    pick: (call, attempt) => versionFor(call).pick(call, attempt),
    status: () => own.status?.() ?? "serving",
    ...(policy.canaries.length === 0 ? {} : { namesVersion }),
    ...(mirror === undefined ? {} : { mirror: () => (Math.random() * 100 < mirroredPercent ? mirror : undefined) }),
  };
}
