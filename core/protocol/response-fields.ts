// The header fields of an upstream's response: how large they are, and which of them are not for callers.
import { CROSS_ORIGIN_FIELDS } from "../cors.ts";
import { CONNECTION_FIELDS, TIDEGATE_HEADER_NAMES } from "../headers.ts";
import { type FieldSource, namedBy } from "./received-headers.ts";

/** Fields that proxies write for one another. */
const FOR_PROXIES = ["proxy-authenticate", "trailer"];
const NOT_FOR_CALLERS = new Set([...CONNECTION_FIELDS, ...FOR_PROXIES, ...TIDEGATE_HEADER_NAMES, ...CROSS_ORIGIN_FIELDS]);
const NO_NAMES = { identity: new Set<string>(), forwarded: new Set<string>() };

/** Largest header of a response that is passed on, names and values. Servers and proxies bound theirs to 8 to 64 KiB. */
export const MAX_FIELDS_BYTES = 65_536;

export interface InspectedFields {
  readonly bytes: number; // names and values
  readonly removed: readonly string[]; // names of fields that are not for callers, in lower case
  readonly setsCookie: boolean; // a cookie is among the removed fields: the response is for one caller
  readonly retryAfter: string | undefined; // undefined where the field is missing
  readonly pushback: string | undefined; // value of grpc-retry-pushback-ms
}

/**
 * @param fields   of the response, names in lower case
 * @param withheld names of further fields that callers of the route do not get
 */
export function inspectFields(fields: FieldSource, withheld: ReadonlySet<string>): InspectedFields {
  const removed: string[] = [];
  let bytes = 0;
  let setsCookie = false;
  let retryAfter: string | undefined;
  let pushback: string | undefined;
  let connection: string | undefined;
  fields.forEach((value, name) => {
    bytes += name.length + value.length;
    if (NOT_FOR_CALLERS.has(name) || withheld.has(name)) {
      removed.push(name);
      if (name === "set-cookie") setsCookie = true;
      else if (name === "connection") connection = value;
    } else if (name === "retry-after") retryAfter = value;
    else if (name === "grpc-retry-pushback-ms") pushback = value;
  });
  if (connection !== undefined) removed.push(...namedBy(connection, fields, NO_NAMES));
  return { bytes, removed, setsCookie, retryAfter, pushback };
}
