// All operations of the gateway, by service, with a search.
import { useState } from "preact/hooks";
import { type Contract, methodNameOf, shortName } from "../../contract/contract.ts";
import { matching } from "../../contract/search.ts";
import { MethodBadge } from "../../docs/method-badge.tsx";

interface OperationsProps {
  readonly contract: Contract;
  readonly current: string; // id of the operation that is shown
  choose(id: string): void;
}

export function Operations({ contract, current, choose }: OperationsProps) {
  const [query, setQuery] = useState("");
  const services = matching(contract.services, query);
  return (
    <nav class="operations" aria-label="Operations">
      <input
        type="search"
        aria-label="Search operations"
        placeholder="Search operations"
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      {services.length === 0 && <p class="quiet">Nothing found.</p>}
      {services.map(({ name, entries }) => (
        <section key={name}>
          <h2 title={name}>{shortName(name)}</h2>
          <ul>
            {entries.map(({ id, method, path, operation }) => (
              <li key={id}>
                <button type="button" title={path} aria-current={id === current ? "true" : undefined} onClick={() => choose(id)}>
                  <MethodBadge method={method} />
                  <span>{methodNameOf(operation)}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}
