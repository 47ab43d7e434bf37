// Reflection on a service host: every kind of request, in both versions.
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ServerReflection, ServerReflectionResponseSchema } from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../../workers/service.ts";
import { type ReflectionRequest, reflect, streamRequest, summaryOf } from "./support.ts";

const USERS_FILES = [
  "users/v1/users.proto",
  "google/api/annotations.proto",
  "google/api/field_behavior.proto",
  "google/protobuf/empty.proto",
  "google/protobuf/field_mask.proto",
  "google/protobuf/timestamp.proto",
  "google/api/http.proto",
  "google/protobuf/descriptor.proto",
];
const worker = defineService(UserService, () => ({}));
const host = (request: Request) => worker.fetch(request, {});

describe.each(["v1", "v1alpha"] as const)("reflection %s", (version) => {
  it("lists the services, reflection and health among them", async () => {
    const { responses, error } = await reflect(host, [{ case: "listServices", value: "" }], version);
    expect(responses.map(summaryOf)).toEqual([
      ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "users.v1.UserService"],
    ]);
    expect(error).toBeUndefined();
  });

  it("responds with the host and the request", async () => {
    const { responses } = await reflect(host, [{ case: "fileByFilename", value: "none.proto" }], version);
    expect(responses[0]).toMatchObject({
      validHost: "h",
      originalRequest: { host: "h", messageRequest: { case: "fileByFilename", value: "none.proto" } },
      messageResponse: { case: "errorResponse", value: { errorCode: 5 } },
    });
  });

  it("finds the file of every kind of symbol", async () => {
    const symbols = [
      "users.v1.UserService",
      "users.v1.UserService.GetUser",
      "users.v1.User",
      "users.v1.User.display_name",
      "google.api.HttpRule.pattern", // a oneof
      "google.api.FieldBehavior",
      "google.api.OUTPUT_ONLY", // a value is a sibling of its enum
      "google.api.http", // an extension
      "google.protobuf.FieldDescriptorProto.TYPE_GROUP",
      "grpc.health.v1.Health",
    ];
    // A stream for each: none sends a file for the second time.
    const streams = symbols.map((value) => reflect(host, [{ case: "fileContainingSymbol", value }], version));
    expect((await Promise.all(streams)).map(({ responses }) => (summaryOf(responses[0]!) as string[])[0])).toEqual([
      "users/v1/users.proto",
      "users/v1/users.proto",
      "users/v1/users.proto",
      "users/v1/users.proto",
      "google/api/http.proto",
      "google/api/field_behavior.proto",
      "google/api/field_behavior.proto",
      "google/api/annotations.proto",
      "google/protobuf/descriptor.proto",
      "grpc/health/v1/health.proto",
    ]);
  });

  it("sends a file with all its imports, each file once in a stream", async () => {
    const request = { case: "fileByFilename", value: "users/v1/users.proto" } as const;
    const { responses } = await reflect(host, [request, request], version);
    expect(responses.map(summaryOf)).toEqual([USERS_FILES, []]);
  });

  it("finds extensions by type and number, and the numbers of a type", async () => {
    const options = "google.protobuf.MethodOptions";
    const { responses } = await reflect(
      host,
      [
        { case: "fileContainingExtension", value: { containingType: options, extensionNumber: 72295728 } },
        { case: "allExtensionNumbersOfType", value: options },
        { case: "allExtensionNumbersOfType", value: "users.v1.User" },
        { case: "fileContainingExtension", value: { containingType: options, extensionNumber: 1 } },
        { case: "allExtensionNumbersOfType", value: "users.v1.Unknown" },
      ],
      version,
    );
    expect(responses.map(summaryOf)).toEqual([
      ["google/api/annotations.proto", "google/api/http.proto", "google/protobuf/descriptor.proto"],
      [72295728],
      [],
      "5: extension 1 of google.protobuf.MethodOptions not found",
      "5: type users.v1.Unknown not found",
    ]);
  });

  it("goes on after a name that it does not find", async () => {
    const { responses, error } = await reflect(
      host,
      [
        { case: "fileContainingSymbol", value: "orders.v1.OrderService" },
        { case: "fileContainingSymbol", value: "" },
        { case: "fileByFilename", value: "users/v1/users" },
        { case: "fileByFilename", value: "google/api/http.proto" },
      ],
      version,
    );
    expect(responses.map(summaryOf)).toEqual([
      "5: symbol orders.v1.OrderService not found",
      "5: symbol  not found",
      "5: file users/v1/users not found",
      ["google/api/http.proto"],
    ]);
    expect(error).toBeUndefined();
  });

  it("ends with invalid_argument after an empty request", async () => {
    const { responses, error } = await reflect(host, [{ case: undefined }], version);
    expect(responses).toEqual([]);
    expect(error?.code).toBe("invalid_argument");
  });
});

describe("reflection", () => {
  it("keeps the options of a method, which have its REST rule", async () => {
    const { responses } = await reflect(host, [{ case: "fileContainingSymbol", value: "users.v1.UserService" }]);
    const { value } = responses[0]!.messageResponse as { value: { fileDescriptorProto: Uint8Array[] } };
    const file = fromBinary(FileDescriptorProtoSchema, value.fileDescriptorProto[0]!);
    expect(file.service[0]!.method[0]!.options!.$unknown?.map(({ no }) => no)).toEqual([72295728]);
  });

  it("ends a stream after 16 requests, or as many as its limits say", async () => {
    const requests = (count: number) => Array(count).fill({ case: "fileByFilename", value: "x" });
    const { responses, error } = await reflect(host, requests(17));
    expect([responses.length, error?.code]).toEqual([16, "resource_exhausted"]);
    expect((await reflect(host, requests(16))).error).toBeUndefined();
    const limits = { maxMessages: 3, maxMessageBytes: 262_144 };
    const other = defineService(UserService, () => ({}), { discovery: limits });
    expect((await reflect((request) => other.fetch(request, {}), requests(4))).responses).toHaveLength(3);
  });

  it("sends as many files as fit into a response, and the others where they are requested by name", async () => {
    const small = defineService(UserService, () => ({}), { discovery: { maxMessages: 16, maxMessageBytes: 24_576 + 6_000 } });
    const names: string[] = [];
    const requests: ReflectionRequest[] = [{ case: "fileContainingSymbol", value: "users.v1.UserService" }];
    for (const name of USERS_FILES.slice(1)) requests.push({ case: "fileByFilename", value: name });
    const { responses } = await reflect((request) => small.fetch(request, {}), requests);
    for (const response of responses) {
      expect(JSON.stringify(toJson(ServerReflectionResponseSchema, response)).length).toBeLessThanOrEqual(24_576 + 6_000);
      const summary = summaryOf(response);
      if (Array.isArray(summary)) names.push(...(summary as string[]));
      else expect(summary).toMatch(/^8: file google\/protobuf\/descriptor.proto has \d+ bytes, more than 30576 in one message$/);
    }
    expect(names[0]).toBe("users/v1/users.proto");
    expect(new Set(names).size).toBe(names.length); // each file once in the stream
    expect([...names, "google/protobuf/descriptor.proto"].sort()).toEqual(USERS_FILES.toSorted());
  });

  it("refuses names that are too long, which a response would repeat", async () => {
    const long = "x".repeat(1_025);
    for (const request of [
      { case: "fileByFilename", value: long },
      { case: "fileContainingExtension", value: { containingType: long } },
    ] as const)
      expect((await reflect(host, [request as ReflectionRequest])).error?.code).toBe("invalid_argument");
    expect((await reflect(host, [{ case: "fileByFilename", value: "x".repeat(1_024) }])).error).toBeUndefined();
  });

  it("responds to a request before the next one arrives", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const request = { messageRequest: { case: "fileByFilename", value: "x" } };
    const first = streamRequest(ServerReflection.method.serverReflectionInfo, [request]);
    const bytes = new Uint8Array(await first.clone().arrayBuffer());
    const response = host(new Request(first.url, { method: "POST", headers: first.headers, body: readable }));
    const written = [writer.write(bytes)];
    const reader = (await response).body!.getReader();
    expect((await reader.read()).value?.[0]).toBe(0);
    written.push(writer.write(bytes));
    expect((await reader.read()).value?.[0]).toBe(0);
    written.push(writer.close());
    expect((await reader.read()).value?.[0]).toBe(2);
    await Promise.all(written);
  });

  it("is not served if discovery is off", async () => {
    const silent = defineService(UserService, () => ({}), { discovery: false });
    const { error } = await reflect((request) => silent.fetch(request, {}), [{ case: "listServices", value: "" }]);
    expect(error?.code).toBe("unimplemented");
  });
});
