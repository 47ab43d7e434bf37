// Names of enum values, as people read them.
import type { DescEnum } from "@bufbuild/protobuf";

/** @returns `half open` for HALF_OPEN; "" for a value that the console does not know, and for UNSPECIFIED */
export function enumText(schema: DescEnum, value: number): string {
  if (value === 0) return "";
  return (schema.value[value]?.localName ?? "").toLowerCase().replaceAll("_", " ");
}
