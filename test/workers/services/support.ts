// Clients for every protocol of a service, and requests that no client would send.
import { exports } from "cloudflare:workers";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createFetchClient } from "@connectrpc/connect/protocol";
import { createTransport as createConnect } from "@connectrpc/connect/protocol-connect";
import { createTransport as createGrpcWeb } from "@connectrpc/connect/protocol-grpc-web";
import { expect } from "vitest";
import { BadRequestSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";

export type Fetch = (request: Request) => Promise<Response>;

/** The Worker under test. */
export const worker: Fetch = (request) => (exports as unknown as { default: Fetcher }).default.fetch(request);

const COMMON = { baseUrl: "http://x", interceptors: [], acceptCompression: [], sendCompression: null, compressMinBytes: 0 };
const LIMITS = { readMaxBytes: 2 ** 24, writeMaxBytes: 2 ** 24 };

function transports(fetch: Fetch): Record<string, Transport> {
  const options = { ...COMMON, ...LIMITS, httpClient: createFetchClient((request) => fetch(request as Request)) };
  return {
    "Connect JSON": createConnect({ ...options, useBinaryFormat: false }),
    "Connect proto": createConnect({ ...options, useBinaryFormat: true }),
    "Connect GET, JSON": createConnect({ ...options, useBinaryFormat: false, useHttpGet: true }),
    "Connect GET, proto": createConnect({ ...options, useBinaryFormat: true, useHttpGet: true }),
    "gRPC-Web proto": createGrpcWeb({ ...options, useBinaryFormat: true }),
    "gRPC-Web JSON": createGrpcWeb({ ...options, useBinaryFormat: false }),
  };
}

export const waysToCall = (fetch: Fetch): [string, Transport][] => Object.entries(transports(fetch));
export const connectProto = (fetch: Fetch): Transport => transports(fetch)["Connect proto"]!;

/** The error of a call that is expected to fail. */
export async function failureOf(call: Promise<unknown> | AsyncIterable<unknown>): Promise<ConnectError> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
  } catch (reason) {
    return ConnectError.from(reason);
  }
  throw new Error("the call did not fail");
}

/** The fields that an error names. */
export function fieldsOf(error: ConnectError): string[] {
  return error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field));
}

export async function expectInvalid(
  call: Promise<unknown> | AsyncIterable<unknown>,
  fields: string[],
  code: Code = Code.InvalidArgument,
): Promise<void> {
  const error = await failureOf(call);
  expect({ code: Code[error.code], fields: fieldsOf(error) }).toEqual({ code: Code[code], fields });
}

export function post(path: string, contentType: string, body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request(`http://x${path}`, { method: "POST", headers: { "content-type": contentType, ...headers }, body });
}

/** Status and code of an error response in Connect's JSON. */
export async function errorOf(response: Response): Promise<{ status: number; code: string; message?: string }> {
  return { status: response.status, ...((await response.json()) as { code: string; message?: string }) };
}

export async function gzip(bytes: Uint8Array | string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

/** The body of a response as text, also where it is not valid UTF-8. */
export async function asText(response: Response | Promise<Response>): Promise<string> {
  return new TextDecoder().decode(await (await response).arrayBuffer());
}

/** The first messages of a stream. Then it hangs up with a signal: connect-es does not for a `break`. */
export async function firstOf<T>(count: number, open: (signal: AbortSignal) => AsyncIterable<T>): Promise<T[]> {
  const hangUp = new AbortController();
  const messages: T[] = [];
  for await (const message of open(hangUp.signal)) if (messages.push(message) === count) break;
  hangUp.abort();
  return messages;
}
