// The contract of a layer, of the gateway's own and of a team's: it calls the layers below at most once, passes on what they respond and
// throw, and keeps calls apart.
import { expect, it } from "vitest";
import { Rejected } from "../../core/rejection.ts";
import type { Layer } from "../../workers/gateway/call/layer.ts";
import type { Call } from "../../workers/gateway/call.ts";

export interface ContractSubject {
  /** Makes the layer as a route has it. */
  readonly layer: () => Layer;
  /** Makes a call that the layer lets through. */
  readonly call: () => Call;
  /** Whether it turns what the layers below throw into a response. */
  readonly rescues?: boolean;
}

export function layerContract({ layer, call, rescues = false }: ContractSubject): void {
  it("calls the layers below once, and passes on their response with its status, headers and body", async () => {
    let calls = 0;
    const handler = layer()(() => {
      calls++;
      return Promise.resolve(new Response("body", { status: 201, headers: { "x-below": "1" } }));
    });
    const response = await handler(call());
    expect([calls, response.status, response.headers.get("x-below"), await response.text()]).toEqual([1, 201, "1", "body"]);
  });

  it.each([
    ["a refusal", new Rejected({ kind: "no_endpoint", upstream: "A", isFull: false })],
    ["an error", new Error("below")],
  ])("passes on %s of the layers below, as it is", async (_, thrown) => {
    const handler = layer()(() => Promise.reject(thrown));
    if (rescues) expect((await handler(call())).status).toBeGreaterThanOrEqual(500);
    else await expect(handler(call())).rejects.toBe(thrown);
  });

  it("hands each of two calls at once to the layers below as itself", async () => {
    const [one, other] = [call(), call()];
    const handler = layer()((seen) => scheduler.wait(seen === one ? 5 : 0).then(() => new Response(seen === one ? "one" : "other")));
    const responses = await Promise.all([handler(one), handler(other)]);
    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(["one", "other"]);
  });
}
