// A service in plain Node, as a team's own tests run it: no workerd, no platform.
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, it } from "vitest";
import { UserService } from "../../protos/gen/users/v1/users_pb.ts";
import { defineService } from "../../workers/service.ts";

const service = defineService(UserService, (env: { readonly name: string }) => ({
  getUser({ id }) {
    if (id === "") throw new ConnectError("id is empty", Code.InvalidArgument);
    return { id, displayName: env.name };
  },
}));

it("loads and serves without cloudflare:workers", async () => {
  const request = new Request("http://users/users.v1.UserService/GetUser", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "1" }),
  });
  expect(await (await service.fetch(request, { name: "Ada" })).json()).toEqual({ id: "1", displayName: "Ada" });
});
