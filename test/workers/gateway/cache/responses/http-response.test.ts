// A response for one HTTP caller: whole, a range, HEAD or 304.
import { expect, it } from "vitest";
import { renderHttp } from "../../../../../workers/gateway/cache/responses/http-response.ts";

const BUFFERED = {
  status: 200,
  headers: [
    ["content-type", "text/plain"],
    ["etag", '"1"'],
  ] as const,
  body: new TextEncoder().encode("0123456789") as Uint8Array<ArrayBuffer>,
};
const render = (init: RequestInit = {}, buffered: Parameters<typeof renderHttp>[1] = BUFFERED) =>
  renderHttp(new Request("https://gateway.example/a", init), buffered, { age: "1", status: "hit" }, 1_000_000);

it.each([
  ["whole", {}, 200, "0123456789", null],
  ["HEAD", { method: "HEAD" }, 200, "", null],
  ["a range", { headers: { range: "bytes=2-4" } }, 206, "234", "bytes 2-4/10"],
  ["a suffix", { headers: { range: "bytes=-3" } }, 206, "789", "bytes 7-9/10"],
  ["a range beyond the end", { headers: { range: "bytes=10-" } }, 416, "", "bytes */10"],
  ["several ranges", { headers: { range: "bytes=0-1,3-4" } }, 200, "0123456789", null],
  ["a range of another version", { headers: { range: "bytes=0-1", "if-range": '"2"' } }, 200, "0123456789", null],
  ["a known entity tag", { headers: { "if-none-match": '"1"' } }, 304, "", null],
  ["another entity tag", { headers: { "if-none-match": '"2"' } }, 200, "0123456789", null],
] as [string, RequestInit, number, string, string | null][])("%s", async (_name, init, status, text, contentRange) => {
  const response = render(init);
  expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([status, text, contentRange]);
  expect([response.headers.get("age"), response.headers.get("cache-status")]).toEqual(["1", "hit"]);
});

it("304 and 416 have no field of the body that they do not send", () => {
  const headers = [...BUFFERED.headers, ["content-length", "10"]] as const;
  const fieldsOf = (init: RequestInit) => {
    const response = render(init, { ...BUFFERED, headers });
    return ["etag", "content-type", "content-length"].filter((name) => response.headers.has(name));
  };
  expect(fieldsOf({ headers: { "if-none-match": '"1"' } })).toEqual(["etag"]);
  expect(fieldsOf({ headers: { range: "bytes=10-" } })).toEqual(["etag"]);
  expect(fieldsOf({ headers: { range: "bytes=0-1" } })).toEqual(["etag", "content-type"]);
});

it("HEAD has the length of the body, and other statuses are served as they are", async () => {
  expect(render({ method: "HEAD" }).headers.get("content-length")).toBe("10");
  const missing = render({ headers: { range: "bytes=0-1" } }, { ...BUFFERED, status: 404 });
  expect([missing.status, await missing.text()]).toEqual([404, "0123456789"]);
});
