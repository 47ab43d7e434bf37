// RegistryService, by which endpoints register: checks the request, then calls the Durable Object of the service.
import type { DescMethod } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createServiceImplSpec, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { RegistryPolicy } from "../../../core/config/admin.ts";
import { printable } from "../../../core/protocol/printable.ts";
import { hostKind } from "../../../core/registry/endpoint-host.ts";
import { parseRegistration } from "../../../core/registry/registration.ts";
import type { EndpointSnapshot, RegisteredEndpoint } from "../../../core/registry/registry.ts";
import type { HashRing, RegistryOutcome } from "../../../durable-objects/hash-ring.ts";
import { type Endpoint as EndpointMessage, EndpointSchema, RegistryService } from "../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import { type AdminAccess, ARRIVED_AT_HEADER } from "../layers/admin-access.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { logChange } from "./audit.ts";
import { servedToAdmins } from "./served.ts";

export interface RegistrySettings extends RegistryPolicy {
  readonly access: AdminAccess;
  readonly services: ReadonlySet<string>; // services that endpoints may register for
  readonly isLocal: boolean; // runs elsewhere than on Cloudflare's network
  readonly nativeGrpc: ReadonlySet<string>; // the services among them that are called in native gRPC
  readonly rings: DurableObjectNamespace<HashRing>;
}

const WATCH_INTERVAL_MS = 1_000;
const CODES = { not_found: Code.NotFound, exists: Code.AlreadyExists, moved: Code.Aborted, full: Code.ResourceExhausted } as const;

/** The methods of RegistryService. */
export function registryMethods(settings: RegistrySettings): ReadonlyMap<DescMethod, ServedMethod> {
  const service = createServiceImplSpec<typeof RegistryService>(RegistryService, registryService(settings));
  return servedToAdmins("registry", service, settings.access);
}

function registryService(settings: RegistrySettings): ServiceImpl<typeof RegistryService> {
  const { services, nativeGrpc, rings } = settings;
  const ringOf = (service: string): DurableObjectStub<HashRing> => {
    if (service === "") throw new ConnectError("service is empty; write the full name of a service", Code.FailedPrecondition);
    if (!services.has(service))
      throw new ConnectError(
        `service ${printable(service)} takes no registrations; set upstream.registry of the service`,
        Code.FailedPrecondition,
      );
    return rings.getByName(service);
  };
  return {
    async register({ service, endpoint, leaseMs, expectedRevision }, context) {
      const ring = ringOf(service);
      if (endpoint === undefined) throw new ConnectError("endpoint is missing; write one", Code.InvalidArgument);
      const ownHosts = [...settings.ownHosts, ...arrivedAt(context)];
      const rules = { ...settings, ownHosts, isNativeGrpc: nativeGrpc.has(service), partsOf };
      const registration = parseRegistration({ ...endpoint, leaseMs }, rules);
      if ("problems" in registration) throw new ConnectError(registration.problems.join("; "), Code.InvalidArgument);
      const registered = endpointOf(await ring.register(registration, Number(expectedRevision)));
      logChange(context, `${service} ${registration.id} at ${registration.url}`);
      return registered;
    },
    renew: async ({ service, id }) => endpointOf(await ringOf(service).renew(id)),
    async drain({ service, id, reason }, context) {
      if (reason.length > 500) throw new ConnectError("reason: write at most 500 characters, for the audit", Code.InvalidArgument);
      const draining = endpointOf(await ringOf(service).drain(id));
      logChange(context, reason === "" ? `${service} ${id}` : `${service} ${id}: ${reason}`);
      return draining;
    },
    async deregister({ service, id }, context) {
      endpointOf(await ringOf(service).deregister(id));
      logChange(context, `${service} ${id}`);
      return {};
    },
    async listEndpoints({ service }) {
      const ring = ringOf(service);
      const [snapshot, changes] = await Promise.all([ring.snapshot(-1), ring.changes()]);
      return {
        ...listOf(snapshot),
        changes: changes.map(({ version, at, action, id }) => ({ version: BigInt(version), time: timestampFromMs(at), action, id })),
      };
    },
    async *watchEndpoints({ service }, context) {
      const ring = ringOf(service);
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

/** The host at which a registration has arrived is the gateway's own. A private one may have other servers at other ports. */
function arrivedAt({ requestHeader }: HandlerContext): string[] {
  const protocol = requestHeader.get("x-forwarded-proto") ?? "https";
  const parts = URL.parse(`${protocol}://${requestHeader.get(ARRIVED_AT_HEADER) ?? ""}`);
  if (parts === null) return [];
  const port = parts.port || (protocol === "http" ? "80" : "443");
  return [hostKind(parts.hostname) === "private" ? `${parts.hostname}:${port}` : parts.hostname];
}

function partsOf(url: string): URL | undefined {
  return URL.parse(url) ?? undefined;
}
