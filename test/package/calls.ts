// Calls to the service of a new project, in each protocol.
import { equal } from "./steps.ts";

const POLL_MS = 250;

export async function callRest(url: string): Promise<void> {
  const response = await fetch(`${url}/api/v1/greetings/Ada`);
  equal([response.status, await response.json()], [200, { text: "Hello, Ada!" }], "REST");
}

export async function callConnect(url: string): Promise<void> {
  const response = await fetch(`${url}/greeter.v1.GreeterService/Greet`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "Ada" }),
  });
  equal([response.status, await response.json()], [200, { text: "Hello, Ada!" }], "Connect");
}

/** A message of one string field, in the envelope of gRPC-Web. */
export async function callGrpcWeb(url: string): Promise<void> {
  const field = Buffer.concat([Buffer.from([0x0a, 3]), Buffer.from("Ada")]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(field.length, 1);
  const response = await fetch(`${url}/greeter.v1.GreeterService/Greet`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
    body: new Uint8Array(Buffer.concat([head, field])),
  });
  const body = Buffer.from(await response.arrayBuffer());
  const length = body.readUInt32BE(1);
  equal([body[0], body.subarray(7, 5 + length).toString()], [0, "Hello, Ada!"], "gRPC-Web message");
  const trailers = body.subarray(5 + length);
  equal([trailers[0], /grpc-status: ?0/i.test(trailers.toString())], [0x80, true], "gRPC-Web trailers");
}

/** @throws Error with the last response, where none of them has the status within the time */
export async function untilStatus(url: string, status: number, timeoutMs = 120_000): Promise<Response> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const response = await fetch(url).catch((error: Error) => error); // `npm start` cuts calls while it replaces the Workers
    if (response instanceof Response && response.status === status) return response;
    const found = response instanceof Response ? `${response.status} ${await response.text()}` : response.message;
    if (performance.now() > until) throw new Error(`${url}: found ${found}, wanted ${status}`);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}
