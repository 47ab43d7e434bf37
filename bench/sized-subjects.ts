// Further subjects of the benchmark: those that differ in one number alone, those whose calls are observed, and writes.
import { connectCall, GATEWAY_OBJECTS, type LoadRequest, type Subject } from "./subjects.ts";

/** This gateway with so many routes, or endpoints, or callers that are limited: the cost of a call should not depend on them. */
function sized(variables: Readonly<Record<string, string>>, callers?: number): Subject {
  return {
    entry: "bench/workers/gateway-sized.ts",
    about: "this gateway with a leased limit",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
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

const WRITES = "bench/workers/host/keyed.ts";
const WRITE_OBJECTS = [
  { binding: "IDEMPOTENCY_STORE", className: "IdempotencyStore" },
  { binding: "LEDGER", className: "Ledger" },
];

const createUser = (): LoadRequest => ({
  method: "POST",
  path: "/users.v1.UserService/CreateUser",
  headers: { "content-type": "application/json", "connect-protocol-version": "1", "idempotency-key": '"one key for all"' },
  body: JSON.stringify({ user: { displayName: "Ada", email: "ada@example.com" } }),
});

function writing(MODE: string, about: string): Subject {
  return { entry: WRITES, about, objects: WRITE_OBJECTS, variables: { MODE }, prepare: createUser };
}

/** Measured where `--only` names them. In each but `write-replayed`, every call has a key of its own. */
export const KEYED: Readonly<Record<string, Subject>> = {
  "write-plain": writing("plain", "the service host, a write that stores nothing; its key is ignored"),
  "write-stored": writing("stored", "the same, its response recorded in the store: a first call"),
  "write-replayed": writing("replayed", "the same, a repeat"),
  "write-effect": writing("effect", "a write of one row in a Durable Object; its key is ignored"),
  "write-once": writing("once", "the same, recorded with `once`"),
};
