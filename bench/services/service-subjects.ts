// The subjects of services: what one call from service to service costs in each way, and the chain from client to service.
import { connectCall, GATEWAY_OBJECTS, type Subject } from "../subjects.ts";

const HOST: Subject = { entry: "bench/workers/host/host.ts", about: "", prepare: () => connectCall() };

function call(WAY: string, about: string): Subject {
  const worker = { entry: "bench/workers/calls/callee.ts", about: "", prepare: () => connectCall() };
  return { entry: "bench/workers/calls/caller.ts", about, variables: { WAY }, workers: { CALLEE: worker }, prepare: () => connectCall() };
}

/** Measured where `--only` names them. */
export const SERVICES: Readonly<Record<string, Subject>> = {
  "call-none": call("none", "a Worker that reads its request, and calls nothing"),
  "call-handler": call("handler", "one call to a service of the same isolate: `inProcess`"),
  "call-binding": call("binding", "the same over a service binding: `transportTo`"),
  "call-exports": call("exports", "the same over `ctx.exports`, an entrypoint of the same Worker"),
  "call-rpc": call("rpc", "a method of Workers RPC over the same binding, with plain objects, without the guarantees of a call"),
  "chain-bare": {
    entry: "bench/workers/pass-through.ts",
    about: "two Workers: one forwards over a service binding, the other one returns a constant",
    workers: { UPSTREAM: { entry: "bench/workers/bare.ts", about: "", prepare: () => connectCall() } },
    prepare: () => connectCall(),
  },
  "chain-host": {
    entry: "bench/workers/pass-through.ts",
    about: "the same with a service of `defineService` in the place of the constant",
    workers: { UPSTREAM: HOST },
    prepare: () => connectCall(),
  },
  chain: {
    entry: "bench/workers/gateway.ts",
    about: "client, this gateway as it ships, and a service of `defineService`, over a service binding",
    upstreams: ["ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: HOST },
    prepare: () => connectCall(),
  },
  "chain-unlimited": {
    entry: "bench/workers/gateway-unlimited.ts",
    about: "the same without a rate limit",
    upstreams: ["ORDERS", "NOTIFICATIONS"],
    gatewayObjects: GATEWAY_OBJECTS,
    workers: { USERS: HOST },
    prepare: () => connectCall(),
  },
};
