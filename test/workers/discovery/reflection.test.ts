// Reflection on a service host: every kind of question, in both versions.
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ServerReflection } from "../../../protos/gen/grpc/reflection/v1/reflection_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { MAX_QUESTIONS } from "../../../workers/discovery/reflection.ts";
import { defineService } from "../../../workers/service.ts";
import { ask, said, streamRequest } from "./support.ts";

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
  it("lists the services, its own among them", async () => {
    const { answers, error } = await ask(host, [{ case: "listServices", value: "" }], version);
    expect(answers.map(said)).toEqual([
      ["grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection", "users.v1.UserService"],
    ]);
    expect(error).toBeUndefined();
  });

  it("answers with the host and the question", async () => {
    const { answers } = await ask(host, [{ case: "fileByFilename", value: "none.proto" }], version);
    expect(answers[0]).toMatchObject({
      validHost: "h",
      originalRequest: { host: "h", messageRequest: { case: "fileByFilename", value: "none.proto" } },
      messageResponse: { case: "errorResponse", value: { errorCode: 5 } },
    });
  });

  it("knows the file of every kind of symbol", async () => {
    const symbols = [
      "users.v1.UserService",
      "users.v1.UserService.GetUser",
      "users.v1.User",
      "users.v1.User.display_name",
      "google.api.HttpRule.pattern", // a oneof
      "google.api.FieldBehavior",
      "google.api.OUTPUT_ONLY", // a value stands beside its enum
      "google.api.http", // an extension
      "google.protobuf.FieldDescriptorProto.TYPE_GROUP",
      "grpc.health.v1.Health",
    ];
    const { answers } = await ask(
      host,
      symbols.map((value) => ({ case: "fileContainingSymbol", value })),
      version,
    );
    expect(answers.map((answer) => (said(answer) as string[])[0])).toEqual([
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

  it("sends a file with all that it imports, and an import once in a stream", async () => {
    const question = { case: "fileByFilename", value: "users/v1/users.proto" } as const;
    const { answers } = await ask(host, [question, question], version);
    expect(answers.map(said)).toEqual([USERS_FILES, ["users/v1/users.proto"]]);
  });

  it("finds extensions by type and number, and the numbers of a type", async () => {
    const options = "google.protobuf.MethodOptions";
    const { answers } = await ask(
      host,
      [
        { case: "fileContainingExtension", value: { containingType: options, extensionNumber: 72295728 } },
        { case: "allExtensionNumbersOfType", value: options },
        { case: "allExtensionNumbersOfType", value: "users.v1.User" },
        { case: "fileContainingExtension", value: { containingType: options, extensionNumber: 1 } },
        { case: "allExtensionNumbersOfType", value: "users.v1.Nobody" },
      ],
      version,
    );
    expect(answers.map(said)).toEqual([
      ["google/api/annotations.proto", "google/api/http.proto", "google/protobuf/descriptor.proto"],
      [72295728],
      [],
      "5: extension 1 of google.protobuf.MethodOptions not found",
      "5: type users.v1.Nobody not found",
    ]);
  });

  it("goes on after what it does not find, be it empty or of another service", async () => {
    const { answers, error } = await ask(
      host,
      [
        { case: "fileContainingSymbol", value: "orders.v1.OrderService" },
        { case: "fileContainingSymbol", value: "" },
        { case: "fileByFilename", value: "users/v1/users" },
        { case: "fileByFilename", value: "google/api/http.proto" },
      ],
      version,
    );
    expect(answers.map(said)).toEqual([
      "5: symbol orders.v1.OrderService not found",
      "5: symbol  not found",
      "5: file users/v1/users not found",
      ["google/api/http.proto"],
    ]);
    expect(error).toBeUndefined();
  });

  it("ends with invalid_argument for a question that is none", async () => {
    const { answers, error } = await ask(host, [{ case: undefined }], version);
    expect(answers).toEqual([]);
    expect(error?.code).toBe("invalid_argument");
  });
});

describe("reflection", () => {
  it("keeps the options of a method, which carry its REST rule", async () => {
    const { answers } = await ask(host, [{ case: "fileContainingSymbol", value: "users.v1.UserService" }]);
    const { value } = answers[0]!.messageResponse as { value: { fileDescriptorProto: Uint8Array[] } };
    const file = fromBinary(FileDescriptorProtoSchema, value.fileDescriptorProto[0]!);
    expect(file.service[0]!.method[0]!.options!.$unknown?.map(({ no }) => no)).toEqual([72295728]);
  });

  it("answers no stream for ever", async () => {
    const { answers, error } = await ask(host, Array(MAX_QUESTIONS + 1).fill({ case: "fileByFilename", value: "x" }));
    expect(answers).toHaveLength(MAX_QUESTIONS);
    expect(error?.code).toBe("resource_exhausted");
  });

  it("answers a question before the next one is asked, where the connection lets it", async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const question = { messageRequest: { case: "fileByFilename", value: "x" } };
    const first = streamRequest(ServerReflection.method.serverReflectionInfo, [question]);
    const bytes = new Uint8Array(await first.clone().arrayBuffer());
    const answer = host(new Request(first.url, { method: "POST", headers: first.headers, body: readable }));
    const written = [writer.write(bytes)];
    const reader = (await answer).body!.getReader();
    expect((await reader.read()).value?.[0]).toBe(0);
    written.push(writer.write(bytes));
    expect((await reader.read()).value?.[0]).toBe(0);
    written.push(writer.close());
    expect((await reader.read()).value?.[0]).toBe(2);
    await Promise.all(written);
  });

  it("is not there where discovery is turned off", async () => {
    const silent = defineService(UserService, () => ({}), { discovery: false });
    const { error } = await ask((request) => silent.fetch(request, {}), [{ case: "listServices", value: "" }]);
    expect(error?.code).toBe("unimplemented");
  });
});
