// The response to a call: status, time and headers at once, the body while it arrives.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { CodeBlock } from "./code-block.tsx";
import { CopyButton } from "./copy-button.tsx";
import type { CallState } from "./running-call.ts";

export function ResponseView({ state, children }: { readonly state: CallState; readonly children?: ComponentChildren }) {
  const hasResponse = state.status !== undefined;
  return (
    <>
      <p class="status" role="status">
        {hasResponse ? <StatusLine state={state} /> : <Without state={state} />}
      </p>
      {children}
      {hasResponse && (
        <>
          <details class="headers">
            <summary>{state.headers.length} headers</summary>
            <dl>
              {state.headers.map(([name, value]) => (
                <>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </>
              ))}
            </dl>
          </details>
          <Body state={state} />
        </>
      )}
    </>
  );
}

function StatusLine({ state: { status = 0, statusText = "", elapsedMs, phase, problem, messages, end } }: { readonly state: CallState }) {
  const hasFailed = status >= 400 || (end !== undefined && end.code !== "ok");
  return (
    <>
      <strong class={hasFailed ? "bad" : "good"}>{`${status} ${statusText}`.trim()}</strong>
      <span class="quiet">{elapsedMs} ms</span>
      {messages !== undefined && <span class="quiet">{messages === 1 ? "1 message" : `${messages} messages`}</span>}
      {end !== undefined && <span class={end.code === "ok" ? "good" : "bad"}>{end.code}</span>}
      {end !== undefined && end.message !== "" && <span class="bad">{end.message}</span>}
      {phase === "stopped" && <span class="quiet">stopped</span>}
      {phase === "failed" && <span class="bad">{problem}</span>}
    </>
  );
}

/** What is shown while there is no response, or where there will be none. */
function Without({ state: { phase, elapsedMs, problem = "" } }: { readonly state: CallState }) {
  if (phase === "waiting") return <>Waiting ...</>;
  return <strong class="bad">{phase === "stopped" ? `Stopped after ${elapsedMs} ms` : `No response: ${problem}`}</strong>;
}

/** Follows its end as it grows, unless the reader has scrolled away from it. */
function Body({ state: { text, phase } }: { readonly state: CallState }) {
  const pre = useRef<HTMLPreElement>(null);
  const wasAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (phase === "receiving" && wasAtEnd.current && pre.current !== null) pre.current.scrollTop = pre.current.scrollHeight;
  }, [text]);
  const onScroll = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }: { currentTarget: HTMLPreElement }): void => {
    wasAtEnd.current = scrollTop + clientHeight >= scrollHeight - 4;
  };
  return (
    <>
      <div class="code-bar">
        <span class="quiet">Body</span>
        <CopyButton text={() => text} label="Copy the body" />
      </div>
      <CodeBlock label="Response body" class="body" blockRef={pre} onScroll={onScroll}>
        {text === "" && phase === "ended" ? "(empty)" : text}
      </CodeBlock>
    </>
  );
}
