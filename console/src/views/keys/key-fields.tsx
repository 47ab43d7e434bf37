// The fields of a key that operators write.
import type { KeyFieldTexts } from "./key-text.ts";

interface FieldText {
  readonly title: string;
  readonly example: string;
  readonly maxLength: number; // the gateway checks it again, field by field
}

const FIELDS: readonly (readonly [keyof KeyFieldTexts, FieldText])[] = [
  ["owner", { title: "Owner: who uses the key", example: "acme", maxLength: 128 }],
  ["name", { title: "Name, for people", example: "nightly import", maxLength: 128 }],
  ["plan", { title: "Plan: tier of rate limits", example: "free", maxLength: 64 }],
  ["scopes", { title: "Scopes", example: "orders.read orders.write", maxLength: 6_500 }],
  ["tags", { title: "Tags", example: "team:billing", maxLength: 1_300 }],
  ["addresses", { title: "Addresses that may use it; empty for all", example: "203.0.113.0/24", maxLength: 2_500 }],
];

interface FieldsProps {
  readonly texts: KeyFieldTexts;
  setTexts(texts: KeyFieldTexts): void;
}

export function KeyFields({ texts, setTexts }: FieldsProps) {
  return (
    <div class="key-fields">
      {FIELDS.map(([field, { title, example, maxLength }]) => (
        <label key={field}>
          <span>{title}</span>
          <input
            name={field}
            type="text"
            required={field === "owner"}
            placeholder={example}
            maxLength={maxLength}
            autocomplete="off"
            spellcheck={false}
            value={texts[field]}
            onInput={(event) => setTexts({ ...texts, [field]: event.currentTarget.value })}
          />
        </label>
      ))}
      <label>
        <span>Ends; empty for never</span>
        <input
          name="expires"
          type="datetime-local"
          value={texts.expires}
          onInput={(event) => setTexts({ ...texts, expires: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}
