// RegistryService, by which endpoints register: checks the token and the request, then calls the Durable Object of the service.
import type { DescMethod } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createServiceImplSpec, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { RegistryPolicy } from "../../../core/config/admin.ts";
import type { RoutePolicy } from "../../../core/config/route.ts";
import { parseRegistration } from "../../../core/registry/registration.ts";
import type { EndpointSnapshot, RegisteredEndpoint } from "../../../core/registry/registry.ts";
import type { HashRing, RegistryOutcome } from "../../../durable-objects/hash-ring.ts";
import { type Endpoint as EndpointMessage, EndpointSchema, RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { requireBearer } from "./bearer.ts";
import { served } from "./served.ts";

export interface RegistrySettings extends RegistryPolicy {
  readonly token: string; // the secret behind `tokenBinding`
  readonly services: ReadonlySet<string>; // services that endpoints may register for
  readonly nativeGrpc: ReadonlySet<string>; // the services among them that are called in native gRPC
  readonly rings: DurableObjectNamespace<HashRing>;
}

const WATCH_INTERVAL_MS = 1_000;
const CODES = { not_found: Code.NotFound, exists: Code.AlreadyExists, moved: Code.Aborted, full: Code.ResourceExhausted } as const;

/** The methods of RegistryService. */
export function registryMethods(settings: RegistrySettings, policy: RoutePolicy): ReadonlyMap<DescMethod, ServedMethod> {
  return served("registry", [createServiceImplSpec<typeof RegistryService>(RegistryService, registryService(settings))], policy);
}

function registryService(settings: RegistrySettings): ServiceImpl<typeof RegistryService> {
  const { token, services, nativeGrpc, rings, allowPrivate, ownHosts } = settings;
  const ringOf = (service: string, { requestHeader }: HandlerContext): DurableObjectStub<HashRing> => {
    requireBearer(requestHeader, token, "endpoint registry");
    if (service === "") throw new ConnectError("service is empty; write the full name of a service", Code.FailedPrecondition);
    if (!services.has(service))
      throw new ConnectError(`service ${service} takes no registrations; set upstream.registry of the service`, Code.FailedPrecondition);
    return rings.getByName(service);
  };
  return {
    async register({ service, endpoint, leaseMs, expectedRevision }, context) {
      const ring = ringOf(service, context);
      if (endpoint === undefined) throw new ConnectError("endpoint is missing; write one", Code.InvalidArgument);
      const rules = { allowPrivate, ownHosts, isNativeGrpc: nativeGrpc.has(service), hostOf };
      const registration = parseRegistration({ ...endpoint, leaseMs }, rules);
      if ("problems" in registration) throw new ConnectError(registration.problems.join("; "), Code.InvalidArgument);
      return endpointOf(await ring.register(registration, Number(expectedRevision)));
    },
    renew: async ({ service, id }, context) => endpointOf(await ringOf(service, context).renew(id)),
    drain: async ({ service, id }, context) => endpointOf(await ringOf(service, context).drain(id)),
    async deregister({ service, id }, context) {
      endpointOf(await ringOf(service, context).deregister(id));
      return {};
    },
    async listEndpoints({ service }, context) {
      const ring = ringOf(service, context);
      const [snapshot, changes] = await Promise.all([ring.snapshot(-1), ring.changes()]);
      return {
        ...listOf(snapshot),
        changes: changes.map(({ version, at, action, id }) => ({ version: BigInt(version), time: timestampFromMs(at), action, id })),
      };
    },
    async *watchEndpoints({ service }, context) {
      const ring = ringOf(service, context);
      let version = -1;
      while (!context.signal.aborted) {
        const snapshot = await ring.snapshot(version);
        if (snapshot.kind === "changed") yield listOf(snapshot);
        version = snapshot.version;
        await scheduler.wait(WATCH_INTERVAL_MS, { signal: context.signal }).catch(() => undefined);
      }
    },
  };
}

function listOf(snapshot: EndpointSnapshot) {
  const endpoints = snapshot.kind === "changed" ? snapshot.endpoints : [];
  return { version: BigInt(snapshot.version), endpoints: endpoints.map(endpointMessage) };
}

/** @throws ConnectError if the Durable Object has refused the change */
function endpointOf(outcome: RegistryOutcome): EndpointMessage {
  if (outcome.kind === "ok") return endpointMessage(outcome.endpoint);
  throw new ConnectError(outcome.message, CODES[outcome.problem]);
}

function endpointMessage(endpoint: RegisteredEndpoint): EndpointMessage {
  const { id, url, weight, priority, zone, metadata, isDraining, isHealthy, revision, expiresAt } = endpoint;
  const facts = { id, url, weight, priority, zone, metadata: { ...metadata }, isDraining, isHealthy };
  return create(EndpointSchema, { ...facts, revision: BigInt(revision), expireTime: timestampFromMs(expiresAt) });
}

function hostOf(url: string): URL | undefined {
  return URL.parse(url) ?? undefined;
}
