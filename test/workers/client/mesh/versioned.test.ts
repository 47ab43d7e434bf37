// Which versions of a service get a call: the own one or the canary, and the mirror besides.
import { create } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { beforeEach, expect, it } from "vitest";
import { ListUsersResponseSchema, UserService } from "../../../../protos/gen/users/v1/users_pb.ts";
import { serviceMirror } from "../../../../workers/client/mesh/mirror.ts";
import { type VersionOptions, versioned } from "../../../../workers/client/mesh/versioned.ts";

let sent: string[] = [];
beforeEach(() => {
  sent = [];
});

function to(target: string): Transport {
  return {
    async unary(method) {
      sent.push(target);
      const message = create(method.output);
      return { stream: false, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
    },
    async stream(method) {
      sent.push(`stream ${target}`);
      const message = (async function* () {})();
      return { stream: true, service: method.parent, method, header: new Headers(), trailer: new Headers(), message };
    },
  };
}
const mirror = serviceMirror("mirror", { waitUntil: () => undefined });
const unary = (options: VersionOptions<string>) =>
  versioned("own", options, to).unary(UserService.method.listUsers, undefined, undefined, undefined, {});

it.each([
  { name: "neither", options: {}, want: ["own"] },
  { name: "a canary for none", options: { canary: { target: "canary", percent: 0 } }, want: ["own"] },
  { name: "a canary for all", options: { canary: { target: "canary", percent: 100 } }, want: ["canary"] },
  { name: "a mirror", options: { mirror }, want: ["own", "mirror"] },
  { name: "both", options: { canary: { target: "canary", percent: 100 }, mirror }, want: ["canary", "mirror"] },
])("with $name, a unary call goes to $want, and has the response of the first", async ({ options, want }) => {
  const { message } = await unary(options);
  expect(message).toEqual(create(ListUsersResponseSchema));
  expect(sent).toEqual(want);
});

it("copies no stream", async () => {
  const transport = versioned("own", { mirror }, to);
  await transport.stream(UserService.method.watchUsers, undefined, undefined, undefined, (async function* () {})());
  expect(sent).toEqual(["stream own"]);
});
