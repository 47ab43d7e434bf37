// Serves calls that come from the same isolate: without HTTP, and mostly without encoding, by the same rules as those of `fetch`.
import { create, type Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeFromString, codeToHttpStatus, codeToString } from "@connectrpc/connect/protocol-connect";
import { SHED_HEADER } from "../../../core/headers.ts";
import { type CallContext, openContext } from "../call-context.ts";
import { toConnectError, untilAborted } from "../call-error.ts";
import { invokeUnary, isThenable, type UnarySpec } from "../host/invoke.ts";
import type { HostMethod } from "../host/methods.ts";
import { ServedCall } from "../host/served-call.ts";
import type { ServiceHost } from "../host/service-host.ts";
import { limitTimeout } from "../limits/timeout.ts";
import { limitError } from "../limits/write-limit.ts";
import { markStopped } from "../mesh/retry-chain.ts";
import type { Settings } from "../settings.ts";
import { type LocalCall, type LocalResponse, type LocalService, type LocalStream, PROTOCOL, pathOf, urlOf } from "./local-call.ts";
import { streamWithin } from "./local-stream.ts";
import { received, sent } from "./messages.ts";
import { asReceived, errorOf, wireError } from "./received-error.ts";

interface Entered {
  readonly method: HostMethod;
  readonly served: ServedCall;
  readonly startedAt: number; // epoch ms
  /** The host no longer works on the call; a stream may go on. */
  end(isEvident: boolean): void;
}

export function localService<Env>(host: ServiceHost<Env>): LocalService<Env> {
  return new HostedCalls(host);
}

class HostedCalls<Env> implements LocalService<Env> {
  readonly #host: ServiceHost<Env>;

  constructor(host: ServiceHost<Env>) {
    this.#host = host;
  }

  async unary(call: LocalCall, input: Message, env: Env): Promise<LocalResponse> {
    let entered = this.#enter(call, env);
    if (entered instanceof Promise) entered = await entered;
    const { settings } = this.#host.compiled(env);
    const { served, method } = entered;
    const context = contextOf(call, served, settings);
    try {
      const result = invoked(method.spec as UnarySpec, input, context, settings); // a method of that kind: the client's types say so
      const output = isThenable(result) ? await settled(Promise.resolve(result), context, call.signal) : result;
      const message = sent(call.method, create(call.method.output, output), settings);
      return {
        message,
        get header() {
          return context.responseHeader;
        },
        get trailer() {
          return context.responseTrailer;
        },
      };
    } catch (reason) {
      const error = markStopped(
        toConnectError(reason, { method: call.method, header: call.header, signal: context.signal }),
        context.usedValues,
      );
      served.code = codeToString(error.code);
      throw asReceived(limitError(error, settings), context.responseHeader, context.responseTrailer, settings);
    } finally {
      context.end();
      entered.end(isEvident(served.code));
      served.streamEnded();
    }
  }

  async stream(call: LocalCall, inputs: AsyncIterable<Message>, env: Env): Promise<LocalStream> {
    const entered = await this.#enter(call, env);
    const { served, method, startedAt } = entered;
    served.onStreamEnd(this.#host.admission.streams.begin(startedAt, call.timeoutMs ?? Number.POSITIVE_INFINITY));
    try {
      return await streamWithin(method.spec, call, inputs, served, this.#host.compiled(env).settings);
    } finally {
      entered.end(isEvident(served.code));
    }
  }

  /** Admits the call and proves its caller, as `Host.fetch` does. @throws ConnectError where it is refused */
  #enter(call: LocalCall, env: Env): Entered | Promise<Entered> {
    const { methods, prove, telemetry } = this.#host.compiled(env);
    const { admission } = this.#host;
    const { platform } = call;
    const { header: headers, timeoutMs: leftMs = Number.POSITIVE_INFINITY } = call;
    const path = pathOf(call.method);
    const method = methods.get(path);
    const now = Date.now();
    const route = method?.route ?? "";
    const shedding = admission.refusal({ headers, route, isStream: method?.isStream === true, leftMs }, now);
    if (shedding !== undefined) {
      telemetry?.refused(route, "unavailable", shedding.reason, { headers }, platform, now);
      const metadata = { "Retry-After": "1", [SHED_HEADER]: shedding.reason };
      throw wireError(`overloaded: ${shedding.text}`, Code.Unavailable, metadata);
    }
    const circle = this.#host.tooDeep({ headers, body: null }, path, now);
    if (circle !== undefined) return circle.then(errorOf).then((error) => Promise.reject(error));
    const admit = (caller: ServedCall["caller"]): Entered => {
      if (method === undefined) throw wireError(`${path} is not implemented`, Code.Unimplemented);
      const served = new ServedCall(caller);
      const end = admission.load.start(now, leftMs);
      if (telemetry !== undefined) served.onStreamEnd(() => telemetry.ended(route, served, { headers }, platform, now, Date.now()));
      return { method, served, startedAt: now, end: (isEvident) => void end(Date.now(), isEvident) };
    };
    if (prove === undefined) return admit(undefined);
    const proven = prove(new Request(urlOf(call.method), { method: "POST", headers }), path, call.platform, now);
    if (proven instanceof Response) return errorOf(proven).then((error) => Promise.reject(error));
    if (!(proven instanceof Promise)) return admit(proven);
    return proven.then(async (caller) => {
      if (caller instanceof Response) throw await errorOf(caller);
      return admit(caller);
    });
  }
}

function contextOf(call: LocalCall, { caller }: ServedCall, settings: Settings): CallContext {
  const { method, header: headers } = call;
  const request = {
    method: "POST",
    url: urlOf(method),
    headers,
    get signal() {
      return call.signal;
    },
  };
  const timeoutMs = limitTimeout(call.timeoutMs, settings.maxTimeoutMs);
  return openContext({ method, protocolName: PROTOCOL, request, timeoutMs, contentType: "application/proto", trailer: {}, caller });
}

function invoked(spec: UnarySpec, input: Message, context: CallContext, settings: Settings): ReturnType<UnarySpec["impl"]> {
  const message = received(spec.method.input, input, settings);
  context.throwIfExpired();
  return invokeUnary(spec, message, context, settings);
}

/** Work ends at its deadline, or where its caller no longer waits, whatever it waits for itself. */
function settled<T>(work: Promise<T>, context: CallContext, signal: AbortSignal | undefined): Promise<T> {
  const inTime = context.withDeadline(work);
  return signal === undefined ? inTime : untilAborted(inTime, signal);
}

function isEvident(code: string): boolean {
  if (code === "ok") return true;
  const status = codeToHttpStatus(codeFromString(code) ?? Code.Unknown);
  return status < 500 || status === 504;
}
