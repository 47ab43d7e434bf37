// The copy of the live version in KV, for isolates that start while no relay can be reached.

import { base64Decode, base64Encode } from "@bufbuild/protobuf/wire";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import { snapshotProblem } from "../../../core/control/snapshot.ts";
import { countKvRead, countKvWrite } from "../background/cost-meters.ts";

/** What is used of a KV namespace. */
export interface CopyNamespace {
  get(key: string, type: "json"): Promise<unknown>;
  put(key: string, value: string): Promise<void>;
}

export interface LiveCopy {
  readonly sequence: number; // sequence of the pointers when it was written
  readonly version: number; // 0 for the bundled configuration
  readonly snapshot: StoredSnapshot | undefined; // undefined for the bundled configuration
}

const KEY = "tidegate:live";

export async function writeLiveCopy(namespace: CopyNamespace, { sequence, version, snapshot }: LiveCopy): Promise<void> {
  const descriptors = Object.entries(snapshot?.descriptors ?? {}).map(([digest, bytes]) => [digest, base64Encode(bytes)] as const);
  const stored = snapshot && { ...snapshot, descriptors: Object.fromEntries(descriptors) };
  countKvWrite("control");
  await namespace.put(KEY, JSON.stringify({ sequence, version, snapshot: stored }));
}

/** @returns undefined where there is no copy, or one that this version cannot read @throws what KV throws */
export async function readLiveCopy(namespace: CopyNamespace): Promise<LiveCopy | undefined> {
  countKvRead("control");
  const value = await namespace.get(KEY, "json");
  if (!isRecord(value)) return undefined;
  const { sequence, version, snapshot } = value;
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(version)) return undefined;
  const pointers = { sequence: sequence as number, version: version as number };
  if (snapshot === undefined) return version === 0 ? { ...pointers, snapshot: undefined } : undefined;
  const stored = storedOf(snapshot);
  return stored && { ...pointers, snapshot: stored };
}

function storedOf(value: unknown): StoredSnapshot | undefined {
  if (!isRecord(value) || !isRecord(value["descriptors"])) return undefined;
  const { digest, text } = value;
  if (typeof digest !== "string" || typeof text !== "string") return undefined;
  try {
    const sets = Object.entries(value["descriptors"]).map(([name, bytes]) => [name, base64Decode(String(bytes))] as const);
    const stored = { digest, text, descriptors: Object.fromEntries(sets) };
    return snapshotProblem(stored) === undefined ? stored : undefined;
  } catch {
    return undefined; // a set is no base64
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
