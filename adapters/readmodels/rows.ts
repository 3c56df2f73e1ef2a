/** Rows of a projection as they are stored. */
import type { Indexed, Projection, Row } from '../../domain/ports.ts';
import type { RowChange, TableSpec } from './protocol.ts';

/** A projection's table; the order of its indexes does not matter. */
export const tableSpecOf = <R extends Row>({ name, version, indexes }: Projection<R>): TableSpec => ({
  name,
  version,
  indexes: Object.keys(indexes).sort(),
});

/** An index value is text, a finite number or null; whatever else a projection gives is a defect. */
export const checkedIndexed = (value: unknown, where: string): Indexed => {
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)))
    return value;
  throw new Error(
    `${where} must be text, a finite number or null, not ${typeof value === 'number' ? String(value) : typeof value}`,
  );
};

/** A row with its index values, or its removal. */
export const changeOf = <R extends Row>(projection: Projection<R>, key: string, row: R | undefined): RowChange => {
  if (row === undefined) return [key, undefined, []];
  const values = tableSpecOf(projection).indexes.map((index) =>
    checkedIndexed(projection.indexes[index]?.(row), `index ${index} of ${projection.name}`),
  );
  return [key, JSON.stringify(row), values];
};
