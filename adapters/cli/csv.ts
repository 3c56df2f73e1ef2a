/** A line of CSV by RFC 4180, without its line end. A cell that a spreadsheet would take for a formula begins with an apostrophe. */
export const csvLine = (cells: readonly (string | number | null)[]): string => cells.map(csvCell).join(',');

const csvCell = (value: string | number | null): string => {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const safe = /^\s*[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
