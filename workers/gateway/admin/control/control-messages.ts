// Messages of ControlService: what operators send, and versions, changes and refusals as they read them.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { hexOf } from "../../../../core/auth/sha256.ts";
import type { Problem } from "../../../../core/config/problems.ts";
import { describe } from "../../../../core/config/problems.ts";
import { type StoredSnapshot, snapshotProblem } from "../../../../core/control/snapshot.ts";
import type { CanaryShare, ChangeKind as ChangeName, PointerChange, Version as StoredVersion } from "../../../../core/control/version.ts";
import { shareProblem } from "../../../../core/control/version.ts";
import { printable } from "../../../../core/protocol/printable.ts";
import { isRegion } from "../../../../core/region.ts";
import {
  type CanaryShare as CanaryShareMessage,
  type Change,
  ChangeConflictSchema,
  ChangeKind,
  ChangeSchema,
  ConfigurationProblemsSchema,
  type Snapshot,
  type SnapshotSchema,
  type Version,
  VersionSchema,
} from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";

const MAX_PROBLEMS = 100; // in one detail
const MAX_SHOWN = 10; // in one message
const MAX_FOUND = 200; // characters

const KINDS: Readonly<Record<ChangeName, ChangeKind>> = {
  publish: ChangeKind.PUBLISH,
  canary: ChangeKind.CANARY,
  promote: ChangeKind.PROMOTE,
  rollback: ChangeKind.ROLLBACK,
  abort: ChangeKind.ABORT,
};

/** @throws ConnectError `invalid_argument` where parts are missing, or are not what their digests say */
export async function snapshotFrom(message: Snapshot | undefined): Promise<StoredSnapshot> {
  if (message === undefined) throw new ConnectError("snapshot: write one; `tidegate publish` makes it", Code.InvalidArgument);
  const sets = await Promise.all(message.descriptors.map(async (bytes) => [await digestOf(bytes), bytes] as const));
  const stored = { digest: message.digest, text: message.text, descriptors: Object.fromEntries(sets) };
  const found = await digestOf(new TextEncoder().encode(message.text));
  const mismatch =
    found === stored.digest ? undefined : `the SHA-256 of the text is ${found}, not ${printable(stored.digest)}; make it again`;
  const problem = snapshotProblem(stored) ?? mismatch;
  if (problem !== undefined) throw new ConnectError(`snapshot: ${problem}`, Code.InvalidArgument);
  return stored;
}

/** @throws ConnectError `invalid_argument` */
export function shareFrom(message: CanaryShareMessage | undefined): CanaryShare | undefined {
  if (message === undefined) return undefined;
  const { percent, region } = message;
  if (region !== "" && !isRegion(region))
    throw new ConnectError(`canary.region: found ${printable(region)}; write a region, as in weur or enam`, Code.InvalidArgument);
  const share: CanaryShare = region === "" ? { percent } : { percent, region };
  const problem = shareProblem(share);
  if (problem !== undefined) throw new ConnectError(`canary: ${problem}`, Code.InvalidArgument);
  return share;
}

export function versionMessage({ version, digest, bytes, author, at, reason }: StoredVersion): Version {
  const numbers = { version: BigInt(version), bytes: BigInt(bytes) };
  return create(VersionSchema, { ...numbers, digest, author, reason, time: timestampFromMs(at) });
}

export function changeMessage({ sequence, kind, version, share, author, at, reason }: PointerChange): Change {
  const facts = { sequence: BigInt(sequence), version: BigInt(version), kind: KINDS[kind], author, reason, time: timestampFromMs(at) };
  return create(ChangeSchema, share === undefined ? facts : { ...facts, share: shareMessage(share) });
}

export function shareMessage({ percent, region }: CanaryShare) {
  return { percent, region: region ?? "" };
}

export function snapshotMessage({ digest, text, descriptors }: StoredSnapshot): MessageInitShape<typeof SnapshotSchema> {
  return { digest, text, descriptors: Object.values(descriptors) as Uint8Array<ArrayBuffer>[] };
}

/** Another change was made first: names it, with its author. */
export function conflictError({
  sequence,
  winner,
}: {
  readonly sequence: number;
  readonly winner: PointerChange | undefined;
}): ConnectError {
  const facts = { sequence: BigInt(sequence), ...(winner !== undefined && { winner: changeMessage(winner) }) };
  const by = winner === undefined ? "" : ` by ${winner.author} (${winner.kind} of version ${winner.version}, "${winner.reason}")`;
  const message = `the configuration was changed since the state that this change names${by}; look at the status, then repeat it`;
  return new ConnectError(message, Code.Aborted, undefined, [{ desc: ChangeConflictSchema, value: facts }]);
}

export function problemsError(problems: readonly Problem[]): ConnectError {
  const shown = problems.slice(0, MAX_SHOWN).map((problem) => `  ${describe(problem)}`);
  const more = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : [];
  const message = ["the configuration is not valid:", ...shown, ...more].join("\n");
  const listed = problems.slice(0, MAX_PROBLEMS).map(({ path, found, fix }) => ({ path, found: foundText(found), fix }));
  const value = { problems: listed, more: problems.length - listed.length };
  return new ConnectError(message, Code.InvalidArgument, undefined, [{ desc: ConfigurationProblemsSchema, value }]);
}

function foundText(found: unknown): string {
  const text = typeof found === "string" ? found : (JSON.stringify(found) ?? "nothing");
  return text.length > MAX_FOUND ? `${text.slice(0, MAX_FOUND)}...` : text;
}

async function digestOf(bytes: Uint8Array): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}
