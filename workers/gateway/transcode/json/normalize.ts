// Validates JSON against its message type by the rules of ProtoJSON, and rewrites it to a form that protobuf-es reads as the same values:
// the parser of protobuf-es is less strict.
import type { DescField, DescMessage, JsonValue, ScalarType } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation, isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { ViolationList } from "../../../../core/violations/violation-list.ts";
import type { RawJson } from "./parse-json.ts";
import { enumForm, scalarForm } from "./scalars.ts";
import { type Check, isObject, type JsonOptions, MAP, quoted, replace, report, reportIn, type Walk } from "./walk.ts";
import { wellKnownCheck } from "./well-known.ts";

export type NormalizedJson =
  | { readonly kind: "ok"; readonly json: JsonValue }
  | { readonly kind: "invalid"; readonly violations: ViolationList };

/**
 * @param json changed in place
 * @see https://protobuf.dev/programming-guides/json
 */
export function normalizeJson(message: DescMessage, json: RawJson, options: JsonOptions): NormalizedJson {
  const walk: Walk = { options, path: [], violations: new ViolationList() };
  const normalized = checkOf(message)(json, walk);
  const { violations } = walk;
  return violations.count > 0 ? { kind: "invalid", violations } : { kind: "ok", json: normalized as JsonValue };
}

interface FieldCheck {
  readonly field: DescField;
  readonly check: Check; // checks the whole field
  readonly holdsNull: boolean; // null is a value of the field, and does not mean that it is unset
  readonly isAmbiguous: boolean; // the key names another field, too
}

type FieldChecks = ReadonlyMap<string, FieldCheck>;

const checks = new WeakMap<DescMessage, Check>();
const fieldChecks = new WeakMap<DescMessage, FieldChecks>();

function checkOf(message: DescMessage): Check {
  let check = checks.get(message);
  if (check === undefined) {
    check = compileMessage(message);
    checks.set(message, check);
  }
  return check;
}

function compileMessage(message: DescMessage): Check {
  if (message.typeName === "google.protobuf.Any") return checkAny;
  if (isWrapperDesc(message)) return scalarCheck(message.fields[0]!.scalar);
  return (
    wellKnownCheck(message.typeName) ??
    ((json, walk) => (isObject(json) ? checkFields(message, json, walk) : report(walk, `must be an object: ${message.typeName}`)))
  );
}

function fieldChecksOf(message: DescMessage): FieldChecks {
  let compiled = fieldChecks.get(message);
  if (compiled === undefined) {
    const all = message.fields.map(compileField);
    // If the JSON name of one field is the proto name of another, the proto name has precedence.
    const byJsonName = new Map(all.map((one) => [one.field.jsonName, one] as const));
    const named = all.map((one) => {
      const { name } = one.field;
      return [name, (byJsonName.get(name) ?? one) === one ? one : { ...one, isAmbiguous: true }] as const;
    });
    compiled = new Map([...byJsonName, ...named]);
    fieldChecks.set(message, compiled);
  }
  return compiled;
}

/** @param typeKey a key that is not a field: "@type" of an Any */
function checkFields(message: DescMessage, json: Record<string, RawJson>, walk: Walk, typeKey?: string): RawJson {
  const fields = fieldChecksOf(message);
  const seen = new Set<DescField>();
  let members: Map<string, string> | undefined; // the member that is set, for each oneof
  let unset: string[] | undefined; // keys of oneof members that are null
  for (const key of Object.keys(json)) {
    if (key === typeKey) continue;
    const entry = fields.get(key) ?? extensionCheck(message, key, walk.options);
    if (entry === undefined) {
      if (walk.options.ignoreUnknownFields !== true) reportIn(walk, key, `is not a field of ${message.typeName}`);
      continue;
    }
    const { field, check, holdsNull, isAmbiguous } = entry;
    const value = json[key];
    walk.path.push(field.name);
    if (isAmbiguous && walk.options.isForwarded === true) report(walk, "is the JSON name of another field");
    if (seen.has(field)) report(walk, "is set twice");
    seen.add(field);
    if (value !== null || holdsNull) {
      if (field.oneof !== undefined) {
        members ??= new Map();
        const member = members.get(field.oneof.name);
        if (member !== undefined) report(walk, `is set together with ${member}, but only one field of ${field.oneof.name} can be set`);
        members.set(field.oneof.name, field.name);
      }
      replace(json, key, check(value, walk));
    } else if (field.oneof !== undefined) {
      unset ??= [];
      unset.push(key);
    }
    walk.path.pop();
  }
  // protobuf-es would read a message that is null as a second member of the oneof.
  if (members !== undefined && unset !== undefined) for (const key of unset) delete json[key];
  return json;
}

function extensionCheck(message: DescMessage, key: string, { registry }: JsonOptions): FieldCheck | undefined {
  if (registry === undefined || !key.startsWith("[") || !key.endsWith("]")) return undefined;
  const extension = registry.getExtension(key.slice(1, -1));
  return extension?.extendee.typeName === message.typeName ? compileField(extension as unknown as DescField) : undefined; // an extension differs from a field only in that it has no oneof
}

function compileField(field: DescField): FieldCheck {
  const check = elementCheck(field);
  const holdsNull = field.message?.typeName === "google.protobuf.Value" || field.enum?.typeName === "google.protobuf.NullValue";
  if (field.fieldKind === "list") return { field, check: listCheck(check, holdsNull), holdsNull: false, isAmbiguous: false };
  if (field.fieldKind === "map") return { field, check: mapCheck(field.mapKey, check, holdsNull), holdsNull: false, isAmbiguous: false };
  return { field, check, holdsNull, isAmbiguous: false };
}

function elementCheck(field: DescField): Check {
  if (field.message !== undefined) {
    const { message } = field;
    return (json, walk) => checkOf(message)(json, walk); // compiled on first use, because a message type may contain itself
  }
  if (field.enum === undefined) return scalarCheck(field.scalar);
  const { what, fromJson } = enumForm(field.enum);
  return (json, walk) => {
    const value = fromJson(json, walk.options);
    if (value !== undefined) return value;
    // If unknown fields are ignored, protobuf-es drops an unknown enum name.
    return typeof json === "string" && walk.options.ignoreUnknownFields === true ? json : report(walk, `must be ${what}`);
  };
}

function scalarCheck(scalar: ScalarType | undefined): Check {
  const { what, fromJson } = scalarForm(scalar!);
  return (json, walk) => fromJson(json, walk.options) ?? report(walk, `must be ${what}`);
}

function listCheck(check: Check, holdsNull: boolean): Check {
  return (json, walk) => {
    if (!Array.isArray(json)) return report(walk, "must be an array");
    for (let index = 0; index < json.length; index++) {
      walk.path.push(index);
      json[index] = json[index] === null && !holdsNull ? report(walk, "must not be null") : check(json[index], walk);
      walk.path.pop();
    }
    return json;
  };
}

function mapCheck(mapKey: ScalarType, check: Check, holdsNull: boolean): Check {
  const { what, read, fromJson } = scalarForm(mapKey);
  const keyOf = what === "a string" ? fromJson : (key: string) => (PLAIN_KEY.test(key) ? read(key, {}) : undefined);
  return (json, walk) => {
    if (!isObject(json)) return report(walk, "must be an object");
    const seen = new Set<unknown>();
    for (const key of Object.keys(json)) {
      const value = keyOf(key, walk.options);
      if (value === undefined) report(walk, `has the key ${quoted(key)}, but its keys must be ${what}`);
      else if (seen.has(value)) report(walk, `has the key ${quoted(key)} twice`);
      seen.add(value);
      walk.path.push(MAP, key);
      if (json[key] === null && !holdsNull) report(walk, "must not be null");
      else replace(json, key, check(json[key], walk));
      walk.path.length -= 2;
    }
    return json;
  };
}

/** A number without fraction and exponent, or a bool. */
const PLAIN_KEY = /^-?\d+$|^true$|^false$/;

/** @see google/protobuf/any.proto, "JSON" */
function checkAny(json: RawJson, walk: Walk): RawJson {
  if (!isObject(json)) return report(walk, 'must be an object with "@type"');
  if (Object.keys(json).length === 0) return json;
  const url = json["@type"];
  if (typeof url !== "string") return report(walk, 'needs "@type", the type of its message');
  const name = url.slice(url.lastIndexOf("/") + 1);
  const message = walk.options.registry?.getMessage(name);
  if (message === undefined) return report(walk, `holds an unknown type: ${quoted(url)}`);
  if (!hasCustomJsonRepresentation(message)) return checkFields(message, json, walk, "@type");
  for (const key of Object.keys(json)) {
    if (key !== "@type" && key !== "value") reportIn(walk, key, `is not a member of an Any with ${name}; write "value"`);
  }
  if (!Object.hasOwn(json, "value")) return report(walk, `needs "value", the JSON of ${name}`);
  walk.path.push("value");
  replace(json, "value", checkOf(message)(json["value"], walk));
  walk.path.pop();
  return json;
}
