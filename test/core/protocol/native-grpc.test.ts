import { describe, expect, it } from "vitest";
import { isNativeGrpcUrl } from "../../../core/protocol/native-grpc.ts";

describe("isNativeGrpcUrl", () => {
  it("accepts https URLs at port 443", () => {
    for (const url of [
      "https://a.example",
      "https://a.example:443",
      "https://a.example/x",
      "https://a.example:443/x",
      "https://[::1]",
      "https://[::1]:443/x",
    ])
      expect(isNativeGrpcUrl(url), url).toBe(true);
    for (const url of [
      "http://a.example",
      "https://a.example:8443",
      "https://a.example:4430",
      "https://[::1]:50051",
      "xhttps://a",
      "https://",
    ])
      expect(isNativeGrpcUrl(url), url).toBe(false);
  });
});
