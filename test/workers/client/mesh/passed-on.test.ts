// What crosses a hop.
import { expect, it } from "vitest";
import { passOn } from "../../../../workers/client/mesh/passed-on.ts";

const received = {
  "x-request-id": "r1",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "a=1",
  "tidegate-region": "weur",
  "tidegate-criticality": "sheddable",
  "tidegate-attempt": "2",
  "tidegate-hops": "1",
  "x-tidegate-mirror": "1",
};

it("request id, trace, region, priority, attempt and hops of gateways are passed on, and nothing else", () => {
  const header = new Headers();
  passOn(header, { requestHeader: new Headers({ ...received, authorization: "Bearer x", cookie: "a=b", "tidegate-load-median": "3" }) });
  expect(Object.fromEntries(header)).toEqual({ ...received, "tidegate-depth": "1" });
});

it("what the author of the call has set stays, but for the depth", () => {
  const header = new Headers({ "x-request-id": "mine", "tidegate-criticality": "critical_plus", "tidegate-depth": "0" });
  passOn(header, { requestHeader: new Headers({ ...received, "tidegate-depth": "4" }) });
  expect(Object.fromEntries(header)).toEqual({
    ...received,
    "x-request-id": "mine",
    "tidegate-criticality": "critical_plus",
    "tidegate-depth": "5",
  });
});

it("a call of its own has nothing of another", () => {
  const header = new Headers();
  passOn(header, undefined);
  expect([...header]).toEqual([]);
});
