import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { compressions, maxWireBytes, requestCompression } from "../../../workers/service/compression.ts";
import { gzip } from "../services/support.ts";

const bytes = new TextEncoder().encode("to be compressed, to be compressed, to be compressed");

describe.each(compressions.map((compression) => [compression.name, compression] as const))("%s", (_name, compression) => {
  it("decompresses what it has compressed, up to the limit", async () => {
    const compressed = await compression.compress(bytes);
    expect(await compression.decompress(compressed, bytes.byteLength)).toEqual(bytes);
    await expect(compression.decompress(compressed, bytes.byteLength - 1)).rejects.toMatchObject({ code: Code.ResourceExhausted });
  });

  it("takes an empty message that is sent uncompressed, and throws invalid_argument for broken data", async () => {
    expect((await compression.decompress(new Uint8Array(), 0)).byteLength).toBe(0);
    await expect(compression.decompress(new Uint8Array([1, 2, 3]), 100)).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

describe("requestCompression", () => {
  it("finds the coding of a request, or none", () => {
    expect([requestCompression("gzip", "x")?.name, requestCompression("deflate", "x")?.name]).toEqual(["gzip", "deflate"]);
    expect([requestCompression(null, "x"), requestCompression("", "x"), requestCompression("identity", "x")]).toEqual([null, null, null]);
  });

  it("throws unimplemented for an unknown coding, with the accepted ones", () => {
    try {
      requestCompression("br", "accept-encoding");
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConnectError);
      expect(error).toMatchObject({ code: Code.Unimplemented });
      expect((error as ConnectError).metadata.get("accept-encoding")).toBe("gzip,deflate");
    }
  });
});

it("maxWireBytes leaves room for data that grows when it is compressed", async () => {
  const random = crypto.getRandomValues(new Uint8Array(10_000));
  const size = (await gzip(random)).byteLength;
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThanOrEqual(maxWireBytes(10_000, true));
  expect(maxWireBytes(10_000, false)).toBe(10_000);
});
