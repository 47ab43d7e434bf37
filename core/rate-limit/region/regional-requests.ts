// A region's requests to the root bucket: when one is due, what it says, and what its grant changes.
import type { LeaseGrant, LeaseRequest } from "../lease-messages.ts";
import { reservedByLeases } from "../leased-bucket.ts";
import { adoptNext, type RegionalBucket, type RootShare, settle } from "./regional-bucket.ts";

/** A request counts as lost after this time, ms: more than any round trip between two regions takes ... */
export const ROOT_TIMEOUT_MS = 1_000;
const MAX_DOUBLINGS = 3; // ... but it doubles while no grant arrives: a root that always takes longer would never count
const STEADY_AFTER_MS = 300; // a region with leases for this long uses a rate of its own
const LOW_STOCK_MS = 150; // a pool with less than the demand of this time runs low
const MAX_ROOT_REQUESTS_PER_SECOND = 250; // sum over all lessees of one bucket; their first requests come on top
const MIN_REQUEST_GAP_MS = 250; // between two requests that are sent only because the pool runs low

/** How long to wait for the response to a request, ms. */
export function rootTimeoutMs({ root }: RegionalBucket): number {
  return ROOT_TIMEOUT_MS * 2 ** Math.min(root.failures, MAX_DOUBLINGS);
}

/** Whether a request is under way. There is one at a time. */
export function isRequestingRoot(state: RegionalBucket, now: number): boolean {
  const { requestedAt } = state.root;
  return requestedAt !== undefined && Math.abs(now - requestedAt) < rootTimeoutMs(state);
}

/**
 * How long a request waits before it is sent, ms: with many lessees, each of them sends fewer, so that the root gets no more than it can handle.
 * What is needed meanwhile joins it.
 */
export function rootDelayMs({ root }: RegionalBucket, now: number): number {
  return Math.max(0, root.lastRequestAt + (root.lessees * 1_000) / MAX_ROOT_REQUESTS_PER_SECOND - now);
}

/** Whether a request is due in the background: the share has to be renewed, or the pool runs low and the root has tokens. */
export function isRootRequestDue(state: RegionalBucket, now: number): boolean {
  const { root, bucket, share } = state;
  if (isRequestingRoot(state, now) || now < root.pausedUntil) return false;
  if (root.tokensOwed > 0 || share.sequence === 0) return true;
  if (root.renewAt !== undefined && now >= root.renewAt) return true;
  const isGapOver = now - root.lastRequestAt >= MIN_REQUEST_GAP_MS;
  return isGapOver && root.rootTokens > 0 && bucket.tokens < demandOf(state).demandPerMs * (LOW_STOCK_MS + root.roundTripMs);
}

/**
 * Starts a request.
 *
 * @param name         the lessee's name at the root; another one after each loss of the state
 * @param tokensNeeded tokens that requests of isolates wait for; 0 for a request in the background
 */
export function requestRoot(known: RegionalBucket, name: string, tokensNeeded: number, now: number): [RegionalBucket, LeaseRequest] {
  const state = withoutSpent(adoptNext(settle(known, now)[0]));
  const { bucket, share } = state;
  const sequence = state.root.sequence + 1;
  const { tokensOwed, settledSequence, requiresRate } = state.root;
  const request: LeaseRequest = {
    isolate: name,
    sequence,
    appliedSequence: share.sequence,
    tokensHeld: bucket.tokens,
    ...(share.sequence > 0 ? { shareHeld: { ratePerMs: share.ratePerMs, capacity: share.capacity } } : {}),
    tokensNeeded,
    ...demandOf(state),
    isDemandSteady: now - state.root.activeSince >= STEADY_AFTER_MS,
    ...(requiresRate ? { requiresRate } : {}),
    ...(tokensOwed > 0 ? { tokensOwed } : {}),
    settledSequence,
    capacityLent: reservedByLeases(bucket.leases).capacity,
  };
  const root = { ...state.root, sequence, requestedAt: now, lastRequestAt: now, tokensOwedSent: tokensOwed };
  // The root reserves what it grants next and what the request acknowledges, and nothing else.
  const next = state.next && { ...state.next, isReserved: false };
  return [{ ...state, next, root }, request];
}

/** Of a share without a rate, what has been spent does not come back: the root need not reserve it any more. */
function withoutSpent(state: RegionalBucket): RegionalBucket {
  const { share, bucket } = state;
  if (share.ratePerMs > 0) return state;
  const capacity = Math.min(share.capacity, bucket.tokens + reservedByLeases(bucket.leases).capacity);
  return { ...state, share: { ...share, capacity } };
}

/**
 * Applies a grant of the root. If leases do not fit into it, the share in use stays until they do.
 *
 * @param sentAt when the request was sent, epoch ms
 */
export function applyRootGrant(known: RegionalBucket, grant: LeaseGrant | undefined, sentAt: number, now: number): RegionalBucket {
  if (grant === undefined || grant.sequence !== known.root.sequence || grant.sequence === known.root.settledSequence) return known;
  if (grant.isUnreachable === true) return rootRequestFailed(known, grant.sequence, grant.pauseMs, now);
  const [state] = settle(known, now);
  const { sequence, ratePerMs, capacity, pauseMs } = grant;
  const root: RegionalBucket["root"] = {
    ...state.root,
    settledSequence: sequence,
    requestedAt: undefined,
    tokensOwed: Math.max(0, state.root.tokensOwed - state.root.tokensOwedSent),
    tokensOwedSent: 0,
    renewAt: ratePerMs > 0 ? now + grant.renewAfterMs : undefined,
    pausedUntil: pauseMs > 0 ? now + pauseMs : 0,
    retryAt: now + grant.retryAfterMs,
    isUnreachable: false,
    failures: 0,
    rootTokens: grant.poolTokens,
    lessees: Math.max(1, grant.lessees ?? 1),
    roundTripMs: Math.max(0, now - sentAt),
  };
  const next: RootShare = { sequence, ratePerMs, capacity, expiresAt: sentAt + grant.lifetimeMs, isReserved: true };
  if (now >= next.expiresAt) return { ...state, next: undefined, root };
  // Without a share nothing is lent, so that the grant fits. Else its tokens join the pool as far as the share in use has room for them.
  const room = Math.max(0, Math.max(state.share.capacity, capacity) - reservedByLeases(state.bucket.leases).capacity);
  const granted = { ...state.bucket, tokens: Math.min(state.bucket.tokens + grant.tokens, room) };
  const adopted = adoptNext({ ...state, bucket: granted, next, root });
  if (adopted.next === undefined) return adopted;
  const fitting = Math.max(0, state.share.capacity - reservedByLeases(state.bucket.leases).capacity);
  return { ...adopted, bucket: { ...granted, tokens: Math.min(granted.tokens, fitting) } };
}

/**
 * Ends a request that failed, or took too long. A grant that arrives later all the same is applied, unless another request has been sent.
 *
 * @param pauseMs no request is sent for this long
 */
export function rootRequestFailed(state: RegionalBucket, sequence: number, pauseMs: number, now: number): RegionalBucket {
  if (sequence !== state.root.sequence) return state;
  const root = {
    ...state.root,
    requestedAt: undefined,
    pausedUntil: now + pauseMs,
    retryAt: now + pauseMs,
    isUnreachable: true,
    failures: state.root.failures + 1,
  };
  return { ...state, root };
}

/** Demand of all lessees, those whose requests wait for the root included. */
function demandOf({
  bucket,
  waiting,
}: RegionalBucket): Pick<LeaseRequest, "demandPerMs" | "peakDemandPerMs"> & { readonly lessees: number } {
  let [demandPerMs, peakDemandPerMs, lessees] = [0, 0, 0];
  for (const record of Object.values({ ...bucket.leases, ...waiting })) {
    demandPerMs += record.demandPerMs;
    peakDemandPerMs += record.peakDemandPerMs ?? record.demandPerMs;
    lessees += record.lessees ?? 1;
  }
  return { demandPerMs, peakDemandPerMs, lessees };
}
