// A response as one RPC caller receives it: stored as the bytes of the message, rendered in the caller's protocol and encoding.
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

const BODY_FIELDS = ["content-type", "content-length", "content-encoding"];
const MAX_ENCODING_CHARACTERS = 20; // longest part of an unexpected Content-Encoding in the error message

type Codec = "proto" | "json";

/** @returns a function that makes the `render` of a lookup from its call */
export function rpcRenderer(method: DescMethod): (call: Call) => Lookup["render"] {
  return (call) => {
    const codec = codecFor(call);
    const isGrpcWeb = call.protocol.kind === "grpc_web";
    return (buffered, cacheHeaders, _, renderings) => {
      const encoding = buffered.headers.find(([name]) => name === "content-encoding")?.[1];
      if (encoding !== undefined) {
        const misfit = brokenBody(`responded in content encoding "${encoding.slice(0, MAX_ENCODING_CHARACTERS)}", which was not requested`);
        throw new Rejected({ kind: "upstream_invalid", upstream: method.parent.typeName, ...misfit });
      }
      const response = renderConnect(method, buffered, cacheHeaders, codec, renderings);
      return isGrpcWeb ? unaryFromConnect(response, codec) : response;
    };
  };
}

/** The response in the Connect protocol. Errors are JSON there, whatever the encoding of the caller. */
function renderConnect(
  method: DescMethod,
  { status, headers: pairs, body }: BufferedResponse,
  cacheHeaders: CacheHeaders,
  wanted: Codec,
  renderings: Renderings | undefined,
): Response {
  const codec = status === 200 ? wanted : "json";
  const typedPairs = (): HeaderPairs => [
    ...pairs.filter(([name]) => !BODY_FIELDS.includes(name)),
    ["content-type", `application/${codec}`],
  ];
  const headers = renderHeaders(renderings, codec, typedPairs, cacheHeaders);
  const isStoredForm = status !== 200 || codec === "proto";
  return toResponse(status, headers, isStoredForm ? body : jsonBody(method, body, renderings));
}

/** The message as JSON: rendered once, and kept with the stored response. */
function jsonBody({ output }: DescMethod, body: Uint8Array, renderings: Renderings | undefined): Uint8Array<ArrayBuffer> {
  const rendered = renderings?.bodies?.get("json");
  if (rendered !== undefined) return rendered;
  const json = new TextEncoder().encode(toJsonString(output, fromBinary(output, body))) as Uint8Array<ArrayBuffer>; // never shared memory
  if (renderings !== undefined) renderings.bodies = (renderings.bodies ?? new Map()).set("json", json);
  return json;
}

/** REST callers receive proto here: the transcode layer turns it into JSON. */
function codecFor({ protocol, request, outgoing }: Call): Codec {
  if (protocol.kind === "rest") return "proto";
  if (request.method === "GET") return readQuery(outgoing.query).encoding === "json" ? "json" : "proto";
  return codecOf(mediaType(outgoing.headers.get("content-type"))) === "json" ? "json" : "proto";
}
