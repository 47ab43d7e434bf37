// Details of upstreams' errors: readable JSON wherever the gateway writes errors as JSON.
import { type DescMessage, fromJson, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { Code, ConnectError } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { trailerFlag, trailerSerialize } from "@connectrpc/connect/protocol-grpc-web";
import { describe, expect, it } from "vitest";
import * as rpc from "../../protos/gen/google/rpc/error_details_pb.ts";
import { UserSchema } from "../../protos/gen/users/v1/users_pb.ts";
import { endOfStream, enveloped, gatewayTo, json, rest, unary } from "../support/gateway.ts";
import notes from "../support/notes/notes.descriptors.ts";

/** One of each type of google/rpc/error_details.proto, and a message of a compiled service. */
const KNOWN: readonly (readonly [DescMessage, JsonObject])[] = [
  [rpc.ErrorInfoSchema, { reason: "STOCKOUT", domain: "example.com", metadata: { zone: "eu" } }],
  [rpc.RetryInfoSchema, { retryDelay: "1.500s" }],
  [rpc.DebugInfoSchema, { stackEntries: ["a", "b"], detail: "boom" }],
  [rpc.QuotaFailureSchema, { violations: [{ subject: "project:1", description: "out of quota" }] }],
  [rpc.PreconditionFailureSchema, { violations: [{ type: "TOS", subject: "example.com", description: "not accepted" }] }],
  [rpc.BadRequestSchema, { fieldViolations: [{ field: "id", description: "is empty" }] }],
  [rpc.RequestInfoSchema, { requestId: "r1", servingData: "d" }],
  [rpc.ResourceInfoSchema, { resourceType: "user", resourceName: "u1", owner: "o", description: "gone" }],
  [rpc.HelpSchema, { links: [{ description: "docs", url: "https://example.com/docs" }] }],
  [rpc.LocalizedMessageSchema, { locale: "de-CH", message: "nein" }],
  [UserSchema, { id: "usr_1", displayName: "Ada" }],
];
const UNKNOWN = { type: "example.v1.NotKnownHere", value: "CgFh" };
/** notes.v1.AddNoteRequest, known from `descriptors` alone. */
const NOTE = { type: "notes.v1.AddNoteRequest", value: "CgFh" };

const wire = (desc: DescMessage, value: JsonObject) => ({ type: desc.typeName, bytes: toBinary(desc, fromJson(desc, value)) });
const connectDetails = [
  ...KNOWN.map(([desc, value]) => ({ type: desc.typeName, value: base64Encode(wire(desc, value).bytes, "std_raw") })),
  NOTE,
  UNKNOWN,
];
const wanted = [
  ...KNOWN.map(([desc, value]) => ({ "@type": `type.googleapis.com/${desc.typeName}`, ...value })),
  expect.objectContaining({ "@type": "type.googleapis.com/notes.v1.AddNoteRequest" }),
  { "@type": `type.googleapis.com/${UNKNOWN.type}`, value: UNKNOWN.value },
];
const ERROR = { code: "failed_precondition", message: "no", details: connectDetails };

function trailersOnly(): Uint8Array {
  const error = new ConnectError("no", Code.FailedPrecondition);
  error.details = connectDetails.map(({ type, value }) => ({ type, value: Uint8Array.from(atob(value), (c) => c.charCodeAt(0)) }));
  const trailers = new Headers();
  setTrailerStatus(trailers, error);
  return encodeEnvelope(trailerFlag, trailerSerialize(trailers));
}

const input = (protocol: "both" | "grpc_web") => ({
  descriptors: [notes],
  services: { "users.v1.UserService": { upstream: { binding: "USERS", protocol } } },
});
const connectUpstream = gatewayTo(() => json(ERROR, { status: 400 }), input("both"));
const grpcWebUpstream = gatewayTo(
  () => new Response(trailersOnly() as Uint8Array<ArrayBuffer>, { headers: { "content-type": "application/grpc-web+proto" } }),
  input("grpc_web"),
);

describe("details of an upstream's error", () => {
  it.each([
    ["Connect", connectUpstream],
    ["gRPC-Web", grpcWebUpstream],
  ])("are written out for REST callers of an upstream that speaks %s", async (_, gateway) => {
    const response = await gateway(rest("GET", "/api/v1/users/usr_1"));
    const body = (await response.json()) as { details: readonly unknown[] };
    expect(response.status).toBe(400);
    expect(body).toMatchObject({ code: 9, message: "no" });
    expect(body.details).toEqual(wanted);
    expect(body.details[KNOWN.length]).not.toHaveProperty("value");
  });

  it("are described beside their bytes for Connect callers of an upstream that speaks gRPC-Web", async () => {
    const gateway = gatewayTo(
      () => new Response(trailersOnly() as Uint8Array<ArrayBuffer>, { headers: { "content-type": "application/grpc-web+json" } }),
      input("grpc_web"),
    );
    const debugs = [...KNOWN.map(([, value]) => value), expect.any(Object), undefined];
    const want = connectDetails.map((detail, index) =>
      expect.objectContaining(debugs[index] === undefined ? detail : { ...detail, debug: debugs[index] }),
    );
    const body = (await (await gateway(unary("GetUser"))).json()) as { details: readonly unknown[] };
    expect(body.details).toEqual(want);
    expect(body.details.at(-1)).not.toHaveProperty("debug");
    const end = await endOfStream(await gateway(enveloped("WatchUsers", "application/connect+json", "{}")));
    expect((end.error as unknown as { details: unknown }).details).toEqual(want);
  });

  it("are written out at the end of a REST stream", async () => {
    const end = encodeEnvelope(2, new TextEncoder().encode(JSON.stringify({ error: ERROR })));
    const message = encodeEnvelope(0, new Uint8Array());
    const body = await new Blob([message, end]).arrayBuffer();
    const gateway = gatewayTo(() => new Response(body, { headers: { "content-type": "application/connect+proto" } }), input("both"));
    const lines = (await (await gateway(rest("GET", "/api/v1/users:watch", undefined, { accept: "application/x-ndjson" }))).text()).trim();
    expect(JSON.parse(lines.split("\n").at(-1)!).error.details).toEqual(wanted);
  });

  it("may name their types by a whole URL, and stay bytes where they are not what they say", async () => {
    const details = [
      { type: "type.googleapis.com/google.rpc.RequestInfo", value: "" },
      { type: "google.rpc.RetryInfo", value: "" }, // dropped: it says no time
      { type: "google.rpc.ErrorInfo", value: "////" },
    ];
    const gateway = gatewayTo(() => json({ code: "aborted", details }, { status: 409 }), input("both"));
    expect(await (await gateway(rest("GET", "/api/v1/users/usr_1"))).json()).toMatchObject({
      details: [
        { "@type": "type.googleapis.com/google.rpc.RequestInfo" },
        { "@type": "type.googleapis.com/google.rpc.ErrorInfo", value: "////" },
      ],
    });
  });
});
