// The status as a message: digests get the numbers of their versions, and what does not exist is left out.
import { expect, it } from "vitest";
import type { Version } from "../../../../../core/control/version.ts";
import { statusMessage } from "../../../../../workers/gateway/admin/control/status-message.ts";

const version = (number: number, digest: string): Version => {
  return { version: number, digest, bytes: 10, author: "ann", at: 0, reason: "because" };
};
const NOTHING = { sequence: 0, live: undefined, previous: undefined, canary: undefined, changes: [] };

it("has nothing of a gateway to which nothing was published", () => {
  const fleet = { regions: {}, refused: [], fallenBack: 0, relays: 0 };
  expect(statusMessage({ ...NOTHING, fleet }, [])).toEqual({ sequence: 0n, regions: [], refused: [] });
});

it("numbers what isolates run by the latest version of its digest, and the bundled configuration by 0", () => {
  const versions = [version(1, "a"), version(2, "b"), version(3, "a")];
  const fleet = {
    regions: { weur: { isolates: { a: 4, bundled: 1 }, canaries: { b: 2 } } },
    refused: [{ digest: "b", reason: "no layer", isolates: 1 }],
    fallenBack: 2,
    relays: 1,
  };
  const canary = { version: versions[1]!, percent: 5 };
  const message = statusMessage({ ...NOTHING, sequence: 7, live: versions[2], previous: versions[0], canary, fleet }, versions);
  expect(message.regions).toEqual([
    {
      region: "weur",
      running: [
        { digest: "a", version: 3n, isolates: 4n, canaries: 0n },
        { digest: "bundled", version: 0n, isolates: 1n, canaries: 0n },
        { digest: "b", version: 2n, isolates: 0n, canaries: 2n },
      ],
    },
  ]);
  expect(message.refused).toEqual([{ digest: "b", version: 2n, reason: "no layer", isolates: 1n }]);
  expect(message).toMatchObject({
    sequence: 7n,
    fellBack: 2n,
    live: { version: 3n },
    previous: { version: 1n },
    share: { percent: 5, region: "" },
  });
});
