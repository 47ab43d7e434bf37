// The endpoints of one service that register themselves: leases, versions, and what may be registered at all.
import { type AddressRange, isWithin, parseRange } from "./ip.ts";
import { isNativeGrpcUrl } from "./protocol/native-grpc.ts";

/** An endpoint as it asks to be known. */
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
  readonly revision: number; // the version of the list at its last change
  readonly expiresAt: number; // epoch ms of the object's clock
}

/** What happened to an endpoint: kept as an audit, and what makes a version. */
export type EndpointAction = "registered" | "changed" | "draining" | "deregistered" | "expired" | "healthy" | "unhealthy";

/** What isolates work with until they ask again. */
export type EndpointSnapshot =
  | { readonly kind: "unchanged"; readonly version: number }
  | {
      readonly kind: "changed";
      readonly version: number;
      readonly endpoints: readonly RegisteredEndpoint[];
      readonly unhealthy?: readonly string[]; // ids of configured endpoints; an older object sends none
    };

/** An endpoint of the configuration, as its health is checked. Exactly one of `url` and `binding` is set. */
export interface ConfiguredEndpoint {
  readonly id: string;
  readonly url?: string;
  readonly binding?: string; // of a service, in the environment of the Durable Object
}

export interface ServiceEndpoints {
  readonly version: number; // grows with each change, and never repeats
  readonly endpoints: ReadonlyMap<string, RegisteredEndpoint>;
}

export type RegistryStep =
  | { readonly kind: "changed"; readonly members: ServiceEndpoints; readonly action: EndpointAction; readonly endpoint: RegisteredEndpoint }
  | { readonly kind: "kept"; readonly members: ServiceEndpoints; readonly endpoint: RegisteredEndpoint } // a renewal, or what was so already: no new version
  | { readonly kind: "refused"; readonly problem: "not_found" | "exists" | "moved" | "full"; readonly message: string };

export const NO_ENDPOINTS: ServiceEndpoints = { version: 0, endpoints: new Map() };
export const MAX_ENDPOINTS = 1_000; // of one service
const LEASE_MS = 15_000;

/**
 * @param expected revision that the endpoint has to stand at; 0 does not look, -1 asks that there is none
 * @param now      epoch ms; an endpoint whose lease has ended is not there, whether or not the alarm has taken it out yet
 */
export function register({ version, endpoints }: ServiceEndpoints, wanted: Registration, expected: number, now: number): RegistryStep {
  const known = living(endpoints.get(wanted.id), now);
  if (expected === -1 && known !== undefined) return refused("exists", `${wanted.id} is registered, at revision ${known.revision}`);
  if (expected > 0 && known?.revision !== expected) {
    return refused("moved", `${wanted.id} stands at revision ${known?.revision ?? 0}, not ${expected}`);
  }
  if (known !== undefined && known.url !== wanted.url && expected <= 0) {
    return refused("exists", `${wanted.id} is registered at another address; deregister it, or name its revision (${known.revision})`);
  }
  if (known === undefined && endpoints.size >= MAX_ENDPOINTS) return refused("full", `the service has ${MAX_ENDPOINTS} endpoints`);
  const expiresAt = now + wanted.leaseMs;
  if (known !== undefined && !known.isDraining && same(known, wanted)) return kept(version, endpoints, { ...known, expiresAt });
  const isHealthy = known?.isHealthy ?? true; // until a check says otherwise
  const endpoint = { ...wanted, isDraining: false, isHealthy, revision: version + 1, expiresAt };
  return changed(version, endpoints, endpoint, known === undefined ? "registered" : "changed");
}

/** A lease that has ended can't be renewed: the endpoint may have been taken out of snapshots already, and has to register. */
export function renew({ version, endpoints }: ServiceEndpoints, id: string, now: number): RegistryStep {
  const known = living(endpoints.get(id), now);
  if (known === undefined) return refused("not_found", `${id} is not registered, or its lease has ended: register it`);
  return kept(version, endpoints, { ...known, expiresAt: now + known.leaseMs });
}

export function drain({ version, endpoints }: ServiceEndpoints, id: string, now: number): RegistryStep {
  const known = living(endpoints.get(id), now);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  if (known.isDraining) return kept(version, endpoints, known);
  return changed(version, endpoints, { ...known, isDraining: true, revision: version + 1 }, "draining");
}

export function setHealth({ version, endpoints }: ServiceEndpoints, id: string, isHealthy: boolean, now: number): RegistryStep {
  const known = living(endpoints.get(id), now);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  if (known.isHealthy === isHealthy) return kept(version, endpoints, known);
  return changed(version, endpoints, { ...known, isHealthy, revision: version + 1 }, isHealthy ? "healthy" : "unhealthy");
}

/** @param action why it goes: it was asked for, or its lease has ended */
export function remove({ version, endpoints }: ServiceEndpoints, id: string, action: "deregistered" | "expired"): RegistryStep {
  const known = endpoints.get(id);
  if (known === undefined) return refused("not_found", `${id} is not registered`);
  const left = new Map(endpoints);
  left.delete(id);
  return { kind: "changed", members: { version: version + 1, endpoints: left }, action, endpoint: { ...known, revision: version + 1 } };
}

/** Ids whose leases have ended. */
export function expiredIds({ endpoints }: ServiceEndpoints, now: number): string[] {
  return [...endpoints.values()].filter(({ expiresAt }) => expiresAt <= now).map(({ id }) => id);
}

/** What may be sent to isolates: those whose leases have not ended. */
export function liveEndpoints({ endpoints }: ServiceEndpoints, now: number): RegisteredEndpoint[] {
  return [...endpoints.values()].filter(({ expiresAt }) => expiresAt > now);
}

export interface RegistrationRules {
  /** Whether addresses of private networks and of this machine may be registered. */
  readonly allowPrivate: boolean;
  /** Hosts that are the gateway's own: an endpoint there would send calls round in circles. */
  readonly ownHosts: readonly string[];
  /** Whether the service is called in native gRPC, which Cloudflare's edge makes for https URLs at port 443 alone. */
  readonly isNativeGrpc?: boolean;
  /** The host of a URL, with port and without, as the URL standard writes it. */
  readonly hostOf: (url: string) => { readonly host: string; readonly hostname: string } | undefined;
}

/** As it comes from the wire; 0 and "" mean the default. */
export type RegistrationInput = Partial<Omit<Registration, "url" | "id">> & { readonly id: string; readonly url: string };

/** @returns what is wrong with each field, as `field: fix`; none where it may be registered */
export function parseRegistration(
  wanted: RegistrationInput,
  { allowPrivate, ownHosts, isNativeGrpc, hostOf }: RegistrationRules,
): Registration | readonly string[] {
  const problems: string[] = [];
  const weight = wanted.weight || 1;
  const priority = wanted.priority ?? 0;
  const leaseMs = wanted.leaseMs || LEASE_MS;
  const zone = wanted.zone ?? "";
  const metadata = wanted.metadata ?? {};
  const url = wanted.url.replace(/\/+$/, "");
  if (!/^[\w.-]{1,64}$/.test(wanted.id)) problems.push("id: write 1 to 64 letters, digits, '-', '_' or '.'");
  if (!isWhole(weight, 1, 1_000)) problems.push("weight: write a whole number from 1 to 1000");
  if (!isWhole(priority, 0, 15)) problems.push("priority: write a whole number from 0 to 15");
  if (!isWhole(leaseMs, 1_000, 3_600_000)) problems.push("lease_ms: write a whole number from 1000 to 3600000");
  if (zone.length > 64) problems.push("zone: write at most 64 characters");
  const entries = Object.entries(metadata);
  if (entries.length > 16 || entries.some(([name, value]) => name.length > 64 || value.length > 256))
    problems.push("metadata: write at most 16 entries of 64 and 256 characters");
  const isForm = url.length <= 2_048 && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(url);
  const at = isForm ? hostOf(url) : undefined;
  if (at === undefined) problems.push("url: write http(s)://host, with a port and a path where needed");
  else if (ownHosts.some((own) => own.toLowerCase() === at.host)) problems.push("url: this is the gateway itself");
  else if (isNativeGrpc === true && !isNativeGrpcUrl(url))
    problems.push("url: write https:// and port 443, the service is called in native gRPC");
  else if (!allowPrivate && isPrivate(at.hostname))
    problems.push("url: an address of a private network; registry.allowPrivate lets it be registered");
  if (problems.length > 0) return problems;
  return { id: wanted.id, url, weight, priority, zone, metadata, leaseMs };
}

const PRIVATE: readonly AddressRange[] = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "224.0.0.0/3", "::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"],
].map((range) => parseRange(range)!);

/**
 * By its name alone: what a public name resolves to is not known here, and on Cloudflare a Worker reaches no private network.
 *
 * @param hostname as the URL standard writes it, so that 0x7f.1 is 127.0.0.1 already
 */
export function isPrivate(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isWithin(name, PRIVATE)) return true;
  return !name.includes(":") && (!name.includes(".") || /\.(localhost|local|internal|home\.arpa)$/.test(name));
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

function living(known: RegisteredEndpoint | undefined, now: number): RegisteredEndpoint | undefined {
  return known !== undefined && known.expiresAt > now ? known : undefined;
}

function same(known: RegisteredEndpoint, wanted: Registration): boolean {
  const facts = ({ url, weight, priority, zone, metadata, leaseMs }: Registration) => [
    url,
    weight,
    priority,
    zone,
    leaseMs,
    Object.entries(metadata).sort(),
  ];
  return JSON.stringify(facts(known)) === JSON.stringify(facts(wanted));
}

function kept(version: number, endpoints: ServiceEndpoints["endpoints"], endpoint: RegisteredEndpoint): RegistryStep {
  return { kind: "kept", members: { version, endpoints: new Map(endpoints).set(endpoint.id, endpoint) }, endpoint };
}

function changed(
  version: number,
  endpoints: ServiceEndpoints["endpoints"],
  endpoint: RegisteredEndpoint,
  action: EndpointAction,
): RegistryStep {
  return { kind: "changed", members: { version: version + 1, endpoints: new Map(endpoints).set(endpoint.id, endpoint) }, action, endpoint };
}

function refused(problem: (RegistryStep & { kind: "refused" })["problem"], message: string): RegistryStep {
  return { kind: "refused", problem, message };
}
