// The log of purges as isolates call it: the objects of `durable-objects/purge-log.ts`.
import type { PurgeDelta, PurgeMode, PurgeTarget } from "../../../../core/cache/purge/purges.ts";

export interface PurgeLogNamespace {
  getByName(name: string): {
    since(known: number): Promise<PurgeDelta>;
    append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): Promise<PurgeDelta>;
  };
}
