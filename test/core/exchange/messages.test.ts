// The size of the messages: bounded, whatever an isolate has seen.
import { expect, it } from "vitest";
import type { Admitted } from "../../../core/breaker/admission.ts";
import { LocalBreakers } from "../../../core/breaker/local-breakers.ts";
import { BREAKER } from "../../../core/config/breaker.ts";
import { EXCHANGE_VERSION, type ExchangeRequest } from "../../../core/exchange/messages.ts";

const NOW = 1_000_000;

it("an isolate sends at most 64 KiB about one upstream, however many endpoints it has called", () => {
  const breakers = new LocalBreakers(BREAKER);
  for (let n = 0; n < 1_000; n++) {
    const id = `https://endpoint-${n}.${"long-".repeat(20)}name.example`;
    const breaker = breakers.get(id);
    for (let call = 0; call < 6; call++) {
      const admission = breaker.admit(NOW, 0);
      if (admission.kind === "admitted") breaker.record(admission satisfies Admitted, "failed", 1, NOW, 0);
    }
    breakers.update(id, NOW);
  }
  const request: ExchangeRequest = {
    ...{ version: EXCHANGE_VERSION, isolate: "an isolate", location: "AMS", shards: 1, isFirst: false, intervalMs: 5_000 },
    breakers: { upstream: { reports: breakers.takeReports(NOW), policy: BREAKER } },
  };
  expect(JSON.stringify(request).length).toBeLessThan(65_536);
});
