// Which fields of a JSON body do not fit, by their proto paths. Runs only when the body as a whole was refused.
import { create, type DescField, type DescMessage, type JsonReadOptions, type JsonValue, mergeFromJson } from "@bufbuild/protobuf";
import type { FieldViolation } from "../../../core/rejection.ts";
import { fieldNamed } from "./fields.ts";

type Reading = Partial<JsonReadOptions>;

/**
 * Tries the fields one by one, each once, and looks into messages instead of trying them.
 *
 * @param error why the whole was refused, told where no single field is to blame
 */
export function violationsOf(message: DescMessage, json: JsonValue, reading: Reading, error: unknown): FieldViolation[] {
  const violations: FieldViolation[] = [];
  if (!isWellKnown(message)) inMessage(message, json, "", reading, violations);
  return violations.length > 0 ? violations : [{ field: "", description: describe(error) }];
}

function inMessage(message: DescMessage, json: JsonValue, path: string, reading: Reading, found: FieldViolation[]): void {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    found.push({ field: path, description: `must be an object: ${message.typeName}` });
    return;
  }
  for (const [key, value] of Object.entries(json)) {
    const field = fieldNamed(message, key);
    const name = field?.name ?? key.slice(0, 100);
    const at = path === "" ? name : `${path}.${name}`;
    if (field === undefined) {
      if (reading.ignoreUnknownFields !== true) found.push({ field: at, description: `is no field of ${message.typeName}` });
    } else inField(message, field, key, value, at, reading, found);
  }
}

function inField(
  owner: DescMessage,
  field: DescField,
  key: string,
  value: JsonValue,
  at: string,
  reading: Reading,
  found: FieldViolation[],
): void {
  const { message } = field;
  const isOpen = message !== undefined && !isWellKnown(message) && value !== null;
  if (isOpen && field.fieldKind === "message") {
    inMessage(message, value, at, reading, found);
  } else if (isOpen && field.fieldKind === "list" && Array.isArray(value)) {
    for (const [index, item] of value.entries()) inMessage(message, item, `${at}[${index}]`, reading, found);
  } else {
    try {
      mergeFromJson(owner, create(owner), { [key]: value }, reading);
    } catch (error) {
      found.push({ field: at, description: describe(error) });
    }
  }
}

/** Such messages have a JSON of their own. */
function isWellKnown({ typeName }: DescMessage): boolean {
  return typeName.startsWith("google.protobuf.");
}

/** The words of the parser without the name of the field, which stands beside them. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `does not fit: ${message.replace(/^cannot decode .*? from JSON: /, "").slice(0, 200)}`;
}
