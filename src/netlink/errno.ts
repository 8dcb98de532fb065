import { constants } from 'node:os';

const names = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
// Aliases of one number: the first name in node's list need not be the one that people know.
names.set(constants.errno.EAGAIN, 'EAGAIN').set(constants.errno.EOPNOTSUPP, 'EOPNOTSUPP');

/** `EEXIST` of 17; the number itself when it has no name. */
export const errnoName = (errno: number): string => names.get(errno) ?? `errno ${errno}`;

export const ERRNO = constants.errno;
