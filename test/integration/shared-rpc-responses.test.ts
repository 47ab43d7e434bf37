// RPC responses to credentials that the upstream has received: shared with another caller that waits only where they say that they are public.
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, vi } from "vitest";
import { UserSchema } from "../../protos/gen/users/v1/users_pb.ts";
import { enveloped, gatewayTo } from "../support/gateway.ts";

describe("an RPC response", () => {
  const METHOD = "https://gateway.example/users.v1.UserService/GetUser";
  const MESSAGE = '{"id":"usr_1"}';
  const CALLS: Readonly<Record<string, (who: string) => Request>> = {
    "Connect POST": (who) =>
      new Request(METHOD, { method: "POST", headers: { "content-type": "application/json", authorization: who }, body: MESSAGE }),
    "Connect GET": (who) =>
      new Request(`${METHOD}?connect=v1&encoding=json&message=${encodeURIComponent(MESSAGE)}`, { headers: { authorization: who } }),
    "gRPC-Web": (who) => enveloped("GetUser", "application/grpc-web+json", MESSAGE, { authorization: who }),
    REST: (who) => new Request("https://gateway.example/api/v1/users/usr_1", { headers: { authorization: who } }),
  };

  /** Two calls with different credentials, the second one while the first is under way. */
  async function both(makeCall: (who: string) => Request, respond: (who: string) => Response) {
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>();
    let requests = 0;
    const services = {
      "users.v1.UserService": {
        upstream: { binding: "USERS" },
        retries: false,
        methods: { GetUser: { cache: { l2: "none", authorization: "forward" } } },
      },
    } as const;
    const gateway = gatewayTo(
      async (request) => {
        requests += 1;
        if (requests === 1) await isOpen;
        return respond(request.headers.get("authorization") ?? "nobody");
      },
      { services },
    );
    const first = gateway(makeCall("A"));
    await vi.waitUntil(() => requests === 1, { timeout: 60_000 });
    const second = gateway(makeCall("B"));
    await scheduler.wait(0);
    open();
    const responses = await Promise.all([first, second]);
    const texts = responses.map(async (response) => `${response.headers.get("grpc-message") ?? ""}${await response.text()}`);
    return { texts: await Promise.all(texts), requests };
  }

  const failing = (control: string) => (who: string) =>
    Response.json(
      { code: "unavailable", message: `busy-for-${who}` },
      { status: 503, headers: control === "" ? {} : { "cache-control": control } },
    );
  const userOf = (control: string) => (who: string) =>
    new Response(toBinary(UserSchema, create(UserSchema, { id: "usr_1", displayName: `user of ${who}` })), {
      headers: { "content-type": "application/proto", "cache-control": control },
    });

  describe.each(Object.entries(CALLS))("%s", (_, makeCall) => {
    it.each([
      ["an error", failing("")],
      ["a private error", failing("private, no-store")],
      ["a fresh error", failing("max-age=60")],
      ["a private user", userOf("private, max-age=60")],
      ["a fresh user", userOf("max-age=60")],
    ])("is for the caller whose credentials the upstream received: %s", async (_what, respond) => {
      const { texts, requests } = await both(makeCall, respond);
      expect([requests, texts[0], texts[1]]).toEqual([2, expect.stringMatching(/(for|of)[ -]A/), expect.stringMatching(/(for|of)[ -]B/)]);
    });

    it.each([
      ["an error", failing("public, max-age=60")],
      ["a user", userOf("public, max-age=60")],
    ])("is shared where it says that it is public: %s", async (_what, respond) => {
      const { texts, requests } = await both(makeCall, respond);
      expect([requests, texts[1]]).toEqual([1, expect.stringMatching(/(for|of)[ -]A/)]);
    });
  });
});
