// The endpoints behind one service: picks one for each attempt, and learns from what comes of it.
import { medianOf } from "../../core/balance/bounce.ts";
import { Fleet, type Member } from "../../core/balance/fleet.ts";
import { hash32 } from "../../core/hash.ts";
import { callerOf } from "../../core/ip.ts";
import { Rejected } from "../../core/rejection.ts";
import { endpointId, type HashOnInput, type TargetInput, type UpstreamPolicy } from "../../core/upstream.ts";
import type { Call } from "./call.ts";
import { type Bindings, type Outcome, type Target, targetOf, type Upstream } from "./upstream.ts";

/** Where endpoints come from that register themselves. */
export interface Roster {
  /** What is new since it was last asked; undefined where nothing is. Waits only while nothing is known at all. */
  news(now: number): readonly RosterMember[] | undefined | Promise<readonly RosterMember[] | undefined>;
}

export interface RosterMember extends Member {
  readonly target: TargetInput;
}

export interface PoolSettings {
  readonly name: string;
  readonly policy: UpstreamPolicy;
  readonly principalHeader: string | undefined;
  readonly roster: Roster | undefined;
}

const NEVER_ENDING_MS = 3_600_000; // a call without a deadline is not counted for longer
const FAILURE_MS = 15_000; // what a failure of a call without a deadline counts as
const SLOTS = 65_536;

/** @returns undefined where a binding is missing, or is no service */
export function pool({ name, policy, principalHeader, roster }: PoolSettings, bindings: Bindings): Upstream | undefined {
  const listed: RosterMember[] = policy.endpoints.map(({ target, weight, priority }) => {
    return { id: endpointId(target), target, weight, priority, isDraining: false };
  });
  const targets = new Map<string, Target>();
  for (const { id, target } of listed) {
    const found = targetOf(target, bindings);
    if (found === undefined) return undefined;
    targets.set(id, found);
  }
  const fleet = new Fleet(listed, { ...policy, slots: SLOTS });
  const reported = new Map<string, number>();

  const take = (registered: readonly RosterMember[]): void => {
    const all = [...listed, ...registered.filter(({ id }) => !listed.some((one) => one.id === id))];
    for (const { id, target } of all) {
      const found = targets.get(id) ?? targetOf(target, bindings);
      if (found !== undefined) targets.set(id, found);
    }
    fleet.replace(all.filter(({ id }) => targets.has(id)));
    const staying = new Set(all.map(({ id }) => id));
    for (const id of targets.keys()) if (!staying.has(id)) targets.delete(id);
    for (const id of reported.keys()) if (!staying.has(id)) reported.delete(id);
  };

  const pick = (call: Call) => {
    const now = Date.now();
    const tried = call.attempt?.tried ?? NOBODY;
    const found = fleet.pick({ key: keyOf(call, policy.hashOn, principalHeader), now, dice: Math.random, tried });
    if (found.kind !== "found") throw new Rejected({ kind: "no_endpoint", upstream: name, isFull: found.kind === "full" });
    const { id } = found;
    call.attempt?.tried.add(id);
    const lease = fleet.begin(id, now, Math.min(call.deadlineAt, now + NEVER_ENDING_MS))!;
    const scoreMs = Number.isFinite(call.deadlineAt) ? call.deadlineAt - call.receivedAt : FAILURE_MS;
    const { base, fetch } = targets.get(id)!;
    const ended = (outcome: Outcome): void => {
      if (outcome.kind === "dropped") fleet.drop(id, lease);
      else if (outcome.kind === "failed") fleet.failed(id, lease, Date.now(), scoreMs);
      else {
        if (outcome.predictedMs > 0) reported.set(id, outcome.predictedMs);
        fleet.succeeded(id, lease, Date.now());
      }
    };
    const medianMs = reported.size * 2 < fleet.size ? 0 : medianOf([...reported.values()]);
    return { endpoint: id, base, fetch, medianMs, ended };
  };

  if (roster === undefined) return { name, pick };
  return {
    name,
    pick(call) {
      const news = roster.news(Date.now());
      if (!(news instanceof Promise)) {
        if (news !== undefined) take(news);
        return pick(call);
      }
      return news.then((members) => {
        if (members !== undefined) take(members);
        return pick(call);
      });
    },
  };
}

const NOBODY: ReadonlySet<string> = new Set();

/** What hashing balancers go by. A caller without that header, cookie or parameter is told apart by address. */
function keyOf({ request, outgoing }: Call, hashOn: HashOnInput, principalHeader: string | undefined): number {
  return hash32(chosen(request, outgoing.query, hashOn, principalHeader) ?? callerOf(request.headers.get("cf-connecting-ip")));
}

function chosen({ headers }: Request, query: string, hashOn: HashOnInput, principalHeader: string | undefined): string | null | undefined {
  if (hashOn === "ip") return undefined;
  if (hashOn === "principal") return principalHeader === undefined ? undefined : headers.get(principalHeader);
  if ("header" in hashOn) return headers.get(hashOn.header);
  if ("query" in hashOn) return new URLSearchParams(query).get(hashOn.query);
  const cookies = headers.get("cookie")?.split(/;\s*/) ?? [];
  return cookies.find((cookie) => cookie.startsWith(`${hashOn.cookie}=`))?.slice(hashOn.cookie.length + 1);
}
