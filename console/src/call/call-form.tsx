// The form that calls the gateway: protocol, a field for each parameter, the body, and the credential.
import type { ComponentChildren } from "preact";
import type { Contract, Entry } from "../contract/contract.ts";
import type { Parameter } from "../contract/openapi.ts";
import { choicesOf, framingsOf, placeholderOf } from "./form-values.ts";
import { hasStreamOfRequests, PROTOCOL_NAMES, protocolsOf, type WireProtocol } from "./protocols.ts";
import { contentTypeOf, type FormValues, keyOf } from "./request.ts";

interface FormProps {
  readonly entry: Entry;
  readonly contract: Contract;
  readonly values: FormValues;
  readonly onChange: (values: FormValues) => void;
}

export function CallForm(props: FormProps & { readonly onSend: () => void; readonly onStop: () => void; readonly isRunning: boolean }) {
  const { entry, values, onChange, onSend, onStop, isRunning } = props;
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    onSend();
  };
  return (
    <form class="call" onSubmit={onSubmit}>
      <Field name="Protocol" note="">
        <select
          name="protocol"
          value={values.protocol}
          onChange={({ currentTarget }) => onChange({ ...values, protocol: currentTarget.value as WireProtocol })}
        >
          {protocolsOf(entry).map((protocol) => (
            <option value={protocol}>{PROTOCOL_NAMES[protocol]}</option>
          ))}
        </select>
      </Field>
      {values.protocol === "rest" ? <RestFields {...props} /> : <MessageField {...props} />}
      <Field name="Authorization" note="header">
        <input
          name="authorization"
          type="password"
          placeholder="Bearer ..."
          autocomplete="off"
          spellcheck={false}
          value={values.authorization}
          onInput={({ currentTarget }) => onChange({ ...values, authorization: currentTarget.value })}
        />
      </Field>
      <div class="buttons">
        <button type="submit" class="primary send">
          Send
        </button>
        {isRunning && (
          <button type="button" class="small" onClick={onStop}>
            Stop
          </button>
        )}
      </div>
    </form>
  );
}

function RestFields({ entry, contract, values, onChange }: FormProps) {
  const { requestBody, parameters = [] } = entry.operation;
  const framings = framingsOf(entry, contract);
  return (
    <>
      {parameters.map(contract.follow).map((parameter) => (
        <Field name={parameter.name} note={parameter.required === true ? `${parameter.in}, required` : parameter.in}>
          <ParameterInput
            parameter={parameter}
            contract={contract}
            value={values.parameters.get(keyOf(parameter)) ?? ""}
            onInput={(value) => onChange({ ...values, parameters: new Map(values.parameters).set(keyOf(parameter), value) })}
          />
        </Field>
      ))}
      {requestBody !== undefined && (
        <Field name="Body" note={requestBody.required === true ? `${contentTypeOf(requestBody)}, required` : contentTypeOf(requestBody)}>
          <textarea
            name="body"
            rows={8}
            spellcheck={false}
            required={requestBody.required === true}
            value={values.body}
            onInput={({ currentTarget }) => onChange({ ...values, body: currentTarget.value })}
          />
        </Field>
      )}
      {framings.length > 0 && (
        <Field name="Accept" note="header">
          <select
            name="accept"
            value={values.accept}
            onChange={({ currentTarget }) => onChange({ ...values, accept: currentTarget.value })}
          >
            {framings.map((type) => (
              <option>{type}</option>
            ))}
          </select>
        </Field>
      )}
    </>
  );
}

function MessageField({ entry, values, onChange }: FormProps) {
  const isStream = hasStreamOfRequests(entry);
  return (
    <Field name={isStream ? "Messages" : "Message"} note={isStream ? "JSON, one a line" : "JSON"}>
      <textarea
        name="message"
        rows={8}
        spellcheck={false}
        value={values.message}
        onInput={({ currentTarget }) => onChange({ ...values, message: currentTarget.value })}
      />
    </Field>
  );
}

interface InputProps {
  readonly parameter: Parameter;
  readonly contract: Contract;
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function ParameterInput({ parameter, contract, value, onInput }: InputProps) {
  const isRequired = parameter.required === true;
  const choices = choicesOf(parameter, contract);
  if (choices !== undefined)
    return (
      <select name={parameter.name} required={isRequired} value={value} onChange={({ currentTarget }) => onInput(currentTarget.value)}>
        <option value="">-</option>
        {choices.map((choice) => (
          <option>{choice}</option>
        ))}
      </select>
    );
  return (
    <input
      name={parameter.name}
      type="text"
      required={isRequired}
      placeholder={placeholderOf(parameter, contract)}
      autocomplete="off"
      spellcheck={false}
      value={value}
      onInput={({ currentTarget }) => onInput(currentTarget.value)}
    />
  );
}

/** @param props.note where the value goes */
function Field({ name, note, children }: { readonly name: string; readonly note: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label>
      <span>
        <code>{name}</code>
        <small>{note}</small>
      </span>
      {children}
    </label>
  );
}
