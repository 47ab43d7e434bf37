import { describe, expect, it } from "vitest";
import { isAttemptNumber, TIDEGATE_HEADER_NAMES, TIDEGATE_HEADERS } from "../../core/headers.ts";

describe("the table of headers", () => {
  it.each(TIDEGATE_HEADER_NAMES)("writes %s as HTTP/2 does: in lower case", (name) => expect(name).toMatch(/^[a-z-]+$/));

  it("keeps the names that hosts, callers and operators know", () => {
    expect(TIDEGATE_HEADERS).toEqual({
      "tidegate-attempt": "mesh",
      "tidegate-criticality": "mesh",
      "x-tidegate-mirror": "to_upstream",
      "tidegate-load-median": "to_upstream",
      "tidegate-redirect": "from_upstream",
      "tidegate-shed": "from_upstream",
      "endpoint-load-metrics": "from_upstream",
      "trailer-endpoint-load-metrics": "from_upstream",
      "tidegate-fallback": "to_caller",
      "tidegate-operator": "from_caller",
      "x-tidegate-metadata": "internal",
    });
  });
});

it.each([
  ["2", true],
  ["999", true],
  ["1000", false],
  ["", false],
  ["-1", false],
  ["2, 3", false],
  [null, false],
])("takes %j for an attempt number: %s", (text, isOne) => expect(isAttemptNumber(text)).toBe(isOne));
