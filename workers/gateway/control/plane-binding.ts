// The binding of the control plane, as far as the gateway calls it.
import type { ChangeBase } from "../../../core/control/history.ts";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import type { CanaryShare, Version } from "../../../core/control/version.ts";
import type { ControlOutcome, ControlStatus } from "../../../durable-objects/control-plane.ts";

/** `durable-objects/control-plane.ts`, with plain promises: those of the platform's types cannot be unions. */
export interface ControlPlaneStub {
  status(): Promise<ControlStatus>;
  versions(): Promise<readonly Version[]>;
  version(number: number): Promise<{ readonly version: Version; readonly snapshot: StoredSnapshot } | undefined>;
  publish(base: ChangeBase, snapshot: StoredSnapshot, share?: CanaryShare): Promise<ControlOutcome>;
  promote(base: ChangeBase, share?: CanaryShare): Promise<ControlOutcome>;
  rollback(base: ChangeBase, to?: number): Promise<ControlOutcome>;
  abort(base: ChangeBase): Promise<ControlOutcome>;
}

export interface ControlPlaneNamespace {
  getByName(name: string): ControlPlaneStub;
}
