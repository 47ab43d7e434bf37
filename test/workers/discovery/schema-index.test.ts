// The index of names: every kind of symbol, files and imports, extensions, and two files of one name.
import { createFileRegistry, type DescService, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { Health } from "../../../protos/gen/grpc/health/v1/health_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { indexOf } from "../../../workers/discovery/schema-index.ts";

const index = indexOf([UserService, Health, UserService]);

describe("indexOf", () => {
  it("lists each service once, sorted", () => {
    expect(index.services).toEqual(["grpc.health.v1.Health", "users.v1.UserService"]);
  });

  it("has the files of the services and all their imports, and no other file", () => {
    const names = ["users/v1/users.proto", "google/api/http.proto", "google/protobuf/descriptor.proto", "grpc/health/v1/health.proto"];
    for (const name of names) expect(index.file(name)?.proto.name).toBe(name);
    expect(index.file("orders/v1/orders.proto")).toBeUndefined();
    expect(index.file("users/v1/users")).toBeUndefined();
  });

  it.each([
    ["users.v1.UserService", "users/v1/users.proto"],
    ["users.v1.UserService.GetUser", "users/v1/users.proto"],
    ["users.v1.User", "users/v1/users.proto"],
    ["users.v1.User.display_name", "users/v1/users.proto"],
    ["google.api.HttpRule.pattern", "google/api/http.proto"],
    ["google.api.FieldBehavior", "google/api/field_behavior.proto"],
    ["google.api.OUTPUT_ONLY", "google/api/field_behavior.proto"],
    ["google.protobuf.FieldDescriptorProto.TYPE_GROUP", "google/protobuf/descriptor.proto"],
    ["google.api.http", "google/api/annotations.proto"],
    ["users.v1.Unknown", undefined],
    [".users.v1.User", undefined],
    ["", undefined],
  ])("finds the symbol %s in %s", (symbol, file) => {
    expect(index.declaring(symbol)?.proto.name).toBe(file);
  });

  it("finds extensions by type and number", () => {
    const type = "google.protobuf.MethodOptions";
    expect(index.extending(type, 72_295_728)?.proto.name).toBe("google/api/annotations.proto");
    expect(index.extending(type, 1)).toBeUndefined();
    expect(index.extensionNumbers(type)).toEqual([72_295_728]);
    expect(index.extensionNumbers("users.v1.User")).toEqual([]);
    expect(index.extensionNumbers("users.v1.Unknown")).toBeUndefined();
  });

  it("serializes a file once", () => {
    const file = index.file("users/v1/users.proto")!;
    expect(fromBinary(FileDescriptorProtoSchema, index.bytes(file)).package).toBe("users.v1");
    expect(index.bytes(file)).toBe(index.bytes(file));
  });

  it("has the file of the first service if two files have the same name", () => {
    const copy = createFileRegistry(UserService.file.proto, (name) => index.file(name)).getService(UserService.typeName) as DescService;
    expect(copy.file).not.toBe(UserService.file);
    expect(indexOf([copy, UserService]).file("users/v1/users.proto")).toBe(copy.file);
    expect(indexOf([UserService, copy]).declaring("users.v1.User")).toBe(UserService.file);
  });
});
