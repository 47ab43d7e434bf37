// An upstream of several versions: each call goes to the one its caller gets, and, behind its answer, to the one that is watched.
import { chooseVersion, versionNamed } from "../../../core/balance/canary.ts";
import type { TrafficPolicy } from "../../../core/config/traffic.ts";
import type { Call } from "../call.ts";
import { cookieOf, hashKeyOf } from "./hash-key.ts";
import type { Upstream } from "./upstream.ts";

export interface UpstreamVersions {
  readonly own: Upstream;
  readonly canaries: readonly Upstream[]; // in the order of the policy's
  readonly mirror: Upstream | undefined;
}

export function versioned({ own, canaries, mirror }: UpstreamVersions, policy: TrafficPolicy): Upstream {
  const chosen = (call: Call): Upstream => {
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
  const share = policy.mirror?.percent ?? 0;
  return {
    ...own,
    prefetch: () => Promise.all([own, ...canaries].map((version) => version.prefetch?.())).then(() => undefined),
    prepare: (call, attempt) => chosen(call).prepare(call, attempt),
    pick: (call, attempt) => chosen(call).pick(call, attempt),
    ...(policy.canaries.length === 0 ? {} : { namesVersion }),
    ...(mirror === undefined ? {} : { mirror: () => (Math.random() * 100 < share ? mirror : undefined) }),
  };
}
