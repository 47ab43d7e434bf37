// The Cache-Status field: what the cache did with a call, for whoever reads the answer.

export type ForwardReason = "uri-miss" | "vary-miss" | "stale" | "bypass" | "method" | "request" | "miss";

export interface CacheStatus {
  readonly isHit?: boolean;
  readonly fwd?: ForwardReason;
  readonly fwdStatus?: number;
  readonly ttl?: number; // seconds, below 0 where it is stale
  readonly isStored?: boolean;
  readonly isCollapsed?: boolean; // answered by the call of another one
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
