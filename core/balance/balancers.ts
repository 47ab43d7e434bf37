// The table of balancers: the names that an operator may configure. A new algorithm is tested by the contract suite once it is listed here.

import type { BalancerName } from "../config/upstream.ts";
import { consistentHash } from "./algorithms/consistent-hash.ts";
import { learnedCost } from "./algorithms/learned-cost.ts";
import { leastRequest } from "./algorithms/least-request.ts";
import { leastTime } from "./algorithms/least-time.ts";
import { maglev } from "./algorithms/maglev.ts";
import { p2cEwma } from "./algorithms/p2c-ewma.ts";
import { random } from "./algorithms/random.ts";
import { rendezvous } from "./algorithms/rendezvous.ts";
import { roundRobin } from "./algorithms/round-robin.ts";
import { weighted } from "./algorithms/weighted.ts";
import type { BalancerKind } from "./balancer.ts";

/** What a balancer promises unless its row says otherwise; the contract tests check each row. */
const PLAIN = { usesKey: false, usesWeight: false, prefersIdle: false, prefersFast: false, isCyclic: false } as const;
const BY_LOAD = { ...PLAIN, prefersIdle: true, prefersFast: true } as const;
const BY_KEY = { ...PLAIN, usesKey: true, usesWeight: true } as const;

export const BALANCERS = {
  least_time: { ...BY_LOAD, about: "least calls in flight x response time", create: leastTime },
  learned: { ...BY_LOAD, about: "least work in flight x response time; learns what methods cost", create: learnedCost },
  round_robin: { ...PLAIN, isCyclic: true, about: "one after the other", create: roundRobin },
  weighted: { ...PLAIN, isCyclic: true, usesWeight: true, about: "round robin by weight, interleaved", create: weighted },
  random: { ...PLAIN, usesWeight: true, about: "at random, by weight", create: random },
  least_request: { ...PLAIN, prefersIdle: true, about: "fewer calls in flight, of two drawn at random", create: leastRequest },
  p2c_ewma: { ...BY_LOAD, about: "less peak latency x calls in flight, of two drawn at random", create: p2cEwma },
  consistent_hash: { ...BY_KEY, about: "by key; an endpoint that leaves moves only its own keys", create: consistentHash },
  maglev: { ...BY_KEY, about: "by key; the most even shares, a change also moves some keys of others", create: maglev },
  rendezvous: { ...BY_KEY, about: "by key; exact shares, for few endpoints", create: rendezvous },
} as const satisfies Readonly<Record<BalancerName, BalancerKind>>;
