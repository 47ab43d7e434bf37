// Further subjects of the benchmark: those that differ in one number alone, on which the cost of a call may depend, and those whose calls are observed.
import { connectCall, GATEWAY_OBJECTS, type Subject } from "./subjects.ts";

/** This gateway with so many routes, or endpoints, or callers that are limited: the cost of a call should not depend on them. */
function sized(variables: Readonly<Record<string, string>>, callers?: number): Subject {
  return {
    entry: "bench/workers/gateway-sized.ts",
    about: "this gateway with a leased limit",
    upstreams: ["USERS", "ORDERS"],
    gatewayObjects: GATEWAY_OBJECTS,
    variables,
    prepare: () => ({ ...connectCall(), ...(callers === undefined ? {} : { callers }) }),
  };
}

/** Measured where `--only` names them: whether the cost of a call is flat. */
export const SIZED: Readonly<Record<string, Subject>> = {
  "routes-10": sized({ ROUTES: "10" }),
  "routes-100": sized({ ROUTES: "100" }),
  "routes-1000": sized({ ROUTES: "1000" }),
  "keys-10": sized({}, 10),
  "keys-10000": sized({}, 10_000),
  "endpoints-3": sized({ ENDPOINTS: "3" }),
  "endpoints-1000": sized({ ENDPOINTS: "1000" }),
};

/** This gateway without a limit; the `traceparent` of its calls says that they are sampled. */
function traced(TRACING: "collector" | "platform", about: string): Subject {
  return {
    entry: "bench/workers/gateway-traced.ts",
    about,
    upstreams: ["USERS"],
    gatewayObjects: GATEWAY_OBJECTS,
    variables: { TRACING },
    ...(TRACING === "platform" && { tail: "bench/workers/tail.ts" }),
    prepare: () => connectCall(),
  };
}

/** Measured where `--only` names them. */
export const OBSERVED: Readonly<Record<string, Subject>> = {
  "spans-collector": traced("collector", "gateway-unlimited, whose calls are all sampled: two spans of each go to a collector, in batches"),
  "spans-platform": traced("platform", "gateway-unlimited, whose calls each have a span in the platform's traces, with attributes"),
};
