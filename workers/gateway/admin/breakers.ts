// BreakerService, by which operators see and override breakers: checks the request, then calls the Durable Objects.
import { create, type DescMethod } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createServiceImplSpec, type ServiceImpl } from "@connectrpc/connect";
import type { GatewayPolicy } from "../../../core/config/gateway.ts";
import { suggest } from "../../../core/config/problems.ts";
import { printable } from "../../../core/protocol/printable.ts";
import type { BreakerStatus, CircuitBreaker } from "../../../durable-objects/circuit-breaker.ts";
import type { HashRing } from "../../../durable-objects/hash-ring.ts";
import {
  type Breaker,
  BreakerSchema,
  BreakerService,
  ChangeSchema,
  Override,
  State,
} from "../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { logEvent } from "../../log.ts";
import type { AdminAccess } from "../layers/admin-access.ts";
import { type BreakerScope, breakerScopes } from "../upstream/breaker-names.ts";
import type { ServedMethod } from "../upstream/upstream.ts";
import { logChange } from "./audit.ts";
import { authorOf } from "./change-author.ts";
import { servedToAdmins } from "./served.ts";

export interface BreakerAdminSettings {
  readonly access: AdminAccess;
  readonly breakers: DurableObjectNamespace<CircuitBreaker>;
  readonly rings: DurableObjectNamespace<HashRing> | undefined; // the endpoint registry; undefined if no service takes registrations
}

const MAX_CHANGES = 400; // changes in one response
const STATES = { closed: State.CLOSED, open: State.OPEN, half_open: State.HALF_OPEN, ramp: State.RAMP } as const;
const OVERRIDE_MESSAGES = { open: Override.OPEN, closed: Override.CLOSED } as const;
const OVERRIDES = new Map<Override, "open" | "closed" | undefined>([
  [Override.OPEN, "open"],
  [Override.CLOSED, "closed"],
  [Override.NONE, undefined],
]);

/** The methods of BreakerService. */
export function breakerMethods(gateway: GatewayPolicy, settings: BreakerAdminSettings): ReadonlyMap<DescMethod, ServedMethod> {
  const service = breakerService(breakerScopes(gateway), settings);
  return servedToAdmins("breakers", createServiceImplSpec<typeof BreakerService>(BreakerService, service), settings.access);
}

function breakerService(
  upstreams: ReadonlyMap<string, BreakerScope>,
  { breakers, rings }: BreakerAdminSettings,
): ServiceImpl<typeof BreakerService> {
  return {
    async listBreakers({ upstream }) {
      const lists = selected(upstreams, upstream).map(async ([name, { ids }]) => {
        const known = await reached(name, breakers.getByName(name).state());
        const unreported = ids.filter((id) => !known.some(({ endpoint }) => endpoint === id)).map(initialStatus);
        return [...known, ...unreported].map((status) => breakerMessage(name, status));
      });
      return { breakers: (await Promise.all(lists)).flat() };
    },
    async setOverride({ upstream, endpoint, override, reason }, context) {
      const author = authorOf(context, reason);
      if (!OVERRIDES.has(override))
        throw new ConnectError("override: write OVERRIDE_OPEN, OVERRIDE_CLOSED or OVERRIDE_NONE", Code.InvalidArgument);
      if (upstream === "") throw new ConnectError("upstream is empty; write the name of one", Code.InvalidArgument);
      const [[, one]] = selected(upstreams, upstream) as [[string, BreakerScope]]; // a name selects one upstream, or throws
      if (one.mode === "off")
        throw new ConnectError(`upstream ${upstream} has no breakers: its breaker.mode is "off"`, Code.FailedPrecondition);
      if (!(await reached(upstream, isKnown(breakers, rings, upstream, one, endpoint))))
        throw new ConnectError(
          `upstream ${upstream} has no endpoint ${printable(endpoint)}; write one that ListBreakers lists`,
          Code.NotFound,
        );
      const status = await reached(upstream, breakers.getByName(upstream).setOverride(endpoint, OVERRIDES.get(override), author));
      logChange(context, `${upstream} ${endpoint}: ${OVERRIDES.get(override) ?? "no override"}, by ${author.author}`);
      return breakerMessage(upstream, status);
    },
    async listChanges({ upstream }) {
      const lists = selected(upstreams, upstream).map(async ([name]) => {
        const changes = await reached(name, breakers.getByName(name).changes());
        return changes.map((change) => ({ ...change, upstream: name }));
      });
      const latest = (await Promise.all(lists)).flat().sort((a, b) => b.at - a.at || b.id - a.id);
      return { changes: latest.slice(0, MAX_CHANGES).map(changeMessage) };
    },
  };
}

/**
 * @param name of one upstream; "" for all of them
 * @throws ConnectError `not_found`
 */
function selected(upstreams: ReadonlyMap<string, BreakerScope>, name: string): [string, BreakerScope][] {
  if (name === "") return [...upstreams];
  const one = upstreams.get(name);
  if (one === undefined)
    throw new ConnectError(`no upstream is named ${printable(name)}; write ${suggest(name, [...upstreams.keys()])}`, Code.NotFound);
  return [[name, one]];
}

/** Whether an endpoint is configured, was ever reported or overridden, or is registered. */
async function isKnown(
  breakers: BreakerAdminSettings["breakers"],
  rings: BreakerAdminSettings["rings"],
  upstream: string,
  { ids, isRegistered, service }: BreakerScope,
  endpoint: string,
): Promise<boolean> {
  if (ids.includes(endpoint)) return true;
  if ((await breakers.getByName(upstream).state()).some((status) => status.endpoint === endpoint)) return true;
  if (!isRegistered || rings === undefined) return false;
  const list = await rings.getByName(service).snapshot(-1, undefined);
  return list.kind === "changed" && list.endpoints.some(({ id }) => id === endpoint);
}

/** The status of a configured endpoint that no isolate has reported yet. */
function initialStatus(endpoint: string): BreakerStatus {
  return { endpoint, kind: "closed", since: undefined, override: undefined, isolates: 0 };
}

/** @throws ConnectError `unavailable` if the Durable Object cannot be reached; the caller may repeat the call */
async function reached<T>(upstream: string, response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    logEvent("breaker_request_failed", { upstream, error });
    throw new ConnectError(`the breakers of ${upstream} cannot be reached now; try again`, Code.Unavailable);
  }
}

function breakerMessage(upstream: string, { endpoint, kind, since, override, isolates }: BreakerStatus): Breaker {
  const facts = { upstream, endpoint, state: STATES[kind], override: overrideMessage(override), isolates };
  return create(BreakerSchema, since === undefined ? facts : { ...facts, since: timestampFromMs(since) });
}

type UpstreamChange = Awaited<ReturnType<CircuitBreaker["changes"]>>[number] & { readonly upstream: string };

function changeMessage({ upstream, at, endpoint, kind, override, author, reason }: UpstreamChange) {
  const facts = { state: STATES[kind], override: overrideMessage(override ?? undefined), author, reason };
  return create(ChangeSchema, { time: timestampFromMs(at), upstream, endpoint, ...facts });
}

function overrideMessage(override: "open" | "closed" | undefined): Override {
  return override === undefined ? Override.NONE : OVERRIDE_MESSAGES[override];
}
