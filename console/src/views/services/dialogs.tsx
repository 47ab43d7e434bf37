// Dialogs of operators: an endpoint is drained, or its breaker is forced.
import { useState } from "preact/hooks";
import { BreakerService, Override } from "../../../../protos/gen/tidegate/breaker/v1/breaker_pb.ts";
import { RegistryService } from "../../../../protos/gen/tidegate/registry/v1/registry_pb.ts";
import type { UpstreamEndpoint } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { Confirm } from "../../components/confirm.tsx";
import { call } from "../../data/connect.ts";

interface DrainProps {
  readonly service: string;
  readonly id: string;
  close(): void;
}

export function DrainDialog({ service, id, close }: DrainProps) {
  return (
    <Confirm
      title={`Drain ${id}`}
      action="Drain"
      isDangerous
      reason="required"
      done={`${id} gets no new calls.`}
      run={(reason) => call(RegistryService.method.drain, { service, id, reason })}
      close={close}
    >
      <p>
        The endpoint gets no new calls, and finishes those in flight. It stays in the list until its lease ends; registering it again takes
        it back.
      </p>
    </Confirm>
  );
}

const OVERRIDES = [
  ["open", Override.OPEN, "Open", "No call passes, whatever isolates report."],
  ["closed", Override.CLOSED, "Closed", "Every call passes, whatever isolates report."],
  ["none", Override.NONE, "No override", "The reports of the isolates decide again."],
] as const;

interface OverrideProps {
  readonly upstream: string;
  readonly endpoint: UpstreamEndpoint;
  close(): void;
}

export function OverrideDialog({ upstream, endpoint, close }: OverrideProps) {
  const present = endpoint.override === "" ? "none" : endpoint.override;
  const [chosen, choose] = useState(present === "none" ? "open" : "none");
  const [, override, , effect] = OVERRIDES.find(([value]) => value === chosen)!;
  return (
    <Confirm
      title={`Force the breaker of ${endpoint.id}`}
      action="Force"
      isDangerous={chosen === "open"}
      reason="required"
      isReady={chosen !== present}
      done={`The breaker of ${endpoint.id}: ${effect}`}
      run={(reason) => call(BreakerService.method.setOverride, { upstream, endpoint: endpoint.id, override, reason })}
      close={close}
    >
      <fieldset class="options">
        <legend>Override</legend>
        {OVERRIDES.map(([value, , title, text]) => (
          <label key={value} class="option">
            <input type="radio" name="override" value={value} checked={value === chosen} onChange={() => choose(value)} />
            <span>
              <b>{title}</b>
              {value === present && <span class="quiet"> (now)</span>}
              <br />
              {text}
            </span>
          </label>
        ))}
      </fieldset>
      <p class="quiet">It holds until it is changed. Isolates receive it with their next report, within 11 s.</p>
    </Confirm>
  );
}
