// A Connect GET that becomes a POST for its upstream.
import { expect, it } from "vitest";
import { UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { rpcRoute } from "../../../../workers/gateway/call/route.ts";
import { Call } from "../../../../workers/gateway/call.ts";
import { connectGetAsPost } from "../../../../workers/gateway/layers/connect-get.ts";

const ROUTE = rpcRoute(UserService.method.getUser, { maxBodyBytes: 1_000, maxMessageElements: 1_000 }, undefined);

async function through(query: string, method = "GET"): Promise<{ call: Call; response: Response }> {
  const request = new Request(`https://gateway.example${ROUTE.path}${query}`, { method });
  const call = new Call(request, { kind: "connect_unary" }, ROUTE, ROUTE.path, query, 0);
  return { call, response: await connectGetAsPost()(() => Promise.resolve(new Response("ok")))(call) };
}

it("moves the message of the query into the body, with its encoding and compression", async () => {
  const { call } = await through("?connect=v1&encoding=json&compression=gzip&base64=1&message=e30");
  const { outgoing } = call;
  expect([outgoing.method, outgoing.query, new TextDecoder().decode(outgoing.body as Uint8Array)]).toEqual(["POST", "", "{}"]);
  const names = ["content-type", "content-encoding", "connect-protocol-version"];
  expect(names.map((name) => outgoing.headers.get(name))).toEqual(["application/json", "gzip", "1"]);
});

it("refuses a query without a known encoding, and one that cannot be read", async () => {
  for (const query of ["?connect=v1&message=x", "?connect=v1&encoding=json&message=%zz"]) {
    const { response } = await through(query);
    expect([response.status, (await response.json<{ code: string }>()).code]).toEqual([400, "invalid_argument"]);
  }
});

it("leaves a POST as it is", async () => {
  const { call, response } = await through("?a=b", "POST");
  expect([call.outgoing.method, call.outgoing.query, await response.text()]).toEqual(["POST", "?a=b", "ok"]);
});
