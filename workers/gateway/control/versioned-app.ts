// The app of an isolate whose configuration can change while it runs: chooses the version of each request, which stays with it to its end.
import type { DescService } from "@bufbuild/protobuf";
import type { GatewayInput } from "../../../core/config/gateway.ts";
import { isForCanary, requestedVersion } from "../../../core/control/choice.ts";
import { VERSION_HEADER } from "../../../core/headers.ts";
import type { Collected } from "../../../core/metrics/isolate-metrics.ts";
import { logEvent } from "../../log.ts";
import { type App, createApp } from "../app.ts";
import { IsolateParts } from "../background/isolate-parts.ts";
import { type Extensions, NO_EXTENSIONS } from "../configure/extensions.ts";
import { bearerOf } from "../protocol/bearer.ts";
import { isolateRegion } from "../region/isolate-region.ts";
import type { Bindings } from "../upstream/destination.ts";
import { ColdStart, type FirstSource } from "./cold-start.ts";
import type { CompiledVersion, VersionSource } from "./compile-version.ts";
import { ControlFollower } from "./control-follower.ts";
import type { CopyNamespace } from "./live-copy.ts";
import { type ServingCanary, Versions } from "./versions.ts";

/** An app with versions, and what tests look at. */
export interface VersionedApp extends App {
  readonly versions: Versions;
  readonly parts: IsolateParts;
  /** Where the first version came from; undefined before the first request. */
  readonly firstSource: () => FirstSource | undefined;
}

/**
 * As `createApp`, with the versions of the control plane where the configuration has `control`.
 *
 * @param input the bundled configuration
 * @throws InvalidConfiguration with every problem of the bundled configuration
 */
export function appWithVersions(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions = NO_EXTENSIONS,
): App {
  const isVersioned = input?.control !== undefined && bindings["RELAY"] !== undefined;
  return isVersioned ? versionedApp(input, catalog, bindings, extensions) : createApp(input, catalog, bindings, extensions);
}

export function versionedApp(
  input: GatewayInput,
  catalog: readonly DescService[],
  bindings: Bindings,
  extensions: Extensions = NO_EXTENSIONS,
): VersionedApp {
  const source: VersionSource = {
    catalog,
    bindings,
    extensions,
    parts: new IsolateParts(),
    collector: (to) => collectVersions(versions, to),
  };
  const versions: Versions = new Versions(input, source);
  const { policy, warnings } = versions.live.configuration;
  for (const warning of warnings) logEvent("configuration_warning", { warning });
  const control = policy.control!; // `appWithVersions` has looked
  // The exchange is that of the isolate: this use of it keeps it whatever versions do.
  const { exchange } = versions.live.configuration;
  source.parts.version().get("exchange", undefined, () => exchange);
  const copies = control.kv === undefined ? undefined : (bindings[control.kv] as CopyNamespace | undefined);
  const coldStart = new ColdStart(versions, exchange!, control, copies);
  exchange!.add(
    new ControlFollower(
      versions,
      () => coldStart.learned(),
      () => coldStart.hasFallenBack,
    ),
  );
  const serve: App["fetch"] = (request, ctx) => {
    const { canary, live } = versions;
    if (canary === undefined) return live.app.fetch(request, ctx); // the usual case
    const chosen = choose(request, live, versions.number, canary);
    return chosen instanceof Promise ? chosen.then(({ app }) => app.fetch(request, ctx)) : chosen.app.fetch(request, ctx);
  };
  return {
    versions,
    parts: source.parts,
    firstSource: () => coldStart.source,
    fetch(request, ctx) {
      const waiting = coldStart.wait(request);
      return waiting === undefined ? serve(request, ctx) : waiting.then(() => serve(request, ctx));
    },
  };
}

function collectVersions({ live, number, canary }: Versions, to: Collected): void {
  to.gauge("tidegate_configuration", 1, String(number), live.digest);
  if (canary !== undefined) to.gauge("tidegate_configuration", 1, String(canary.ref.version), canary.compiled.digest);
}

/** Admin services are those of the live version. */
const ADMIN = /^[^/]*\/\/[^/]*\/tidegate\./;

function choose(
  request: Request,
  live: CompiledVersion,
  number: number,
  { ref, compiled: canary }: ServingCanary,
): CompiledVersion | Promise<CompiledVersion> {
  if (ADMIN.test(request.url)) return live;
  const { headers } = request;
  const usual = isForCanary(ref, callerOf(headers, live), isolateRegion(request)) ? canary : live;
  const requested = requestedVersion(headers.get(VERSION_HEADER) ?? "");
  if (requested === undefined) return usual;
  const credential = requested.credential === "" ? bearerOf(headers) : requested.credential;
  const named = nameOf(requested.version, number, ref.version, live, canary);
  const isOperator = named !== undefined && live.isOperator?.(credential, request);
  if (isOperator instanceof Promise) return isOperator.then((is) => (is ? named! : usual));
  return isOperator === true ? named! : usual;
}

/** @returns undefined for a version that this isolate does not have */
function nameOf(
  version: "live" | "canary" | number,
  liveNumber: number,
  canaryNumber: number,
  live: CompiledVersion,
  canary: CompiledVersion,
): CompiledVersion | undefined {
  if (version === "live" || version === liveNumber) return live;
  return version === "canary" || version === canaryNumber ? canary : undefined;
}

/** What tells callers apart before any of their credentials is verified: a caller keeps its version as long as it keeps its credential. */
function callerOf(headers: Headers, { configuration: { policy } }: CompiledVersion): string {
  const { header } = policy.auth.keys ?? {};
  const key = header === undefined ? null : headers.get(header);
  return headers.get("authorization") ?? key ?? headers.get("cf-connecting-ip") ?? "";
}
