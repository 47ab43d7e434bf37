// The first page of the reference: all services with their operations.
import { inline } from "../call/prose.tsx";
import { type Contract, shortName } from "../contract/contract.ts";
import { MethodBadge } from "./method-badge.tsx";

export function Overview({ contract: { info, origin, services } }: { readonly contract: Contract }) {
  return (
    <article>
      <p class="crumb">Version {info.version}</p>
      <h1>{info.title}</h1>
      {info.description !== undefined && <p class="lead">{inline(info.description)}</p>}
      <p class="quiet">
        Base address <code>{origin}</code>
      </p>
      {services.map(({ name, description, entries }) => (
        <section>
          <h2>
            {shortName(name)}
            <small>{name}</small>
          </h2>
          {description !== undefined && <p>{inline(description)}</p>}
          <ul class="index">
            {entries.map(({ id, method, path, operation }) => (
              <li>
                <a href={`#${id}`}>
                  <MethodBadge method={method} />
                  <code>{path}</code>
                  <span>{inline(operation.summary)}</span>
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </article>
  );
}
