// Lists in pages: how many to return, after which one, and the opaque token that asks for the rest.
import type { Violations } from "./violations.ts";

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

export interface Page {
  readonly limit: number;
  readonly after: string; // id of the last one that the caller has; empty for none
}

const TOKEN = /^after_([0-7][0-9a-hjkmnp-tv-z]{25})$/; // as the schema of `page_token` has it: callers are promised that no other form counts

/**
 * The page that a request asks for. A token is a position among ids: it is good for any list of the same kind, and grants nothing.
 *
 * @param prefix of the ids that are listed, `usr`
 */
export function pageOf(request: { readonly pageSize: number; readonly pageToken: string }, prefix: string, wrong: Violations): Page {
  const { pageSize, pageToken } = request;
  wrong.unless(pageSize >= 0, "page_size", "write 0 or more");
  const after = pageToken === "" ? "" : readPageToken(pageToken, prefix);
  wrong.unless(after !== undefined, "page_token", "write next_page_token of the page before, or nothing");
  return { limit: pageSize === 0 ? DEFAULT_SIZE : Math.min(pageSize, MAX_SIZE), after: after ?? "" };
}

/** @param after id of the last one on the page before */
export function writePageToken(after: string): string {
  return `after_${after.slice(after.indexOf("_") + 1)}`;
}

/** @returns the id of the last one on the page before; undefined for what is no token */
export function readPageToken(token: string, prefix: string): string | undefined {
  const [, position] = TOKEN.exec(token) ?? [];
  return position === undefined ? undefined : `${prefix}_${position}`;
}
