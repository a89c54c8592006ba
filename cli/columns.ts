/** Aligns cells in columns, two spaces between them; the last column is as it is. */
export function formatColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, i) => `${cell}${" ".repeat((widths[i] ?? 0) - widthOf(cell))}`)
      .join("  ")
      .trimEnd(),
  );
}

/** In characters, without colours. */
function widthOf(cell: string): number {
  return Array.from(cell.replaceAll(COLOUR, "")).length;
}

// ECMA-48 section 8.3.117: SGR behind an escape character.
const COLOUR = /\p{Cc}\[\d*m/gu;
