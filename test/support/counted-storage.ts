// Counts what a Durable Object does with its storage as Cloudflare bills it: rows read and written, and one row for each alarm that is set.

export interface BilledOperations {
  rowsRead: number;
  rowsWritten: number;
  alarms: number; // set; each of them is a written row, and a request when it runs
}

type Cursor = { readonly rowsRead: number; readonly rowsWritten: number };

/** Counts from now on what objects do that are made with this state. @returns the operations so far */
export function countOperations(state: DurableObjectState): () => BilledOperations {
  const cursors: Cursor[] = []; // their counts grow while rows are read
  const counted: BilledOperations = { rowsRead: 0, rowsWritten: 0, alarms: 0 };
  const { storage } = state;
  const sql = replacing(storage.sql, {
    exec: (query: string, ...bindings: unknown[]) => {
      const cursor = storage.sql.exec(query, ...bindings);
      if (cursors.push(cursor) > 100) settle(cursors.splice(0, 100), counted);
      return cursor;
    },
  });
  const kv = replacing(storage.kv, {
    get: (key: string) => {
      counted.rowsRead += 1;
      return storage.kv.get(key);
    },
    put: (key: string, value: unknown) => {
      counted.rowsWritten += 1;
      storage.kv.put(key, value);
    },
  });
  const counting = replacing(storage, {
    sql,
    kv,
    setAlarm: (time: number | Date) => {
      counted.rowsWritten += 1;
      counted.alarms += 1;
      return storage.setAlarm(time);
    },
  });
  Object.defineProperty(state, "storage", { value: counting, configurable: true }); // the class takes no other object for its state
  return () => {
    settle(cursors.splice(0), counted);
    return { ...counted };
  };
}

function settle(cursors: readonly Cursor[], counted: BilledOperations): void {
  for (const { rowsRead, rowsWritten } of cursors) {
    counted.rowsRead += rowsRead;
    counted.rowsWritten += rowsWritten;
  }
}

/** The same object with other members. Methods of the original are called on it: objects of the runtime check what they are called on. */
function replacing<T extends object>(original: T, members: object): T {
  return new Proxy(original, {
    get(target, name) {
      if (name in members) return (members as Record<PropertyKey, unknown>)[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
