// Subjects of the benchmark that differ in one number alone: whether the cost of a call depends on it.
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
