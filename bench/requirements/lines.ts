// The lines of requirements E1 to E4 and E6: what is compared, what it has to be, and whether it is. Pure.
import type { Figures } from "../measure.ts";

/** A figure of one subject over the same figure of another. */
export interface Comparison {
  readonly id: string; // id of the requirement
  readonly what: string;
  readonly subject: string;
  readonly base: string;
  readonly figure: (figures: Figures) => number;
  readonly atLeast?: number; // least ratio; either this or `atMost` is set
  readonly atMost?: number;
}

export interface Line {
  readonly id: string;
  readonly text: string;
  readonly isMet: boolean;
}

const throughput = ({ requestsPerSecond }: Figures): number => requestsPerSecond;
const p95 = ({ p95Ms }: Figures): number => p95Ms;
const p99 = ({ p99Ms }: Figures): number => p99Ms;
const cpu = ({ cpuMicrosPerRequest }: Figures): number => cpuMicrosPerRequest;
const subrequests = ({ bindingCallsPerRequest }: Figures): number => bindingCallsPerRequest + 1; // with the call of the upstream
const allocated = ({ allocatedBytes }: Figures): number => allocatedBytes;

/** Behind the network; each connection has a request in flight at all times. */
export const BEHIND_NETWORK: readonly Comparison[] = [
  { id: "E1", what: "requests/s of a gateway", subject: "gateway", base: "naive", figure: throughput, atLeast: 5 },
  { id: "E2", what: "requests/s of a service", subject: "host-json", base: "naive", figure: throughput, atLeast: 4 },
  {
    id: "E3",
    what: "requests/s of a gateway and a service",
    subject: "gateway-and-host",
    base: "naive-and-host",
    figure: throughput,
    atLeast: 5,
  },
  { id: "E4", what: "P95 of all connections at work", subject: "gateway", base: "naive", figure: p95, atMost: 1 / 5 },
  { id: "E4", what: "P99 of all connections at work", subject: "gateway", base: "naive", figure: p99, atMost: 1 / 4 },
];

/** Without the network, which takes CPU time and memory itself: what a request costs. */
export const COST: readonly Comparison[] = [
  { id: "E6", what: "CPU of a request", subject: "gateway", base: "naive", figure: cpu, atMost: 0.8 },
  { id: "E6", what: "bytes allocated for a request", subject: "gateway", base: "naive", figure: allocated, atMost: 0.7 },
  { id: "E6", what: "subrequests of a request", subject: "gateway", base: "naive", figure: subrequests, atMost: 0.6 },
  { id: "E1", what: "CPU of a request that the cache answers", subject: "gateway-cached", base: "naive", figure: cpu, atMost: 1 / 5 },
  { id: "E1", what: "CPU of a request that a limit refuses", subject: "gateway-refused", base: "naive", figure: cpu, atMost: 1 / 5 },
];

/** Behind the network; both receive the same requests per second: as many as the slower one serves. */
export const EQUAL_LOAD: readonly Comparison[] = [
  { id: "E4", what: "P95 at equal load", subject: "gateway", base: "naive", figure: p95, atMost: 1 / 5 },
  { id: "E4", what: "P99 at equal load", subject: "gateway", base: "naive", figure: p99, atMost: 1 / 4 },
];

/** @returns a line for each comparison whose two subjects were measured */
export function linesOf(comparisons: readonly Comparison[], figures: Readonly<Record<string, Figures>>): Line[] {
  return comparisons.flatMap(({ id, what, subject, base, figure, atLeast, atMost }) => {
    const [own, other] = [figures[subject], figures[base]];
    if (own === undefined || other === undefined) return [];
    const [value, baseValue] = [figure(own), figure(other)];
    const ratio = value / baseValue;
    const isMet = ratio >= (atLeast ?? 0) && ratio <= (atMost ?? Number.POSITIVE_INFINITY);
    const goal = atLeast === undefined ? `at most ${atMost!.toFixed(2)}` : `at least ${atLeast.toFixed(2)}`;
    const numbers = `${subject} ${shown(value)}, ${base} ${shown(baseValue)}: ${ratio.toFixed(2)} x`;
    return [{ id, text: `${id}  ${what}: ${numbers}; goal ${goal}: ${isMet ? "met" : "missed"}`, isMet }];
  });
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
