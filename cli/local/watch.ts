// Sees when files change, by looking at them: this holds for editors that rename, for mounted folders, and for files that do not exist yet.
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const LOOK_EVERY_MS = 250;
const SKIPPED = /^(node_modules|\.wrangler|\.git)$/;

export interface Watched {
  readonly files: readonly string[]; // with the folders that they are in, so that one that appears is seen
  readonly folders: readonly string[]; // with all that is in them
}

/** The state of each file that was looked at. */
export type Snapshot = ReadonlyMap<string, string>;

/**
 * Waits until something differs from a snapshot, and then until it has been quiet for a moment: a save may take several writes.
 *
 * @param before taken before the files were read
 */
export async function changed(watched: Watched, before: Snapshot, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && isSame(snapshot(watched), before)) await sleep(LOOK_EVERY_MS);
  let last = snapshot(watched);
  for (;;) {
    await sleep(LOOK_EVERY_MS);
    const now = snapshot(watched);
    if (isSame(now, last) || signal.aborted) return;
    last = now;
  }
}

/** What was known before the files were read, and when that was. */
export interface Before {
  readonly states: Snapshot;
  readonly at: number; // epoch ms
}

const UNCERTAIN = "changed since"; // no state of a file is like it
const CLOCK_MARGIN_MS = 100; // by which the times of a file system may lag behind the clock

/** @param before the states to compare with later; a file that was not looked at then, and may have changed while it was read, is uncertain */
export function snapshot({ files, folders }: Watched, before?: Before): Snapshot {
  const all = new Set([...files, ...files.map((file) => dirname(file)), ...folders.flatMap(filesIn)]);
  return new Map(
    [...all].map((file) => {
      const known = before?.states.get(file);
      if (known !== undefined) return [file, known];
      return [file, before !== undefined && changedAt(file) > before.at - CLOCK_MARGIN_MS ? UNCERTAIN : stateOf(file)];
    }),
  );
}

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}

function isSame(one: Snapshot, other: Snapshot): boolean {
  return one.size === other.size && [...one].every(([file, state]) => other.get(file) === state);
}

function stateOf(file: string): string {
  const state = statSync(file, { throwIfNoEntry: false });
  if (state === undefined) return "absent";
  return `${state.mtimeMs} ${state.isDirectory() ? "" : `${state.ctimeMs} ${state.size} ${state.ino}`}`;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (SKIPPED.test(entry.name)) return [];
      return entry.isDirectory() ? [path, ...filesIn(path)] : [path];
    });
  } catch {
    return []; // it has gone meanwhile
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
