// An upstream as the pipeline sees it: what attempts are sent to, and how it is called.

import type { Message } from "@bufbuild/protobuf";
import type { UpstreamView } from "../../../core/balance/endpoint-view.ts";
import type { ServingStatus } from "../../../core/balance/member.ts";
import type { Budget } from "../../../core/budget.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { SpokenProtocol } from "../../../core/config/upstream.ts";
import type { HedgeState } from "../../../core/retry/hedge-state.ts";
import type { AttemptTarget } from "../../call/target.ts";
import type { Call } from "../call.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import type { UpstreamMetrics } from "../metrics/upstream-metrics.ts";

export interface Upstream extends AttemptTarget<Call> {
  readonly hashField: string | undefined; // message field by which endpoints are picked
  readonly protocol: SpokenProtocol; // the protocol that its endpoints speak
  readonly timeoutHeader: "always" | "as_called";
  readonly retryBudget: Budget; // pays for further attempts, of all its methods
  readonly hedging: HedgeState;
  readonly metrics?: UpstreamMetrics | undefined; // undefined where nothing is counted
  /** Whether the call itself names the version that serves it. Its response must not be shared with other calls then. */
  namesVersion?(call: Call): boolean;
  /** For health checks of the gateway. An upstream without it always serves. */
  status?(): ServingStatus | Promise<ServingStatus>;
  /** For operators. An upstream of several versions is listed by its versions. */
  view?(): UpstreamView;
  /** Draws whether a copy of a call is sent to the mirror. @returns the mirror, or undefined for no copy */
  mirror?(): Upstream | undefined;
}

/** A method as it is served: its settings and where it runs. */
export interface ServedMethod {
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
  readonly fallback?: Fallback;
  readonly access?: AdminAccess; // who may call it, where it is a method of an admin service
}

/** What responds while the upstream is down. */
export interface Fallback {
  readonly upstream: Upstream | undefined;
  readonly response: Message | undefined; // static fallback response, of a unary method
}
