// `tidegate call`: calls an RPC through the gateway, and prints each message of the response as it comes.
import {
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  type JsonValue,
  type Message,
  type Registry,
  toJson,
} from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import type { Context } from "../context.ts";
import { callError, restError } from "./call-error.ts";
import { bodyText, headersOf, messagesIn } from "./request.ts";
import { sendRest } from "./rest.ts";
import { type CalledMethod, localMethod, methodNameOf, reflectedMethod } from "./schema.ts";

export interface RpcOptions {
  readonly protocol: "connect" | "grpc-web" | "rest";
  readonly header?: readonly string[] | undefined;
  readonly timeout?: number | undefined; // s
  readonly local: boolean;
  readonly gateway: string;
}

export async function call(context: Context, options: RpcOptions, [name = "", body = ""]: readonly string[]): Promise<void> {
  const written = methodNameOf(name);
  const headers = headersOf(options.header ?? [], context.env);
  const text = await bodyText(context, body);
  const baseUrl = options.gateway;
  const connect = createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false });
  const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1_000;
  let called: CalledMethod | undefined;
  try {
    called = options.local ? await localMethod(context.root, written) : await reflectedMethod(connect, written, new Headers(headers));
    const { method, registry } = called;
    const messages = messagesIn(text, method.input, registry);
    if (options.protocol === "rest") {
      const response = await sendRest({ method, registry, messages, headers, timeoutMs, gateway: baseUrl });
      return await printRest(context, response, isStream(called), registry);
    }
    const transport = options.protocol === "connect" ? connect : createGrpcWebTransport({ baseUrl, httpVersion: "1.1" });
    await send(context, transport, called, messages, headers, timeoutMs);
  } catch (error) {
    throw callError(error, options.gateway, called?.registry);
  }
}

function isStream({ method: { methodKind } }: CalledMethod): boolean {
  return methodKind === "server_streaming" || methodKind === "bidi_streaming";
}

async function send(
  context: Context,
  transport: Transport,
  called: CalledMethod,
  messages: readonly Message[],
  headers: Headers,
  timeoutMs: number | undefined,
): Promise<void> {
  const { method, registry } = called;
  const print = (message: Message): void => printMessage(context, method.output, message, registry, isStream(called));
  // The kind of the method is checked: the library has a type for each kind.
  if (method.methodKind === "unary") {
    const { message } = await transport.unary(method as DescMethodUnary, undefined, timeoutMs, headers, messages[0]!);
    return print(message);
  }
  const stream = async function* () {
    yield* messages;
  };
  const response = await transport.stream(method as DescMethodStreaming, undefined, timeoutMs, headers, stream());
  for await (const message of response.message) print(message);
}

/** A stream has one message a line, so that a program can read it as it comes. */
function printMessage(context: Context, type: DescMessage, message: Message, registry: Registry, isOneLine: boolean): void {
  printJson(context, toJson(type, message, { registry }), isOneLine);
}

function printJson(context: Context, json: JsonValue, isOneLine: boolean): void {
  context.print(json, `${isOneLine ? JSON.stringify(json) : JSON.stringify(json, null, 2)}\n`);
}

/** JSON is printed as that of the other protocols; everything else as it is. */
async function printRest(context: Context, response: Response, isStreamed: boolean, registry: Registry): Promise<void> {
  const type = response.headers.get("content-type") ?? "";
  if (!response.ok) throw restError(response.status, await response.text(), registry);
  if (isStreamed && response.body !== null) {
    const decoder = new TextDecoder();
    for await (const chunk of response.body) context.stdout.write(decoder.decode(chunk, { stream: true }));
    return;
  }
  const text = await response.text();
  if (type.startsWith("application/json")) printJson(context, JSON.parse(text) as JsonValue, false);
  else context.stdout.write(text);
}
