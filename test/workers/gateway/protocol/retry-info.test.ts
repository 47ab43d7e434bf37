// The time after which an upstream wants to be called again, in the details of its errors.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { RetryInfoSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { boundRetryInfo } from "../../../../workers/gateway/protocol/retry-info.ts";
import { gatewayTo, json, rest, unary } from "../../../support/gateway.ts";

const TYPE = "google.rpc.RetryInfo";
const info = (seconds: bigint, nanos = 0): Uint8Array<ArrayBuffer> =>
  toBinary(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds, nanos } }));
const delayOf = (value: Uint8Array): readonly [number, number] => {
  const { retryDelay } = fromBinary(RetryInfoSchema, value);
  return [Number(retryDelay?.seconds), Number(retryDelay?.nanos)];
};

describe("RetryInfo", () => {
  it.each([
    [info(3n, 5), [3, 5]],
    [info(3_600n, 1), [3_600, 0]],
    [info(315_576_000_000n), [3_600, 0]],
    [info(-5n), [0, 0]],
    [info(0n, -1), [0, 0]],
  ])("is bounded: %s", (value, delay) => {
    for (const type of [TYPE, `type.googleapis.com/${TYPE}`]) {
      const [detail] = boundRetryInfo([{ type, value }]) as [{ type: string; value: Uint8Array }];
      expect([detail.type, delayOf(detail.value)]).toEqual([type, delay]);
    }
  });

  it.each([[new Uint8Array()], [new Uint8Array([255])], [new Uint8Array([10, 5, 1])]])("is dropped where it says no time: %s", (value) => {
    expect(boundRetryInfo([{ type: TYPE, value }])).toEqual([]);
  });

  it("leaves other details as they are", () => {
    const details = [{ type: "google.rpc.ErrorInfo", value: new Uint8Array([255]) }];
    expect(boundRetryInfo(details)).toBe(details);
    expect(boundRetryInfo([...details, { type: TYPE, value: info(1n) }])).toHaveLength(2);
  });
});

describe("an error of an upstream", () => {
  const base64 = Buffer.from(info(86_400n)).toString("base64").replace(/=+$/, "");
  const error = { code: "unavailable", message: "busy", details: [{ type: TYPE, value: base64, debug: { retryDelay: "86400s" } }] };
  const services = { "users.v1.UserService": { upstream: { binding: "USERS" }, retries: false as const } };
  const upstream = () => json(error, { status: 503 });

  it("has its RetryInfo bounded for callers of Connect", async () => {
    const response = await gatewayTo(upstream, { services })(unary("GetUser"));
    const { code, message, details } = (await response.json()) as { code: string; message: string; details: { value: string }[] };
    expect([response.status, code, message, details.length]).toEqual([503, "unavailable", "busy", 1]);
    expect(delayOf(Buffer.from(details[0]!.value, "base64"))).toEqual([3_600, 0]);
  });

  it("has its RetryInfo bounded for callers of REST", async () => {
    const response = await gatewayTo(upstream, { services })(rest("GET", "/api/v1/users/a"));
    expect(await response.json()).toMatchObject({ details: [{ "@type": `type.googleapis.com/${TYPE}`, retryDelay: "3600s" }] });
  });
});
