// Faulty messages, sent to the user service: each is a fault of its caller, and none is logged as an error.
import { afterEach, expect, it, vi } from "vitest";
import { codeOf, MESSAGE_FAULTS } from "../../support/message-faults.ts";
import { post, worker } from "../services/support.ts";
import { echo, GET_USER, hosted } from "./host.ts";

afterEach(() => void vi.restoreAllMocks());

it.each(MESSAGE_FAULTS)("$name", async ({ request, status, codes }) => {
  const log = vi.spyOn(console, "error");
  const response = await worker(request());
  expect([response.status, codes]).toEqual([status, expect.arrayContaining([await codeOf(response)])]);
  expect(log).not.toHaveBeenCalled();
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

it("B08 10 MB of JSON arrays within one another, where as much may be sent", async () => {
  const serve = hosted(echo, { readMaxBytes: 16_777_216 });
  const response = await serve(post(GET_USER, "application/json", "[".repeat(10_000_000)));
  expect([response.status, await codeOf(response)]).toEqual([400, "invalid_argument"]);
});
