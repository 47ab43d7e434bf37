// Requests whose framing is wrong, over sockets: what the gateway makes of them, and what never reaches an upstream.
import { afterAll, beforeAll, expect } from "vitest";
import { type FaultBench, startFaultBench } from "./bench.ts";
import { itEach, type Row } from "./rows.ts";
import { request } from "./wire.ts";

let bench: FaultBench | undefined;

beforeAll(async () => {
  bench = await startFaultBench();
});
afterAll(() => bench?.stop());

const head = (...fields: string[]): string =>
  ["POST /users.v1.UserService/UpdateUser HTTP/1.1", "host: gateway.test", "content-type: application/json", ...fields, "", ""].join(
    "\r\n",
  );

itEach(
  () => bench!,
  [
    ...["/pub/x", "/cached/x", "/api/v1/users/a", "/users.v1.UserService/UpdateUser", "/users.v1.UserService/GetUser"].map(
      (path): Row => ({
        id: "F09",
        does: `refuses TRACE ${path} with the methods that it takes, and repeats nothing`,
        send: [request(`TRACE ${path}`, ["cookie: a-secret"])],
        status: 405,
        check: ({ head, fields, body }) => {
          expect(fields.get("allow")).toMatch(/^[A-Z, ]+$/);
          expect(fields.get("allow")).not.toContain("TRACE");
          expect(head + body.toString()).not.toContain("a-secret");
        },
      }),
    ),
    // workerd refuses these before the Worker sees them, and closes the connection.
    { id: "F02", does: "refuses two different lengths", send: [head("content-length: 2", "content-length: 3"), "{}"], status: [400, 500] },
    {
      id: "F03",
      does: "refuses an unknown transfer coding",
      send: [head("transfer-encoding: xchunked"), "2\r\n{}\r\n0\r\n\r\n"],
      status: [400, 500, 501],
    },
  ],
);
