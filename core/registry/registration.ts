// Checks what an endpoint sends when it registers: ranges of its fields, and an address that the gateway may call.
import { type AddressRange, isInRanges, parseAddressRange } from "../ip.ts";
import { isNativeGrpcUrl } from "../protocol/native-grpc.ts";
import type { Registration } from "./registry.ts";

export interface RegistrationRules {
  /** Whether addresses of private networks and of this machine may be registered. */
  readonly allowPrivate: boolean;
  /** Hosts of the gateway itself: calls to an endpoint there would never end. */
  readonly ownHosts: readonly string[];
  /** Whether the service is called in native gRPC. Cloudflare's edge speaks it only to https URLs at port 443. */
  readonly isNativeGrpc?: boolean;
  /** The host of a URL, with port and without, as the URL standard writes it. */
  readonly hostOf: (url: string) => { readonly host: string; readonly hostname: string } | undefined;
}

/** As it arrives; 0 and "" mean the default. */
export type RegistrationInput = Partial<Omit<Registration, "url" | "id">> & { readonly id: string; readonly url: string };

const DEFAULT_LEASE_MS = 15_000;
const MAX_URL_LENGTH = 2_048;

/** @returns the registration, or a problem for each wrong field as `field: fix` */
export function parseRegistration(
  input: RegistrationInput,
  rules: RegistrationRules,
): Registration | { readonly problems: readonly string[] } {
  const registration: Registration = {
    id: input.id,
    url: input.url.replace(/\/+$/, ""),
    weight: input.weight || 1,
    priority: input.priority ?? 0,
    zone: input.zone ?? "",
    metadata: input.metadata ?? {},
    leaseMs: input.leaseMs || DEFAULT_LEASE_MS,
  };
  const urlProblem = problemOfUrl(registration.url, rules);
  const problems = [...problemsOfFields(registration), ...(urlProblem === undefined ? [] : [`url: ${urlProblem}`])];
  return problems.length > 0 ? { problems } : registration;
}

function problemsOfFields({ id, weight, priority, leaseMs, zone, metadata }: Registration): string[] {
  const problems: string[] = [];
  if (!/^[\w.-]{1,64}$/.test(id)) problems.push("id: write 1 to 64 letters, digits, '-', '_' or '.'");
  if (!isWhole(weight, 1, 1_000)) problems.push("weight: write a whole number from 1 to 1000");
  if (!isWhole(priority, 0, 15)) problems.push("priority: write a whole number from 0 to 15");
  if (!isWhole(leaseMs, 1_000, 3_600_000)) problems.push("lease_ms: write a whole number from 1000 to 3600000");
  if (zone.length > 64) problems.push("zone: write at most 64 characters");
  const entries = Object.entries(metadata);
  if (entries.length > 16 || entries.some(([name, value]) => name.length > 64 || value.length > 256))
    problems.push("metadata: write at most 16 entries, with names of up to 64 and values of up to 256 characters");
  return problems;
}

function problemOfUrl(url: string, { allowPrivate, ownHosts, isNativeGrpc, hostOf }: RegistrationRules): string | undefined {
  const hasForm = url.length <= MAX_URL_LENGTH && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(url);
  const address = hasForm ? hostOf(url) : undefined;
  if (address === undefined) return "write http(s)://host, with a port and a path if needed";
  if (ownHosts.some((own) => own.toLowerCase() === address.host)) return "this is the gateway itself; write the address of the server";
  if (isNativeGrpc === true && !isNativeGrpcUrl(url)) return "write https:// and port 443, the service is called in native gRPC";
  if (!allowPrivate && isPrivate(address.hostname)) return "this is an address of a private network; registry.allowPrivate allows it";
  return undefined;
}

const PRIVATE: readonly AddressRange[] = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "224.0.0.0/3", "::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"],
].map((range) => parseAddressRange(range)!);

/**
 * Judges by the name alone. The addresses behind a public name are not known here, and on Cloudflare a Worker cannot reach private
 * networks anyway.
 *
 * @param hostname as the URL standard writes it: 0x7f.1 is 127.0.0.1 already
 */
export function isPrivate(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (isInRanges(name, PRIVATE)) return true;
  return !name.includes(":") && (!name.includes(".") || /\.(localhost|local|internal|home\.arpa)$/.test(name));
}

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
