// The page of the reference: loads the document, then shows the operation named in the hash of the address.
import { render } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Contract, loadContract } from "../contract/contract.ts";
import { Navigation } from "./navigation.tsx";
import { OperationView } from "./operation-view.tsx";
import { Overview } from "./overview.tsx";

function Reference() {
  const [contract, setContract] = useState<Contract>();
  const [problem, setProblem] = useState<string>();
  const id = useHash();
  useEffect(() => {
    loadContract(location.origin).then(setContract, (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  }, []);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Navigation contract={contract} current={id} />
      <Main contract={contract} problem={problem} id={id} />
    </>
  );
}

function Main(props: { readonly contract: Contract | undefined; readonly problem: string | undefined; readonly id: string }) {
  const { contract, problem, id } = props;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const entry = contract?.entries.get(id);
  useLayoutEffect(() => {
    if (contract === undefined) return;
    const { title } = contract.info;
    document.title = entry === undefined ? `${title} API reference` : `${entry.operation.summary} · ${title}`;
    if (!isFirst.current) {
      window.scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [contract, id]);
  return (
    <main id="main" tabIndex={-1} ref={main}>
      {contract === undefined ? (
        <p class="loading">{problem === undefined ? "Loading the reference ..." : `Cannot load the reference: ${problem}.`}</p>
      ) : entry === undefined ? (
        <Overview contract={contract} />
      ) : (
        <OperationView key={entry.id} entry={entry} contract={contract} />
      )}
    </main>
  );
}

/** The hash of the address without `#`; that of the link which skips to the content changes nothing. */
function useHash(): string {
  const read = (): string => decoded(location.hash.slice(1));
  const [hash, setHash] = useState(read);
  useEffect(() => {
    const onHashChange = (): void => setHash((before) => (read() === "main" ? before : read()));
    window.addEventListener("hashchange", onHashChange);
    return () => window.removeEventListener("hashchange", onHashChange);
  }, []);
  return hash;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

render(<Reference />, document.body);
