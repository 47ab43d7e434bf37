// Samples of a call, the form that sends it, and its response.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Contract, Entry } from "../contract/contract.ts";
import { CallForm } from "./call-form.tsx";
import { initialValues } from "./form-values.ts";
import { requestOf, type Sendable } from "./request.ts";
import { ResponseView } from "./response-view.tsx";
import { type CallState, useSender } from "./running-call.ts";
import { SamplesView } from "./samples-view.tsx";

/** The credential that the reader has written, for all operations of the page. It is stored nowhere else, and gone with the page. */
let credential = "";

export interface TryItProps {
  readonly entry: Entry;
  readonly contract: Contract;
  /** Changes what is sent, but not the samples. */
  readonly prepared?: (request: Sendable) => Sendable;
  /** Shown above the form. */
  readonly options?: ComponentChildren;
  /** Shown below the status of a response. */
  readonly afterStatus?: (state: CallState) => ComponentChildren;
}

/** State belongs to one operation: give the component a `key` of its id. */
export function TryIt({ entry, contract, prepared = (request) => request, options, afterStatus }: TryItProps) {
  const [values, setValues] = useState(() => initialValues(entry, contract, credential));
  const { state, isRunning, send, stop } = useSender();
  const request = requestOf(entry, values, contract);
  return (
    <>
      <SamplesView request={request} />
      <section class="try" aria-label="Try it">
        <h3>Try it</h3>
        {options}
        <CallForm
          entry={entry}
          contract={contract}
          values={values}
          onChange={(next) => {
            credential = next.authorization;
            setValues(next);
          }}
          onSend={() => send(prepared(request))}
          onStop={stop}
          isRunning={isRunning}
        />
        {state !== undefined && (
          <div class="result">
            <ResponseView state={state}>{afterStatus?.(state)}</ResponseView>
          </div>
        )}
      </section>
    </>
  );
}
