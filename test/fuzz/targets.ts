// The parsers that read what callers, upstreams and operators send, each with the promise that it makes for any bytes.
import { readFileSync } from "node:fs";
import { createFileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { parseLoadReport, parseShedLevel } from "../../core/balance/load-report.ts";
import { appliesToAll, namedFields, parseCacheControl, secondsOf } from "../../core/cache/headers/directives.ts";
import { parseHeaderList } from "../../core/cache/headers/header-list.ts";
import { parseHttpDate } from "../../core/cache/headers/http-date.ts";
import { selectRange } from "../../core/cache/headers/range.ts";
import { parseDictionary } from "../../core/cache/headers/structured-dictionary.ts";
import { normalizeField, variantOf, varyNames } from "../../core/cache/headers/vary.ts";
import { parsePolicy } from "../../core/config/gateway.ts";
import { parseConnectTimeout, parseGrpcTimeout } from "../../core/deadline.ts";
import { addressKey, isAddress, isInRanges, parseAddressRange } from "../../core/ip.ts";
import { parseRank } from "../../core/overload/criticality.ts";
import { canonicalPath } from "../../core/path/canonical-path.ts";
import { pieceDecoder } from "../../core/protocol/base64-pieces.ts";
import { EnvelopeFilter, envelopeMeter } from "../../core/protocol/envelope.ts";
import { printable } from "../../core/protocol/printable.ts";
import { zstdFrames } from "../../core/protocol/zstd.ts";
import { hostKind } from "../../core/registry/endpoint-host.ts";
import { boundedTracestate, isRequestId, parseTraceparent } from "../../core/trace.ts";
import { parseTemplate } from "../../core/transcode/path-template.ts";
import { parseQuery } from "../../core/transcode/query.ts";
import { decodeRequest } from "../../workers/gateway/transcode/decode-request.ts";
import { encodeRequest } from "../../workers/gateway/transcode/encode-request.ts";
import { jsonValuesOf } from "../../workers/gateway/transcode/json/json-stream.ts";
import { compileRest } from "../../workers/gateway/transcode/rules/rules.ts";
import { elementsTarget } from "./elements.ts";
import { gatewayTarget } from "./gateway/target.ts";
import { REQUEST_TARGETS } from "./requests.ts";
import { signatureTarget } from "./signatures.ts";
import { checkRefusal, promise, refusing, type Target } from "./target.ts";

const NOW = Date.UTC(2026, 10, 29);
const HEADERS = {
  get: (name: string): string | null => ({ etag: '"v1"', "last-modified": "Sun, 29 Nov 2026 00:00:00 GMT" })[name] ?? null,
};

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL("../differential/differential.binpb", import.meta.url))),
);
const service = registry.getService("differential.v1.Values")!;
const { table } = compileRest([service], { registry });

/** A REST request from its path to the bytes for the upstream, and these bytes decoded again. */
function transcode(method: string, target: string, body: Buffer | null): void {
  const canonical = canonicalPath(target);
  if (canonical.kind === "invalid") return;
  const match = table.match(method, canonical.path);
  if (match.kind !== "found") return;
  refusing(() => {
    const { route, variables } = match;
    const message = decodeRequest(
      route,
      variables,
      canonical.query,
      body === null ? null : "application/json",
      body === null ? null : new Uint8Array(body),
      100_000,
    );
    const bytes = encodeRequest(route.method.input, message);
    const again = toBinary(route.method.input, fromBinary(route.method.input, bytes));
    promise(Buffer.from(again).equals(Buffer.from(bytes)), "the encoded message is not stable");
  });
}

const latin1 = (bytes: Buffer): string => bytes.toString("latin1");

async function* chunks(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield new Uint8Array(bytes.subarray(at, at + 7));
}

export const TARGETS: readonly Target[] = [
  {
    name: "path",
    run(bytes) {
      const parsed = canonicalPath(`/${latin1(bytes)}`);
      if (parsed.kind === "invalid") return;
      const again = canonicalPath(parsed.path + parsed.query);
      promise(again.kind === "ok" && again.path === parsed.path, "a canonical path is not canonical");
      promise(
        !/[^!-~]|\\|\/\.\.?(\/|$)|%(?![0-9A-Fa-f]{2})|%2[Ee]/.test(parsed.path),
        `the canonical path is ${JSON.stringify(parsed.path)}`,
      );
    },
  },
  {
    name: "template",
    run(bytes) {
      const parsed = parseTemplate(bytes.toString());
      if (parsed.kind === "invalid")
        promise(parsed.column >= 1 && parsed.problem !== "" && parsed.fix !== "", "a problem without column or fix");
      else promise(parseTemplate(parsed.template.text).kind === "ok", "a parsed template does not parse again");
    },
  },
  {
    name: "query",
    run(bytes) {
      const parsed = parseQuery(latin1(bytes));
      if (parsed.kind === "invalid") promise(parsed.problem.length < 500, "the problem is not bounded");
      transcode("GET", `/v1/read?${latin1(bytes)}`, null);
    },
  },
  {
    name: "rest",
    run(bytes) {
      const text = latin1(bytes);
      const line = text.split("\n", 1)[0]!;
      const [method = "", target = ""] = line.split(" ");
      const body = bytes.subarray(line.length + 1);
      transcode(method, target.startsWith("/") ? target : `/${target}`, body.length === 0 ? null : body);
    },
  },
  { name: "json", run: (bytes) => transcode("POST", "/v1/send", bytes) },
  {
    name: "json-stream",
    async run(bytes) {
      try {
        for await (const value of jsonValuesOf(chunks(bytes), 1_024)) promise(value.length <= 1_024, "a value is over the limit");
      } catch (error) {
        checkRefusal(error);
      }
    },
  },
  {
    name: "envelopes",
    run(bytes) {
      const meter = envelopeMeter(1_024);
      const over = meter.read(bytes);
      const pieces = envelopeMeter(1_024);
      let overInPieces: number | undefined;
      for (let at = 0; at < bytes.length && overInPieces === undefined; at++) overInPieces = pieces.read(bytes.subarray(at, at + 1));
      promise(over === overInPieces, "the result depends on how the stream is cut");
      refusing(() => {
        const filter = new EnvelopeFilter(1_024, undefined);
        filter.pass(new Uint8Array(bytes));
        filter.end();
      });
      promise((zstdFrames(new Uint8Array(bytes)) ?? []).length <= 64, "more frames than allowed");
      const decoder = pieceDecoder();
      promise((decoder.push(new Uint8Array(bytes))?.length ?? 0) <= bytes.length, "base64 grew");
    },
  },
  {
    name: "structured-headers",
    run(bytes) {
      const members = parseDictionary(latin1(bytes));
      promise(members === undefined || members.size <= bytes.length, "more members than bytes");
      promise(parseHeaderList(latin1(bytes)).length <= bytes.length + 1, "more items than bytes");
    },
  },
  {
    name: "cache-headers",
    run(bytes) {
      const text = latin1(bytes);
      const directives = parseCacheControl(text);
      for (const name of ["max-age", "s-maxage", "stale-while-revalidate"]) {
        const seconds = secondsOf(directives, name);
        promise(seconds === undefined || (seconds >= 0 && seconds <= 2 ** 31), `${name} is ${seconds} s`);
      }
      namedFields(directives, "private");
      appliesToAll(directives, "no-cache");
      const date = parseHttpDate(text, NOW);
      promise(date === undefined || Number.isFinite(date), `the date is ${date}`);
      const request = { get: (name: string): string | null => (name === "range" || name === "if-range" || name === "x-a" ? text : null) };
      const range = selectRange(request, HEADERS, 1_000, NOW);
      if (range.kind === "part")
        promise(range.start >= 0 && range.start < range.end && range.end <= 1_000, `the range is ${range.start}-${range.end}`);
      variantOf(varyNames(text, "gzip"), request);
      normalizeField("accept-language", text);
    },
  },
  {
    name: "small-headers",
    run(bytes) {
      const text = latin1(bytes);
      for (const timeout of [parseConnectTimeout(text), parseGrpcTimeout(text)]) {
        if (timeout.kind === "invalid") promise(timeout.problem.length < 300, "the problem is not bounded");
        else promise(timeout.ms !== undefined && timeout.ms >= 0 && Number.isSafeInteger(timeout.ms), `the timeout is ${timeout.ms} ms`);
      }
      parseTraceparent(text);
      isRequestId(text);
      parseRank(text);
      parseLoadReport(text);
      const level = parseShedLevel(text);
      promise(level >= 0 && level <= 4, `the level is ${level}`);
      promise(addressKey(text).length <= 100, "the key of an address is not bounded");
      promise(addressKey("2a06:98c0:3600::103", text).length <= 135, "the key of a zone is not bounded");
      promise(!isAddress(text) || addressKey(text) !== "unknown", "an address has no key");
      const state = boundedTracestate(text);
      promise(state.length <= 512 && state.split(",").length <= 32, "the tracestate is not bounded");
      promise(boundedTracestate(state) === state, "a tracestate that is passed on is cut by the next gateway");
      promise(/^[\x20-\x7e]{0,131}$/.test(printable(text)), "a text that is shown has other characters, or too many");
      const range = parseAddressRange(text);
      if (range !== undefined) isInRanges("192.0.2.1", [range]);
      hostKind(text);
    },
  },
  {
    name: "configuration",
    run(bytes) {
      let input: unknown;
      try {
        input = JSON.parse(bytes.toString());
      } catch {
        return; // only what JSON can be is a configuration
      }
      const parsed = parsePolicy(input, new Map([["users.v1.UserService", ["GetUser", "ListUsers"]]]));
      if (parsed.kind === "ok") return;
      promise(parsed.problems.length > 0, "invalid without a problem");
      for (const { path, found, fix } of parsed.problems) promise(found.length < 1_000 && fix !== "", `${path}: found ${found}; ${fix}`);
    },
  },
  elementsTarget,
  signatureTarget,
  ...REQUEST_TARGETS,
  gatewayTarget,
];
