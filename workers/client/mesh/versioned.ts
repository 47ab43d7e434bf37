// The versions of a called service, as a transport has them: the one that gets a call, and the one that gets its copy.
import type { HandlerContext, Transport } from "@connectrpc/connect";
import { type CanaryOptions, withCanary } from "./canary.ts";
import type { ServiceMirror } from "./mirror.ts";

export interface VersionOptions<T> {
  readonly during?: HandlerContext;
  /** Another version that gets a share of the calls, stable by caller. */
  readonly canary?: CanaryOptions<T>;
  /** Another version that gets copies of unary calls; what it responds is discarded. Made by `serviceMirror`, once for each isolate. */
  readonly mirror?: ServiceMirror<T>;
}

/** @param to makes a transport to one version */
export function versioned<T>(
  own: T,
  { canary, mirror, during }: VersionOptions<T>,
  to: (target: T, during: HandlerContext | undefined) => Transport,
): Transport {
  const chosen =
    canary === undefined
      ? to(own, during)
      : withCanary(
          () => to(own, during),
          canary,
          during,
          (target) => to(target, during),
        );
  if (mirror === undefined) return chosen;
  return {
    unary(method, signal, timeoutMs, header, message, values) {
      const response = chosen.unary(method, signal, timeoutMs, header, message, values);
      mirror.copy({ method, header, message, during }, to);
      return response;
    },
    stream: (...call) => chosen.stream(...call),
  };
}
