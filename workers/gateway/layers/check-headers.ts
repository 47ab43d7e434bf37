// Refuses a call whose headers are too large, or can be read in two ways: nothing below reads them before.
import { Rejected } from "../../../core/rejection.ts";
import type { Layer } from "../call/layer.ts";

export function checkHeaders(): Layer {
  return (next) => (call) => {
    const { problem } = call.received;
    call.trace?.note("check-headers", { "headers.maxCount": call.route.headers.maxCount, "headers.maxBytes": call.route.headers.maxBytes });
    if (problem !== undefined) throw new Rejected(problem);
    return next(call);
  };
}
