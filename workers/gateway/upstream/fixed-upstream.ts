// An upstream of one endpoint that is always there: the gateway's own services. It picks nothing and measures nothing.

import { RETRY_BUDGET } from "../../../core/config/retry.ts";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { retryBudget } from "../../../core/retry/retry.ts";
import type { Destination } from "../../call/destination.ts";
import type { EndpointAttempt } from "../../call/endpoint-attempt.ts";
import type { Upstream } from "./upstream.ts";

export function fixedUpstream(name: string, destination: Destination): Upstream {
  const nothing = (): undefined => undefined;
  const attempt: EndpointAttempt = {
    endpoint: name,
    destination,
    cookie: undefined,
    medianMs: 0,
    maxMs: undefined,
    mayRedirectShed: false,
    redirect: () => false,
    recordReport: nothing,
    end: nothing,
    streamBroke: nothing,
  };
  return {
    name,
    hashField: undefined,
    protocol: "both",
    timeoutHeader: "always",
    retryBudget: retryBudget(RETRY_BUDGET),
    hedging: new HedgeState(),
    prepare: nothing,
    pick: () => attempt,
  };
}
