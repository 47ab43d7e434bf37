// The settings that each layer judges by.
import { expect, it } from "vitest";
import { ROUTE_SETTINGS } from "../../../core/config/route.ts";
import { settingsOfLayer } from "../../../core/explain/layer-settings.ts";
import { settingsOf } from "../../../core/explain/route-settings.ts";
import { parsed, SERVICE } from "./parsed.ts";

const LAYERS = [
  ...[
    "trace",
    "fast-hit",
    "check-headers",
    "limit-addresses",
    "deadline",
    "authenticate",
    "authorize",
    "criticality",
    "rate-limit",
    "limit-body",
  ],
  ...["open-streams", "shed", "decode-body", "transcode", "validate", "hash-field", "stream-idle", "static-response", "cache"],
  ...["invalidate", "translate", "fallback", "retry", "hedge", "dispatch", "edit-headers"],
];
const unary = { isStream: false, isAttempt: false };
const { policy, sources } = parsed({ cache: { ttlMs: 1 }, hedging: {} });
const settings = settingsOf(policy, sources, { kind: "rpc", service: SERVICE, method: "GetUser" })!;
const namesOf = (layer: string, position = unary) => settingsOfLayer(layer, settings, position).map(({ name }) => name);

/** Settings of a route that none of these layers judges by: the request is made and read by them in all layers, or a team's own layer has them. */
const OF_NO_LAYER = ["layers", "forwardCredentials"];

it("has a layer for each setting of a route", () => {
  const positions = [unary, { isStream: true, isAttempt: true }];
  const listed = new Set(
    LAYERS.flatMap((layer) => positions.flatMap((position) => namesOf(layer, position))).map((name) => name.split(".")[0]!),
  );
  expect(Object.keys(ROUTE_SETTINGS.entries).filter((name) => !listed.has(name))).toEqual(OF_NO_LAYER);
});

it("distinguishes the limit of the isolate from that of the method, and timeouts of streams from others", () => {
  expect(namesOf("shed")).toContain("overload.maxInFlight");
  expect(namesOf("shed", { isStream: false, isAttempt: true })).toContain("concurrency.max");
  expect(namesOf("deadline")).toEqual(["readTimeoutMs"]);
  expect(namesOf("deadline", { isStream: true, isAttempt: false })).toEqual(["streamTimeoutMs"]);
});

it("names the limits that check-headers and open-streams judge by", () => {
  expect(namesOf("check-headers")).toEqual(["headers.maxCount", "headers.maxBytes", "headers.unusualNames"]);
  const streams = ["mode", "percent", "maxStreams"];
  const ofIsolate = [...streams, "callerShare"].map((name) => `overload.${name}`);
  expect(namesOf("open-streams").sort()).toEqual([...ofIsolate, ...streams.map((name) => `concurrency.${name}`)].sort());
});

it("gives a layer of a team its own settings", () => {
  const own = [
    { name: "layers.tag.value", value: 1, source: "defaults.layers.tag.value" },
    { name: 'layers["my-layer"].limit', value: 2, source: "default" },
    { name: "layers.other.value", value: 3, source: "default" },
  ];
  expect(settingsOfLayer("layer tag", own, unary)).toEqual([own[0]]);
  expect(settingsOfLayer("layer my-layer", own, unary)).toEqual([own[1]]);
});

it("gives no settings where a layer judges by none", () => {
  expect(namesOf("rescue")).toEqual([]);
});
