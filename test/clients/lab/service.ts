// LabService as connect-node serves it: does what each request says, and records its outcome.
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { type Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../protos/gen/google/rpc/error_details_pb.ts";
import { LabService } from "../gen/lab/v1/lab_pb.ts";

interface Record {
  wasCanceled: boolean;
  readonly timeoutMs: number; // 0 where the call brought no timeout
}

const NOTED = /^(x-|connect-timeout-ms$|grpc-timeout$|accept-encoding$|content-encoding$|connect-|grpc-)/;

export function lab(router: ConnectRouter): void {
  const records = new Map<string, Record>();
  const record = (id: string, { signal, timeoutMs }: HandlerContext): Record => {
    const made = { wasCanceled: false, timeoutMs: Math.floor(timeoutMs() ?? 0) };
    records.set(id, made);
    signal.addEventListener("abort", () => {
      made.wasCanceled = true;
    });
    return made;
  };
  router.service(LabService, {
    echo({ text, data }, { requestHeader, responseHeader, responseTrailer }) {
      responseHeader.set("x-leading", requestHeader.get("x-lead") ?? "none");
      responseTrailer.set("x-trailing", "at the end");
      return { text, data, headers: Object.fromEntries([...requestHeader].filter(([name]) => NOTED.test(name))) };
    },
    fail({ code, message }) {
      throw failure(code, message);
    },
    async sleep({ id, ms }, context) {
      record(id, context);
      await pause(ms, context.signal);
      return {};
    },
    async *count({ id, count, everyMs, failWith }, context) {
      record(id, context);
      for (let number = 1; number <= count; number++) {
        if (everyMs > 0 && number > 1) await pause(everyMs, context.signal);
        yield { number };
      }
      if (failWith > 0) throw failure(failWith, `after ${count}`);
    },
    async sum(requests) {
      let [sum, count] = [0, 0];
      for await (const { number } of requests) [sum, count] = [sum + number, count + 1];
      return { sum, count };
    },
    report({ id }) {
      const found = records.get(id);
      return { hasStarted: found !== undefined, wasCanceled: found?.wasCanceled ?? false, timeoutMs: found?.timeoutMs ?? 0 };
    },
  });
}

function failure(code: Code, message: string): ConnectError {
  const error = new ConnectError(message, code, { "x-meta": "kept" });
  error.details = [
    { desc: ErrorInfoSchema, value: { reason: "LAB", domain: "lab.example", metadata: { key: "wert ü" } } },
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "text", description: "is too long" }] } },
    { desc: RetryInfoSchema, value: { retryDelay: { seconds: 2n, nanos: 0 } } },
  ];
  return error;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
