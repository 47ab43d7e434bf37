// Dialogs of changes: promote, another share, roll back, abort. Each is made against the state that the page shows.
import { useState } from "preact/hooks";
import { ControlService, type GetStatusResponse } from "../../../../protos/gen/tidegate/control/v1/control_pb.ts";
import { Confirm } from "../../components/confirm.tsx";
import { call } from "../../data/connect.ts";
import { ShareFields, type WrittenShare } from "./share-fields.tsx";

export type ChangeAction =
  | { readonly kind: "promote" | "share" | "abort" }
  | { readonly kind: "rollback"; readonly version?: bigint | undefined }; // undefined: to the version before

interface ChangeDialogProps {
  readonly action: ChangeAction;
  readonly status: GetStatusResponse;
  close(): void;
}

export function ChangeDialog({ action, status, close }: ChangeDialogProps) {
  const { canary, previous, sequence: expectedSequence, share: present } = status;
  const [share, setShare] = useState<WrittenShare>({ percent: String(present?.percent ?? 5), region: present?.region ?? "" });
  const { method } = ControlService;
  const common = { close, reason: "required" as const };
  const own = `version ${canary?.version ?? ""}`;
  switch (action.kind) {
    case "promote":
      return (
        <Confirm
          {...common}
          title={`Make ${own} live`}
          action="Promote"
          done={`${own} is live.`}
          run={(reason) => call(method.promote, { expectedSequence, reason })}
        >
          <p>The canary becomes the version of all callers.</p>
        </Confirm>
      );
    case "share":
      return (
        <Confirm
          {...common}
          title={`Share of ${own}`}
          action="Change"
          done={`${own} has another share.`}
          isReady={isShare(share)}
          run={(reason) => call(method.promote, { expectedSequence, reason, canary: shareOf(share) })}
        >
          <ShareFields share={share} change={setShare} />
        </Confirm>
      );
    case "abort":
      return (
        <Confirm
          {...common}
          title={`Take ${own} back`}
          action="Abort"
          isDangerous
          done={`${own} is taken back.`}
          run={(reason) => call(method.abortCanary, { expectedSequence, reason })}
        >
          <p>All callers get the live version again.</p>
        </Confirm>
      );
    case "rollback": {
      const target = action.version ?? previous?.version;
      const name = target === undefined || target === 0n ? "the bundled configuration" : `version ${target}`;
      return (
        <Confirm
          {...common}
          title={`Roll back to ${name}`}
          action="Roll back"
          isDangerous
          done={`${name} is live.`}
          run={(reason) => call(method.rollback, { expectedSequence, reason, version: target ?? 0n })}
        >
          <p>{name} becomes live. Isolates apply it within two intervals of their exchange.</p>
        </Confirm>
      );
    }
  }
}

export function isShare({ percent, region }: WrittenShare): boolean {
  const value = Number(percent);
  return percent.trim() !== "" && value >= 0 && value <= 100 && (value > 0 || region !== "");
}

export function shareOf({ percent, region }: WrittenShare): { readonly percent: number; readonly region: string } {
  return { percent: Number(percent), region };
}
