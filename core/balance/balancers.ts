// The table of balancers: what an operator may name. A new file is tested by being listed.
import type { BalancerKind } from "./balancer.ts";
import { consistentHash } from "./consistent-hash.ts";
import { learned } from "./learned.ts";
import { leastRequest } from "./least-request.ts";
import { leastTime } from "./least-time.ts";
import { maglev } from "./maglev.ts";
import { p2cEwma } from "./p2c-ewma.ts";
import { random } from "./random.ts";
import { rendezvous } from "./rendezvous.ts";
import { roundRobin } from "./round-robin.ts";
import { weighted } from "./weighted.ts";

export const BALANCERS = {
  least_time: { about: "least calls in flight x response time", goesByKey: false, goesByWeight: false, create: leastTime },
  learned: {
    about: "least work in flight x response time; learns what methods cost",
    goesByKey: false,
    goesByWeight: false,
    create: learned,
  },
  round_robin: { about: "one after the other", goesByKey: false, goesByWeight: false, create: roundRobin },
  weighted: { about: "round robin by weight, interleaved", goesByKey: false, goesByWeight: true, create: weighted },
  random: { about: "by chance, by weight", goesByKey: false, goesByWeight: true, create: random },
  least_request: { about: "fewer calls in flight, of two", goesByKey: false, goesByWeight: false, create: leastRequest },
  p2c_ewma: { about: "less peak latency x calls in flight, of two", goesByKey: false, goesByWeight: false, create: p2cEwma },
  consistent_hash: { about: "by key; who leaves moves only its own keys", goesByKey: true, goesByWeight: true, create: consistentHash },
  maglev: { about: "by key; the most even shares, a change moves some more", goesByKey: true, goesByWeight: true, create: maglev },
  rendezvous: { about: "by key; exact shares, for few endpoints", goesByKey: true, goesByWeight: true, create: rendezvous },
} as const satisfies Readonly<Record<string, BalancerKind>>;

export type BalancerName = keyof typeof BALANCERS;
