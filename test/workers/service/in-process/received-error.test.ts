import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { BadRequestSchema } from "../../../../protos/gen/google/rpc/error_details_pb.ts";
import { asReceived, errorOf, wireError } from "../../../../workers/service/in-process/received-error.ts";

const headers = (entries: Record<string, string> = {}) => new Headers(entries);

it("has code, message, details, and all metadata, and neither cause nor details of the service", () => {
  const details = [{ desc: BadRequestSchema, value: { fieldViolations: [{ field: "a" }] } }];
  const thrown = new ConnectError("wrong", Code.NotFound, { "x-own": "1" }, details, new Error("a secret"));
  const error = asReceived(thrown, headers({ "x-header": "2" }), headers({ "x-trailer": "3" }), { json: {} as never });
  expect([error.code, error.rawMessage, error.isWireError, error.cause]).toEqual([Code.NotFound, "wrong", true, undefined]);
  expect(["x-own", "x-header", "x-trailer"].map((name) => error.metadata.get(name))).toEqual(["1", "2", "3"]);
  const [detail] = error.findDetails(BadRequestSchema);
  detail!.fieldViolations[0]!.field = "changed";
  expect(details[0]?.value.fieldViolations[0]?.field).toBe("a");
});

it("does not hand on the metadata of an error that came from another service", () => {
  const error = asReceived(wireError("down", Code.Unavailable, { "x-other": "1" }), headers(), headers(), { json: {} as never });
  expect(error.metadata.get("x-other")).toBeNull();
});

it("reads the refusal of a host", async () => {
  const response = Response.json({ code: "unauthenticated", message: "no" }, { status: 401, headers: { "x-a": "1" } });
  expect(await errorOf(response)).toMatchObject({ code: Code.Unauthenticated, rawMessage: "no" });
  expect(await errorOf(new Response("no JSON", { status: 503 }))).toMatchObject({ code: Code.Unavailable, rawMessage: "status 503" });
});
