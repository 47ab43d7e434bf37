// The subjects of identity: what it costs a call that its credential has been verified before, and what it costs to verify it.
import { bearer } from "../test/support/callers.ts";
import { connectCall, GATEWAY_OBJECTS, type LoadRequest, type Subject } from "./subjects.ts";

export const IDENTITY: Readonly<Record<string, Subject>> = {
  "gateway-token": {
    entry: "bench/workers/gateway-identity.ts",
    about: "the gateway without a rate limit, whose calls bring a JWT that it does not look at",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    prepare: () => withToken(connectCall()),
  },
  "gateway-jwt": {
    entry: "bench/workers/gateway-identity.ts",
    about: "the same where each call needs a principal: the cost of identity, its token verified before",
    upstreams: ["USERS", "ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    variables: { AUTHENTICATED: "true" },
    prepare: () => withToken(connectCall()),
  },
  "jwt-cold": {
    entry: "bench/workers/jwt-cold.ts",
    about: "the constant behind the verification of a JWT with ES256, of which nothing is cached",
    prepare: () => withToken(connectCall()),
  },
};

async function withToken(request: LoadRequest): Promise<LoadRequest> {
  return { ...request, headers: { ...request.headers, ...(await bearer("bench", { scope: "users.read" })) } };
}
