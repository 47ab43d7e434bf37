// A unary call by the Connect protocol with one request: what connect-es does for it, without what only interceptors, compression and GET need.
import { create, type DescMessage, type DescMethodUnary, type JsonReadOptions, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import { createMethodSerializationLookup, createMethodUrl, readAllBytes, type UniversalClientFn } from "@connectrpc/connect/protocol";
import { errorFromJsonBytes, requestHeader, trailerDemux, validateResponseWithCompression } from "@connectrpc/connect/protocol-connect";
import { chunksOf } from "./response-body.ts";

export interface UnarySettings {
  readonly baseUrl: string;
  readonly useBinaryFormat: boolean;
  readonly jsonOptions: Partial<JsonReadOptions>;
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
}

export interface UnaryCall<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly signal: AbortSignal | undefined; // aborts when its caller ends it
  readonly timeoutMs: number | undefined; // > 0; undefined for none
  readonly header: Headers;
  readonly message: MessageInitShape<I>;
}

/**
 * @param client sends the one request
 * @throws ConnectError as the transports of connect-es do
 */
export async function unaryCall<I extends DescMessage, O extends DescMessage>(
  client: UniversalClientFn,
  settings: UnarySettings,
  { method, signal: outer, timeoutMs, header, message }: UnaryCall<I, O>,
): Promise<UnaryResponse<I, O>> {
  const { baseUrl, useBinaryFormat: isBinary, readMaxBytes } = settings;
  const ended = new AbortController();
  const signal = outer === undefined ? ended.signal : AbortSignal.any([outer, ended.signal]);
  const late = (): void => ended.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  try {
    const { getI, getO } = createMethodSerializationLookup(method, undefined, settings.jsonOptions, settings);
    const body = getI(isBinary).serialize(create(method.input, message));
    const response = await client({
      url: createMethodUrl(baseUrl, method),
      method: "POST",
      header: requestHeader("unary", isBinary, timeoutMs, header, true),
      signal,
      body: chunksOf([body]),
    });
    const { status, header: received } = response;
    const { isUnaryError, unaryError } = validateResponseWithCompression("unary", [], isBinary, status, received);
    const [responseHeader, trailer] = trailerDemux(received);
    const bytes = await readAllBytes(response.body, readMaxBytes, received.get("content-length"));
    if (isUnaryError) throw errorFromJsonBytes(bytes, joined(responseHeader, trailer), unaryError);
    const common = { stream: false, service: method.parent, method } as const;
    return { ...common, header: responseHeader, message: getO(isBinary).parse(bytes), trailer };
  } catch (error) {
    const failure = signal.aborted ? ConnectError.from(signal.reason, Code.Canceled) : ConnectError.from(error);
    ended.abort(failure); // a body that was not read is given up
    throw failure;
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

function joined(header: Headers, trailer: Headers): Headers {
  for (const [name, value] of trailer) header.append(name, value);
  return header;
}
