// TraceService: who may read traces, and what it says where there is none.
import { expect, it } from "vitest";
import { adminApp } from "../../../support/admin-app.ts";
import { USER } from "../../../support/gateway.ts";
import { tracedApp } from "../../../support/traced-app.ts";

const GET_TRACE = "tidegate.control.v1.TraceService/GetTrace";

it("says what is wrong with an id, and that a trace is not there", async () => {
  const call = adminApp();
  expect(await call(GET_TRACE, { requestId: "not an id" })).toMatchObject({ status: 400, body: { code: "invalid_argument" } });
  expect(await call(GET_TRACE, { requestId: "none" })).toMatchObject({ status: 404, body: { code: "not_found" } });
});

it("is for admins alone", async () => {
  expect(await adminApp()(GET_TRACE, { requestId: "a" }, { authorization: undefined })).toMatchObject({ status: 401 });
});

it("reads a trace that another isolate has stored", async () => {
  const { call, traceOf, log } = tracedApp({});
  const response = await call("GET", `/api/v1/users/${USER.id}`);
  const id = response.headers.get("x-request-id")!;
  await expect.poll(() => log.findTrace(id), { timeout: 60_000 }).toBeDefined();
  await log.storeTrace("of-another-isolate", (await log.findTrace(id))!.replaceAll(id, "of-another-isolate"));
  expect(await traceOf("of-another-isolate")).toMatchObject({ requestId: "of-another-isolate", status: 200 });
});

it("is unavailable, and no call fails, while the log cannot be reached", async () => {
  const down = {
    getByName: () => ({ storeTrace: () => Promise.reject(new Error("down")), findTrace: () => Promise.reject(new Error("down")) }),
  };
  const { call, traceOf } = tracedApp({}, undefined, { AUDIT_LOG: down });
  const response = await call("GET", `/api/v1/users/${USER.id}`);
  expect(response.status).toBe(200);
  expect(await traceOf(response.headers.get("x-request-id")!)).toMatchObject({ status: 200 }); // the isolate itself has it
  expect(await traceOf("of-another-isolate")).toBeUndefined();
});
