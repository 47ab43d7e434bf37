import { fromJsonString } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { GetUserRequestSchema, ListUsersRequestSchema } from "../../../protos/gen/users/v1/users_pb.ts";
import { readJson, STRICT_JSON } from "../../../workers/service/json-text.ts";

const decode = (text: string): string => STRICT_JSON.decode(new TextEncoder().encode(text));

it("decodes JSON as it is, without a byte order mark", () => {
  expect(decode('\ufeff{"a":[{"a":1}]}')).toBe('{"a":[{"a":1}]}');
  expect(decode("nonsense")).toBe("nonsense"); // the parser refuses it
  expect(STRICT_JSON.decode()).toBe("");
});

it.each([
  ['{"a":1,"a":2}', '[invalid_argument] message has the key "a" twice'],
  ['{"a":1,"\\u0061":2}', '[invalid_argument] message has the key "\\u0061" twice'],
  ["[".repeat(101), "[invalid_argument] message nests deeper than 100 levels"],
])("refuses %s", (text, problem) => {
  expect(() => decode(text)).toThrow(problem);
});

it("refuses bytes that are no UTF-8", () => {
  expect(() => STRICT_JSON.decode(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError);
});

describe("readJson", () => {
  const options = { ignoreUnknownFields: false };
  const read = (text: string) => readJson(ListUsersRequestSchema, new TextEncoder().encode(text), options);

  it.each(['{"pageSize":5,"pageToken":"a"}', "{}", ' {"page_size":"5"} ', "\ufeff{}"])("reads %s as Protobuf-ES does", (text) => {
    expect(read(text)).toEqual(fromJsonString(ListUsersRequestSchema, text.replace("\ufeff", ""), options));
  });

  it.each(["", "{", "[]", "null", '{"pageSize":1.5}', '{"nope":1}', '{"pageToken":5}', '{"pageSize":5,"pageSizes'])(
    "refuses %s with the message of Protobuf-ES",
    (text) => {
      const theirs = (() => {
        try {
          return String(fromJsonString(ListUsersRequestSchema, text, options));
        } catch (error) {
          return (error as Error).message;
        }
      })();
      expect(() => read(text)).toThrow(expect.objectContaining({ code: Code.InvalidArgument, rawMessage: theirs }));
    },
  );

  it.each([
    ['{"id":"a","id":"b"}', 'message has the key "id" twice'],
    ['{"id":"\\ud800"}', "users.v1.GetUserRequest"],
  ])("refuses %s as the caller's fault", (text, problem) => {
    expect(() => readJson(GetUserRequestSchema, new TextEncoder().encode(text), options)).toThrow(
      expect.objectContaining({ code: Code.InvalidArgument, rawMessage: expect.stringContaining(problem) }),
    );
  });
});
