// `tidegate trace` as a process, against a server that speaks Connect in place of a gateway.
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GetTraceResponseSchema, StepOutcome, TraceService } from "../../../protos/gen/tidegate/control/v1/trace_pb.ts";
import { UserService } from "../../../protos/gen/users/v1/users_pb.ts";
import { type AdminServer, bearerOf, command, serve } from "../admin/admin-server.ts";

const TOKEN = "the token of an operator";
const calls: { readonly id: string; readonly credential: string | null; readonly own: string | null }[] = [];
const reads: { readonly id: string; readonly bearer: string | null }[] = [];
let server: AdminServer;
let hasTrace = true;

beforeAll(async () => {
  server = await serve((router) => {
    router.service(UserService, {
      getUser({ id }, { requestHeader, responseHeader }: HandlerContext) {
        const requestId = requestHeader.get("x-request-id") ?? "";
        calls.push({ id: requestId, credential: requestHeader.get("tidegate-trace"), own: requestHeader.get("x-own") });
        responseHeader.set("x-request-id", requestId);
        return { id };
      },
    });
    router.service(TraceService, {
      getTrace({ requestId }, context: HandlerContext) {
        reads.push({ id: requestId, bearer: bearerOf(context) });
        // It is stored after the response.
        if (!hasTrace || reads.filter(({ id }) => id === requestId).length < 3) throw new ConnectError("no trace", Code.NotFound);
        const values = [
          { name: "readTimeoutMs", value: { kind: { case: "numberValue" as const, value: 5 } }, source: "defaults.readTimeoutMs" },
        ];
        const steps = [{ layer: "deadline", outcome: StepOutcome.PASSED, values }];
        return create(GetTraceResponseSchema, {
          trace: { requestId, route: "users.v1.UserService/GetUser", httpMethod: "POST", protocol: "connect_unary", status: 200, steps },
        });
      },
    });
  });
});
afterAll(() => server.close());

const trace = (...args: string[]) => command("trace", ["--gateway", server.origin, ...args], { ADMIN_TOKEN: TOKEN, NO_COLOR: "1" }).ended;

it("makes the call with the credential, waits for its trace, and shows the walk", async () => {
  const { code, stdout, stderr } = await trace("users.v1.UserService/GetUser", "--data", '{"id":"usr_1"}', "--header", "x-own: 1");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("POST  ->  users.v1.UserService/GetUser");
  expect(stdout).toContain("readTimeoutMs 5  (defaults.readTimeoutMs)");
  expect(calls.at(-1)).toMatchObject({ credential: TOKEN, own: "1" });
  expect(reads.at(-1)).toEqual({ id: calls.at(-1)!.id, bearer: `Bearer ${TOKEN}` });
});

it("prints the trace as JSON", async () => {
  const { stdout } = await trace("--json", "users.v1.UserService/GetUser");
  expect(JSON.parse(stdout)).toMatchObject({
    route: "users.v1.UserService/GetUser",
    steps: [{ layer: "deadline", outcome: "passed", values: [{ name: "readTimeoutMs", value: 5, source: "defaults.readTimeoutMs" }] }],
  });
});

it("says what is missing: a token, a header's value, layers", async () => {
  const without = command("trace", ["--gateway", server.origin, "GET", "/"], { ADMIN_TOKEN: "" }).ended;
  expect(await without).toMatchObject({ code: 2, stderr: expect.stringContaining("ADMIN_TOKEN") });
  expect(await trace("GET", "/", "--header", "wrong")).toMatchObject({ code: 2, stderr: expect.stringContaining("name: value") });
  expect(await trace("GET", "/none")).toMatchObject({ code: 1, stderr: expect.stringContaining("before any layer") });
});

it("says why there is no trace", async () => {
  hasTrace = false;
  expect(await trace("users.v1.UserService/GetUser")).toMatchObject({ code: 1, stderr: expect.stringContaining("admin:operator") });
  hasTrace = true;
});
