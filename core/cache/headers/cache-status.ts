// The Cache-Status field: how the cache handled a call.

/** Values of `fwd`. RFC 9211, section 2.2. */
export type ForwardReason = "uri-miss" | "vary-miss" | "stale" | "bypass" | "method" | "request" | "miss";

export interface CacheStatus {
  readonly isHit?: boolean;
  readonly fwd?: ForwardReason; // why the call went to the upstream
  readonly fwdStatus?: number; // status of the upstream's response
  readonly ttl?: number; // remaining freshness in seconds; negative where the response is stale
  readonly isStored?: boolean;
  readonly isCollapsed?: boolean; // whether the call waited for the fetch of another call
  readonly detail?: string; // a token
}

/** @see RFC 9211 */
export function cacheStatus({ isHit, fwd, fwdStatus, ttl, isStored, isCollapsed, detail }: CacheStatus): string {
  let text = "tidegate";
  if (isHit) text += "; hit";
  if (fwd !== undefined) text += `; fwd=${fwd}`;
  if (fwdStatus !== undefined) text += `; fwd-status=${fwdStatus}`;
  if (ttl !== undefined) text += `; ttl=${ttl}`;
  if (isStored) text += "; stored";
  if (isCollapsed) text += "; collapsed";
  if (detail !== undefined) text += `; detail=${detail}`;
  return text;
}
