// Values of variables to a path, and why a value does not fit.
import { describe, expect, it } from "vitest";
import { expandPath } from "../../../core/transcode/expand.ts";
import { parseTemplate } from "../../../core/transcode/path-template.ts";

function expand(text: string, values: readonly string[]) {
  const parsed = parseTemplate(text);
  if (parsed.kind === "invalid") throw new Error(`${text}: ${parsed.problem}`);
  return expandPath(parsed.template, values);
}

describe("expandPath", () => {
  it.each([
    ["/v1/users", [], "/v1/users"],
    ["/v1/users:list", [], "/v1/users:list"],
    ["/v1/*/x/**", [], "/v1/*/x/**"],
    ["/v1/{id}", ["7"], "/v1/7"],
    ["/v1/{id}/x", ["a/b c"], "/v1/a%2Fb%20c/x"],
    ["/{a}/{b}", ["1", "2"], "/1/2"],
    ["/{a}/x/{b}/y", ["1", "2"], "/1/x/2/y"],
    ["/v1/{a=p/*}/{b}:verb", ["p/1", "2"], "/v1/p/1/2:verb"],
    ["/v1/{a=p/*/q}/z", ["p/1/q"], "/v1/p/1/q/z"],
    ["/v1/{a=p/*/q/*}/{b=r/*}/z", ["p/1/q/2", "r/3"], "/v1/p/1/q/2/r/3/z"],
    ["/v1/{a=**}", ["x/y/z"], "/v1/x/y/z"],
    ["/v1/{a=**}", ["x"], "/v1/x"],
    ["/v1/{a=**}", [""], "/v1"],
    ["/v1/{a=**}:stat", ["x//y"], "/v1/x//y:stat"],
    ["/{a=**}", [""], "/"],
    ["/{a=**}:stat", [""], "/:stat"],
    ["/v1/{a=p/**}", ["p"], "/v1/p"],
    ["/v1/{a=p/**}", ["p/x/y"], "/v1/p/x/y"],
    ["/v1/{a=p/*/**}", ["p/x"], "/v1/p/x"],
    ["/v1/{a=b%2Fc/*}", ["b%2fc/d"], "/v1/b%2Fc/d"],
    ["/v1/{a=$x/*}", ["$x/d"], "/v1/%24x/d"],
    ["/v1/{a}", ["..."], "/v1/..."],
    ["/v1/{a}", [".a"], "/v1/.a"],
  ])("puts %j with %j together to %j", (text, values, path) => {
    expect(expand(text, values)).toEqual({ kind: "ok", path });
  });

  it.each([
    ["/v1/{a}", [""], "a", "an empty value cannot fill a single segment"],
    ["/v1/{x}/{b.c}", ["1", ""], "b.c", "an empty value cannot fill a single segment"],
    ["/v1/{a=p/*}", ["p/"], "a", "an empty value cannot fill a single segment"],
    ["/v1/{a=p/*}", [""], "a", 'does not fit "p/*"'],
    ["/v1/{a=p/*}", ["p"], "a", 'does not fit "p/*"'],
    ["/v1/{a=p/*}", ["p/x/y"], "a", 'does not fit "p/*"'],
    ["/v1/{a=p/*}", ["q/x"], "a", 'does not fit "p/*"'],
    ["/v1/{a=p/*/q}/z", ["p/1/r"], "a", 'does not fit "p/*/q"'],
    ["/v1/{a=p/**}", [""], "a", 'does not fit "p/**"'],
    ["/v1/{a=p/**}", ["q/x"], "a", 'does not fit "p/**"'],
    ["/v1/{a=p/*/**}", ["p"], "a", 'does not fit "p/*/**"'],
    ["/v1/{a=p/*/**}", ["p//x"], "a", "an empty value cannot fill a single segment"],
    ["/v1/{a}", ["."], "a", 'has a segment "." or ".."'],
    ["/v1/{a}", [".."], "a", 'has a segment "." or ".."'],
    ["/v1/{a=**}", ["x/./y"], "a", 'has a segment "." or ".."'],
    ["/v1/{a=**}", ["x/../y"], "a", 'has a segment "." or ".."'],
    ["/v1/{a=p/*}", ["p/.."], "a", 'has a segment "." or ".."'],
  ])("refuses %j with %j: %s %s", (text, values, field, problem) => {
    expect(expand(text, values)).toEqual({ kind: "invalid", field, problem });
  });
});
