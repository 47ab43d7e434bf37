// The methods of the gateway's own services, as far as they are configured.
import { waitUntil } from "cloudflare:workers";
import type { DescMethod } from "@bufbuild/protobuf";
import type { AdminRole } from "../../../core/auth/admin-role.ts";
import type { ApiKeys } from "../auth/keys/api-keys.ts";
import { tagKeys } from "../auth/keys/key-checks.ts";
import type { PurgeView } from "../cache/purge/purge-view.ts";
import type { GatewayBindings } from "../configure/bindings.ts";
import type { Configuration } from "../configure/configuration.ts";
import { runsLocally } from "../configure/reach-checks.ts";
import type { CopyNamespace } from "../control/live-copy.ts";
import { type AdminAccess, AdminLimits, type AdminPlane } from "../layers/admin-access.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { recorder } from "./audit.ts";
import { auditMethods } from "./audit-service.ts";
import { breakerMethods } from "./breakers.ts";
import { checkSnapshot } from "./control/check-snapshot.ts";
import { controlMethods } from "./control/control-service.ts";
import { copyLive } from "./control/copy-live.ts";
import { discoveryMethods } from "./discovery.ts";
import { keyMethods } from "./keys/key-service.ts";
import { admitsLocalViewers, isLocalViewer } from "./local-viewer.ts";
import { purgeMethods } from "./purge.ts";
import { registryMethods } from "./registry.ts";
import { telemetryMethods } from "./telemetry/telemetry-service.ts";
import { traceMethods } from "./trace-service.ts";

/** @param purges undefined where nothing can be purged @param keys undefined where the configuration has no API keys */
export function ownMethods(
  configuration: Configuration,
  bindings: GatewayBindings,
  purges: PurgeView | undefined,
  keys: ApiKeys | undefined,
): [DescMethod, ServedMethod][] {
  const { policy, endpoints } = configuration;
  const { defaults, registry } = policy;
  const { rings, breakers, audits } = bindings; // the configuration has been checked: those of services that are on exist
  const accessOf = accessFor(configuration, audits);
  const methods: [DescMethod, ServedMethod][] = [];
  if (policy.discovery !== undefined) {
    const upstreams = new Map([...endpoints].map(([{ parent }, { upstream }]) => [parent.typeName, upstream] as const));
    methods.push(...discoveryMethods(endpoints, defaults, policy.discovery, (service) => upstreams.get(service)?.status?.() ?? "serving"));
  }
  const isOpen = admitsLocalViewers(configuration.env); // what reads is served without settings, too
  if (registry !== undefined) {
    const registered = [...policy.services].filter(([, { upstream }]) => upstream.registry);
    const services = new Set(registered.map(([name]) => name));
    const nativeGrpc = new Set(registered.filter(([, { upstream }]) => upstream.protocol === "grpc").map(([name]) => name));
    const access = accessOf("endpoint registry", "registry");
    methods.push(...registryMethods({ ...registry, access, services, nativeGrpc, rings: rings!, isLocal: runsLocally(configuration.env) }));
  }
  if (purges !== undefined) methods.push(...purgeMethods(purges, accessOf("cache", "purge")));
  if (policy.breakers !== undefined || (isOpen && breakers !== undefined)) {
    const settings = { access: accessOf("breakers", "breakers"), breakers: breakers!, rings };
    methods.push(...breakerMethods(policy, settings));
  }
  const issued = policy.auth.keys;
  if (keys !== undefined && issued !== undefined && (policy.admin !== undefined || issued.tokenBinding !== undefined || isOpen)) {
    const secrets = tagKeys(issued, configuration.env);
    methods.push(
      ...keyMethods({ access: accessOf("API keys", "keys", "admin", VERIFYING), policy: issued, secrets, keys, stores: bindings.keys! }),
    );
  }
  if (policy.control !== undefined) {
    const copies = policy.control.kv === undefined ? undefined : (configuration.env[policy.control.kv] as CopyNamespace); // the checks have seen it
    methods.push(
      ...controlMethods({
        access: accessOf("control plane"),
        planes: bindings.controlPlanes!,
        check: (snapshot) => checkSnapshot(snapshot, configuration),
        onLive: (plane) => copies && waitUntil(copyLive(plane, copies)),
      }),
    );
  }
  if (policy.admin !== undefined || (isOpen && audits !== undefined))
    methods.push(...auditMethods(audits!, accessOf("audit")), ...traceMethods(audits!, accessOf("traces")));
  if (configuration.tap !== undefined)
    methods.push(
      ...telemetryMethods({
        ...{ access: accessOf("telemetry"), pools: configuration.pools, breakers },
        ...{ objects: bindings.telemetry, reporter: configuration.reporter, tap: configuration.tap.tap },
      }),
    );
  return methods;
}

const VERIFYING: ReadonlySet<string> = new Set(["VerifyKey"]);
const NONE: ReadonlySet<string> = new Set();

type TokenName = keyof Configuration["tokens"]["services"];

/** Makes who may call each admin service. */
export function accessFor({ policy, tokens, parts, env }: Configuration, audits: GatewayBindings["audits"]) {
  const { admin } = policy;
  const record = recorder(audits);
  const plane: AdminPlane = {
    limits: parts.get("admin limits", undefined, () => new AdminLimits()),
    secret: tokens.secret,
    secretName: admin?.secretBinding ?? "",
    host: admin?.host,
    accessIssuer: policy.auth.access?.issuer,
    roles: admin?.roles ?? new Map(),
    isLocalViewer: (request) => isLocalViewer(request, env),
    record,
    recordLater: (event) => waitUntil(record(event)),
  };
  const all = Object.values(tokens.services).filter((token) => token !== "");
  return (owner: string, service?: TokenName, changes: AdminRole = "operator", reading = NONE): AdminAccess => {
    const token = service === undefined ? "" : tokens.services[service];
    const named = service === "keys" ? policy.auth.keys : service && policy[service];
    const tokenName = named?.tokenBinding ?? "";
    return { owner, token, tokenName, otherTokens: all.filter((other) => other !== token), changes, reading, plane };
  };
}
