// Settings of header fields that a route sets, adds and removes, on requests to its upstream and on responses to callers.
import * as v from "valibot";
import type { EditedField, HeaderEdits } from "../header-edits/header-edits.ts";
import {
  EDIT_OPERATIONS,
  type EditDirection,
  type EditedRoute,
  type EditOperation,
  reservedBecause,
} from "../header-edits/reserved-fields.ts";
import { parseTemplate, secretsIn, type ValueTemplate } from "../header-edits/value-template.ts";
import { type Checks, join } from "./problems.ts";
import { block, type InputOf, readByCode } from "./setting.ts";

const MAX_FIELDS = 32;
const NAME = /^[a-z0-9-]{1,64}$/i;

const values = v.record(v.string(), v.string());

/** A block for each direction: the reference describes both. */
const edits = () =>
  block({
    remove: readByCode(v.array(v.string()), "Fields that are removed, first of all.", { shape: "header names", shownDefault: "none" }),
    set: readByCode(
      values,
      "Fields that get this value in place of whatever is there. Where a placeholder has no value for a call, the field is removed.",
      { shape: "values by header name", shownDefault: "none" },
    ),
    default: readByCode(values, "Fields that get this value where there is none.", {
      shape: "values by header name",
      shownDefault: "none",
    }),
    add: readByCode(
      v.record(v.string(), v.union([v.string(), v.array(v.string())])),
      "Values that are added to those of the field, each on a line of its own.",
      { shape: "values, or lists of them, by header name", shownDefault: "none" },
    ),
  });

export type HeaderEditsInput = InputOf<ReturnType<typeof edits>>;

const SHAPE = { shape: "the fields below", shownDefault: "none" };
export const requestHeaders = readByCode(
  edits(),
  "Headers that the upstream gets beside, or in place of, those of the caller ([headers](headers.md)). Nothing in the gateway reads them: limits, authentication and caches see what the caller sent.",
  SHAPE,
);
export const responseHeaders = readByCode(
  edits(),
  "Headers of every response of the route: of the upstream, of the cache, and of the gateway where it refuses a call ([headers](headers.md)).",
  SHAPE,
);

/** @returns undefined where nothing is edited; `outer` where nothing is written */
export function parseHeaderEdits(
  check: Checks,
  path: string,
  value: unknown,
  outer: HeaderEdits | undefined,
  direction: EditDirection,
  route: EditedRoute,
): HeaderEdits | undefined {
  if (value === undefined) return outer;
  const written = check.fields(path, value, EDIT_OPERATIONS);
  const names = new Map<string, string>(); // paths by name
  const takes = (operation: EditOperation, at: string, written: string): string | undefined => {
    const name = written.toLowerCase();
    const other = names.get(name);
    const reason = reservedBecause(name, operation, direction, route);
    if (!NAME.test(name)) check.report(at, written, "write the name of a header: 1 to 64 letters, digits and '-'");
    else if (other !== undefined) check.report(at, written, `write each name once: it is in ${other}, too`);
    else if (reason !== undefined) check.report(at, written, `leave it out: ${reason}`);
    else {
      names.set(name, `${path}.${operation}`);
      if (names.size === MAX_FIELDS + 1) check.report(path, `more than ${MAX_FIELDS} names`, `write at most ${MAX_FIELDS} names`);
      return name;
    }
    return undefined;
  };
  const fieldsOf = (operation: Exclude<EditOperation, "remove">): EditedField<ValueTemplate>[] =>
    check.entries(`${path}.${operation}`, written[operation]).flatMap(([key, text]) => {
      const at = join(`${path}.${operation}`, key);
      const name = takes(operation, at, key);
      const texts = operation === "add" && Array.isArray(text) ? (text as unknown[]) : [text];
      return texts.flatMap((one) => {
        const template = parseValue(check, at, one, direction, name);
        return name === undefined || template === undefined ? [] : [[name, template] as const];
      });
    });
  const edits = {
    remove: namesIn(check, `${path}.remove`, written["remove"]).flatMap((name) => takes("remove", `${path}.remove`, name) ?? []),
    set: fieldsOf("set"),
    default: fieldsOf("default"),
    add: fieldsOf("add"),
  };
  return names.size === 0 ? undefined : edits;
}

function namesIn(check: Checks, path: string, value: unknown): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return value;
  check.report(path, value, 'write names of headers in a list: ["x-powered-by"]');
  return [];
}

/** @param name of the field; undefined where it has a problem of its own */
function parseValue(
  check: Checks,
  path: string,
  value: unknown,
  direction: EditDirection,
  name: string | undefined,
): ValueTemplate | undefined {
  if (typeof value !== "string") {
    check.report(path, value, 'write the value as text: "no-store"');
    return undefined;
  }
  const parsed = parseTemplate(value);
  if (parsed.kind === "invalid") {
    check.report(path, value, parsed.fix);
    return undefined;
  }
  const secrets = secretsIn(parsed.template);
  if (direction === "response" && secrets.length > 0) check.report(path, value, "leave the secret out: callers read responses");
  if (direction === "request" && name === "authorization" && secrets.length === 0)
    check.report(path, "a credential as text", 'keep it in a secret: "Bearer {secret.UPSTREAM_TOKEN}"');
  return parsed.template;
}
