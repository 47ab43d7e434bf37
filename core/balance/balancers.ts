// The table of balancers: what an operator may name. A new file is tested by being listed.
import type { BalancerKind } from "./balancer.ts";
import { consistentHash } from "./consistent-hash.ts";
import { learnedCost } from "./learned-cost.ts";
import { leastRequest } from "./least-request.ts";
import { leastTime } from "./least-time.ts";
import { maglev } from "./maglev.ts";
import { p2cEwma } from "./p2c-ewma.ts";
import { random } from "./random.ts";
import { rendezvous } from "./rendezvous.ts";
import { roundRobin } from "./round-robin.ts";
import { weighted } from "./weighted.ts";

/** What a balancer promises unless its row says otherwise; the contract tests hold each row to it. */
const PLAIN = { usesKey: false, usesWeight: false, prefersIdle: false, prefersFast: false, isCyclic: false } as const;
const BY_LOAD = { ...PLAIN, prefersIdle: true, prefersFast: true } as const;
const BY_KEY = { ...PLAIN, usesKey: true, usesWeight: true } as const;

export const BALANCERS = {
  least_time: { ...BY_LOAD, about: "least calls in flight x response time", create: leastTime },
  learned: { ...BY_LOAD, about: "least work in flight x response time; learns what methods cost", create: learnedCost },
  round_robin: { ...PLAIN, isCyclic: true, about: "one after the other", create: roundRobin },
  weighted: { ...PLAIN, isCyclic: true, usesWeight: true, about: "round robin by weight, interleaved", create: weighted },
  random: { ...PLAIN, usesWeight: true, about: "by chance, by weight", create: random },
  least_request: { ...PLAIN, prefersIdle: true, about: "fewer calls in flight, of two", create: leastRequest },
  p2c_ewma: { ...BY_LOAD, about: "less peak latency x calls in flight, of two", create: p2cEwma },
  consistent_hash: { ...BY_KEY, about: "by key; who leaves moves only its own keys", create: consistentHash },
  maglev: { ...BY_KEY, about: "by key; the most even shares, a change moves some more", create: maglev },
  rendezvous: { ...BY_KEY, about: "by key; exact shares, for few endpoints", create: rendezvous },
} as const satisfies Readonly<Record<string, BalancerKind>>;

export type BalancerName = keyof typeof BALANCERS;
