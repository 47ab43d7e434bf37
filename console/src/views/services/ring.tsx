// The ring of an upstream, drawn: how much of all keys each endpoint has, beside what its weight stands for.
import { useState } from "preact/hooks";
import type { Upstream } from "../../../../protos/gen/tidegate/telemetry/v1/telemetry_pb.ts";
import { percent } from "../../data/format.ts";
import { type Arc, arcsOf } from "./ring-arcs.ts";

const MOST_ARCS = 120; // more would be thinner than a pixel
const MOST_LISTED = 12;

export function Ring({ upstream: { balancer, endpoints } }: { readonly upstream: Upstream }) {
  const [pointed, setPointed] = useState<string>();
  const shown = endpoints.toSorted((a, b) => b.ringShare - a.ringShare).slice(0, MOST_ARCS);
  const arcs = arcsOf(shown, 100, 66);
  if (arcs.length === 0) return <p class="quiet">{balancerText(balancer)}</p>;
  const current = arcs.find(({ id }) => id === pointed) ?? arcs[0]!;
  return (
    <div class="ring">
      <svg viewBox="-104 -104 208 208" role="img" aria-label={`Shares of the ring: ${arcs.slice(0, MOST_LISTED).map(spoken).join(", ")}`}>
        {arcs.map(({ id, path }, index) => (
          <path
            key={id}
            d={path}
            class={`s${(index % 6) + 1} ${id === pointed ? "pointed" : ""}`}
            onPointerEnter={() => setPointed(id)}
            onPointerLeave={() => setPointed(undefined)}
          />
        ))}
        <text class="share" y="2">
          {percent(current.share)}
        </text>
        <text class="name" y="22">
          {shortened(current.id)}
        </text>
      </svg>
      <ul class="shares">
        {arcs.slice(0, MOST_LISTED).map(({ id, share, weightShare }, index) => (
          <li
            key={id}
            class={id === pointed ? "pointed" : ""}
            onPointerEnter={() => setPointed(id)}
            onPointerLeave={() => setPointed(undefined)}
          >
            <span class={`swatch s${(index % 6) + 1}`} />
            <span class="name" title={id}>
              {id}
            </span>
            <b>{percent(share)}</b>
            <span class="quiet">by weight {percent(weightShare)}</span>
          </li>
        ))}
        {endpoints.length > MOST_LISTED && <li class="quiet">and {endpoints.length - MOST_LISTED} more</li>}
      </ul>
    </div>
  );
}

function spoken({ id, share }: Arc): string {
  return `${id} ${percent(share)}`;
}

function shortened(id: string): string {
  const name = id.replace(/^https?:\/\//, "");
  return name.length > 18 ? `${name.slice(0, 8)}…${name.slice(-9)}` : name;
}

function balancerText(balancer: string): string {
  return `This upstream has no ring: ${balancer === "" ? "its balancer" : balancer.replaceAll("_", " ")} picks an endpoint for each call.`;
}
