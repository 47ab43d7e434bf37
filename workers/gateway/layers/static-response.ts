// Responds with a message of the configuration while the upstream, and its fallback, are down.

import { type DescMethod, type Message, toBinary, toJsonString } from "@bufbuild/protobuf";
import { FALLBACK_HEADER } from "../../../core/headers.ts";
import { failureOf, failureOfError, isDown } from "../../call/failure.ts";
import { logEvent } from "../../log.ts";
import type { Layer } from "../call/layer.ts";
import { madeHere } from "../call/outcome.ts";
import { logFactsOf } from "../call.ts";
import { callerContentType, messageResponse } from "../protocol/message-response.ts";

/** @param message what an operator has configured; undefined where nothing is */
export function staticResponse(method: DescMethod, message: Message | undefined): Layer | undefined {
  if (message === undefined) return undefined;
  const binary = toBinary(method.output, message);
  const json = new TextEncoder().encode(toJsonString(method.output, message));
  return (next) => async (call) => {
    const { query } = call.outgoing; // layers below may turn a GET into a POST
    try {
      const response = await next(call);
      const failure = failureOf(response);
      if (failure === undefined || !isDown(failure)) return response;
      await response.body?.cancel();
    } catch (error) {
      const failure = failureOfError(error);
      if (failure === undefined || !isDown(failure)) throw error;
    }
    logEvent("static_response_sent", logFactsOf(call));
    const contentType = callerContentType(call, query);
    const headers = { "Cache-Control": "no-store", [FALLBACK_HEADER]: "static_response" };
    return madeHere(call, "static_response", messageResponse(call.protocol, contentType, { binary, json }, headers));
  };
}
