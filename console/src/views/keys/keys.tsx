// Keys: who may call, with which plan and scopes, and when a key was last used. A key is shown once, when it is issued or rolled.
import { useMemo, useState } from "preact/hooks";
import { type Key, State } from "../../../../protos/gen/tidegate/keys/v1/keys_pb.ts";
import { Badge } from "../../components/badge.tsx";
import { Empty } from "../../components/empty.tsx";
import { Freshness, useNow } from "../../components/freshness.tsx";
import { Segments } from "../../components/segments.tsx";
import { Skeleton } from "../../components/skeleton.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { clock, epochMs } from "../../data/format.ts";
import { useMay } from "../../data/session.ts";
import { useParam } from "../../shell/location.ts";
import { KeyDetails } from "./key-details.tsx";
import { IssueDialog, type NewSecret } from "./key-dialogs.tsx";
import { useKeyList } from "./key-list.ts";
import { lastUseText, stateText } from "./key-text.ts";
import { SecretDialog } from "./secret-dialog.tsx";

const SHOWN = [
  ["active", "Active"],
  ["all", "All"],
] as const;

export function View() {
  const list = useKeyList("");
  const mayIssue = useMay("admin");
  const [isIssuing, setIssuing] = useState(false);
  const [secret, setSecret] = useState<NewSecret>();
  const [openId, setOpenId] = useParam("key");
  const now = useNow(10_000);
  const opened = list.keys?.find(({ id }) => id === openId);
  const changed = (key: Key | undefined, text?: NewSecret): void => {
    list.replace(key);
    setSecret(text);
  };
  const isOff = list.problem?.code === "unimplemented";
  return (
    <>
      <div class="head">
        <h1>API keys</h1>
        <div class="tools">
          {list.problem !== undefined && !isOff && <Freshness receivedAt={list.loadedAt} problem={list.problem} />}
          {list.problem === undefined && list.loadedAt > 0 && <span class="quiet">as of {clock(list.loadedAt, now)}</span>}
          <button type="button" onClick={list.reload}>
            Reload
          </button>
          <button type="button" class="primary" disabled={!mayIssue || isOff} onClick={() => setIssuing(true)}>
            Issue a key …
          </button>
        </div>
      </div>
      {isOff ? (
        <KeysAreOff />
      ) : list.keys === undefined ? (
        <Skeleton lines={6} />
      ) : (
        <KeyTable keys={list.keys} {...{ now, openId, setOpenId }} />
      )}
      {list.hasMore && (
        <button type="button" class="more" onClick={list.more}>
          Load more keys
        </button>
      )}
      {opened !== undefined && <KeyDetails key={opened.id} apiKey={opened} now={now} changed={changed} />}
      {isIssuing && (
        <IssueDialog
          issued={(issued) => {
            setSecret(issued);
            list.reload();
          }}
          close={() => setIssuing(false)}
        />
      )}
      {secret !== undefined && !isIssuing && <SecretDialog {...secret} close={() => setSecret(undefined)} />}
    </>
  );
}

interface TableProps {
  readonly keys: readonly Key[];
  readonly now: number;
  readonly openId: string;
  setOpenId(id: string): void;
}

function KeyTable({ keys, now, openId, setOpenId }: TableProps) {
  const [shown, setShown] = useParam("show", "active");
  const [filter, setFilter] = useParam("q");
  const rows = useMemo(() => matching(keys, shown === "all", filter), [keys, shown, filter]);
  if (keys.length === 0)
    return (
      <Empty title="No keys yet" command={'ADMIN_TOKEN=... npx tidegate keys issue --owner acme --plan free --gateway "$GATEWAY"'}>
        Issue the first one here, or by the command:
      </Empty>
    );
  return (
    <section class="section" aria-label="Keys">
      <header>
        <input
          class="filter"
          type="search"
          aria-label="Filter by id, owner, name, plan or scope"
          placeholder="Filter by id, owner, name, plan or scope"
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <Segments label="Keys that are shown" options={SHOWN} value={shown} choose={setShown} />
      </header>
      <Table
        label="Keys"
        columns={columnsAt(now)}
        rows={rows}
        keyOf={({ id }) => id}
        sortedBy="-used"
        open={({ id }) => setOpenId(id === openId ? "" : id)}
        openKey={openId}
        empty={<p class="quiet">No key matches.</p>}
      />
    </section>
  );
}

function columnsAt(now: number): readonly Column<Key>[] {
  return [
    { id: "id", title: "Id", cell: ({ id }) => <code>{id}</code> },
    { id: "owner", title: "Owner", sort: ({ settings }) => settings?.owner ?? "", cell: ({ settings }) => settings?.owner },
    { id: "name", title: "Name", sort: ({ settings }) => settings?.name ?? "", cell: ({ settings }) => settings?.name },
    { id: "plan", title: "Plan", sort: ({ settings }) => settings?.plan ?? "", cell: ({ settings }) => settings?.plan },
    { id: "scopes", title: "Scopes", cell: ({ settings }) => settings?.scopes.join(" ") },
    { id: "state", title: "State", cell: StateCell },
    { id: "used", title: "Last used", align: "end", sort: ({ lastUseTime }) => epochMs(lastUseTime), cell: (key) => lastUseText(key, now) },
  ];
}

function StateCell({ state }: Key) {
  const [text, tone] = stateText(state);
  return <Badge tone={tone}>{text}</Badge>;
}

function matching(keys: readonly Key[], isAll: boolean, filter: string): readonly Key[] {
  const wanted = filter.toLowerCase();
  return keys.filter(({ id, state, settings }) => {
    if (!isAll && state !== State.ACTIVE) return false;
    return [id, settings?.owner, settings?.name, settings?.plan, ...(settings?.scopes ?? [])].some((text) =>
      text?.toLowerCase().includes(wanted),
    );
  });
}

function KeysAreOff() {
  return (
    <Empty
      title="This gateway has no API keys"
      command={'auth: { keys: { env: "live", tagSecrets: ["KEY_TAG_SECRET_1"] }, identity: {} },'}
    >
      Turn them on in gateway.config.ts:
    </Empty>
  );
}
