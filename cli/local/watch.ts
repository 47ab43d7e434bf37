// Detects changes of files by polling, which also works for editors that rename files, for mounted folders, and for files to come.
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const POLL_MS = 250;
const SKIPPED = /^(node_modules|\.wrangler|\.git)$/;

export interface Watched {
  readonly files: readonly string[]; // their folders are polled too, so that new files are found
  readonly folders: readonly string[]; // with their whole content
}

/** The state of each watched file, by path. */
export type FileStates = ReadonlyMap<string, string>;

/**
 * Waits until a file differs from a snapshot, and then until no file changes for a moment: a save may take several writes.
 *
 * @param before snapshot from before the files were read
 */
export async function untilChanged(watched: Watched, before: FileStates, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && isUnchanged(watched, before)) await sleep(POLL_MS);
  let last = snapshot(watched);
  for (;;) {
    await sleep(POLL_MS);
    const now = snapshot(watched);
    if (isSame(now, last) || signal.aborted) return;
    last = now;
  }
}

/** The states of files before they were read, with the time. */
export interface Before {
  readonly states: FileStates;
  readonly at: number; // epoch ms
}

const UNCERTAIN = "changed since"; // differs from every state of a file
const CLOCK_MARGIN_MS = 100; // largest lag of file times behind the clock

/** @param before earlier states, which are kept; a file without one, which may have changed while it was read, is uncertain */
export function snapshot({ files, folders }: Watched, before?: Before): FileStates {
  const all = new Set([...files, ...files.map((file) => dirname(file)), ...folders.flatMap(filesIn)]);
  return new Map(
    [...all].map((file) => {
      const earlier = before?.states.get(file);
      if (earlier !== undefined) return [file, earlier];
      return [file, before !== undefined && changedAt(file) > before.at - CLOCK_MARGIN_MS ? UNCERTAIN : stateOf(file)];
    }),
  );
}

function changedAt(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0;
}

/** @param before snapshot of the same files */
export function isUnchanged(watched: Watched, before: FileStates): boolean {
  return isSame(snapshot(watched), before);
}

function isSame(one: FileStates, other: FileStates): boolean {
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
    return []; // deleted meanwhile
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
