// The search for operations: all of its words have to be in the text of one.
import type { DocumentedService, Entry } from "./contract.ts";

/** @returns services with the operations that match; services without any are left out */
export function matching(services: readonly DocumentedService[], query: string): readonly DocumentedService[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return services;
  return services
    .map((service) => ({ ...service, entries: service.entries.filter((entry) => words.every((word) => textOf(entry).includes(word))) }))
    .filter(({ entries }) => entries.length > 0);
}

/** @returns the best match: one in the name has precedence over one in the text */
export function bestMatch(services: readonly DocumentedService[], query: string): Entry | undefined {
  const entries = matching(services, query).flatMap((service) => service.entries);
  const wanted = query.trim().toLowerCase();
  return entries.find(({ id }) => id.toLowerCase().includes(wanted)) ?? entries[0];
}

function textOf({ method, path, id, operation, service }: Entry): string {
  return `${method} ${path} ${id} ${operation.summary} ${service}`.toLowerCase();
}
