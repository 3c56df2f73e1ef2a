/** Figures of many rounds as tables that can be read as they stand, and pasted into a page. */

/** The middle one, or the mean of the two in the middle. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new Error('there is no median of nothing');
  return (low + high) / 2;
};

/** Median, least and most, in seconds. */
export const spread = (values: readonly number[]): string =>
  `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`;

/** A Markdown table, its columns aligned; all but the first to the right. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const width = head.map((title, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? title).length)));
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(width[0] ?? 0) : text.padStart(width[column] ?? 0);
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  const rule = width.map((size, column) => (column === 0 ? '-'.repeat(size) : `${'-'.repeat(size - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
};
