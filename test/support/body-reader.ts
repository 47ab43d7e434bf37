// A reader of a body with a call and a budget of its own.
import { ByteBudget } from "../../core/overload/byte-budget.ts";
import { BodyReader, type Patience } from "../../workers/gateway/bodies/body-reader.ts";
import { reserveMemory } from "../../workers/gateway/call/memory.ts";
import { httpRoute } from "../../workers/gateway/call/route.ts";
import { Call } from "../../workers/gateway/call.ts";

export function callOf(memory = new ByteBudget({ maxBytes: 1_048_576, callerShare: 1 })): Call {
  const route = httpRoute("/files/", { maxBodyBytes: 1_000_000 }, memory);
  return new Call(new Request("https://gateway.example/files/a"), { kind: "rest" }, route, "/files/a", "", Date.now());
}

export function readerOf(body: ReadableStream<Uint8Array>, patience: Partial<Patience> = {}) {
  const memory = new ByteBudget({ maxBytes: 1_048_576, callerShare: 1 });
  const call = callOf(memory);
  const held = reserveMemory(call, 0);
  return { reader: new BodyReader(call, body, { idleMs: 10_000, until: Number.POSITIVE_INFINITY, ...patience }, held), memory, call, held };
}
