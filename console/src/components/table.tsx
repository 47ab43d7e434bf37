// A table of any length: only the rows in view are in the document. Its columns sort; its rows can be opened by pointer and keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { rowsInView } from "./window-of-rows.ts";

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  readonly align?: "end" | "stick" | undefined; // `end` for figures; `stick` for buttons, which stay in view
  readonly sort?: ((row: Row) => number | string) | undefined; // what the column sorts by; undefined for one that does not
  cell(row: Row): ComponentChildren;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sortedBy?: string | undefined; // id of the column by which the rows are sorted first; "-" in front for descending order
  readonly open?: ((row: Row) => void) | undefined;
  readonly openKey?: string | undefined; // key of the open row
  readonly empty?: ComponentChildren;
}

const ROW_PX = 38;
const MOST_ROWS_IN_VIEW = 15;

export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, keyOf, open, openKey, empty } = props;
  const [order, setOrder] = useState(props.sortedBy ?? "");
  const sorted = useMemo(() => sortedRows(rows, columns, order), [rows, columns, order]);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = Math.min(sorted.length, MOST_ROWS_IN_VIEW) * ROW_PX;
  const { first, end, above, below } = rowsInView(sorted.length, ROW_PX, top, height);
  // A shorter list is shown from its beginning.
  useEffect(() => setTop(box.current?.scrollTop ?? 0), [sorted.length]);
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by the keyboard
    // biome-ignore lint/a11y/useSemanticElements: a section would be one more landmark
    <div class="table" ref={box} role="region" aria-label={label} tabIndex={0} onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
      <table aria-rowcount={sorted.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.id} column={column} order={order} setOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <tr style={{ height: `${above}px` }} />}
          {sorted.slice(first, end).map((row, index) => (
            <BodyRow
              key={keyOf(row)}
              {...{ row, columns, open }}
              index={first + index}
              isOpen={openKey !== undefined && keyOf(row) === openKey}
            />
          ))}
          {below > 0 && <tr style={{ height: `${below}px` }} />}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<Row> {
  readonly column: Column<Row>;
  readonly order: string;
  setOrder(order: string): void;
}

function Head<Row>({ column: { id, title, align, sort }, order, setOrder }: HeadProps<Row>) {
  const direction = order === id ? "ascending" : order === `-${id}` ? "descending" : undefined;
  if (sort === undefined) return <th class={align}>{title}</th>;
  // Figures are looked at from the largest one on, names from A.
  const next = direction === undefined ? (align === "end" ? `-${id}` : id) : direction === "ascending" ? `-${id}` : id;
  return (
    <th class={align} aria-sort={direction ?? "none"}>
      <button type="button" class="sort" onClick={() => setOrder(next)}>
        {title}
        <span aria-hidden="true">{direction === "ascending" ? "▲" : direction === "descending" ? "▼" : ""}</span>
      </button>
    </th>
  );
}

interface BodyRowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly index: number;
  readonly open: ((row: Row) => void) | undefined;
  readonly isOpen: boolean;
}

function BodyRow<Row>({ row, columns, index, open, isOpen }: BodyRowProps<Row>) {
  const classes = `${open === undefined ? "" : "opens"} ${isOpen ? "open" : ""}`;
  return (
    <tr aria-rowindex={index + 2} class={classes} onClick={open && (() => open(row))}>
      {columns.map(({ id, align, cell }, at) => (
        <td key={id} class={align}>
          {at === 0 && open !== undefined ? (
            <button type="button" class="row" aria-expanded={isOpen}>
              {cell(row)}
            </button>
          ) : (
            cell(row)
          )}
        </td>
      ))}
    </tr>
  );
}

function sortedRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: string): readonly Row[] {
  const sort = columns.find(({ id }) => id === order.replace(/^-/, ""))?.sort;
  if (sort === undefined) return rows;
  const sign = order.startsWith("-") ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: sort(row) }));
  keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0));
  return keyed.map(({ row }) => row);
}
