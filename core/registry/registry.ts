// The endpoints of one service that register themselves: leases, draining, health, and a version for each change.

/** An endpoint as it registers. */
export interface Registration {
  readonly id: string;
  readonly url: string;
  readonly weight: number; // [1, 1000]
  readonly priority: number; // [0, 15]
  readonly zone: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly leaseMs: number;
}

/** Plain data: fit for storage and for RPC. */
export interface RegisteredEndpoint extends Registration {
  readonly isDraining: boolean;
  readonly isHealthy: boolean;
  readonly revision: number; // version of the list at the last change of this endpoint
  readonly expiresAt: number; // epoch ms of the Durable Object's clock
}

/** What has happened to an endpoint. Each action makes a new version of the list and a row of the audit log. */
export type EndpointAction = "registered" | "changed" | "draining" | "deregistered" | "expired" | "healthy" | "unhealthy";

/** The endpoint list as an isolate gets it. */
export type EndpointSnapshot =
  | { readonly kind: "unchanged"; readonly version: number }
  | {
      readonly kind: "changed";
      readonly version: number;
      readonly endpoints: readonly RegisteredEndpoint[];
      readonly unhealthy?: readonly string[]; // ids of configured endpoints; a Durable Object of an older version sends none
    };

/** An endpoint of the configuration, for health checks. At least one of `url` and `binding` is set; with both, the URL is called through the binding. */
export interface ConfiguredEndpoint {
  readonly id: string;
  readonly url?: string;
  readonly binding?: string; // name of a service binding in the environment of the Durable Object
}

export interface ServiceEndpoints {
  readonly version: number; // grows with each change and never repeats
  readonly endpoints: ReadonlyMap<string, RegisteredEndpoint>;
}

export type RegistryStep =
  | {
      readonly kind: "changed";
      readonly list: ServiceEndpoints;
      readonly action: EndpointAction;
      readonly endpoint: RegisteredEndpoint;
    }
  | { readonly kind: "renewed"; readonly list: ServiceEndpoints; readonly endpoint: RegisteredEndpoint } // the same version as before
  | { readonly kind: "refused"; readonly problem: RegistryProblem; readonly message: string };

export type RegistryProblem = "not_found" | "exists" | "moved" | "full";

export const NO_ENDPOINTS: ServiceEndpoints = { version: 0, endpoints: new Map() };
export const MAX_ENDPOINTS = 1_000; // endpoints of one service

/**
 * Registers an endpoint, changes it, or renews it if nothing about it has changed.
 *
 * @param expected revision that the endpoint must have; 0: any; -1: it must not exist yet
 * @param now      epoch ms. An endpoint whose lease has ended does not exist any more, also before the alarm removes it.
 */
export function register(list: ServiceEndpoints, wanted: Registration, expected: number, now: number): RegistryStep {
  const { version, endpoints } = list;
  const known = unexpired(list, wanted.id, now);
  if (expected === -1 && known !== undefined) return refused("exists", `${wanted.id} is already registered, at revision ${known.revision}`);
  if (expected > 0 && known?.revision !== expected)
    return refused("moved", `${wanted.id} is at revision ${known?.revision ?? 0}, not ${expected}; read it and try again`);
  if (known !== undefined && known.url !== wanted.url && expected <= 0) {
    const fix = `deregister it, or send its revision (${known.revision}) as expected_revision`;
    return refused("exists", `${wanted.id} is registered at another URL; ${fix}`);
  }
  if (known === undefined && endpoints.size >= MAX_ENDPOINTS)
    return refused("full", `the service has ${MAX_ENDPOINTS} endpoints; deregister one`);
  const expiresAt = now + wanted.leaseMs;
  if (known !== undefined && !known.isDraining && isSame(known, wanted)) return renewed(list, { ...known, expiresAt });
  const isHealthy = known?.isHealthy ?? true; // a new endpoint counts as healthy until a check fails
  const endpoint = { ...wanted, isDraining: false, isHealthy, revision: version + 1, expiresAt };
  return changed(list, endpoint, known === undefined ? "registered" : "changed");
}

/** A lease that has ended cannot be renewed: isolates may have a list without the endpoint already, so it has to register. */
export function renew(list: ServiceEndpoints, id: string, now: number): RegistryStep {
  const known = unexpired(list, id, now);
  if (known === undefined) return refused("not_found", `${id} is not registered, or its lease has ended; register it`);
  return renewed(list, { ...known, expiresAt: now + known.leaseMs });
}

export function drain(list: ServiceEndpoints, id: string, now: number): RegistryStep {
  const known = unexpired(list, id, now);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  if (known.isDraining) return renewed(list, known);
  return changed(list, { ...known, isDraining: true, revision: list.version + 1 }, "draining");
}

export function setHealth(list: ServiceEndpoints, id: string, isHealthy: boolean, now: number): RegistryStep {
  const known = unexpired(list, id, now);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  if (known.isHealthy === isHealthy) return renewed(list, known);
  return changed(list, { ...known, isHealthy, revision: list.version + 1 }, isHealthy ? "healthy" : "unhealthy");
}

export function remove(list: ServiceEndpoints, id: string, action: "deregistered" | "expired"): RegistryStep {
  const known = list.endpoints.get(id);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  const version = list.version + 1;
  const endpoints = new Map(list.endpoints);
  endpoints.delete(id);
  return { kind: "changed", list: { version, endpoints }, action, endpoint: { ...known, revision: version } };
}

/** Ids of endpoints whose leases have ended. */
export function expiredIds({ endpoints }: ServiceEndpoints, now: number): string[] {
  return [...endpoints.values()].filter(({ expiresAt }) => expiresAt <= now).map(({ id }) => id);
}

/** The endpoints whose leases have not ended. */
export function liveEndpoints({ endpoints }: ServiceEndpoints, now: number): RegisteredEndpoint[] {
  return [...endpoints.values()].filter(({ expiresAt }) => expiresAt > now);
}

function unexpired({ endpoints }: ServiceEndpoints, id: string, now: number): RegisteredEndpoint | undefined {
  const known = endpoints.get(id);
  return known !== undefined && known.expiresAt > now ? known : undefined;
}

function isSame(known: RegisteredEndpoint, wanted: Registration): boolean {
  const comparable = ({ url, weight, priority, zone, metadata, leaseMs }: Registration) =>
    JSON.stringify([url, weight, priority, zone, leaseMs, Object.entries(metadata).sort()]);
  return comparable(known) === comparable(wanted);
}

function renewed({ version, endpoints }: ServiceEndpoints, endpoint: RegisteredEndpoint): RegistryStep {
  return { kind: "renewed", list: { version, endpoints: new Map(endpoints).set(endpoint.id, endpoint) }, endpoint };
}

function changed({ version, endpoints }: ServiceEndpoints, endpoint: RegisteredEndpoint, action: EndpointAction): RegistryStep {
  const list = { version: version + 1, endpoints: new Map(endpoints).set(endpoint.id, endpoint) };
  return { kind: "changed", list, action, endpoint };
}

function refused(problem: RegistryProblem, message: string): RegistryStep {
  return { kind: "refused", problem, message };
}
