// Where the calls of a service go: to one of the endpoints of its upstream, a service binding or a base URL each.
import type { Message } from "@bufbuild/protobuf";
import type { LoadReport } from "../../../core/balance/load.ts";
import type { ServingStatus } from "../../../core/balance/member.ts";
import type { Budget } from "../../../core/budget.ts";
import { RETRY_BUDGET } from "../../../core/config/retry.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import type { SpokenProtocol, TargetInput } from "../../../core/config/upstream.ts";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { retryBudget } from "../../../core/retry/retry.ts";
import type { CallAttempt } from "../call/attempt.ts";
import type { Call } from "../call.ts";
import type { Preparation } from "./endpoint-list.ts";

/** A service binding, or anything else that answers requests. */
export interface Destination {
  readonly base: string; // what a path is appended to
  fetch(url: string, init: RequestInit): Promise<Response>;
}

export interface Upstream {
  readonly name: string; // as it stands in messages
  readonly hashField?: string; // of the message, by which endpoints are chosen
  readonly protocol: SpokenProtocol; // what it speaks
  readonly timeoutHeader: "always" | "as_called";
  readonly retryBudget: Budget; // pays for further attempts of all its methods
  readonly hedging: HedgeState;
  /** Asks for the list of endpoints before any call needs it, where there is one to ask for. */
  prefetch?(): Promise<void> | undefined;
  /** A list of endpoints that is being asked for: behind the answer, or, the first one, before `pick`. */
  prepare(call: Call, attempt: CallAttempt): Preparation | undefined;
  /**
   * An endpoint for the next attempt, none of `attempt.tried` where there is another, and adds it to them.
   *
   * @throws Rejected where there is none
   */
  pick(call: Call, attempt: CallAttempt): Attempt;
  /** Whether the call says itself which version is to answer it: its answer is then nobody else's. */
  namesVersion?(call: Call): boolean;
  /** What is known of it here, for health checks of the gateway; without, it serves. */
  status?(): ServingStatus | Promise<ServingStatus>;
  /** Where a copy of the call goes behind its answer; undefined for none. */
  mirror?(): Upstream | undefined;
}

/** One attempt at one endpoint. It ends once: with what came of it. */
export interface Attempt extends Destination {
  readonly endpoint: string;
  readonly medianMs: number; // what endpoints of the upstream say one call more would take, in the middle; 0 where that is not known
  readonly cookie?: string | undefined; // for its answer: the caller is known by it next time
  readonly maxMs: number | undefined; // that it may take, beside what its call may
  readonly mayRedirectShed: boolean; // once, where the endpoint turns it away unworked, for overload
  /** The call goes elsewhere. @returns whether it is to be told there as the most critical one */
  redirected(wasBounced: boolean): boolean;
  /** What the endpoint says of its load, and of the calls it would have shed; undefined where it says nothing. */
  recordReport(said: LoadReport | undefined, shedLevel: number): void;
  /** @returns what is still to be told of it, behind the answer */
  end(outcome: AttemptOutcome): Promise<void> | undefined;
  /** A stream that it has begun broke off: after `ended("answered")`, at most once. */
  streamBroke(): void;
}

/**
 * `failed`: by the upstream's own fault; `unavailable`: so, or because there is too much to do; `turned_away`: unworked, for overload, and
 * `bounced`: so, and then tried elsewhere; `late`: the time of the call was up; `dropped`: given up by the caller, or refused by us; it says nothing of the endpoint.
 */
export type AttemptOutcome = "answered" | "failed" | "unavailable" | "turned_away" | "bounced" | "late" | "dropped";

/** A method as it is served: what an operator has set for it, and where it runs. */
export interface ServedMethod {
  readonly policy: RoutePolicy;
  readonly upstream: Upstream;
  readonly fallback?: Fallback;
}

/** Who answers while the upstream is down. */
export interface Fallback {
  readonly upstream: Upstream | undefined;
  readonly response: Message | undefined; // of a unary method
}

/** The Worker's bindings, before anybody knows which of them an operator has named. */
export type Bindings = Readonly<Record<string, unknown>>;

/** Cloudflare's edge turns such a call from gRPC-Web into native gRPC, and its response back. workerd alone ignores it. */
const AS_GRPC = { cf: { grpcWeb: "convert" } } as const;
const asGrpc = (init: RequestInit): RequestInit => ({ ...init, ...AS_GRPC });

/** @returns undefined where the binding is missing, or is no service */
export function destinationOf(input: TargetInput, bindings: Bindings, protocol: SpokenProtocol): Destination | undefined {
  if ("url" in input && protocol === "grpc") return { base: input.url, fetch: (url, init) => fetch(url, asGrpc(init)) };
  if ("url" in input) return { base: input.url, fetch: (url, init) => fetch(url, init) };
  const service = bindings[input.binding];
  if (!isService(service)) return undefined;
  const name = input.binding.toLowerCase().replaceAll("_", "-");
  return { base: `https://${name}.internal`, fetch: (url, init) => service.fetch(url, init) };
}

/** An upstream of one endpoint that is always there: nothing to pick, nothing to measure. */
export function fixedUpstream(name: string, target: Destination): Upstream {
  const nothing = (): undefined => undefined;
  const attempt: Attempt = {
    base: target.base,
    fetch: target.fetch,
    endpoint: name,
    medianMs: 0,
    maxMs: undefined,
    mayRedirectShed: false,
    redirected: () => false,
    recordReport: nothing,
    end: nothing,
    streamBroke: nothing,
  };
  return {
    name,
    protocol: "both",
    timeoutHeader: "always",
    retryBudget: retryBudget(RETRY_BUDGET),
    hedging: new HedgeState(),
    prepare: () => undefined,
    pick: () => attempt,
  };
}

function isService(value: unknown): value is Pick<Destination, "fetch"> {
  return typeof value === "object" && value !== null && "fetch" in value && typeof value.fetch === "function";
}
