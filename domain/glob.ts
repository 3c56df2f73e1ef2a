/** Does a name match a pattern of `*` (any run of characters) and `?` (any one)? Linear in practice: no back-tracking over classes. */
export const globMatches = (pattern: string, name: string): boolean => {
  const p = [...pattern];
  const n = [...name];
  let star = -1;
  let mark = 0;
  let i = 0;
  let j = 0;
  while (j < n.length) {
    if (i < p.length && (p[i] === '?' || (p[i] === n[j] && p[i] !== '*'))) {
      i += 1;
      j += 1;
    } else if (p[i] === '*') {
      star = i;
      mark = j;
      i += 1;
    } else if (star >= 0) {
      i = star + 1;
      mark += 1;
      j = mark;
    } else {
      return false;
    }
  }
  while (p[i] === '*') i += 1;
  return i === p.length;
};
