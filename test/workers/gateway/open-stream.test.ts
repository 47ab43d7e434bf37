// A refusal does not wait for a stream that its caller keeps open: the caller waits for the answer.
import { expect, it } from "vitest";
import { gatewayTo, json } from "../../support/gateway.ts";

it.each(["application/grpc", "application/connect+proto", "application/grpc-web+proto"])(
  "refuses an open stream of %s within two seconds",
  async (type) => {
    const gateway = gatewayTo(() => json({}), { discovery: false });
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    writer.write(new Uint8Array(10)).catch(() => undefined);
    const init = { method: "POST", headers: { "content-type": type }, body: readable };
    const answer = gateway(new Request("https://gateway.example/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", init));
    expect(await Promise.race([answer, scheduler.wait(2_000)])).toBeInstanceOf(Response);
  },
);
