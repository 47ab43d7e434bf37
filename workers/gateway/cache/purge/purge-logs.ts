// The log of purges as isolates call it: the objects of `durable-objects/purge-log.ts`.
import type { Delta, PurgeMode, Target } from "../../../../core/cache/purge/purges.ts";

export interface PurgeLogs {
  getByName(name: string): {
    since(known: number): Promise<Delta>;
    append(targets: readonly Target[], mode: PurgeMode, known: number): Promise<Delta>;
  };
}
