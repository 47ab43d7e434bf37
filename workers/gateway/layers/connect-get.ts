// Turns a Connect GET into a POST for an upstream that takes no GET: its proto does not say that the method has no side effects.
import { Code, ConnectError } from "@connectrpc/connect";
import { messageOf, readQuery } from "../../service/query.ts";
import type { Layer } from "../call/layer.ts";
import { refusedAs } from "../call/outcome.ts";
import type { Outgoing } from "../call/outgoing.ts";

export function connectGetAsPost(): Layer {
  return (next) => async (call) => {
    if (call.outgoing.method !== "GET") return next(call);
    try {
      becomePost(call.outgoing);
    } catch (error) {
      if (error instanceof ConnectError) return refusedAs(call, { error, reason: "invalid_request" });
      throw error;
    }
    return next(call);
  };
}

/** @throws ConnectError for a query that cannot be read */
function becomePost(outgoing: Outgoing): void {
  const { headers } = outgoing;
  const parameters = readQuery(outgoing.query);
  const { encoding, compression } = parameters;
  if (encoding !== "proto" && encoding !== "json")
    throw new ConnectError('query parameter "encoding" is not proto or json', Code.InvalidArgument);
  headers.set("content-type", `application/${encoding}`);
  headers.set("connect-protocol-version", "1");
  if (compression !== null && compression !== "") headers.set("content-encoding", compression);
  else headers.delete("content-encoding");
  outgoing.method = "POST";
  outgoing.query = "";
  outgoing.body = messageOf(parameters);
}
