// The copy of the live version in KV: what was written is read, and what cannot be read is no copy.
import { expect, it } from "vitest";
import { snapshotText } from "../../../../core/control/snapshot.ts";
import { type CopyNamespace, type LiveCopy, readLiveCopy, writeLiveCopy } from "../../../../workers/gateway/control/live-copy.ts";

const SET = "0a".repeat(32);
const text = snapshotText({ format: 1, configuration: { name: "ü" }, descriptors: [SET], layers: [] });
const COPY: LiveCopy = {
  sequence: 7,
  version: 3,
  snapshot: { digest: "0b".repeat(32), text, descriptors: { [SET]: new Uint8Array([0, 255, 7]) } },
};

function namespace(value?: string): CopyNamespace & { value: string | undefined } {
  const stored: CopyNamespace & { value: string | undefined } = {
    value,
    get: async () => (stored.value === undefined ? null : JSON.parse(stored.value)),
    put: async (_, written) => {
      stored.value = written;
    },
  };
  return stored;
}

it.each([COPY, { sequence: 9, version: 0, snapshot: undefined }])("reads what was written: version $version", async (copy) => {
  const stored = namespace();
  await writeLiveCopy(stored, copy);
  expect(await readLiveCopy(stored)).toEqual(copy);
});

it.each([
  { name: "nothing", value: undefined },
  { name: "a list", value: "[]" },
  { name: "no sequence", value: '{"version":1}' },
  { name: "a version without its snapshot", value: '{"sequence":1,"version":1}' },
  {
    name: "a snapshot of another format",
    value: JSON.stringify({ sequence: 1, version: 1, snapshot: { digest: SET, text: '{"format":2}', descriptors: {} } }),
  },
  {
    name: "a set that is no base64",
    value: JSON.stringify({ sequence: 1, version: 1, snapshot: { digest: SET, text, descriptors: { [SET]: "%%%" } } }),
  },
])("is no copy: $name", async ({ value }) => {
  expect(await readLiveCopy(namespace(value))).toBeUndefined();
});
