// ControlService, by which operators change the configuration of the running gateway: checks the request, compiles what is published, then
// calls the Durable Object of the versions.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createServiceImplSpec, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Problem } from "../../../../core/config/problems.ts";
import { MAX_SNAPSHOT_BYTES, type StoredSnapshot } from "../../../../core/control/snapshot.ts";
import type { PointerChange } from "../../../../core/control/version.ts";
import { CONTROL_PLANE_NAME } from "../../../../core/exchange/control-messages.ts";
import type { ControlOutcome } from "../../../../durable-objects/control-plane.ts";
import { ControlService } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { logEvent } from "../../../log.ts";
import type { ControlPlaneNamespace, ControlPlaneStub } from "../../control/plane-binding.ts";
import type { AdminAccess } from "../../layers/admin-access.ts";
import type { ServedMethod } from "../../upstream/upstream.ts";
import { logChange } from "../audit.ts";
import { authorOf } from "../change-author.ts";
import { servedToAdmins } from "../served.ts";
import {
  changeMessage,
  conflictError,
  problemsError,
  shareFrom,
  snapshotFrom,
  snapshotMessage,
  versionMessage,
} from "./control-messages.ts";
import { statusMessage } from "./status-message.ts";

export interface ControlAdminSettings {
  readonly access: AdminAccess;
  readonly planes: ControlPlaneNamespace;
  /** Compiles a snapshot as this isolate would to serve it. Nothing of it serves. */
  readonly check: (snapshot: StoredSnapshot) => SnapshotCheck;
  /** Called once another version is live. */
  readonly onLive: (plane: ControlPlaneStub) => void;
}

export interface SnapshotCheck {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** The text of a snapshot grows by what JSON escapes, and descriptor sets by a third in base64. */
const MAX_REQUEST_BYTES = 2 * MAX_SNAPSHOT_BYTES;

/** The methods of ControlService. */
export function controlMethods(settings: ControlAdminSettings): ReadonlyMap<DescMethod, ServedMethod> {
  const service = { ...reads(settings), ...changes(settings) };
  return servedToAdmins(
    "control",
    createServiceImplSpec<typeof ControlService>(ControlService, service),
    settings.access,
    MAX_REQUEST_BYTES,
  );
}

type Service = ServiceImpl<typeof ControlService>;

function reads({ planes }: ControlAdminSettings): Pick<Service, "getStatus" | "listVersions" | "getVersion"> {
  const plane = () => planes.getByName(CONTROL_PLANE_NAME);
  return {
    async getStatus() {
      const [status, versions] = await reached(Promise.all([plane().status(), plane().versions()]));
      return statusMessage(status, versions);
    },
    async listVersions() {
      const [{ changes: made }, versions] = await reached(Promise.all([plane().status(), plane().versions()]));
      return { versions: versions.map(versionMessage).reverse(), changes: made.map(changeMessage).reverse() };
    },
    async getVersion({ version: number }) {
      const found = await reached(plane().version(Number(number)));
      if (found === undefined) throw new ConnectError(`version ${number} is not stored; write one that ListVersions lists`, Code.NotFound);
      return { version: versionMessage(found.version), snapshot: snapshotMessage(found.snapshot) };
    },
  };
}

function changes(settings: ControlAdminSettings): Pick<Service, "publish" | "promote" | "rollback" | "abortCanary"> {
  const plane = () => settings.planes.getByName(CONTROL_PLANE_NAME);
  const base = (context: HandlerContext, { expectedSequence, reason }: { readonly expectedSequence: bigint; readonly reason: string }) => {
    return { expected: Number(expectedSequence), ...authorOf(context, reason) };
  };
  /** Records a change that was made. @throws ConnectError where it was not */
  const made = (context: HandlerContext, outcome: ControlOutcome): PointerChange => {
    if (outcome.kind === "conflict") throw conflictError(outcome);
    if (outcome.kind !== "changed")
      throw new ConnectError(outcome.kind === "refused" ? outcome.problem : "unchanged", Code.FailedPrecondition);
    const { kind, version, sequence, reason } = outcome.change;
    logChange(context, `${kind} version ${version}, sequence ${sequence}: ${reason}`);
    if (kind !== "canary" && kind !== "abort") settings.onLive(plane());
    return outcome.change;
  };
  return {
    async publish({ snapshot: message, canary, validateOnly, ...request }, context) {
      const snapshot = await snapshotFrom(message);
      const { problems, warnings } = settings.check(snapshot);
      if (problems.length > 0) throw problemsError(problems);
      if (validateOnly) return { warnings: [...warnings] };
      const outcome = await reached(plane().publish(base(context, request), snapshot, shareFrom(canary)));
      if (outcome.kind === "unchanged") return { version: BigInt(outcome.version), unchanged: true, warnings: [...warnings] };
      const { version, sequence } = made(context, outcome);
      return { version: BigInt(version), sequence: BigInt(sequence), warnings: [...warnings] };
    },
    async promote({ canary, ...request }, context) {
      return { change: changeMessage(made(context, await reached(plane().promote(base(context, request), shareFrom(canary))))) };
    },
    async rollback({ version, ...request }, context) {
      const to = version === undefined ? undefined : Number(version);
      return { change: changeMessage(made(context, await reached(plane().rollback(base(context, request), to)))) };
    },
    async abortCanary(request, context) {
      return { change: changeMessage(made(context, await reached(plane().abort(base(context, request))))) };
    },
  };
}

/** @throws ConnectError `unavailable` where the Durable Object cannot be reached: what it has still serves */
async function reached<T>(response: Promise<T>): Promise<T> {
  try {
    return await response;
  } catch (error) {
    logEvent("control_request_failed", { error });
    throw new ConnectError("the control plane cannot be reached now; isolates go on with what they have; try again", Code.Unavailable);
  }
}
