/** The two servers of the one program. */
export type Role = 'inner' | 'dmz';

/** The server on the other side of the link. */
export const otherRole = (role: Role): Role => (role === 'inner' ? 'dmz' : 'inner');
