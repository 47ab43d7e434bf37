// Streams of changes: the service requests the next changes from its store again and again; the store responds when there are some.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Violations } from "./violations.ts";

export interface Change<Entity, Kind> {
  readonly revision: bigint;
  readonly kind: Kind;
  readonly entity: Entity;
}

/** Changes up to a revision; or that the store has deleted the requested changes, or does not have them yet; or that too many calls wait. */
export type Batch<Entity, Kind> =
  | { readonly kind: "changes"; readonly changes: readonly Change<Entity, Kind>[]; readonly revision: bigint }
  | { readonly kind: "full" }
  | { readonly kind: "out_of_range"; readonly oldest: bigint; readonly latest: bigint };

interface ChangeSource<Entity, Kind> {
  /**
   * @param after  a revision; undefined for the latest one
   * @param waitMs longest time to wait for a change where there is none after that revision
   */
  changes(after: bigint | undefined, waitMs: number): Promise<Batch<Entity, Kind>>;
}

const WAIT_MS = 20_000; // longest time of one request to the store, which may outlive the caller
const MAX_WATCH_MS = 600_000; // without a deadline: not every platform reports that a caller has hung up while nothing is written

/**
 * Every change after a revision (0: from now on), until the deadline of the call, or for ten minutes where it has none.
 *
 * @param store returns a stub: after an error, a new one is needed
 */
export async function* changesAfter<Entity, Kind>(
  store: () => ChangeSource<Entity, Kind>,
  afterRevision: bigint,
  context: HandlerContext,
): AsyncGenerator<Change<Entity, Kind>> {
  const violations = new Violations();
  violations.require(afterRevision >= 0n, "after_revision", "write 0 or a revision seen before");
  violations.throwIfAny();

  const endsAt = Date.now() + (context.timeoutMs() ?? MAX_WATCH_MS);
  let after = afterRevision === 0n ? undefined : afterRevision;
  while (Date.now() < endsAt && !context.signal.aborted) {
    const batch = await store().changes(after, Math.min(WAIT_MS, context.timeoutMs() ?? WAIT_MS));
    if (batch.kind === "out_of_range") {
      const range = `${batch.oldest - 1n} to ${batch.latest}`;
      throw new ConnectError(`revision ${after} is out of range, changes after ${range} are known; list, then watch`, Code.OutOfRange);
    }
    if (batch.kind === "full") throw new ConnectError("too many calls watch; try again later", Code.ResourceExhausted);
    yield* batch.changes;
    after = batch.revision;
  }
  throw new ConnectError("watched long enough; resume after the last revision", Code.DeadlineExceeded);
}
