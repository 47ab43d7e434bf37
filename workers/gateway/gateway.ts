// Compiles each route's pipeline, once, and takes each request to its own.
import type { DescMethod } from "@bufbuild/protobuf";
import { canonicalPath } from "../../core/path.ts";
import type { Rejection } from "../../core/rejection.ts";
import type { HashRing } from "../../durable-objects/hash-ring.ts";
import type { TokenBucket } from "../../durable-objects/token-bucket.ts";
import type { Call, Handler, Protocol } from "./call.ts";
import type { Configuration } from "./configuration.ts";
import { discoveryEndpoints } from "./discovery.ts";
import { requestHeaders } from "./headers.ts";
import { ExactBuckets } from "./limit/exact.ts";
import { Leases } from "./limit/leases.ts";
import { MOST_BUCKETS } from "./limit/limiter.ts";
import { LocalBuckets } from "./limit/local.ts";
import { pipeline, refuse } from "./pipeline.ts";
import { protocolFor, protocolOf, REST } from "./protocol.ts";
import { registryEndpoints } from "./registry.ts";
import type { RestRoute } from "./transcode/rules.ts";

export type Gateway = (request: Request) => Promise<Response>;

const MAX_URL_BYTES = 16_384; // what Cloudflare's edge lets through

/** One request after the other, each to the handler of its own route. */
export function createGateway({ policy, endpoints, rest, validate, ...bound }: Configuration): Gateway {
  const buckets = bound.buckets as DurableObjectNamespace<TokenBucket>;
  const shards = policy.rateLimitShards;
  const limiters = {
    local: new LocalBuckets(MOST_BUCKETS),
    leased: new Leases(buckets, shards, MOST_BUCKETS),
    exact: new ExactBuckets(buckets, shards),
  };
  const byProcedure = new Map<string, { method: DescMethod; handler: Handler }>();
  // What an operator has listed goes where the configuration says; discovery is ours where nobody has.
  const own = policy.discovery ? discoveryEndpoints(endpoints, policy.defaults) : [];
  const { registry } = policy;
  const services = new Set([...policy.services].filter(([, { upstream }]) => upstream.registry).map(([name]) => name));
  const registering =
    registry === undefined
      ? []
      : registryEndpoints(
          { ...registry, token: bound.registryToken, services, rings: bound.rings as DurableObjectNamespace<HashRing> },
          policy.defaults,
        );
  for (const [method, endpoint] of [...own, ...registering, ...endpoints]) {
    const handler = pipeline({ method, ...endpoint, limiters, gateway: policy, validate });
    byProcedure.set(`/${method.parent.typeName}/${method.name}`, { method, handler });
  }
  const byRule = new Map<RestRoute, Handler>();
  for (const rule of rest.routes) {
    const { method } = rule;
    byRule.set(rule, pipeline({ method, ...endpoints.get(method)!, limiters, gateway: policy, validate }, rule));
  }

  return async (request) => {
    const receivedAt = Date.now();
    const at = canonicalPath(request.url);
    if (at.kind === "invalid") return refused(request, "", receivedAt, { kind: "invalid_path", message: at.problem });
    const { path, query } = at;
    if (request.url.length > MAX_URL_BYTES) return refused(request, path, receivedAt, { kind: "url_too_long", maxBytes: MAX_URL_BYTES });

    const rpc = byProcedure.get(path);
    if (rpc !== undefined) {
      const protocol = protocolFor(request, rpc.method);
      if ("refusal" in protocol) return refused(request, path, receivedAt, protocol.refusal, protocol.spoken);
      return rpc.handler(callOf(request, protocol, path, query, receivedAt));
    }
    const match = rest.match(request.method, path);
    if (match.kind === "found") return byRule.get(match.route)!(callOf(request, REST, path, query, receivedAt, match.variables));
    if (protocolOf(request).kind !== "rest") return refused(request, path, receivedAt, { kind: "unknown_procedure", procedure: path });
    if (match.kind === "unknown_path") return refused(request, path, receivedAt, { kind: "unknown_path", path });
    return refused(request, path, receivedAt, { kind: "method_not_allowed", method: request.method, allow: match.allow });
  };
}

function callOf(
  request: Request,
  protocol: Protocol,
  path: string,
  query: string,
  receivedAt: number,
  variables: Call["variables"] = [],
): Call {
  const outgoing = { method: request.method, path, query, headers: requestHeaders(request.headers), body: request.body };
  return { request, protocol, receivedAt, deadlineAt: Number.POSITIVE_INFINITY, signal: null, variables, outgoing };
}

function refused(
  request: Request,
  path: string,
  receivedAt: number,
  rejection: Rejection,
  protocol = protocolOf(request),
): Promise<Response> {
  return refuse(rejection)(callOf(request, protocol, path, "", receivedAt));
}
