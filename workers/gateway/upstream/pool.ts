// The endpoints behind one service: picks one for each attempt, and learns from what comes of it.

import { BALANCERS } from "../../../core/balance/balancers.ts";
import { Fleet, type Member } from "../../../core/balance/fleet.ts";
import type { LoadReport } from "../../../core/balance/load.ts";
import type { ServingStatus } from "../../../core/balance/member.ts";
import { PROBE_MS } from "../../../core/breaker/report.ts";
import type { BreakerPolicy } from "../../../core/config/breaker.ts";
import { hashField } from "../../../core/config/hash-on.ts";
import type { ThrottlePolicy } from "../../../core/config/overload.ts";
import { endpointId, type UpstreamPolicy } from "../../../core/config/upstream.ts";
import { hash32 } from "../../../core/hash.ts";
import { type QueuedCall, WaitQueue } from "../../../core/overload/queue.ts";
import { isNativeGrpcUrl } from "../../../core/protocol/native-grpc.ts";
import { Rejected } from "../../../core/rejection.ts";
import { HedgeState } from "../../../core/retry/hedge-state.ts";
import { retryBudget } from "../../../core/retry/retry.ts";
import { logEvent } from "../../log.ts";
import type { CallAttempt } from "../call/attempt.ts";
import { type Call, logFactsOf } from "../call.ts";
import { breakerReporter, type CircuitBreakers } from "./breaker-reports.ts";
import { EndpointList, type EndpointListSettings, type Preparation } from "./endpoint-list.ts";
import { type HashKey, hashKeyOf } from "./hash-key.ts";
import { UpstreamThrottle } from "./throttle.ts";
import { type Attempt, type AttemptOutcome, type Bindings, type Destination, destinationOf, type Upstream } from "./upstream.ts";

export interface PoolSettings {
  readonly name: string; // as it stands in messages
  readonly service: string; // and its version where it has several: what its breakers are kept by
  readonly endpointList: EndpointListSettings | undefined; // where endpoints may register
  readonly policy: UpstreamPolicy;
  readonly breaker: BreakerPolicy;
  readonly breakers: CircuitBreakers | undefined; // without, isolates go by what they see themselves
  readonly throttle: ThrottlePolicy;
}

interface Waiter extends QueuedCall {
  readonly resolve: () => void;
}

const NEVER_ENDING_MS = 3_600_000; // a call without a deadline is not counted for longer
const FAILURE_MS = 15_000; // what a failure of a call without a deadline counts as
const MEANS_SOMETHING_MS = 1_000; // what a caller has set so short says nothing of the endpoint

/** @returns undefined where a binding is missing, or is no service */
export function pool(
  { name, service, policy, breaker, breakers, throttle, endpointList: registered }: PoolSettings,
  bindings: Bindings,
): Upstream | undefined {
  const { protocol, timeoutHeader } = policy;
  const members: Member[] = [];
  const targets = new Map<string, Destination>();
  for (const { target, weight, priority, zone } of policy.endpoints) {
    const id = endpointId(target);
    const found = destinationOf(target, bindings, protocol);
    if (found === undefined) return undefined;
    targets.set(id, found);
    members.push({ id, weight, priority, isDraining: false, ...(zone === undefined ? {} : { zone }) });
  }
  const fleet = new Fleet(members, { ...policy, breaker });
  const pressure = new UpstreamThrottle(name, throttle, fleet);
  const { usesKey } = BALANCERS[policy.balancer];
  const tell =
    breakers === undefined || breaker.mode === "off" ? undefined : breakerReporter(service, fleet.localBreakers, breaker, breakers);
  const fixed = new Map(targets);
  const roster =
    registered &&
    new EndpointList(
      registered,
      (list, unhealthy, now) => {
        // Some may have registered before the configuration named native gRPC.
        const endpoints = protocol === "grpc" ? list.filter(({ url }) => isNativeGrpcUrl(url)) : list;
        for (const id of targets.keys()) if (!fixed.has(id)) targets.delete(id);
        for (const { id, url } of endpoints) if (!fixed.has(id)) targets.set(id, destinationOf({ url }, bindings, protocol)!);
        const configured = members.map((member) => ({ ...member, isHealthy: !unhealthy.includes(member.id) }));
        fleet.replace([...configured, ...endpoints.filter(({ id }) => !fixed.has(id))], now);
      },
      members.length === 0,
    );

  // An isolate never moves: its first call says where it is. The dice may be asked within a call only.
  const places = policy.zones !== undefined || policy.subset < Number.POSITIVE_INFINITY;
  let settle = !places
    ? undefined
    : (call: Call, now: number): void => {
        const colo = (call.request as { cf?: { colo?: string } }).cf?.colo ?? "";
        if (colo === "" && policy.zones !== undefined) return; // a call from inside the platform does not say
        settle = undefined;
        const zone = policy.zones && (policy.zones.get(colo) ?? colo);
        fleet.setLocation({ zone, subset: policy.subset, seed: Math.floor(Math.random() * 2 ** 32) }, now);
      };

  const queue = new WaitQueue<Waiter>(policy.maxQueued); // calls that wait for a place
  const prepare = (call: Call, attempt: CallAttempt): Preparation | undefined => {
    const listing = roster?.touch();
    if (listing !== undefined) return listing;
    const now = Date.now();
    if (policy.maxQueued === 0 || !fleet.isFull(now)) {
      const told = fleet.localBreakers.areAllClosed(now) ? undefined : tell?.(call); // calls that are refused can't tell when they end
      return told === undefined ? undefined : { done: told, waitMs: 0 };
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      since: now,
      deadlineAt: Math.min(now + policy.queueMs, attempt.deadlineAt),
      rank: call.rank,
      resolve,
    };
    queue.offer(waiter, now)?.resolve();
    const late = new Promise((passed) => setTimeout(passed, policy.queueMs));
    const done = Promise.race([promise, late]).then(() => queue.remove(waiter));
    return { done, waitMs: policy.queueMs };
  };

  const pick = (call: Call, current: CallAttempt): Attempt => {
    const now = Date.now();
    const method = hash32(call.outgoing.path);
    settle?.(call, now);
    const { text, cookie } = usesKey ? hashKeyOf(call, policy.hashOn) : NO_KEY;
    const mayGoElsewhere = pressure.called(call, now);
    pressure.hold(call, now);
    const found = fleet.pick({ method, key: hash32(text), now, rng: Math.random, tried: current.tried, rank: pressure.rankOf(call) });
    if (found.kind === "shed") return pressure.shed(call, now);
    if (found.kind === "open") throw new Rejected({ kind: "breaker_open", upstream: name, retryAfterMs: found.retryAfterMs });
    if (found.kind !== "picked") throw new Rejected({ kind: "no_endpoint", upstream: name, isFull: found.kind === "full" });
    const { id, admission, isRepeated } = found;
    if (found.isReportedOnly) logEvent("breaker_would_refuse", { ...logFactsOf(call), upstream: name, endpoint: id });
    pressure.look(call, id, now);
    current.tried.add(id);
    const permit = fleet.begin(id, now, Math.min(current.deadlineAt, now + NEVER_ENDING_MS), method)!;
    const scoreMs = Number.isFinite(current.deadlineAt) ? current.deadlineAt - current.receivedAt : FAILURE_MS;
    const enoughMs = Math.min(MEANS_SOMETHING_MS, 0.9 * current.maxMs); // it began a moment before
    const ended = (outcome: AttemptOutcome): Promise<void> | undefined => {
      const end = { permit, admission, now: Date.now(), random: Math.random(), method, isRepeated };
      if (outcome === "dropped" || outcome === "turned_away" || outcome === "bounced") fleet.drop(id, end);
      else if (outcome === "answered") fleet.succeeded(id, end);
      else fleet.failed(id, end, scoreMs, outcome !== "late" || end.now - now >= enoughMs);
      const isCounted = isRepeated && (outcome === "failed" || outcome === "unavailable" || outcome === "late"); // by an earlier attempt
      if (!isCounted) pressure.ended(call, outcome, end.now);
      if (queue.size > 0) {
        const { next, dropped } = queue.next(end.now);
        next?.resolve();
        for (const { resolve } of dropped) resolve();
      }
      return tell?.(call, id);
    };
    const { base, fetch } = targets.get(id)!;
    const isProbe = admission.probe !== undefined; // one that hangs is ended when it can't say anything any more
    const report = (said: LoadReport | undefined, shedLevel: number): void => {
      if (said !== undefined) fleet.report(id, said, permit, Date.now());
      pressure.heard(id, shedLevel, Date.now());
    };
    return {
      endpoint: id,
      base,
      fetch,
      cookie,
      streamBroke: () => fleet.streamBroke(id, admission, Date.now(), Math.random()),
      medianMs: fleet.medianMs(now),
      maxMs: isProbe ? PROBE_MS : undefined,
      mayRedirectShed: fleet.size > 1 && mayGoElsewhere,
      redirected: (wasBounced) => pressure.elsewhere(call, wasBounced, Date.now()),
      recordReport: report,
      end: ended,
    };
  };
  const field = hashField(policy.hashOn);
  const known = (): ServingStatus => (fleet.size === 0 && roster?.isKnown === false ? "unknown" : fleet.status(Date.now()));
  const status = (): ServingStatus | Promise<ServingStatus> => {
    const listing = roster?.touch();
    return listing === undefined ? known() : listing.done.then(known);
  };
  const prefetch = roster && (() => roster.touch()?.done);
  return {
    name,
    protocol,
    timeoutHeader,
    retryBudget: retryBudget(policy.retryBudget),
    hedging: new HedgeState(),
    ...(prefetch && { prefetch }),
    prepare,
    pick,
    status,
    ...(usesKey && field !== undefined ? { hashField: field } : {}),
  };
}

const NO_KEY: HashKey = { text: "" };
