// What a fetch gives to the call that made it, and which part of that other calls may have.
import { variantOf, varyNames } from "../../../../core/cache/headers/vary.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { Lookup } from "../lookup/lookup.ts";
import { type BufferedResponse, headerFields } from "../responses/buffered-response.ts";

/** The result for the call that made the fetch. `variant`: values of the request fields that selected the response, from `variantFor`. */
export type FetchResult =
  | { readonly kind: "l2_hit"; readonly stored: StoredResponse; readonly variant: string }
  /** Stored now. `response` is what the upstream sent, with the header fields that are not stored. */
  | { readonly kind: "fetched"; readonly stored: StoredResponse; readonly variant: string; readonly response: BufferedResponse }
  /** The upstream responded 304, and the stored response was updated. */
  | { readonly kind: "revalidated"; readonly stored: StoredResponse; readonly variant: string }
  | ServerError
  /** May not be stored: for this caller only. */
  | { readonly kind: "private"; readonly response: BufferedResponse }
  /** Not read into memory: too large to store, or a response to HEAD or to a range. For this caller only. */
  | { readonly kind: "streamed"; readonly response: Response };

/** The upstream failed. Other callers would get the same, so they get this one. */
export interface ServerError {
  readonly kind: "server_error";
  readonly response: BufferedResponse;
}

/** The part of a result that calls in other requests may have. */
export type SharedResult = SharedStored | ServerError | { readonly kind: "unshareable" };

export interface SharedStored {
  readonly kind: "stored";
  readonly stored: StoredResponse;
  readonly variant: string;
  readonly isFromL2: boolean;
}

const UNSHAREABLE: SharedResult = { kind: "unshareable" };

export function sharedPart(result: FetchResult): SharedResult {
  switch (result.kind) {
    case "l2_hit":
    case "fetched":
    case "revalidated":
      return { kind: "stored", stored: result.stored, variant: result.variant, isFromL2: result.kind === "l2_hit" };
    case "server_error":
      return result;
    case "private":
    case "streamed":
      return UNSHAREABLE;
  }
}

/** A response that is not stored. A server error is for all callers, unless it sets a cookie. */
export function notStored(response: BufferedResponse): FetchResult {
  const setsCookie = response.headers.some(([name]) => name === "set-cookie");
  return isServerError(response.status) && !setsCookie ? { kind: "server_error", response } : { kind: "private", response };
}

/** Status codes of failures during which stale responses may serve. RFC 5861, section 4. */
export function isServerError(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** The values of the request fields that selected a response. A call with other values can't have it. */
export function variantFor({ varyFields }: Lookup, { headers }: StoredResponse): string {
  if (varyFields === undefined) return "";
  const fields = headerFields(headers);
  return variantOf(varyNames(fields.get("vary"), fields.get("content-encoding")), varyFields);
}
