// Lists in pages: how many to return, after which one, and the opaque token that asks for the rest.
import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import type { Violations } from "./violations.ts";

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

export interface Page {
  readonly limit: number;
  readonly after: string; // id of the last one that the caller has; empty for none
}

/**
 * The page that a request asks for. A token is good only for the list that gave it, asked with the same filter.
 *
 * @param list names the list and its filter, `ListOrders?user_id=usr_...`
 */
export function pageOf(request: { readonly pageSize: number; readonly pageToken: string }, list: string, wrong: Violations): Page {
  const { pageSize, pageToken } = request;
  wrong.unless(pageSize >= 0, "page_size", "write 0 or more");
  const after = pageToken === "" ? "" : readPageToken(pageToken, list);
  wrong.unless(after !== undefined, "page_token", "write next_page_token of the page before, asked with the same filter; or nothing");
  return { limit: pageSize === 0 ? DEFAULT_SIZE : Math.min(pageSize, MAX_SIZE), after: after ?? "" };
}

/** @param after id of the last one on the page before */
export function writePageToken(after: string, list: string): string {
  const bytes = new TextEncoder().encode(`____${after}`);
  new DataView(bytes.buffer).setUint32(0, checksum(list, after));
  return base64Encode(bytes, "url");
}

/** @returns undefined for a token that was not given by this list. A guard against mix-ups, no secret: it grants nothing. */
export function readPageToken(token: string, list: string): string | undefined {
  const bytes = decoded(token);
  if (bytes === undefined || bytes.byteLength < 5) return undefined;
  const after = new TextDecoder().decode(bytes.subarray(4));
  return writePageToken(after, list) === token ? after : undefined;
}

function decoded(token: string): Uint8Array | undefined {
  try {
    return base64Decode(token);
  } catch {
    return undefined;
  }
}

/** FNV-1a, 32 bits. */
function checksum(list: string, after: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${list}\n${after}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
