// Requests from the values of the form, in each protocol.
import { describe, expect, it } from "vitest";
import { initialValues } from "../../../console/src/call/form-values.ts";
import { protocolsOf } from "../../../console/src/call/protocols.ts";
import { bodyOf, compact, type FormValues, requestOf } from "../../../console/src/call/request.ts";
import { type Contract, contractOf, type Entry } from "../../../console/src/contract/contract.ts";
import { library, own } from "../../openapi/library.ts";

const users = contractOf(own, "https://gateway.example");
const books = contractOf(library, "https://gateway.example");

function entryOf(contract: Contract, id: string): Entry {
  const entry = contract.entries.get(id);
  if (entry === undefined) throw new Error(`no operation ${id}; there are ${[...contract.entries.keys()].join(", ")}`);
  return entry;
}

function sent(id: string, changes: Partial<FormValues> & { readonly credential?: string } = {}) {
  const entry = entryOf(users, id);
  return requestOf(entry, { ...initialValues(entry, users, changes.credential ?? ""), ...changes }, users);
}

describe("a REST request", () => {
  it("has its parameters in path and query, percent-encoded, and leaves out empty ones", () => {
    const parameters = new Map([
      ["query pageSize", "5"],
      ["query userId", "a&b"],
    ]);
    expect(sent("OrderService_ListOrders", { parameters }).url).toBe("https://gateway.example/api/v1/orders?pageSize=5&userId=a%26b");
    const path = new Map([["path id", "ord_1/../x"]]);
    expect(sent("OrderService_GetOrder", { parameters: path }).url).toBe("https://gateway.example/api/v1/orders/ord_1%2F..%2Fx");
  });

  it("shows a missing part of the path as its name", () => {
    expect(sent("OrderService_GetOrder").url).toBe("https://gateway.example/api/v1/orders/{id}");
  });

  it("has the body of the form, and the credential", () => {
    const request = sent("UserService_CreateUser", { body: '{"a":1}', credential: "Bearer x" });
    expect(request).toMatchObject({ method: "POST", body: '{"a":1}', messages: undefined });
    expect(request.headers).toEqual([
      ["Content-Type", "application/json"],
      ["Authorization", "Bearer x"],
    ]);
  });

  it("selects events for a stream", () => {
    expect(sent("UserService_WatchUsers").headers).toEqual([["Accept", "text/event-stream"]]);
  });
});

describe("the same method in other protocols", () => {
  const message = '{\n  "id": "usr_1",\n  "size": 12345678901234567890\n}';

  it("is a Connect call with the message as it is written", () => {
    expect(sent("UserService_GetUser", { protocol: "connect", message })).toMatchObject({
      method: "POST",
      url: "https://gateway.example/users.v1.UserService/GetUser",
      body: message,
      messages: undefined,
    });
  });

  it("is a Connect GET with the message in the query, digits as they are", () => {
    const { url, method } = sent("UserService_GetUser", { protocol: "connect-get", message });
    expect(method).toBe("GET");
    const query = new URL(url).searchParams;
    expect([...query]).toEqual([
      ["connect", "v1"],
      ["encoding", "json"],
      ["message", '{"id":"usr_1","size":12345678901234567890}'],
    ]);
  });

  it("is a gRPC-Web call with the message in an envelope", () => {
    const request = sent("UserService_GetUser", { protocol: "grpc-web", message: "{}" });
    expect(request.headers).toEqual([
      ["Content-Type", "application/grpc-web+json"],
      ["X-Grpc-Web", "1"],
    ]);
    expect(bodyOf(request)).toEqual(Uint8Array.of(0, 0, 0, 0, 2, 123, 125));
  });

  it("is a Connect stream with the message in an envelope", () => {
    const request = sent("UserService_WatchUsers", { protocol: "connect", message: "{}" });
    expect(request).toMatchObject({ isStream: true, headers: [["Content-Type", "application/connect+json"]], messages: ["{}"] });
  });

  it("has Connect GET only where it changes nothing", () => {
    expect(protocolsOf(entryOf(users, "UserService_GetUser"))).toEqual(["rest", "connect", "connect-get", "grpc-web"]);
    expect(protocolsOf(entryOf(users, "UserService_CreateUser"))).toEqual(["rest", "connect", "grpc-web"]);
    expect(protocolsOf(entryOf(users, "UserService_WatchUsers"))).toEqual(["rest", "connect", "grpc-web"]);
  });
});

describe("a stream of requests", () => {
  const streams = [...books.entries.values()].filter(({ operation }) => /^(client|bidi)_/.test(operation["x-connect"].kind));

  it("has a message for each line", () => {
    expect(streams.length).toBeGreaterThan(0);
    for (const entry of streams) {
      const values: FormValues = { ...initialValues(entry, books, ""), protocol: "connect", message: '{"a": 1}\n\n{"a": 2}\n' };
      expect(requestOf(entry, values, books).messages).toEqual(['{"a": 1}', '{"a": 2}']);
      expect(requestOf(entry, { ...values, message: '{\n "a": 1\n}' }, books).messages).toEqual(['{"a":1}']);
      expect(requestOf(entry, { ...values, message: " " }, books).messages).toEqual([]);
    }
  });
});

it("leaves white space in texts, and text that is not JSON", () => {
  expect(compact('{ "a b" : "c \\" d" }')).toBe('{"a b":"c \\" d"}');
  expect(compact("a b")).toBe("a b");
});
