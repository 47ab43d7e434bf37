// The column of allocated bytes in the benchmark, on a Worker whose allocations are known.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Inspector } from "../../bench/figures/inspector.ts";
import { start } from "../../bench/workerd.ts";

const KNOWN_BYTES = 8 * 1_000 * 8; // bench/workers/allocating.ts
const REQUESTS = 400;

it("samples the bytes that a request allocates, within 10 %", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-allocations-"));
  const subject = { entry: "bench/workers/allocating.ts", about: "", prepare: () => ({ method: "GET", path: "/", headers: {} }) };
  const server = await start(folder, subject, { upstreamPort: 0, cpu: 0, inspected: true });
  try {
    const call = async (): Promise<unknown> => (await fetch(server.origin)).text();
    await call();
    const inspector = await Inspector.open(server.inspectorPort!, "main");
    const allocations = await inspector.allocations(async () => {
      for (let sent = 0; sent < REQUESTS; sent++) await call();
    });
    inspector.close();
    const fetched = [...allocations.values()].reduce((sum, bytes) => sum + bytes, 0) / REQUESTS;
    expect(fetched / KNOWN_BYTES).toBeGreaterThan(0.9);
    expect(fetched / KNOWN_BYTES).toBeLessThan(1.1);
  } finally {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
