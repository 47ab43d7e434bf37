// Checks what an endpoint sends when it registers: ranges of its fields, and an address that the gateway may call.
import { type AddressRules, MAX_URL_LENGTH, problemOfUrl } from "./endpoint-url.ts";
import type { Registration } from "./registry.ts";

/** As it arrives; 0 and "" mean the default. */
export type RegistrationInput = Partial<Omit<Registration, "url" | "id">> & { readonly id: string; readonly url: string };

const DEFAULT_LEASE_MS = 15_000;

/** @returns the registration, or a problem for each wrong field as `field: fix` */
export function parseRegistration(input: RegistrationInput, rules: AddressRules): Registration | { readonly problems: readonly string[] } {
  const registration: Registration = {
    id: input.id,
    url: input.url.length > MAX_URL_LENGTH ? "" : input.url.replace(/\/+$/, ""),
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

function isWhole(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
