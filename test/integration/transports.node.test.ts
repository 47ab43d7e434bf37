// The contract of transports from plain Node: in the same process, as tests of a team call a service, and over a URL of a Worker in workerd.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { type Running, start } from "../../bench/workerd.ts";
import { inProcess, transportTo } from "../../workers/client/transport.ts";
import { transportContract } from "../support/contract/contract.ts";
import { contractService } from "../support/contract/service.ts";

const folder = mkdtempSync(join(tmpdir(), "tidegate-transports-"));
const own = {};
let worker: Running;

beforeAll(async () => {
  // Node demands `duplex` where a body is a stream; the transport of connect-es, made for browsers and Workers, does not set it.
  const { Request: Own } = globalThis;
  vi.stubGlobal(
    "Request",
    class extends Own {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        super(input, init?.body ? ({ duplex: "half", ...init } as RequestInit) : init);
      }
    },
  );
  const prepare = () => ({ method: "GET", path: "/", headers: {} }); // unused: nothing is measured here
  const subject = { entry: "test/support/contract/worker.ts", about: "", flags: ["enable_request_signal"], prepare };
  worker = await start(folder, subject, { upstreamPort: 1, cpu: 0 });
});

afterAll(() => {
  vi.unstubAllGlobals();
  worker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

transportContract("in the same process of Node", (options) => inProcess(contractService, own, options));
transportContract("over a URL", (options) => transportTo(worker.origin, options), false);
