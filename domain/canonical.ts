/** JSON in one form only: keys sorted, nothing undefined. Throws at what is no JSON, as `JSON.stringify` does. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value))
    return `[${value.map((each) => (each === undefined ? 'null' : canonical(each))).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members: string[] = [];
  for (const key of sortedKeys(value)) {
    const each = (value as Readonly<Record<string, unknown>>)[key];
    if (each !== undefined) members.push(`${JSON.stringify(key)}:${canonical(each)}`);
  }
  return `{${members.join(',')}}`;
};

/** Whole numbers first, in their order, as every object has them; then by code units. */
const sortedKeys = (value: object): readonly string[] => {
  const keys = Object.keys(value).sort();
  return keys.some((key) => /^\d+$/.test(key)) ? Object.keys(Object.fromEntries(keys.map((key) => [key, 0]))) : keys;
};
