// A second version of a called service that gets a share of the calls: the same callers get the same version, call after call.
import type { HandlerContext, Transport } from "@connectrpc/connect";
import { isInShare } from "../../../core/mesh/share.ts";
import { callerOf } from "../../service/identity/caller.ts";

export interface CanaryOptions<T> {
  /** Where the canary is: a service binding, a URL, or a pool. */
  readonly target: T;
  /** Share of the keys, in [0, 100], to hundredths. */
  readonly percent: number;
  /**
   * Calls of one key get one version, on each isolate. By default the caller (`callerOf`); where none is proven, the request id, so that all
   * calls of one request get one version; without that, each transport draws one.
   */
  readonly key?: string;
}

/** The transport that a call gets. @param to makes the transport to the canary; @throws Error for a share that is none */
export function withCanary<T>(
  own: () => Transport,
  { target, percent, key }: CanaryOptions<T>,
  during: HandlerContext | undefined,
  to: (target: T) => Transport,
): Transport {
  if (!(percent >= 0 && percent <= 100)) throw new Error(`canary.percent: found ${percent}; write a number from 0 to 100`);
  return isInShare("canary", key ?? keyOf(during), percent) ? to(target) : own();
}

function keyOf(during: HandlerContext | undefined): string {
  const id = during === undefined ? undefined : callerOf(during)?.id;
  if (id !== undefined && id !== "") return id;
  return during?.requestHeader.get("x-request-id") ?? String(Math.random());
}
