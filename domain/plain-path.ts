/** The paths of requests as servers may read them. */

/** A path as the most lenient server would read it: decoded, without empty segments and parameters of segments. */
export const plainPath = (path: string): string =>
  path
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .replace(/;[^\\/]*/g, '')
    .replace(/[\\/]+/g, '/');

/** Is it, as the most lenient server would read it, a path of the homes of channels? No route takes it. */
export const leadsHome = (path: string): boolean => /^\/c(\/|$)/.test(plainPath(path));
