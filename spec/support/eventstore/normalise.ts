/** Answers as they are compared: without what differs from run to run. */

/** JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const masked: Readonly<Record<string, string>> = { id: '<id>', created: '<time>', position: '<position>' };
const told = ['type', 'code', 'streamName', 'expectedVersion', 'actualVersion', 'maxAppendSize'] as const;

/** Turns an answer of the client into JSON: large numbers as text, `run` out of the names of streams. */
export const normalise = (value: unknown, run: string): Json => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return `${value}`;
  if (typeof value === 'string') return value.replaceAll(run, '<run>');
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (value instanceof Error) {
    const facts = value as Partial<Record<(typeof told)[number], unknown>>;
    return { failed: Object.fromEntries(told.map((key) => [key, normalise(facts[key], run)])) };
  }
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (Array.isArray(value)) return value.map((each) => normalise(each, run));
  if (typeof value !== 'object') throw new Error(`a ${typeof value} cannot be written down`);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'commitPosition' && key !== 'metastreamRevision')
      .map(([key, each]) => [key, (each === undefined ? undefined : masked[key]) ?? normalise(each, run)]),
  );
};
