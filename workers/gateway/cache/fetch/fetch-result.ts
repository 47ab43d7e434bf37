// What a fetch gives to the call that made it, and which part of that other calls may have.
import type { ReceivedResponse } from "../../../../core/cache/freshness.ts";
import { directivesOf } from "../../../../core/cache/headers/directives.ts";
import { variantOf, varyNames } from "../../../../core/cache/headers/vary.ts";
import { mayShareError } from "../../../../core/cache/shareable.ts";
import { storableHeaders } from "../../../../core/cache/storable.ts";
import type { StoredResponse } from "../../../../core/cache/stored-response.ts";
import type { CachePolicy } from "../../../../core/config/cache.ts";
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
  /** May not be used for other callers. `isLasting`: other calls of this key get such a response, too. */
  | { readonly kind: "private"; readonly response: BufferedResponse; readonly isLasting: boolean }
  /** Purged while it was fetched: the caller may have it, and the next one fetches again. */
  | { readonly kind: "outdated"; readonly response: BufferedResponse }
  /** Not read into memory: too large to store, or a response to HEAD or to a range. For this caller only. */
  | { readonly kind: "streamed"; readonly response: Response };

/** The upstream failed. `shared`: what other callers may have of it. */
export interface ServerError {
  readonly kind: "server_error";
  readonly response: BufferedResponse;
  readonly shared: SharedError | undefined;
}

/** The part of a result that calls in other requests may have. */
export type SharedResult =
  | SharedStored
  | SharedError
  | { readonly kind: "unshareable" } // each call fetches for itself
  | { readonly kind: "outdated" }; // one of the calls fetches again

export interface SharedStored {
  readonly kind: "stored";
  readonly stored: StoredResponse;
  readonly variant: string;
  readonly isFromL2: boolean;
}

export interface SharedError {
  readonly kind: "error";
  readonly response: BufferedResponse;
  readonly variant: string;
}

export const UNSHAREABLE: SharedResult = { kind: "unshareable" };
export const OUTDATED: SharedResult = { kind: "outdated" };

export function sharedPart(result: FetchResult): SharedResult {
  switch (result.kind) {
    case "l2_hit":
    case "fetched":
    case "revalidated":
      return { kind: "stored", stored: result.stored, variant: result.variant, isFromL2: result.kind === "l2_hit" };
    case "server_error":
      return result.shared ?? UNSHAREABLE;
    case "outdated":
      return OUTDATED;
    case "private":
    case "streamed":
      return UNSHAREABLE;
  }
}

/** The result of a response that is not stored. Without the part for others where it is not for them. */
export function unstored(policy: CachePolicy, lookup: Lookup, response: BufferedResponse, received: ReceivedResponse): FetchResult {
  const isForOthers = lookup.fitsProtocol(response.status, received.fields) && !lookup.directives.has("no-store");
  if (!isServerError(response.status)) return { kind: "private", response, isLasting: isForOthers };
  const context = { hasAuthorization: lookup.hasAuthorization, isKeyed: lookup.varyFields === undefined };
  if (!isForOthers || !mayShareError(received, policy, context)) return { kind: "server_error", response, shared: undefined };
  const { directives } = directivesOf(received.fields, policy.targets);
  const shared = { ...response, headers: storableHeaders(response.headers, directives, policy) };
  return { kind: "server_error", response, shared: { kind: "error", response: shared, variant: variantFor(lookup, response) } };
}

/** Status codes of failures during which stale responses may serve. RFC 5861, section 4. */
export function isServerError(status: number): boolean {
  return status >= 500 && status !== 501;
}

/** The values of the request fields that selected a response. A call with other values can't have it. */
export function variantFor({ varyFields }: Lookup, { headers }: Pick<StoredResponse, "headers">): string {
  if (varyFields === undefined) return "";
  const fields = headerFields(headers);
  return variantOf(varyNames(fields.get("vary"), fields.get("content-encoding")), varyFields);
}
