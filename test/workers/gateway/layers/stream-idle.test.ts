// A stream whose upstream sends nothing is ended with an error, in each protocol.
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { expect, it } from "vitest";
import { endOfStream, enveloped, gatewayTo, rest } from "../../../support/gateway.ts";

/** An upstream that sends one message, or the beginning of one, and then nothing. */
function silentAfter(contentType: string, bytes: Uint8Array<ArrayBuffer>, streamIdleMs = 30) {
  const seen = { isCancelled: false };
  const upstream = (): Response => {
    const start = (controller: ReadableStreamDefaultController) => controller.enqueue(bytes);
    const cancel = () => {
      seen.isCancelled = true;
    };
    return new Response(new ReadableStream({ start, cancel }), { headers: { "content-type": contentType } });
  };
  return { gateway: gatewayTo(upstream, { defaults: { streamIdleMs } }), seen };
}
const MESSAGE = encodeEnvelope(0, new TextEncoder().encode("{}")) as Uint8Array<ArrayBuffer>;

it("is deadline_exceeded for Connect, after what has come, and the upstream's stream is given up", async () => {
  const { gateway, seen } = silentAfter("application/connect+json", MESSAGE);
  const answer = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
  expect(answer.status).toBe(200);
  const reader = answer.body!.getReader();
  expect((await reader.read()).value).toEqual(MESSAGE);
  const end = await endOfStream(new Response((await reader.read()).value as Uint8Array<ArrayBuffer>));
  expect((await reader.read()).done).toBe(true);
  expect(end.error).toMatchObject({ code: "deadline_exceeded", message: "nothing came from the upstream for 30 ms" });
  expect(seen.isCancelled).toBe(true);
});

it("is status 4 for gRPC-Web", async () => {
  const { gateway } = silentAfter("application/grpc-web+json", MESSAGE);
  const answer = await gateway(enveloped("WatchUsers", "application/grpc-web+json", "{}"));
  expect(await answer.text()).toContain("grpc-status: 4");
});

it("is the last line of a REST stream", async () => {
  const { gateway } = silentAfter("application/connect+proto", encodeEnvelope(0, new Uint8Array()) as Uint8Array<ArrayBuffer>);
  const answer = await gateway(rest("GET", "/api/v1/users:watch"));
  expect(await answer.text()).toContain("nothing came from the upstream for 30 ms");
});

it("breaks off within a message: what came is not whole", async () => {
  const { gateway } = silentAfter("application/connect+json", MESSAGE.slice(0, 6));
  const answer = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
  await expect(answer.arrayBuffer()).rejects.toThrow();
});

it("leaves a stream alone that is silent for less", async () => {
  const { gateway } = silentAfter("application/connect+json", MESSAGE, 60_000);
  const answer = await gateway(enveloped("WatchUsers", "application/connect+json", "{}"));
  const reader = answer.body!.getReader();
  expect((await reader.read()).value).toEqual(MESSAGE);
  await reader.cancel();
});
