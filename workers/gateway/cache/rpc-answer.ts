// An answer as one RPC caller gets it: kept as the message's bytes, written in the caller's own protocol and form.
import { type DescMethod, fromBinary, toJsonString } from "@bufbuild/protobuf";
import { Rejected } from "../../../core/rejection.ts";
import { readQuery } from "../../service/query.ts";
import type { Call } from "../call.ts";
import { mediaType } from "../protocol.ts";
import { codecOf } from "../translate/headers.ts";
import { unaryFromConnect } from "../translate/to-connect.ts";
import type { Asked, Forms } from "./asked.ts";
import { type Pairs, type Plain, responseOf } from "./plain.ts";

const OF_THE_BODY = ["content-type", "content-length", "content-encoding"];

export function rpcAnswer(method: DescMethod): (call: Call) => Asked["present"] {
  const json = (body: Uint8Array): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(toJsonString(method.output, fromBinary(method.output, body))) as Uint8Array<ArrayBuffer>;

  const write = ({ status, headers, body }: Plain, extra: Pairs, codec: "proto" | "json", forms: Forms): Response => {
    const all = [...headers.filter(([name]) => !OF_THE_BODY.includes(name)), ...extra] as [string, string][];
    if (status !== 200) return responseOf(status, [...all, ["content-type", "application/json"]], body);
    return responseOf(
      200,
      [...all, ["content-type", `application/${codec}`]],
      codec === "proto" ? body : formOf(forms, "json", () => json(body)),
    );
  };

  return (call) => {
    const codec = codecFor(call);
    return (plain, extra, _, forms = {}) => {
      const packed = plain.headers.find(([name]) => name === "content-encoding");
      if (packed !== undefined) {
        throw new Rejected({
          kind: "upstream_invalid",
          upstream: method.parent.typeName,
          problem: `answered in ${packed[1].slice(0, 20)}, unasked`,
        });
      }
      const response = write(plain, extra, codec, forms);
      return call.protocol.kind === "grpc_web" ? unaryFromConnect(response, codec) : response;
    };
  };
}

/** Other ways to write the same answer are kept beside it. */
function formOf(forms: Forms, name: string, write: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const known = forms.written?.get(name);
  if (known !== undefined) return known;
  const form = write();
  forms.written = (forms.written ?? new Map()).set(name, form);
  return form;
}

/** What is above turns REST into JSON itself. */
function codecFor({ protocol, request, outgoing }: Call): "proto" | "json" {
  if (protocol.kind === "rest") return "proto";
  if (request.method === "GET") return readQuery(outgoing.query).encoding === "json" ? "json" : "proto";
  return codecOf(mediaType(outgoing.headers.get("content-type"))) === "json" ? "json" : "proto";
}
