// Streams of changes: the service asks its object for the next ones, again and again; the object answers when there are some, or in a while.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { Violations } from "./violations.ts";

export interface Change<Entity, Kind> {
  readonly revision: bigint;
  readonly kind: Kind;
  readonly entity: Entity;
}

/** Changes up to a revision; or that the changes asked for are forgotten, or still to come. */
export type Batch<Entity, Kind> =
  | { readonly kind: "changes"; readonly changes: readonly Change<Entity, Kind>[]; readonly revision: bigint }
  | { readonly kind: "out_of_range"; readonly oldest: bigint; readonly latest: bigint };

/** What of an object is needed here. */
interface Watched<Entity, Kind> {
  /**
   * @param after  a revision; undefined for the latest one
   * @param waitMs how long to wait for a change where none has happened since
   */
  changes(after: bigint | undefined, waitMs: number): Promise<Batch<Entity, Kind>>;
}

// How long the object keeps one question waiting, also that of a caller who has hung up.
const WAIT_MS = 20_000;
// Not every platform tells that a caller has hung up while there is nothing to write: a watch without a deadline has this one.
const LONGEST_MS = 600_000;

/** Every change after a revision (0: from now on), until the caller's deadline ends the call; or after ten minutes, where there is none. */
export async function* changesAfter<Entity, Kind>(
  object: () => Watched<Entity, Kind>,
  afterRevision: bigint,
  context: HandlerContext,
): AsyncGenerator<Change<Entity, Kind>> {
  const wrong = new Violations();
  wrong.unless(afterRevision >= 0n, "after_revision", "write 0 or a revision seen before");
  wrong.refuse();

  const endsAt = Date.now() + (context.timeoutMs() ?? LONGEST_MS);
  let after = afterRevision === 0n ? undefined : afterRevision;
  while (Date.now() < endsAt && !context.signal.aborted) {
    const batch = await object().changes(after, Math.min(WAIT_MS, context.timeoutMs() ?? WAIT_MS));
    if (batch.kind === "out_of_range") {
      const known = `${batch.oldest - 1n} to ${batch.latest}`;
      throw new ConnectError(`revision ${after} is out of range, changes after ${known} are known; list, then watch`, Code.OutOfRange);
    }
    yield* batch.changes;
    after = batch.revision;
  }
  throw new ConnectError("watched long enough; resume after the last revision", Code.DeadlineExceeded);
}
