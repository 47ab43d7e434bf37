// Lists in pages: their size, their position, and the opaque token of the next one.
import type { Violations } from "./violations.ts";

const DEFAULT_SIZE = 50;
const MAX_SIZE = 1000;

export interface Page {
  readonly limit: number;
  readonly after: string; // id of the last entity that the caller has; empty for the first page
}

/** The pattern of `page_token` in the protos: generated clients refuse any other form. */
const TOKEN = /^after_([0-7][0-9a-hjkmnp-tv-z]{25})$/;

/**
 * The page that a request wants. Its token is a position among ids: it is valid for every list of the same kind, and grants no access.
 *
 * @param prefix prefix of the listed ids, `usr`
 */
export function pageOf(request: { readonly pageSize: number; readonly pageToken: string }, prefix: string, violations: Violations): Page {
  const { pageSize, pageToken } = request;
  violations.require(pageSize >= 0, "page_size", "write 0 or more");
  const after = pageToken === "" ? "" : readPageToken(pageToken, prefix);
  violations.require(after !== undefined, "page_token", "write next_page_token of the page before, or nothing");
  return { limit: pageSize === 0 ? DEFAULT_SIZE : Math.min(pageSize, MAX_SIZE), after: after ?? "" };
}

/** @param lastId id of the last entity on a page @returns the token of the page after it */
export function writePageToken(lastId: string): string {
  return `after_${lastId.slice(lastId.indexOf("_") + 1)}`;
}

/** @returns id of the last entity on the page before; undefined for a text that is no token */
export function readPageToken(token: string, prefix: string): string | undefined {
  const [, position] = TOKEN.exec(token) ?? [];
  return position === undefined ? undefined : `${prefix}_${position}`;
}
