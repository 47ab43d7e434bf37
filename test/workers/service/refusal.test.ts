import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { asText, errorOf, post } from "../services/support.ts";
import { echo, GET_USER, hosted, LIST_USERS, utf8, WATCH_USERS } from "./host.ts";

const fetch = hosted(echo);

it("responds 415 with the content types that it accepts", async () => {
  for (const type of [
    "text/plain",
    "application/connect+json",
    "application/grpc",
    "application/grpc-web-text",
    "application/json; charset=latin1",
  ]) {
    const response = await fetch(post(GET_USER, type, "{}"));
    expect(response.headers.get("accept-post")).toContain("application/proto");
    expect(await errorOf(response), type).toMatchObject({ status: 415, code: "unknown" });
  }
  expect((await fetch(post(WATCH_USERS, "application/json", "{}"))).headers.get("accept-post")).toContain("application/connect+json");
});

it("responds 405 with the HTTP methods that it allows", async () => {
  const response = await fetch(new Request(`http://x${LIST_USERS}`, { method: "DELETE" }));
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, POST"]);
  const create = await fetch(new Request("http://x/users.v1.UserService/CreateUser"));
  expect([create.headers.get("allow"), await errorOf(create)]).toMatchObject(["POST", { status: 405 }]);
});

it("responds unimplemented to an unknown path, in the protocol of the caller", async () => {
  const path = "/users.v1.UserService/Nope";
  expect(await errorOf(await fetch(post(path, "application/json", "{}")))).toMatchObject({ status: 404, code: "unimplemented" });
  const web = await fetch(post(path, "application/grpc-web+proto", encodeEnvelope(0, new Uint8Array())));
  expect([web.status, web.headers.get("grpc-status")]).toEqual([200, "12"]);
  const stream = await fetch(post(path, "application/connect+json", encodeEnvelope(0, utf8("{}"))));
  expect([stream.status, await asText(stream)]).toEqual([200, expect.stringContaining('"unimplemented"')]);
});
