// Callers that hang up before their response, as the platform reports it: another Worker that aborts its call.
import { afterAll, beforeAll, expect, it } from "vitest";
import { open } from "../e2e/uploads/client.ts";
import { inKind, type Setup, setUp } from "../e2e/uploads/start.ts";
import { until } from "./slow.ts";

let setup: Setup | undefined;

beforeAll(async () => {
  setup = await setUp();
});
afterAll(() => setup?.stop());

/** Far below the time of a call there, which is 60 s. */
const SOON_MS = 10_000;

it.each([
  ["Say", "/uploads.v1.UploadService/Say"],
  ["Get", "/uploads.v1.UploadService/Get"],
])("D08 aborts the call of the upstream, which does not count: %s", async (method, path) => {
  const { upstream, gateway } = setup!;
  for (let n = 0; n < 6; n++) {
    const id = `gone-${method}-${n}`;
    upstream.behave(id, { when: "never", respond: () => ({ parts: [] }) });
    const headers = { "x-case": id, "content-type": "application/json", "content-length": "2", "x-hang-up-after": "300" };
    const { sent, received } = open(gateway.origin, path, headers);
    sent.end("{}");
    const { body } = await received;
    expect(body.toString()).toBe("hung up");
    const startedAt = Date.now();
    await until("the connection of the upstream is closed", () => upstream.seen(id)[0]?.isClosed === true);
    expect(Date.now() - startedAt).toBeLessThan(SOON_MS);
  }
  // No breaker has opened, and no limit is taken: the next call reaches the upstream.
  upstream.behave("next", inKind("end"));
  const { sent, received } = open(gateway.origin, path, { "x-case": "next", "content-type": "application/proto", "content-length": "0" });
  sent.end();
  expect((await received).status).toBe(200);
});
