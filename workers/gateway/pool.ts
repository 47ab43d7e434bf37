// The endpoints behind one service: picks one for each attempt, and learns from what comes of it.
import { Fleet, type Member } from "../../core/balance/fleet.ts";
import { hash32 } from "../../core/hash.ts";
import { Rejected } from "../../core/rejection.ts";
import { endpointId, type UpstreamPolicy } from "../../core/upstream.ts";
import type { Call } from "./call.ts";
import { keyTextOf } from "./hash-key.ts";
import { type Preparation, Roster, type RosterSettings } from "./roster.ts";
import { type Attempt, type Bindings, type Outcome, type Target, targetOf, type Upstream } from "./upstream.ts";

export interface PoolSettings {
  readonly name: string;
  readonly roster: RosterSettings | undefined; // where endpoints may register
  readonly policy: UpstreamPolicy;
  readonly principalHeader: string | undefined;
}

const NEVER_ENDING_MS = 3_600_000; // a call without a deadline is not counted for longer
const FAILURE_MS = 15_000; // what a failure of a call without a deadline counts as
const SLOTS = 65_536;

/** @returns undefined where a binding is missing, or is no service */
export function pool({ name, policy, principalHeader, roster: registered }: PoolSettings, bindings: Bindings): Upstream | undefined {
  const members: Member[] = [];
  const targets = new Map<string, Target>();
  for (const { target, weight, priority } of policy.endpoints) {
    const id = endpointId(target);
    const found = targetOf(target, bindings);
    if (found === undefined) return undefined;
    targets.set(id, found);
    members.push({ id, weight, priority, isDraining: false });
  }
  const fleet = new Fleet(members, { ...policy, slots: SLOTS });
  const { protocol, timeoutHeader } = policy;
  const fixed = new Map(targets);
  const roster =
    registered &&
    new Roster(registered, (endpoints, now) => {
      for (const id of targets.keys()) if (!fixed.has(id)) targets.delete(id);
      for (const { id, url } of endpoints) if (!fixed.has(id)) targets.set(id, targetOf({ url }, bindings)!);
      fleet.replace([...members, ...endpoints.filter(({ id }) => !fixed.has(id))], now);
    });

  const queue: (() => void)[] = []; // calls that wait for a place, the first one first
  const prepare = (): Preparation | undefined => {
    const listing = roster?.touch();
    if (listing !== undefined || queue.length >= policy.maxQueued || !fleet.isFull(Date.now())) return listing;
    const { promise, resolve } = Promise.withResolvers<void>();
    queue.push(resolve);
    const leave = (): void => {
      const place = queue.indexOf(resolve);
      if (place >= 0) queue.splice(place, 1);
    };
    const done = Promise.race([promise, new Promise((late) => setTimeout(late, policy.queueMs))]).then(leave);
    return { done, waitMs: policy.queueMs };
  };

  const pick = (call: Call): Attempt => {
    const now = Date.now();
    const tried = call.attempt?.tried ?? NOBODY;
    const method = hash32(call.outgoing.path);
    const found = fleet.pick({ method, key: hash32(keyTextOf(call, policy.hashOn, principalHeader)), now, dice: Math.random, tried });
    if (found.kind !== "found") throw new Rejected({ kind: "no_endpoint", upstream: name, isFull: found.kind === "full" });
    const { id } = found;
    call.attempt?.tried.add(id);
    const lease = fleet.begin(id, now, Math.min(call.deadlineAt, now + NEVER_ENDING_MS), method)!;
    const scoreMs = Number.isFinite(call.deadlineAt) ? call.deadlineAt - call.receivedAt : FAILURE_MS;
    const { base, fetch } = targets.get(id)!;
    const ended = (outcome: Outcome): void => {
      queue.shift()?.();
      if (outcome === "dropped") fleet.drop(id, lease);
      else if (outcome === "failed") fleet.failed(id, lease, Date.now(), scoreMs);
      else fleet.succeeded(id, lease, Date.now(), method);
    };
    return { endpoint: id, base, fetch, medianMs: fleet.medianMs(now), report: (ms) => fleet.report(id, ms), ended };
  };
  return { name, protocol, timeoutHeader, prepare, pick };
}

const NOBODY: ReadonlySet<string> = new Set();
