// The binding of the Durable Object `PurgeLog`. In a file of its own, because the CLI checks configurations and has no types of Workers.
import type { PurgeDelta, PurgeMode, PurgeTarget } from "../../../../core/cache/purge/purges.ts";

export interface PurgeLogNamespace {
  getByName(name: string): {
    since(known: number): Promise<PurgeDelta>;
    append(targets: readonly PurgeTarget[], mode: PurgeMode, known: number): Promise<PurgeDelta>;
  };
}
