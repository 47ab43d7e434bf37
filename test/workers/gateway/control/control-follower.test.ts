// Snapshots as they arrive: what was damaged on its way is not compiled.
import { expect, it } from "vitest";
import { hexOf, sha256 } from "../../../../core/auth/sha256.ts";
import { soundSnapshots } from "../../../../workers/gateway/control/control-follower.ts";
import { configuration, snapshotOf } from "../../../support/versioned.ts";

const set = new Uint8Array([1, 2, 3]);
const snapshot = { ...snapshotOf(configuration("a")), descriptors: { [hexOf(sha256(set))]: set } };

it.each([
  { name: "a whole one", sent: snapshot, isSound: true },
  { name: "one with other text", sent: { ...snapshot, text: snapshot.text.replace("USERS", "OTHER") }, isSound: false },
  { name: "one with another digest", sent: { ...snapshot, digest: "0".repeat(64) }, isSound: false },
  { name: "one with other descriptors", sent: { ...snapshot, descriptors: { [hexOf(sha256(set))]: set.slice(1) } }, isSound: false },
])("tells whether $name is sound", async ({ sent, isSound }) => {
  expect(await soundSnapshots([sent])).toEqual(isSound ? [sent] : []);
});
