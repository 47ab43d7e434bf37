// An answer as one RPC caller gets it: kept as the message's bytes, written in the caller's own protocol and form.
import { type DescMethod, fromBinary, toJsonString } from "@bufbuild/protobuf";
import { brokenBody } from "../../../../core/protocol/rpc-response.ts";
import { Rejected } from "../../../../core/rejection.ts";
import { readQuery } from "../../../service/query.ts";
import type { Call } from "../../call.ts";
import { mediaType } from "../../protocol/protocol.ts";
import { codecOf } from "../../translate/headers.ts";
import { unaryFromConnect } from "../../translate/to-connect.ts";
import type { Lookup } from "../lookup/lookup.ts";
import { type BufferedResponse, type HeaderPairs, toResponse } from "./buffered-response.ts";
import { type CacheHeaders, type Renderings, renderHeaders } from "./response-headers.ts";

const OF_THE_BODY = ["content-type", "content-length", "content-encoding"];

type Codec = "proto" | "json";

export function rpcRenderer(method: DescMethod): (call: Call) => Lookup["render"] {
  const json = (body: Uint8Array): Uint8Array<ArrayBuffer> =>
    new TextEncoder().encode(toJsonString(method.output, fromBinary(method.output, body))) as Uint8Array<ArrayBuffer>;

  const write = (
    { status, headers: fields, body }: BufferedResponse,
    said: CacheHeaders,
    asked: Codec,
    forms: Renderings | undefined,
  ): Response => {
    const codec = status === 200 ? asked : "json"; // errors of Connect are JSON
    const typed = (): HeaderPairs => [...fields.filter(([name]) => !OF_THE_BODY.includes(name)), ["content-type", `application/${codec}`]];
    const head = renderHeaders(forms, codec, typed, said);
    const written = status !== 200 || codec === "proto" ? body : bodyOf(forms, "json", () => json(body));
    return toResponse(status, head, written);
  };

  return (call) => {
    const codec = codecFor(call);
    const isGrpcWeb = call.protocol.kind === "grpc_web";
    return (plain, said, _, forms) => {
      const packed = plain.headers.find(([name]) => name === "content-encoding")?.[1];
      if (packed !== undefined) {
        const misfit = brokenBody(`responded in content encoding "${packed.slice(0, 20)}", which was not requested`);
        throw new Rejected({ kind: "upstream_invalid", upstream: method.parent.typeName, ...misfit });
      }
      const response = write(plain, said, codec, forms);
      return isGrpcWeb ? unaryFromConnect(response, codec) : response;
    };
  };
}

function bodyOf(forms: Renderings | undefined, name: string, write: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const known = forms?.bodies?.get(name);
  if (known !== undefined) return known;
  const body = write();
  if (forms !== undefined) forms.bodies = (forms.bodies ?? new Map()).set(name, body);
  return body;
}

/** What is above turns REST into JSON itself. */
function codecFor({ protocol, request, outgoing }: Call): Codec {
  if (protocol.kind === "rest") return "proto";
  if (request.method === "GET") return readQuery(outgoing.query).encoding === "json" ? "json" : "proto";
  return codecOf(mediaType(outgoing.headers.get("content-type"))) === "json" ? "json" : "proto";
}
