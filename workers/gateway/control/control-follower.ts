// Follows the control plane in the background: what the exchange brings is checked, then compiled in one step.
import { waitUntil } from "cloudflare:workers";
import type { StoredSnapshot } from "../../../core/control/snapshot.ts";
import { boundedSection } from "../../../core/exchange/control-messages.ts";
import type { ExchangeReply } from "../../../core/exchange/messages.ts";
import { logEvent } from "../../log.ts";
import type { ExchangeDraft, ExchangeSection } from "../background/exchange.ts";
import type { Pointers, Versions } from "./versions.ts";

export class ControlFollower implements ExchangeSection {
  readonly isNeeded = false;
  readonly #versions: Versions;
  readonly #onView: () => void;
  readonly #hasFallenBack: () => boolean;

  /**
   * @param onView        runs when a view has been followed, whatever it says of versions
   * @param hasFallenBack whether the first requests of the isolate were served without knowing what is live
   */
  constructor(versions: Versions, onView: () => void, hasFallenBack: () => boolean = () => false) {
    this.#versions = versions;
    this.#onView = onView;
    this.#hasFallenBack = hasFallenBack;
  }

  write(draft: ExchangeDraft): void {
    const section = boundedSection(this.#versions.section());
    draft.control = this.#hasFallenBack() ? { ...section, hasFallenBack: true } : section;
  }

  read({ control }: ExchangeReply): void {
    if (control === undefined) return;
    if (control.sequence > this.#versions.sequence && control.snapshots.length > 0) waitUntil(this.#follow(control));
    else {
      this.#versions.follow(control);
      this.#ended(control);
    }
  }

  /** Pointers that arrive meanwhile are later ones: then these change nothing. Never rejects. */
  async #follow(pointers: Pointers): Promise<void> {
    try {
      const sound = await soundSnapshots(pointers.snapshots);
      this.#versions.follow({ ...pointers, snapshots: sound });
    } catch (error) {
      logEvent("version_follow_failed", { sequence: pointers.sequence, error });
    }
    this.#ended(pointers);
  }

  /** A view whose snapshots have not come with it is of no use: the next exchange requests them again. */
  #ended({ sequence }: Pointers): void {
    if (this.#versions.sequence >= sequence) this.#onView();
  }
}

/** The snapshots whose bytes are those that their digests name. One that was damaged on its way is requested again. */
export async function soundSnapshots(snapshots: readonly StoredSnapshot[]): Promise<readonly StoredSnapshot[]> {
  const checked = await Promise.all(snapshots.map(isSound));
  return snapshots.filter((_, index) => checked[index]);
}

async function isSound({ digest, text, descriptors }: StoredSnapshot): Promise<boolean> {
  if ((await sha256Hex(new TextEncoder().encode(text))) !== digest) return false;
  for (const [name, bytes] of Object.entries(descriptors)) if ((await sha256Hex(bytes)) !== name) return false;
  return true;
}

async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)); // what RPC and TextEncoder make
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
