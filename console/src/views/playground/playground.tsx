// Playground: makes calls in all protocols, as the reference at /docs does, and traces them.
import { useEffect, useState } from "preact/hooks";
import { inline, Prose } from "../../call/prose.tsx";
import { TryIt } from "../../call/try-it.tsx";
import { Empty } from "../../components/empty.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Contract, type Entry, loadContract } from "../../contract/contract.ts";
import { session, useMay } from "../../data/session.ts";
import { useStore } from "../../data/store.ts";
import { linkTo, useParam } from "../../shell/location.ts";
import { Operations } from "./operations.tsx";
import { traced } from "./traced.ts";

export function View() {
  const { contract, problem } = useContract();
  const [id, setId] = useParam("operation");
  const entry = contract?.entries.get(id) ?? contract?.services.flatMap(({ entries }) => entries)[0];
  return (
    <>
      <div class="head">
        <h1>Playground</h1>
        <div class="tools">
          <a href="/docs/">API reference</a>
        </div>
      </div>
      {problem !== undefined && (
        <Empty title="The playground needs the OpenAPI document" command="openapi: {},">
          {problem}. It is served where gateway.config.ts has:
        </Empty>
      )}
      {contract === undefined && problem === undefined && <Skeleton lines={6} />}
      {contract !== undefined && (
        <div class="playground">
          <Operations contract={contract} current={entry?.id ?? ""} choose={setId} />
          {entry === undefined ? <Empty title="The gateway serves no operation" /> : <Operation key={entry.id} {...{ entry, contract }} />}
        </div>
      )}
    </>
  );
}

function Operation({ entry, contract }: { readonly entry: Entry; readonly contract: Contract }) {
  const { secret, identity } = useStore(session);
  const mayTrace = useMay("operator") || identity === "local-viewer";
  const [isTraced, setTraced] = useState(false);
  return (
    <div class="operation">
      <header>
        <h2>{inline(entry.operation.summary)}</h2>
        <Prose text={entry.operation.description} />
      </header>
      <TryIt
        entry={entry}
        contract={contract}
        prepared={(request) => (isTraced && mayTrace ? traced(request, secret) : request)}
        options={
          <label class="check">
            <input type="checkbox" name="trace" checked={isTraced && mayTrace} disabled={!mayTrace} onChange={() => setTraced(!isTraced)} />
            <span>Trace this call{!mayTrace && " (needs the role operator)"}</span>
          </label>
        }
        afterStatus={({ headers }) => {
          const requestId = isTraced ? headers.find(([name]) => name === "x-request-id")?.[1] : undefined;
          return requestId && <a href={linkTo("trace", { request: requestId })}>Show its path through the gateway</a>;
        }}
      />
    </div>
  );
}

/** Loaded once for the page. */
let loaded: Promise<Contract> | undefined;

function useContract(): { readonly contract?: Contract; readonly problem?: string } {
  const [state, setState] = useState<{ readonly contract?: Contract; readonly problem?: string }>({});
  useEffect(() => {
    loaded ??= loadContract(location.origin);
    loaded.then(
      (contract) => setState({ contract }),
      (error: unknown) => {
        loaded = undefined;
        setState({ problem: error instanceof Error ? error.message : String(error) });
      },
    );
  }, []);
  return state;
}
