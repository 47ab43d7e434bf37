// Header fields for tests.
import type { HeaderFields } from "../../core/cache/headers/header-list.ts";

/** @param record values by name in lower case */
export function fields(record: Readonly<Record<string, string>>): HeaderFields {
  return { get: (name) => record[name.toLowerCase()] ?? null };
}
