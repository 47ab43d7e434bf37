// What is purged: one resource, what has a tag, a route, or everything.

export type PurgeBy = "key" | "tag" | "route" | "all";

interface KindTexts {
  readonly title: string;
  readonly example: string;
  readonly maxLength: number; // the bound of CacheService
  readonly consequence: string;
}

export const PURGE_KINDS: Readonly<Record<PurgeBy, KindTexts>> = {
  route: {
    title: "Route",
    example: "users.v1.UserService/GetUser",
    maxLength: 256,
    consequence: "All responses of the route are concerned.",
  },
  key: {
    title: "Resource",
    example: "/img/a.png?w=100",
    maxLength: 1_024,
    consequence: "Only responses to this path and query are concerned.",
  },
  tag: { title: "Tag", example: "user:42", maxLength: 256, consequence: "All responses that their upstreams gave this tag are concerned." },
  all: {
    title: "Everything",
    example: "",
    maxLength: 0,
    consequence: "Every stored response is concerned: upstreams get all calls for a while.",
  },
};

export function targetText(kind: PurgeBy, value: string): string {
  return kind === "all" ? "everything" : `${PURGE_KINDS[kind].title.toLowerCase()} ${value.trim()}`;
}

interface FieldsProps {
  readonly kind: PurgeBy;
  readonly value: string;
  readonly routes: readonly string[];
  readonly isDisabled: boolean;
  setKind(kind: PurgeBy): void;
  setValue(value: string): void;
}

export function PurgeTargetFields({ kind, setKind, value, setValue, routes, isDisabled }: FieldsProps) {
  const { title, example, maxLength } = PURGE_KINDS[kind];
  return (
    <div class="row">
      <label>
        <span>Purge by</span>
        <select name="kind" value={kind} disabled={isDisabled} onChange={(event) => setKind(event.currentTarget.value as PurgeBy)}>
          {Object.entries(PURGE_KINDS).map(([id, texts]) => (
            <option key={id} value={id}>
              {texts.title}
            </option>
          ))}
        </select>
      </label>
      {kind !== "all" && (
        <label class="wide">
          <span>{title}</span>
          <input
            name="target"
            type="text"
            placeholder={example}
            maxLength={maxLength}
            list={kind === "route" ? "cached-routes" : undefined}
            autocomplete="off"
            spellcheck={false}
            disabled={isDisabled}
            value={value}
            onInput={(event) => setValue(event.currentTarget.value)}
          />
        </label>
      )}
      <datalist id="cached-routes">
        {routes.map((route) => (
          <option key={route} value={route} />
        ))}
      </datalist>
    </div>
  );
}
