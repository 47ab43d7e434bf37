// Which rows of a long table are in the document: those in view, and a few above and below them.

const OVERSCAN = 6; // rows

export interface RowWindow {
  readonly first: number;
  readonly end: number; // exclusive
  readonly above: number; // px of the rows that are left out above
  readonly below: number; // px of those below
}

/**
 * @param count     rows of the table
 * @param rowHeight px
 * @param top       px that are scrolled
 * @param height    px in view
 */
export function rowsInView(count: number, rowHeight: number, top: number, height: number): RowWindow {
  const inView = Math.ceil(height / rowHeight) + 2 * OVERSCAN;
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - OVERSCAN, count - inView));
  const end = Math.min(count, first + inView);
  return { first, end, above: first * rowHeight, below: (count - end) * rowHeight };
}
