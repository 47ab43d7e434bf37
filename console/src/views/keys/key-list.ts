// The keys of the gateway, a page at a time.
import { useEffect, useState } from "preact/hooks";
import { type Key, KeyService } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { asCallError, type CallError } from "../../data/call-error.ts";
import { call } from "../../data/connect.ts";

const PAGE_SIZE = 200;

export interface KeyList {
  readonly keys: readonly Key[] | undefined; // undefined while the first page is loaded
  readonly hasMore: boolean;
  readonly problem: CallError | undefined;
  readonly loadedAt: number; // epoch ms; 0 before the first page
  readonly more: () => void;
  readonly reload: () => void;
  /** Shows a key as a change has left it. */
  readonly replace: (key: Key | undefined) => void;
}

interface Loaded {
  readonly keys: readonly Key[];
  readonly nextPageToken: string;
  readonly loadedAt: number;
}

/** @param owner only the keys of this one; "" for all */
export function useKeyList(owner: string): KeyList {
  const [loaded, setLoaded] = useState<Loaded>();
  const [problem, setProblem] = useState<CallError>();
  const load = async (before: readonly Key[], pageToken: string, signal?: AbortSignal): Promise<void> => {
    try {
      const { keys, nextPageToken } = await call(KeyService.method.listKeys, { pageSize: PAGE_SIZE, pageToken, owner }, signal);
      if (signal?.aborted !== true) setLoaded({ keys: [...before, ...keys], nextPageToken, loadedAt: Date.now() });
      setProblem(undefined);
    } catch (thrown) {
      if (signal?.aborted !== true) setProblem(asCallError(thrown));
    }
  };
  useEffect(() => {
    const ending = new AbortController();
    setLoaded(undefined);
    void load([], "", ending.signal);
    return () => ending.abort();
  }, [owner]);
  return {
    keys: loaded?.keys,
    hasMore: loaded !== undefined && loaded.nextPageToken !== "",
    problem,
    loadedAt: loaded?.loadedAt ?? 0,
    more: () => void (loaded && load(loaded.keys, loaded.nextPageToken)),
    reload: () => void load([], ""),
    replace: (key) => {
      if (loaded !== undefined && key !== undefined)
        setLoaded({ ...loaded, keys: loaded.keys.map((one) => (one.id === key.id ? key : one)) });
    },
  };
}
