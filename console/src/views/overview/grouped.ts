// Traffic by service: the routes of a service together.
import type { RouteTraffic } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";

/** Calls of a path at which nothing is served. */
const NO_ROUTE = "(no route)";

export interface TrafficRow {
  readonly name: string;
  readonly routes: number;
  readonly rate: number; // calls per second
  readonly errorRatio: number; // 0 to 1
  readonly p50: number; // ms; of several routes, that of the slowest one
  readonly p95: number;
  readonly p99: number;
  readonly upstreamP95: number;
  readonly inFlight: number;
  readonly codes: ReadonlyMap<string, bigint>;
}

export function byRoute(routes: readonly RouteTraffic[]): readonly TrafficRow[] {
  return routes.map(({ route, traffic }) => rowOf(route === "" ? NO_ROUTE : route, traffic));
}

/** Rates and counts add up, and errors are weighted by rate. Percentiles do not add up: the largest one is shown. */
export function byService(routes: readonly RouteTraffic[]): readonly TrafficRow[] {
  const rows = new Map<string, TrafficRow>();
  for (const { route, traffic } of routes) {
    const name = serviceOf(route);
    const one = rowOf(name, traffic);
    const before = rows.get(name);
    rows.set(name, before === undefined ? one : together(before, one));
  }
  return [...rows.values()];
}

/** @param route `users.v1.UserService/GetUser`, or a prefix of plain HTTP, which is its own service */
export function serviceOf(route: string): string {
  const at = route.indexOf("/");
  return at > 0 ? route.slice(0, at) : route === "" ? NO_ROUTE : route;
}

function rowOf(name: string, traffic: RouteTraffic["traffic"]): TrafficRow {
  return {
    name,
    routes: 1,
    rate: traffic?.rate ?? 0,
    errorRatio: traffic?.errorRatio ?? 0,
    p50: traffic?.p50Ms ?? 0,
    p95: traffic?.p95Ms ?? 0,
    p99: traffic?.p99Ms ?? 0,
    upstreamP95: traffic?.upstreamP95Ms ?? 0,
    inFlight: Number(traffic?.inFlight ?? 0n),
    codes: new Map((traffic?.codes ?? []).map(({ code, count }) => [code, count])),
  };
}

function together(a: TrafficRow, b: TrafficRow): TrafficRow {
  const rate = a.rate + b.rate;
  const codes = new Map(a.codes);
  for (const [code, count] of b.codes) codes.set(code, (codes.get(code) ?? 0n) + count);
  return {
    name: a.name,
    routes: a.routes + b.routes,
    rate,
    errorRatio: rate === 0 ? 0 : (a.rate * a.errorRatio + b.rate * b.errorRatio) / rate,
    p50: Math.max(a.p50, b.p50),
    p95: Math.max(a.p95, b.p95),
    p99: Math.max(a.p99, b.p99),
    upstreamP95: Math.max(a.upstreamP95, b.upstreamP95),
    inFlight: a.inFlight + b.inFlight,
    codes,
  };
}
