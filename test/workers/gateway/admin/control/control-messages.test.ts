// Messages of ControlService: what is refused before the object is called, and refusals with what the caller needs to go on.
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { hexOf, sha256 } from "../../../../../core/auth/sha256.ts";
import { snapshotText } from "../../../../../core/control/snapshot.ts";
import {
  CanaryShareSchema,
  ChangeConflictSchema,
  ConfigurationProblemsSchema,
  SnapshotSchema,
} from "../../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import {
  conflictError,
  problemsError,
  shareFrom,
  snapshotFrom,
  snapshotMessage,
} from "../../../../../workers/gateway/admin/control/control-messages.ts";

const SET = new Uint8Array([1, 2, 3]);
const text = snapshotText({ format: 1, configuration: {}, descriptors: [hexOf(sha256(SET))], layers: [] });
const digest = hexOf(sha256(new TextEncoder().encode(text)));

it("reads a snapshot with its descriptor sets, and writes it back", async () => {
  const stored = await snapshotFrom(create(SnapshotSchema, { digest, text, descriptors: [SET] }));
  expect(stored).toEqual({ digest, text, descriptors: { [hexOf(sha256(SET))]: SET } });
  expect(snapshotMessage(stored)).toEqual({ digest, text, descriptors: [SET] });
});

it.each([
  { name: "none", message: undefined, problem: "write one" },
  { name: "another digest", message: { digest: "0".repeat(64), text, descriptors: [SET] }, problem: "the SHA-256 of the text" },
  { name: "a missing set", message: { digest, text, descriptors: [] }, problem: "is missing" },
  { name: "another set", message: { digest, text, descriptors: [new Uint8Array([4])] }, problem: "is missing" },
])("refuses a snapshot: $name", async ({ message, problem }) => {
  await expect(snapshotFrom(message && create(SnapshotSchema, message))).rejects.toThrow(problem);
});

it("reads a share, with or without a region", () => {
  expect(shareFrom(undefined)).toBeUndefined();
  expect(shareFrom(create(CanaryShareSchema, { percent: 5 }))).toEqual({ percent: 5 });
  expect(shareFrom(create(CanaryShareSchema, { region: "weur" }))).toEqual({ percent: 0, region: "weur" });
  expect(() => shareFrom(create(CanaryShareSchema, { region: "mars" }))).toThrow("mars");
});

it("names the change that won", () => {
  const winner = { sequence: 7, kind: "publish" as const, version: 3, author: "ben", at: 0, reason: "faster" };
  const error = conflictError({ sequence: 7, winner });
  expect(error.message).toContain('by ben (publish of version 3, "faster")');
  expect(error.findDetails(ChangeConflictSchema)).toMatchObject([{ sequence: 7n, winner: { author: "ben", version: 3n } }]);
});

it("lists 10 problems in the message, and 100 in the detail", () => {
  const problems = Array.from({ length: 130 }, (_, n) => ({ path: `path-${n}`, found: "x".repeat(5_000), fix: "write it" }));
  const error = problemsError(problems);
  expect(error.rawMessage.split("\n")).toHaveLength(12);
  expect(error.rawMessage).toContain("and 120 more");
  const [detail] = error.findDetails(ConfigurationProblemsSchema);
  expect([detail?.problems.length, detail?.more, detail?.problems[0]?.found.length]).toEqual([100, 30, 203]);
});
